"""The uplink: outbox → broker, and the cloud's word that settles it.

What it is not: it touches no socket (``link``) and chooses no batch (``window``). The one idea: three things
(something urgent was appended, something came in, a second has passed) wake one loop that does all in order,
so there is nothing to lock.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from edge_agent import trace
from edge_agent.clock import Clock
from edge_agent.frozen import Key
from edge_agent.health import salient
from edge_agent.link import Identity, Link, LinkEvent, Message, Offline, Online, Outgoing
from edge_agent.outbox import Outbox
from edge_agent.settings import EdgeSettings
from edge_agent.sign_in import Always, ByCertificate, SignsIn
from edge_agent.supervise import supervise
from edge_agent.window import ROOM, Window
from firmware_protocols.errors import BadMessage
from firmware_protocols.model import ClockState
from firmware_protocols.wire import control, topics
from firmware_protocols.wire.control import HEARTBEAT_S, Ack, Command, Result, State
from firmware_protocols.wire.topics import Channel, Lane

log = logging.getLogger(__name__)

_EVENTS: Final = 1_000
"""Link events that may wait for the loop; beyond that the newest is dropped (the cloud acks again)."""
_BEAT_S: Final = 1.0
_CHANNELS: Final = {Lane.ALARM: Channel.ALARM, Lane.BULK: Channel.BULK}


class Uplink:
    """Run it; ``wake`` tells it that something urgent waits in the outbox."""

    def __init__(
        self,
        settings: EdgeSettings,
        outbox: Outbox,
        clock: Clock,
        state: Callable[[], State],
        do: Callable[[Command], Result],
    ) -> None:
        self._gateway = settings.gateway.gateway_id
        self._shard = settings.gateway.shard
        self._advice = _advice(settings)
        self._outbox = outbox
        self._clock = clock
        self._state = state
        self._do = do
        self._window = Window()
        self._events: deque[LinkEvent] = deque()
        self._wake = asyncio.Event()
        self._said = ""
        self._told: tuple[object, ...] = ()
        self._told_s = self._looked_s = 0.0
        self.online = False
        self.settled: Callable[[str, Lane, Iterable[int]], None] = lambda *_: None
        """Told which batches of an epoch and lane the cloud has committed."""
        self.dropped = 0
        """Messages that were not understood, or came while too many waited."""
        will = Outgoing(self._topic(Channel.STATE), control.encode(State(online=False)), retain=True)
        self._ack_topic, self._command_topic = topics.ack(self._gateway), topics.command(self._gateway)
        identity = Identity(self._gateway, (self._ack_topic, self._command_topic), will)
        self._sign_in = _sign_in(settings, clock)
        self._link = Link(settings.uplink, identity, self._happened, self._sign_in)

    def wake(self) -> None:
        """Something urgent waits."""
        self._wake.set()

    def reconnect(self) -> None:
        """There is a new certificate to sign in with."""
        self._link.reconnect()

    async def run(self) -> None:
        """Send and settle until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(supervise("mqtt", self._link.run))
            group.create_task(supervise("uplink", self._work))

    def figures(self) -> dict[str, float]:
        """For the heartbeat."""
        return {"uplink_dropped": float(self.dropped)}

    def _topic(self, channel: Channel) -> str:
        return topics.upward(self._shard, self._gateway, channel)

    def _happened(self, event: LinkEvent) -> None:
        if len(self._events) >= _EVENTS and isinstance(event, Message):
            self.dropped += 1
            return
        self._events.append(event)
        self._wake.set()

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            self._take_events()
            if self.online:
                self._send()
                self._beat()
            elif self._outbox.take(Lane.ALARM, 1):
                self._link.hurry()
            try:
                async with asyncio.timeout(_BEAT_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _take_events(self) -> None:
        acks: list[Ack] = []
        while self._events:
            match self._events.popleft():
                case Online():
                    self._say("connected", logging.INFO)
                    self.online, self._told, self._looked_s = True, (), 0.0
                    self._window.reconnected()
                    self._sign_in.worked()
                case Offline(reason=reason, refused=refused):
                    self.online = False
                    self._say(
                        reason + (self._advice if refused else ""),
                        logging.ERROR if refused else logging.WARNING,
                    )
                case Message(topic=topic, payload=payload):
                    acks += self._received(topic, payload)
        self._settle(acks)

    def _say(self, what: str, level: int) -> None:
        """Log a change of the connection once."""
        if what != self._said:
            log.log(level, "uplink %s", what)
            self._said = what

    def _received(self, topic: str, payload: bytes) -> list[Ack]:
        try:
            if topic == self._ack_topic:
                return [control.parse(Ack, payload)]
            if topic == self._command_topic:
                self._answer(self._do(control.parse(Command, payload)))
        except BadMessage as error:
            self.dropped += 1
            log.warning("message not understood topic=%s reason=%s", topic, error)
        return []

    def _answer(self, result: Result) -> None:
        self._link.publish(Outgoing(self._topic(Channel.RESULT), control.encode(result)))

    def _settle(self, acks: list[Ack]) -> None:
        """One transaction per epoch and lane, however many acks came."""
        firsts: dict[tuple[str, Lane], set[int]] = {}
        for ack in acks:
            firsts.setdefault((ack.e, ack.st), set()).update(ack.b)
            if ack.st is Lane.BULK:  # an alarm's says nothing about readings
                self._window.slow_s = ack.slow
        for (epoch, lane), numbers in firsts.items():
            for first in numbers:
                trace.mark("acked", epoch=epoch, lane=lane, first=first)
            self._outbox.settle(epoch, lane, numbers)
            self._window.settled(Key(epoch, lane, first) for first in numbers)
            self.settled(epoch, lane, numbers)

    def _send(self) -> None:
        chosen = self._window.choose(
            self._outbox.take(Lane.ALARM, ROOM[Lane.ALARM]),
            self._outbox.take(Lane.BULK, ROOM[Lane.BULK]),
            self._outbox.take(Lane.BULK, ROOM[Lane.BULK], newest=True),
            self._clock.elapsed_s(),
        )
        for frozen in chosen:
            channel = _CHANNELS[frozen.key.lane]
            self._link.publish(
                Outgoing(self._topic(channel), frozen.payload, qualities=topics.qualities(channel))
            )
            trace.mark_batch("published", frozen.payload)

    def _beat(self) -> None:
        """The heartbeat, every minute and when something changed that people should know."""
        elapsed_s = self._clock.elapsed_s()
        if elapsed_s - self._looked_s < _BEAT_S:
            return
        state, self._looked_s = self._state(), elapsed_s
        if salient(state) == self._told and elapsed_s - self._told_s < HEARTBEAT_S:
            return
        if self._link.publish(Outgoing(self._topic(Channel.STATE), control.encode(state), retain=True)):
            self._told, self._told_s = salient(state), elapsed_s


def _sign_in(settings: EdgeSettings, clock: Clock) -> SignsIn:
    if not settings.enrolled:
        return Always(settings.uplink)
    return ByCertificate(
        settings.uplink, settings.identity_folder, lambda: clock.state() is not ClockState.UNSYNCED
    )


def _advice(settings: EdgeSettings) -> str:
    """What to do when the broker refuses us."""
    gateway, uplink = settings.gateway.gateway_id, settings.uplink
    if settings.enrolled:
        return f"; the certificate of {gateway} is not in force: draw a new claim and enrol it again"
    return f"; check the secret in {uplink.secret_file or 'uplink.secret'} and that {gateway} is enrolled"
