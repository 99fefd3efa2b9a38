"""Homes that only speak MQTT: ``anban/1`` as a gateway speaks it, without the gateway.

What this is: many light gateways on one event loop, each with two lanes, commit-acks and resends. What it is
not: durable; a restart draws a new epoch, which the contract allows. The one idea: a batch is kept, byte for
byte, until the cloud says it is committed; what waits is bounded, and what must go is owned up to in a gap.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from firmware_protocols.errors import BadMessage
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    ClockState,
    DeviceId,
    GatewayId,
    Quantity,
    Reading,
)
from firmware_protocols.wire import topics
from firmware_protocols.wire.control import HEARTBEAT_S, Ack, LaneState, State, encode, parse
from firmware_protocols.wire.envelope import Batch, Gap, Record
from firmware_protocols.wire.envelope import encode as encode_batch
from firmware_protocols.wire.topics import Channel, Lane
from simulators.control import Report
from simulators.mqtt import Connection
from simulators.resident import Days, RoutineClock
from simulators.world import Home

RESEND_S: Final = 15.0
"""A batch that is not committed by then is sent again (``docs/protocols/wire.md``)."""
GROUP_S: Final = 10.0
"""Readings wait this long for company."""
KEEP: Final = 256
"""Batches of readings kept while the cloud does not answer; alarms are never dropped."""
CLIMATE_EVERY_S: Final = 60.0
_CHANNEL: Final[Mapping[Lane, Channel]] = {Lane.ALARM: Channel.ALARM, Lane.BULK: Channel.BULK}
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(slots=True)
class _Waiting:
    payload: bytes
    count: int
    sent_at: float


@dataclass(slots=True)
class _LaneOut:
    """One lane's next sequence number, and the batches that are not committed, oldest first."""

    next: int = 1
    waiting: dict[int, _Waiting] = field(default_factory=dict)


def ulid(now: datetime) -> str:
    """An alarm's id: 48 bits of milliseconds, 80 random bits, in Crockford's base 32."""
    number = int(now.timestamp() * 1000) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


