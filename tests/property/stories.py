"""Random stories of alarms: one home, its people, its operators, a worker that dies, a clock that is wrong.

What this is: a state machine for hypothesis over the real rules (``machine``, ``transitions``, ``timers``,
``escalate``). What it is not: the database; it carries out an effect as ``rows`` and ``ladder`` do, in a few
lines each. The one idea: what must hold is said without the machine's help, by a witness that remembers what
was said, what has rung and who was told to stay at home.

``python -m benchmarks.stories`` runs ten thousand, the suite a few hundred.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cloud.dispatch.escalate import Ladder, Rung, RungState, next_rung
from cloud.incidents.errors import Refused
from cloud.incidents.kinds import KINDS, TECHNICAL
from cloud.incidents.machine import (
    SETTLED,
    SILENT,
    TRANSITIONS,
    Detail,
    Incident,
    Trigger,
    actions,
    advance,
    opened,
)
from cloud.incidents.model import IncidentState, OutcomeCode, Priority
from cloud.incidents.mute import RULES, Heard, Mute, Why, heard
from cloud.incidents.timers import ARRIVE_WITHIN, TIMERS, Effect, Timer
from firmware_protocols.model import AlarmKind

START: Final = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)
CLIMBING: Final = frozenset({IncidentState.DISPATCHING, IncidentState.EMERGENCY_SERVICES})
GOING: Final = frozenset({IncidentState.EN_ROUTE, IncidentState.EMERGENCY_SERVICES})
HELP_WANTED: Final = CLIMBING | {
    IncidentState.RAISED,
    IncidentState.ACKED,
    IncidentState.VOICE,
    IncidentState.TRIAGED,
}
"""As ``cloud.dispatch.ladder`` has it."""
LONGEST_SILENCE: Final = timedelta(hours=26)
"""Nobody does anything: so long at the most until somebody is called (watched until the next morning)."""
RESTARTS: Final = frozenset(
    (state, trigger) for (state, trigger), moves in TRANSITIONS.items() if any(move.restart for move in moves)
)
DUTY: Final = 0
"""The step of whoever is on duty; the people of the care circle have steps from 1 on."""

seconds = st.one_of(
    st.integers(0, 120),
    st.integers(0, 120),
    st.sampled_from([29, 30, 31, 60, 180, 300, 600, 1_800]),
    st.integers(0, 2 * 86_400),
).map(lambda many: timedelta(seconds=many))
priorities = st.sampled_from(Priority)
windows = st.none() | st.integers(0, 60)
outcomes = st.one_of(st.none(), st.sampled_from(OutcomeCode), st.just(OutcomeCode.F1))
graded = st.sampled_from([Priority.LIFE, Priority.URGENT, Priority.TODAY, Priority.PLAN])
kinds = st.sampled_from(AlarmKind) | st.sampled_from(
    sorted({kind for rule in RULES.values() for kind in rule.kinds})
)
alarms = kinds.flatmap(
    lambda kind: st.tuples(st.just(kind), graded if KINDS[kind].graded else st.just(KINDS[kind].priority))
)
"""A kind and how urgent it says it is, as ``kinds.priority_of`` reads it."""
people = st.lists(
    st.builds(
        lambda relation, has_key, told_not_to: (relation, has_key, told_not_to and relation == "family"),
        st.sampled_from(["family", "neighbour", "volunteer", "village_doctor"]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=5,
)


@dataclass(slots=True)
class Message:
    """``step``: to whom. ``waits``: it has not gone out."""

    step: int
    template: str
    waits: bool = True


@dataclass(slots=True)
class Tally:
    """What the stories were made of, so that a run can say that it was not about nothing."""

    stories: int = 0
    steps: int = 0
    life: int = 0
    ended: int = 0
    rung: int = 0
    messages: int = 0
    refused: int = 0
    muted: int = 0
    states: dict[str, int] = field(default_factory=dict)


TALLY: Final = Tally()


@dataclass(slots=True)
class Witness:
    """Remembers of one incident what the machine has no field for."""

    worst: Priority
    rung: dict[tuple[object, ...], list[datetime]] = field(default_factory=dict)
    entered: bool = False
    hushed: bool = False
    """Everything that was said of it was muted, and no person has taken it up."""


class Stories(RuleBasedStateMachine):
    """One home over days."""

    @initialize(circle=people, said=alarms, window=windows, why=st.none() | st.sampled_from(Why))
    def begins(
        self,
        circle: list[tuple[str, bool, bool]],
        said: tuple[AlarmKind, Priority],
        window: int | None,
        why: Why | None,
    ) -> None:
        """The care circle as it stands, a home that may be muted, and the first alarm."""
        TALLY.stories += 1
        self.now = START
        self.mutes = [] if why is None else [Mute(why, START, START + RULES[why].longest)]
        self.ladder_due: datetime | None = None
        self.withheld = {step for step, (_, _, not_to) in enumerate(circle, 1) if not_to}
        self.circle = [
            Rung(step, relation, has_key, reachable=step not in self.withheld)
            for step, (relation, has_key, _) in enumerate(circle, 1)
        ]
        self._open(said, window)

    # The home -----------------------------------------------------------------------------------------

    @rule(said=alarms, window=windows)
    def alarm(self, said: tuple[AlarmKind, Priority], window: int | None) -> None:
        """A new alarm: it joins what is open, or opens. Families are told apart by ``store``."""
        state = self.incident.state
        revived = state is IncidentState.CANCELLED_LOCAL and window is None
        if state in SETTLED and not revived:
            self._open(said, window)
            return
        until = None if window is None else self.now + timedelta(seconds=window)
        trigger = Trigger.ALARM if until is None else Trigger.SUSPECT
        self._take(trigger, Detail(self._hear(said).priority, until))

    @precondition(lambda self: self.incident.state not in SETTLED)
    @rule(said=alarms)
    def more_evidence(self, said: tuple[AlarmKind, Priority]) -> None:
        """An alarm that is known already says more."""
        self._take(Trigger.UPDATE, Detail(self._hear(said).priority))

    @precondition(lambda self: self.incident.state not in SETTLED)
    @rule()
    def called_off_at_home(self) -> None:
        """The resident presses, or the equipment is well again."""
        self._take(Trigger.CANCEL)

    # People -------------------------------------------------------------------------------------------

    @rule(data=st.data(), outcome=outcomes, note=st.sampled_from(["", "门开着"]))
    def operator(self, data: st.DataObject, outcome: OutcomeCode | None, note: str) -> None:
        """Somebody at the desk does what the screen offers, with or without what it needs."""
        offered = actions(self.incident)
        if not offered:
            return
        trigger = data.draw(st.sampled_from(offered), label="action")
        weighed = {
            Trigger.TRIAGE: st.none() | priorities,
            Trigger.REPLY: st.sampled_from([None, Priority.LIFE]),
        }
        priority = data.draw(weighed.get(trigger, st.none()), label="priority")
        detail = Detail(priority, None, 7, "", None, outcome, note)
        self.witness.hushed = False
        if self._take(trigger, detail) and priority is not None:
            replied = trigger is Trigger.REPLY
            self.witness.worst = min(self.witness.worst, priority) if replied else priority

    @rule(minutes=st.integers(-5, 60))
    def operator_sends(self, minutes: int) -> None:
        """Somebody is sent by name; whoever types a time that has passed is refused."""
        eta = self.now + timedelta(minutes=minutes)
        self.witness.hushed = False
        self._take(Trigger.ACCEPT, Detail(owner_id=7, responder="吴嫂", eta_at=eta))

    @precondition(lambda self: any(rung.asked_at for rung in self.circle))
    @rule(data=st.data(), accepted=st.booleans())
    def answer(self, data: st.DataObject, accepted: bool) -> None:
        """Somebody who was asked answers, in time or long after."""
        step = data.draw(st.sampled_from([rung.step for rung in self.circle if rung.asked_at]))
        if self.incident.state in SETTLED:
            return
        name, state = str(step), RungState.ACCEPTED if accepted else RungState.DECLINED
        mine = self.incident.state in GOING and self.incident.responder == name
        self._set((step,), state)
        if accepted and self.incident.state in HELP_WANTED:
            eta = self.now + ARRIVE_WITHIN[self.incident.priority]
            self._take(Trigger.ACCEPT, Detail(responder=name, eta_at=eta))
        else:
            self._take(Trigger.DECLINE if mine and not accepted else Trigger.ANSWER)
        if self.incident.state in CLIMBING and self.ladder_due:
            self.ladder_due = self.now

    @rule(why=st.sampled_from(Why), part=st.floats(0.01, 1))
    def home_is_muted(self, why: Why, part: float) -> None:
        """For a reason and until a time; what stands is not touched by it."""
        self.mutes.append(Mute(why, self.now, self.now + part * RULES[why].longest))

    @precondition(lambda self: self.mutes)
    @rule()
    def mute_is_ended(self) -> None:
        """Sooner than was said."""
        self.mutes = [replace(mute, ended_at=mute.ended_at or self.now) for mute in self.mutes]

    # Time ---------------------------------------------------------------------------------------------

    @rule(pause=seconds)
    def time_passes(self, pause: timedelta) -> None:
        """The worker looks whenever something is due."""
        until = self.now + pause
        while (due := self._next_due()) is not None and due <= until:
            self.now = max(self.now, due)
            self._work()
            self._deliver()
        self.now = until

    @rule(pause=seconds)
    def worker_is_away(self, pause: timedelta) -> None:
        """Nobody looks for so long, then one look must catch up."""
        self.now += pause
        self._work()

    @rule(back=st.integers(1, 120))
    def clock_is_put_back(self, back: int) -> None:
        """The next worker's clock is behind the last one's."""
        self.now -= timedelta(seconds=back)
        self._work()

    # What must hold -----------------------------------------------------------------------------------

    @invariant()
    def nobody_waits_unheard(self) -> None:
        """Every state that is not the end has a timer; none lies so far ahead that somebody is forgotten."""
        incident = self.incident
        assert (incident.due_at is not None) == (incident.state in TIMERS)
        if incident.priority is Priority.LIFE and incident.state not in SETTLED:
            assert incident.due_at is not None
            base = max(self.now, incident.eta_at or self.now, incident.state_since)
            assert incident.due_at <= base + LONGEST_SILENCE

    @invariant()
    def a_life_has_an_outcome_before_it_leaves(self) -> None:
        """Called off at home before it was raised is the one other end."""
        incident = self.incident
        assert (incident.closed_at is not None) == (incident.state in SETTLED)
        if (
            incident.state in SETTLED - {IncidentState.CANCELLED_LOCAL}
            and self.witness.worst is Priority.LIFE
        ):
            assert incident.outcome is not None, f"a life left through {incident.state} without an outcome"

    @invariant()
    def priority_is_what_was_said(self) -> None:
        """No alarm and no clock lowers it: only the person who has asked the questions."""
        assert self.incident.priority <= self.witness.worst

    def teardown(self) -> None:
        """Everybody leaves: a raised life calls for people until somebody says what it was."""
        if not hasattr(self, "incident"):
            return
        self._everybody_leaves()
        ends = self.incident.state.value
        TALLY.states[ends] = TALLY.states.get(ends, 0) + 1

    # How it is carried out ----------------------------------------------------------------------------

    def _open(self, said: tuple[AlarmKind, Priority], window: int | None) -> None:
        taken = heard(*said, self.mutes, self.now)
        self.witness = Witness(taken.priority, hushed=taken.muted is not None)
        until = None if window is None else self.now + timedelta(seconds=window)
        incident, effects = opened(taken.priority, self.now, until)
        self.incident = replace(incident, technical=KINDS[said[0]].family in TECHNICAL)
        TALLY.life += taken.priority is Priority.LIFE
        TALLY.muted += taken.muted is not None
        self.messages: list[Message] = []
        self.ladder_due = None
        self._renew()
        self._carry_out(effects)

    def _hear(self, said: tuple[AlarmKind, Priority]) -> Heard:
        taken = heard(*said, self.mutes, self.now)
        self.witness.hushed = self.witness.hushed and taken.muted is not None
        self.witness.worst = min(self.witness.worst, taken.priority)
        return taken

    def _take(self, trigger: Trigger, detail: Detail | None = None) -> bool:
        """One step in one transaction; the process may be killed before the commit, and does it again."""
        TALLY.steps += 1
        before = self.incident
        try:
            after, effects = advance(before, trigger, self.now, detail or Detail())
        except Refused:
            TALLY.refused += 1
            return False
        assert advance(_read_back(before), trigger, self.now, detail or Detail()) == (after, effects)
        assert after.version == before.version + 1
        self._witness_step(before, after, trigger)
        self.incident, self.effects = after, effects
        TALLY.ended += after.state in SETTLED and before.state not in SETTLED
        self._carry_out(effects)
        return True

    def _witness_step(self, before: Incident, after: Incident, trigger: Trigger) -> None:
        """A step that is no new clock leaves the timer; a higher priority never moves it further away."""
        if trigger is not Trigger.TRIAGE:
            assert after.priority <= before.priority, f"{trigger} lowered the priority"
        if before.state in SETTLED and after.state not in SETTLED:
            self.witness.worst = after.priority
        self.witness.entered = after.state is IncidentState.ON_SITE and (
            trigger is Trigger.ENTER or self.witness.entered
        )
        self.witness.worst = min(self.witness.worst, after.priority)
        if trigger is Trigger.TIMER or after.state is not before.state or (before.state, trigger) in RESTARTS:
            return
        assert before.due_at is None or (after.due_at is not None and after.due_at <= before.due_at), (
            f"{trigger} in {before.state} moved the timer from {before.due_at} to {after.due_at}"
        )
        if after.priority is before.priority and trigger is not Trigger.SUSPECT:
            assert after.due_at == before.due_at

    def _work(self) -> None:
        """One look of the worker, as ``store.fire`` and ``ladder.climb``."""
        spins = 0
        while self.incident.due_at is not None and self.incident.due_at <= self.now:
            self._ring()
            spins += 1
            assert spins < 10, "a timer that never lies ahead would spin"
        if self.ladder_due is not None and self.ladder_due <= self.now:
            self._climb()

    def _ring(self) -> None:
        before, due = self.incident, self.incident.due_at
        assert due is not None
        assert self._take(Trigger.TIMER), "a timer that is due was refused"
        TALLY.rung += 1
        timer = TIMERS[before.state][before.priority]
        clock = (before.state, before.state_since, before.eta_at, before.priority)
        rung = self.witness.rung.setdefault(clock, [])
        assert due not in rung, f"the timer of {before.state} rang twice for {due}"
        mark = timer.marks[self._expected_mark(timer, rung)]
        assert self.incident.state is (mark.to or before.state), f"{before.state}: the wrong mark rang"
        assert set(mark.effects) <= set(self.effects), f"{before.state}: the wrong mark rang"
        if mark.to is None:
            assert self.incident.due_at is not None
            assert self.incident.due_at > due
        rung.append(due)

    def _expected_mark(self, timer: Timer, rung: list[datetime]) -> int:
        """One after another, none left out; once inside nobody asks about the door any more."""
        return min(len(rung) + self.witness.entered, len(timer.marks) - 1)

    def _climb(self) -> None:
        if self.incident.state not in CLIMBING:
            self.ladder_due = None
            return
        plan = next_rung(Ladder(self.incident.priority, tuple(self.circle)), self.now)
        self.ladder_due = plan.due_at
        self._set(plan.give_up, RungState.PASSED)
        self._set(plan.ask, RungState.ASKED)
        for step in plan.ask:
            self._tell(step, "ask")
        if plan.due_at is None:
            self._take(Trigger.LADDER_ENDED)
        elif plan.ask:
            self._take(Trigger.ASK)

    def _carry_out(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Effect.TELL_FAMILY:
                self._tell_all("raised", (rung.step for rung in self.circle if rung.relation == "family"))
            case Effect.TELL_ASKED:
                asked = [rung.step for rung in self.circle if rung.state is RungState.ASKED]
                self._tell_all("relieved", asked)
                self._set(asked, RungState.WAITING)
            case Effect.TELL_OUTCOME:
                told = {one.step for one in self.messages if not one.waits and one.step != DUTY}
                self._tell_all("settled", sorted(told))
            case Effect.PAGE_SUPERVISOR:
                self._tell(DUTY, "page")
            case Effect.START_LADDER:
                self.ladder_due = self.now
            case Effect.STOP_LADDER:
                self.ladder_due = None
                self.messages = [one for one in self.messages if not (one.waits and one.template == "ask")]
            case Effect.RENEW_LADDER:
                self._renew()
            case Effect.WITHDRAW_MESSAGES:
                self.messages = [one for one in self.messages if not one.waits]
            case _:
                pass  # a word to the home or a reminder on the screen

    def _tell_all(self, template: str, steps: Iterable[int]) -> None:
        for step in steps:
            self._tell(step, template)

    def _tell(self, step: int, template: str) -> None:
        """As ``tell_rungs``: family only while sharing is allowed."""
        assert step == DUTY or self.incident.outcome not in SILENT, "a message after a death"
        assert not self.witness.hushed, "a message about a home that was muted"
        if step not in self.withheld:
            self.messages.append(Message(step, template))

    def _deliver(self) -> None:
        for message in self.messages:
            if message.waits:
                self._may_be_told(message)
                message.waits = False
                TALLY.messages += 1

    def _may_be_told(self, message: Message) -> None:
        """Nobody is told who was told not to be."""
        to_family = message.step != DUTY
        assert not (to_family and message.step in self.withheld)
        assert not (to_family and self.incident.outcome in SILENT), "a message after a death"
        if message.template == "ask":
            rung = self.circle[message.step - 1]
            assert self.incident.state in CLIMBING, f"asked to go while {self.incident.state}"
            assert rung.state is not RungState.WAITING, "asked although they had been told to stay"

    def _set(self, steps: Iterable[int], state: RungState) -> None:
        asked_at = {RungState.ASKED: self.now, RungState.WAITING: None}
        for step in steps:
            rung = self.circle[step - 1]
            self.circle[step - 1] = replace(rung, state=state, asked_at=asked_at.get(state, rung.asked_at))

    def _renew(self) -> None:
        self._set([rung.step for rung in self.circle], RungState.WAITING)

    def _next_due(self) -> datetime | None:
        return min(self._dues(), default=None)

    def _dues(self) -> Iterator[datetime]:
        if self.incident.due_at is not None:
            yield self.incident.due_at
        if self.ladder_due is not None:
            yield self.ladder_due

    def _everybody_leaves(self) -> None:
        if self.incident.priority is not Priority.LIFE or self.incident.state in SETTLED:
            return
        until = max(self.now, self.incident.eta_at or self.now) + 2 * LONGEST_SILENCE
        called = len(self.messages)
        while self.now < until and len(self.messages) == called:
            due = self._next_due()
            assert due is not None, "a life that nothing is due for"
            self.now = max(self.now, due)
            self._work()
            assert self.incident.state not in SETTLED, "a life left although nobody was there"
            if self.incident.state in {IncidentState.ON_SITE, IncidentState.EMERGENCY_SERVICES}:
                return  # its reminders are on the screen, every 10 or 30 minutes
        assert len(self.messages) > called, "a life that nobody is called for"


def _read_back(incident: Incident) -> Incident:
    """The incident as the next process reads it from its row."""
    return Incident(**asdict(incident))
