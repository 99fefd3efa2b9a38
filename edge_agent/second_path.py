"""Whom to text about which alarm, and when: the second path, decided. Pure: it is given what waits and the
time. An alarm that calls a technician, or says itself that it can wait for the day, waits for the network;
every other one calls for people.

What it is not: it opens no port (``modem``) and reads no outbox (``texting``). The one idea: an alarm that
calls for people and is still not known to the cloud 10 s after it was stored becomes a *call*; a call is
texted in rounds, ever more slowly, until a person answers. It is also a rule (``edge_agent.rules``), so the
pipeline gives it the button's presses and keeps its state in the transaction of the records that tell of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from edge_agent.calls import FIRST_RETRY, Call, call_of, moment, plain
from edge_agent.evidence import unsealed
from edge_agent.frozen import Key
from edge_agent.recipients import CENTRE, Recipients, is_acceptance, is_from, planned, words_to_contact
from edge_agent.rules.home import Home
from edge_agent.rules.sight import GATEWAY_DEVICE, Sight
from firmware_protocols.model import (
    PRIORITY,
    TECHNICAL,
    URGENT,
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    Event,
    EventKind,
    GatewayId,
    JsonValue,
)
from firmware_protocols.wire import sms
from firmware_protocols.wire.sms import Sms, SmsKey

UNCONFIRMED: Final = timedelta(seconds=10)
"""D. Without a commit-ack for so long since it was stored, an alarm is texted (ADR 0024)."""
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)
"""D. Between two rounds; doubled after each."""
ROUNDS: Final = 24
"""D. About 19 h. Counted, not timed: a clock that is set meanwhile must not end a call."""
LONGEST_RETRY: Final = timedelta(minutes=5)
"""D. ``FIRST_RETRY`` grows up to this."""
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
HOURS_A_DAY: Final = 5
"""D. A day has no more texts than so many full hours: a sensor that is stuck for days does not empty the
card."""
FIRST_TEST: Final = timedelta(hours=1)
"""D. After a start: the modem has found its network, and a gateway that restarts for ever tests nothing."""
TESTED_LATELY: Final = timedelta(days=1)
TEST_EVERY: Final = timedelta(days=30)
TEST_RETRY: Final = timedelta(hours=1)
LOST_S: Final = 3600.0
"""D. A path that could not be used for so long is told as a fault."""
STOP_KINDS: Final = frozenset({"cancel_button"})
"""Kinds of device whose press says that somebody here has it in hand. A help button never does."""

_REMEMBERED: Final = 400
"""Twice what is looked at in the outbox at once (``texting``)."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who signs: the gateway and its key."""

    gateway: GatewayId
    key: SmsKey


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A batch that the cloud has not committed: its key, when it was stored, the alarms in it."""

    key: Key
    stored_at: datetime
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """What to send now. ``call``: the alarm; ``role``: of its receiver."""

    call: AlarmId
    role: str
    number: str
    words: str
    test: bool = False


class SecondPath:
    """Decides. Every method is given the time; nothing here waits."""

    def __init__(self, recipients: Recipients, sender: Sender, home: Home, now: datetime) -> None:
        self._own = recipients
        self.recipients = planned(recipients, home.plan.phones, now)
        self._sender = sender
        self._home = home
        self._calls: dict[AlarmId, Call] = {}
        self._known: dict[AlarmId, None] = {}
        """Alarms that are or were calls, oldest first: one that is over must not begin again."""
        self._tried: list[datetime] = []
        self._tested_at: datetime | None = None
        self._test_at = now + FIRST_TEST
        self._test_failed = False
        self._lost: AlarmId | None = None
        self._unusable_s: float | None = None

    @property
    def calls(self) -> tuple[Call, ...]:
        """What is being texted, oldest first."""
        return tuple(self._calls.values())

    def text_to(self, recipients: Recipients) -> None:
        """From now on text these; whoever is no longer among them is not waited for. Their numbers are E.164:
        whoever makes ``Recipients`` has checked them."""
        self.recipients = recipients
        for call in self.calls:
            to = {role: at for role, at in call.to.items() if role in recipients.numbers}
            self._calls[call.id] = replace(call, to=to)
            self._end(call.id)

    # -- what begins and ends a call ---------------------------------------------------------------

    def look(self, waiting: Iterable[Unsettled], now: datetime, *, whole: bool) -> None:
        """Take up what the cloud does not know in time. ``whole``: ``waiting`` is all there is, so a call
        that is not in it has been committed; unless somebody was texted already, it ends.
        """
        keys = set()
        for batch in waiting:
            keys.add(batch.key)
            age = now - batch.stored_at
            if age >= UNCONFIRMED or age < -timedelta(seconds=1):  # a clock set back: rather early than never
                for alarm in batch.alarms:
                    self._take_up(alarm, batch.key, now)
        for call in self.calls:
            if whole and not call.told and call.key not in keys:
                del self._calls[call.id]

    def settle(self, alarm: AlarmId) -> None:
        """The cloud says that people have it in hand, or are done with it."""
        self._remember(alarm)
        self._calls.pop(alarm, None)

    def heard(self, sender: str, words: str) -> list[Alarm]:
        """An answer came by text: whoever says yes has taken on every call that they were texted about."""
        role = next((role for role, number in self.recipients.numbers.items() if is_from(sender, number)), "")
        if not role or not is_acceptance(words):
            return []
        taken = self._accept({role})
        return [self._record(call, AlarmState.ACCEPTED, {"by": f"text of {role}"}) for call in taken]

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """A press of the button that says that somebody here has it in hand."""
        match sight:
            case Event(kind=EventKind.BUTTON, device=device) if self._home.kinds.get(device) in STOP_KINDS:
                taken = self._accept(set(self.recipients.numbers))
                return [self._record(call, AlarmState.UPDATED, {"by": f"button {device}"}) for call in taken]
        return []

    # -- what to send ------------------------------------------------------------------------------

    def next_text(self, now: datetime) -> Text | None:
        """The text to send now: first texts before repeats, the centre before contacts, a test when all is
        quiet."""
        self._begin_rounds(now)
        ready = [
            (role in call.told, rank, call, role)
            for call in self.calls
            for rank, role in enumerate(self.recipients.numbers)
            if role in call.to and _is_due(call.to[role], LONGEST_RETRY, now)
        ]
        if ready:
            repeat, _, call, role = min(ready, key=lambda one: (one[0], one[1], one[2].due_at))
            return self._text(call, role) if self._may(now, repeat=repeat) else None
        due = self.recipients.centre and _is_due(self._test_at, TEST_EVERY, now)
        return self._test(now) if due and self._may(now, repeat=True) else None

    def trying(self, now: datetime) -> None:
        """A text is about to be handed over: it counts from now on, whatever becomes of it."""
        self._tried = [*self._tried, now][-self.recipients.hourly * HOURS_A_DAY :]

    def sent(self, text: Text, now: datetime) -> list[Alarm]:
        """The network has taken ``text``; return the record that says so. Any text to the centre proves the
        path."""
        if text.role == CENTRE:
            self._tested_at, self._test_at, self._test_failed = now, now + TEST_EVERY, False
        call = self._calls.get(text.call)
        if call is None:
            return []
        to = {role: at for role, at in call.to.items() if role != text.role}
        self._calls[call.id] = replace(call, to=to, told=tuple(dict.fromkeys((*call.told, text.role))))
        self._end(call.id)
        told: dict[str, JsonValue] = {"sms_to": text.role, "sms_round": call.round, "sms_at": now.isoformat()}
        return [replace(self._record(call, AlarmState.UPDATED, told), actions=("sms",))]

    def failed(self, text: Text, now: datetime, *, certain: bool) -> None:
        """The network did not take ``text``, or nobody knows: it is tried again. Twice is the better error.

        ``certain``: nothing left the modem, so the card paid nothing.
        """
        if certain:
            self._tried = self._tried[:-1]
        if text.role == CENTRE:
            self._test_at, self._test_failed = now + TEST_RETRY, True
        call = self._calls.get(text.call)
        if call is not None:
            later = {role: now + call.retry if role == text.role else at for role, at in call.to.items()}
            self._calls[call.id] = replace(call, to=later, retry=min(call.retry * 2, LONGEST_RETRY))

    # -- the path itself ---------------------------------------------------------------------------

    def watch(self, *, usable: bool, elapsed_s: float, now: datetime) -> list[Alarm]:
        """Notice when the path is lost for long, and when it is back."""
        if usable:
            self._unusable_s = None
            lost, self._lost = self._lost, None
            return [self._fault(lost, AlarmState.CANCELLED, now)] if lost else []
        self._unusable_s = elapsed_s if self._unusable_s is None else self._unusable_s
        if self._lost is not None or elapsed_s - self._unusable_s < LOST_S:
            return []
        self._lost = self._home.new_id()
        return [self._fault(self._lost, AlarmState.RAISED, now)]

    def figures(self, now: datetime) -> dict[str, float]:
        """For the heartbeat. ``sms/tested_h``: hours since a text went to the centre; absent: never."""
        figures = {
            "sms/calls": float(len(self._calls)),
            "sms/tried_last_hour": float(self._tried_within(HOUR, now)),
            "sms/test_failed": float(self._test_failed),
        }
        if self._tested_at is not None:
            figures["sms/tested_h"] = round(max((now - self._tested_at) / HOUR, 0.0), 1)
        return figures

    def tick(self, now: datetime) -> list[Alarm]:
        """Nothing becomes due that the pipeline could do; a new plan may name others to text, or a time may
        have come from which on nobody may."""
        wanted = planned(self._own, self._home.plan.phones, now)
        if wanted != self.recipients:
            self.text_to(wanted)
        return []

    def state(self) -> JsonValue:
        """Everything that a restart must not forget."""
        return {
            "calls": [plain(call) for call in self.calls],
            "known": list(self._known),
            "tried": [at.timestamp() for at in self._tried],
            "tested": self._tested_at.timestamp() if self._tested_at else None,
            "lost": self._lost,
        }

    def restore(self, state: JsonValue) -> None:
        """Take the calls up again."""
        try:
            self._restore(state)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            self._calls, self._known = {}, {}

    def _restore(self, state: Any) -> None:
        self._calls = {call.id: call for call in map(call_of, state["calls"])}
        self._known = {AlarmId(alarm): None for alarm in state["known"]}
        self._tried = [moment(at) for at in state["tried"]]
        self._lost = AlarmId(state["lost"]) if state["lost"] else None
        if state["tested"] is not None:
            self._tested_at = moment(state["tested"])
            if abs(self._test_at - FIRST_TEST - self._tested_at) < TESTED_LATELY:
                self._test_at = self._tested_at + TEST_EVERY

    # -- inside ------------------------------------------------------------------------------------

    def _take_up(self, alarm: Alarm, key: Key, now: datetime) -> None:
        if not _calls(alarm) or alarm.id in self._known or alarm.evidence.get("test") is True:
            return
        self._remember(alarm.id)
        self._calls[alarm.id] = Call(
            alarm.id, alarm.kind, alarm.device, alarm.observed_at, unsealed(alarm.evidence), key, now
        )

    def _remember(self, alarm: AlarmId) -> None:
        self._known[alarm] = None
        while len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]

    def _begin_rounds(self, now: datetime) -> None:
        for call in self.calls:
            waits = call.round and len(call.to) == len(self.recipients.numbers)  # nobody has got this one yet
            if call.accepted or waits or not _is_due(call.due_at, LONGEST_PAUSE, now):
                continue
            if call.round >= ROUNDS:
                del self._calls[call.id]
                continue
            pause = min(FIRST_PAUSE * 2**call.round, LONGEST_PAUSE)
            self._calls[call.id] = replace(
                call,
                round=call.round + 1,
                to=dict.fromkeys(self.recipients.numbers, now),
                due_at=now + pause,
                retry=FIRST_RETRY,
            )

    def _accept(self, roles: set[str]) -> list[Call]:
        """Mark every call that one of ``roles`` was texted about, and end those whose round is over."""
        taken = [call for call in self.calls if roles & set(call.told) and not call.accepted]
        for call in taken:
            first_round = call.to if call.round == 1 else {}  # whoever was to hear of it still does
            self._calls[call.id] = replace(call, accepted=True, to=first_round)
            self._end(call.id)
        return taken

    def _end(self, alarm: AlarmId) -> None:
        call = self._calls[alarm]
        if call.accepted and not call.to:
            del self._calls[alarm]

    def _may(self, now: datetime, *, repeat: bool) -> bool:
        """Whether the card shall pay one more. Repeats and tests leave half of it to whoever calls next."""
        share = 2 if repeat else 1
        hour, day = self.recipients.hourly // share, self.recipients.hourly * HOURS_A_DAY // share
        return self._tried_within(HOUR, now) < hour and self._tried_within(DAY, now) < day

    def _tried_within(self, span: timedelta, now: datetime) -> int:
        """Texts tried lately. One from a future that a set clock took back says nothing."""
        return sum(abs(now - at) < span for at in self._tried)

    def _text(self, call: Call, role: str) -> Text:
        number = self.recipients.numbers[role]
        if role != CENTRE:
            return Text(call.id, role, number, words_to_contact(self.recipients, call.observed_at))
        said = Sms(
            self._sender.gateway,
            call.id,
            call.kind,
            AlarmState.RAISED,
            call.device,
            call.observed_at,
            call.round,
        )
        return Text(call.id, role, number, sms.encode(said, self._sender.key))

    def _test(self, now: datetime) -> Text:
        """Shaped like the call that it stands for, and marked."""
        alarm = self._home.new_id()
        said = Sms(
            self._sender.gateway, alarm, AlarmKind.SOS, AlarmState.RAISED, GATEWAY_DEVICE, now, test=True
        )
        words = sms.encode(said, self._sender.key)
        return Text(alarm, CENTRE, self.recipients.centre, words, test=True)

    def _record(self, call: Call, state: AlarmState, told: Mapping[str, JsonValue]) -> Alarm:
        """A further record of the alarm. It keeps the time of the call: it is no new one, and must not look
        like one to a cloud that has settled it meanwhile."""
        return Alarm(call.id, call.kind, state, call.device, call.observed_at, {**call.evidence, **told})

    def _fault(self, alarm: AlarmId, state: AlarmState, now: datetime) -> Alarm:
        evidence = {"fault": "text messages cannot be sent"}
        return Alarm(alarm, AlarmKind.DEVICE_FAULT, state, GATEWAY_DEVICE, now, evidence)


def _is_due(at: datetime, most: timedelta, now: datetime) -> bool:
    """Whether ``at`` has come. It was never set further ahead than ``most``: then the clock was set back."""
    return at <= now or at > now + most


def _calls(alarm: Alarm) -> bool:
    """Whether somebody is to come now: not for a device, nor for what says itself that it can wait."""
    said = alarm.evidence.get(PRIORITY)
    waits = isinstance(said, int) and said > URGENT
    return alarm.state is AlarmState.RAISED and alarm.kind not in TECHNICAL and not waits