class LightGateway:
    """One home's end of the wire."""

    def __init__(self, home: Home, port: int) -> None:
        self.home = home
        self._id = GatewayId(home.gateway)
        self._epoch = secrets.token_hex(8)
        self._lanes = {lane: _LaneOut() for lane in Lane}
        self._grouped: list[Record] = []
        self._link = Connection(port, home.gateway, home.secret, self._connected, self._received)
        self._link.will(self._topic(Channel.STATE), encode(State(online=False)))

    async def run(self) -> None:
        """Stay connected, group readings, resend and give signs of life, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link.run())
            tasks.create_task(self._every(GROUP_S, self._flush))
            tasks.create_task(self._every(RESEND_S, self._resend))
            tasks.create_task(self._every(HEARTBEAT_S, self._say_state))

    def tell(self, record: Record) -> None:
        """Send a record: an alarm at once, anything else with the next group."""
        if isinstance(record, Alarm):
            self._send(Lane.ALARM, [record])
        else:
            self._grouped.append(record)

    def alarm(self, kind: AlarmKind, device: str, now: datetime) -> None:
        """Raise an alarm."""
        alarm_id = AlarmId(ulid(now))
        self.tell(Alarm(alarm_id, kind, AlarmState.RAISED, DeviceId(device), now, {"source": device}))

    async def _every(self, seconds: float, do: Callable[[], None]) -> None:
        await asyncio.sleep(random.uniform(0, seconds))
        while True:
            do()
            await asyncio.sleep(seconds)

    def _topic(self, channel: Channel) -> str:
        return topics.upward(self.home.shard, self._id, channel)

    def _flush(self) -> None:
        records, self._grouped = self._grouped, []
        if records:
            self._send(Lane.BULK, records)

    def _send(self, lane: Lane, records: Sequence[Record]) -> None:
        out = self._lanes[lane]
        if lane is Lane.BULK and len(out.waiting) >= KEEP:
            records = [self._drop_oldest(out), *records]
        batch = Batch(self._id, self._epoch, lane, out.next, "simulated", ClockState.SYNCED, tuple(records))
        payload = encode_batch(batch)
        out.waiting[batch.first] = _Waiting(payload, len(records), time.monotonic())
        out.next = batch.last + 1
        self._publish(lane, payload)

    def _publish(self, lane: Lane, payload: bytes) -> None:
        channel = _CHANNEL[lane]
        self._link.publish(self._topic(channel), payload, qualities=topics.qualities(channel))

    def _drop_oldest(self, out: _LaneOut) -> Gap:
        first = next(iter(out.waiting))
        last = first + out.waiting.pop(first).count - 1
        return Gap(self._epoch, Lane.BULK, first, last, "storage full", datetime.now(UTC))

    def _resend(self, older_than_s: float = RESEND_S) -> None:
        now = time.monotonic()
        for lane, out in self._lanes.items():
            for waiting in out.waiting.values():
                if now - waiting.sent_at >= older_than_s:
                    waiting.sent_at = now
                    self._publish(lane, waiting.payload)

    def _connected(self) -> None:
        self._link.subscribe(topics.ack(self._id))
        self._say_state()
        self._resend(0.0)

    def _received(self, topic: str, payload: bytes) -> None:
        if topic != topics.ack(self._id):
            return
        try:
            ack = parse(Ack, payload)
        except BadMessage:
            return
        if ack.e == self._epoch:
            for first in ack.b:
                self._lanes[ack.st].waiting.pop(first, None)

    def _say_state(self) -> None:
        lanes = {lane: LaneState(out.next, len(out.waiting)) for lane, out in self._lanes.items()}
        state = State(
            online=True,
            at=time.time(),
            epoch=self._epoch,
            boot="simulated",
            clock=ClockState.SYNCED,
            version="simulated",
            lanes=lanes,
        )
        self._link.publish(self._topic(Channel.STATE), encode(state), retain=True)


class Fleet:
    """All the light gateways, and the residents behind them."""

    def __init__(self, homes: Sequence[Home], clock: RoutineClock, port: int) -> None:
        self._clock = clock
        self._gateways = {home.key: LightGateway(home, port) for home in homes}

    async def run(self) -> None:
        """Live until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for gateway in self._gateways.values():
                tasks.create_task(gateway.run())
                tasks.create_task(self._live(gateway))
                tasks.create_task(self._climate(gateway))

    async def act(self, home: str, action: str, _: Report, arguments: Mapping[str, Any]) -> None:
        """Make something happen: ``press`` or ``alarm`` (with ``kind`` and ``device``).

        Raises:
            KeyError: no such home or action.
            ValueError: no such kind of alarm.
        """
        kind = {"press": AlarmKind.SOS, "alarm": AlarmKind(arguments.get("kind", "sos"))}[action]
        self._gateways[home].alarm(kind, arguments.get("device", "pendant"), datetime.now(UTC))

    async def _live(self, gateway: LightGateway) -> None:
        """Follow the resident from room to room."""
        days = Days(gateway.home.key)
        was = days.at(self._clock.moment_s())[0].room
        while True:
            moment = self._clock.moment_s()
            begins, stay = next(days.moves(moment, moment + 86_400.0))
            await asyncio.sleep(self._clock.real_s(begins))
            for record in _moved(gateway.home, was, stay.room, datetime.now(UTC)):
                gateway.tell(record)
            was = stay.room

    async def _climate(self, gateway: LightGateway) -> None:
        rng = random.Random(gateway.home.key)
        device = DeviceId("climate-living")
        while True:
            await asyncio.sleep(CLIMATE_EVERY_S * rng.uniform(0.9, 1.1))
            now = datetime.now(UTC)
            gateway.tell(Reading(device, Quantity.TEMPERATURE, round(rng.gauss(19.5, 0.4), 2), now))
            gateway.tell(Reading(device, Quantity.HUMIDITY, round(rng.gauss(62, 2), 2), now))


def _moved(home: Home, was: str, room: str, now: datetime) -> Iterator[Record]:
    """What the sensors say when the resident goes from one room (``""``: outside) to another."""
    names = {device.name for device in home.devices}
    for name, on in ((f"motion-{was}", False), (f"motion-{room}", True)):
        if name in names:
            yield Reading(DeviceId(name), Quantity.MOTION, on, now)
    if was != room and "" in (was, room):
        yield Reading(DeviceId("door-front"), Quantity.OPENING, True, now)
        yield Reading(DeviceId("door-front"), Quantity.OPENING, False, now)
