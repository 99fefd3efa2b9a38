"""The life of an incident as a table: which trigger leads from which state to which, and what it asks for.

What this is: a pure function over frozen values. What it is not: no database, no clock, no messages; those
are rows that ``store`` writes for the effects returned here. The one idea: ``advance`` looks a row up in
``TRANSITIONS`` (or, for the clock, in ``timers.TIMERS``) and every other rule is a guard in a table too, so
that each alarm's life can be replayed and the picture in ``docs/incidents.md`` is drawn from the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cloud.incidents.errors import Reason, Refused
from cloud.incidents.model import IncidentState, OutcomeCode, Priority
from cloud.incidents.timers import REOPEN_WITHIN, TIMERS, Effect, Mark, Timer

S = IncidentState


class Trigger(StrEnum):
    """What can happen to an incident: word from the home, a person's action, an answer, the clock."""

    SUSPECT = "suspect"
    ALARM = "alarm"
    UPDATE = "update"
    CANCEL = "cancel"
    ACK = "ack"
    VOICE = "voice"
    TRIAGE = "triage"
    DISPATCH = "dispatch"
    ACCEPT = "accept"
    DECLINE = "decline"
    ARRIVE = "arrive"
    ENTER = "enter"
    EMERGENCY = "emergency"
    MONITOR = "monitor"
    REPORT = "report"
    NOTE = "note"
    CLOSE = "close"
    FOLLOW_UP = "follow_up"
    REOPEN = "reopen"
    LADDER_ENDED = "ladder_ended"
    TIMER = "timer"


T = Trigger

FROM_HOME: Final = frozenset({T.SUSPECT, T.ALARM, T.UPDATE, T.CANCEL})
FROM_CLOCK: Final = frozenset({T.LADDER_ENDED, T.TIMER})
ACTIONS: Final = frozenset(T) - FROM_HOME - FROM_CLOCK - {T.ACCEPT, T.DECLINE}
"""What a person at a screen may do. A dispatch that names a responder is an ``ACCEPT``."""

SETTLED: Final = frozenset({S.CANCELLED_LOCAL, S.AUTO_RESOLVED, S.RESOLVED, S.FOLLOW_UP, S.CLOSED})
"""The emergency is over: ``closed_at`` is set, and the next alarm opens a new incident."""
OPEN: Final = frozenset(S) - SETTLED
RAISED_ON: Final = OPEN - {S.DETECTED}
"""Open, and known to be more than a suspicion."""


@dataclass(frozen=True, slots=True)
class Incident:
    """The part of an incident that decides what happens next. Times are aware UTC.

    ``due_at``: when the state's timer fires; set exactly in states that have one. ``closed_at``: set exactly
    in ``SETTLED``. ``version`` grows by one with each step.
    """

    priority: Priority
    state: IncidentState
    state_since: datetime
    due_at: datetime | None
    acked_at: datetime | None = None
    owner_id: int | None = None
    responder: str = ""
    eta_at: datetime | None = None
    outcome: OutcomeCode | None = None
    note: str = ""
    closed_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Detail:
    """What comes with a trigger; each one reads only its own fields.

    ``priority``: of the alarm, or the one chosen at triage. ``confirm_until``: end of the cancel window.
    """

    priority: Priority | None = None
    confirm_until: datetime | None = None
    owner_id: int | None = None
    responder: str = ""
    eta_at: datetime | None = None
    outcome: OutcomeCode | None = None
    note: str = ""


NO_DETAIL: Final = Detail()


def _always(_incident: Incident) -> bool:
    return True


def _life_or_urgent(incident: Incident) -> bool:
    return incident.priority <= Priority.URGENT


def _calm_and_unseen(incident: Incident) -> bool:
    return incident.priority > Priority.URGENT and incident.acked_at is None


@dataclass(frozen=True, slots=True)
class Move:
    """One row: go ``to``, ask for ``effects``; only ``when`` it holds.

    ``restart``: the state's clock begins anew although the state stays. ``skip``: marks of the new clock that
    need not be waited for.
    """

    to: IncidentState
    effects: tuple[Effect, ...] = ()
    when: Callable[[Incident], bool] = _always
    restart: bool = False
    skip: int = 0


Table = dict[tuple[IncidentState, Trigger], tuple[Move, ...]]


def _go(trigger: Trigger, to: IncidentState, *states: IncidentState) -> Table:
    return {(state, trigger): (Move(to),) for state in states}


def _stay(trigger: Trigger, states: Iterable[IncidentState], *effects: Effect) -> Table:
    return {(state, trigger): (Move(state, effects),) for state in states}


_QUIET = (S.TRIAGED, S.MONITORING, S.OUTCOME)
"""Someone thought the worst was over: a new alarm calls them back."""

TRANSITIONS: Final[Mapping[tuple[IncidentState, Trigger], tuple[Move, ...]]] = {
    # Word from the home. On an open incident an alarm joins; it may raise the priority, never lower it.
    **_stay(T.SUSPECT, OPEN),
    **_stay(T.ALARM, OPEN),
    **_stay(T.UPDATE, OPEN),
    **_stay(T.CANCEL, OPEN),
    **_go(T.SUSPECT, S.RAISED, *_QUIET),
    **_go(T.ALARM, S.RAISED, *_QUIET, S.DETECTED, S.CANCELLED_LOCAL),
    **_go(T.CANCEL, S.CANCELLED_LOCAL, S.DETECTED),
    (S.RAISED, T.CANCEL): (Move(S.AUTO_RESOLVED, when=_calm_and_unseen), Move(S.RAISED)),
    # The operator.
    **_stay(T.ACK, OPEN),
    **_go(T.ACK, S.ACKED, S.DETECTED, S.RAISED),
    (S.ACKED, T.ACK): (Move(S.ACKED, restart=True),),
    **_go(T.VOICE, S.VOICE, S.ACKED, S.TRIAGED, S.MONITORING),
    (S.VOICE, T.VOICE): (Move(S.VOICE, restart=True),),
    **_go(T.TRIAGE, S.TRIAGED, S.ACKED, S.VOICE, S.MONITORING),
    (S.TRIAGED, T.TRIAGE): (Move(S.TRIAGED, restart=True),),
    **_go(T.MONITOR, S.MONITORING, S.ACKED, S.VOICE, S.TRIAGED, S.ON_SITE, S.OUTCOME),
    (S.MONITORING, T.MONITOR): (Move(S.MONITORING, restart=True),),
    **_go(T.EMERGENCY, S.EMERGENCY_SERVICES, *(RAISED_ON - {S.OUTCOME})),
    (S.EMERGENCY_SERVICES, T.EMERGENCY): (Move(S.EMERGENCY_SERVICES, restart=True),),
    **_stay(T.NOTE, OPEN | {S.RESOLVED, S.FOLLOW_UP}),
    (S.ACKED, T.NOTE): (Move(S.ACKED, restart=True),),
    # Help on its way.
    **_go(T.DISPATCH, S.DISPATCHING, S.RAISED, S.ACKED, S.VOICE, S.TRIAGED, S.MONITORING, S.EN_ROUTE),
    **_stay(T.DISPATCH, (S.DISPATCHING, S.EMERGENCY_SERVICES), Effect.START_LADDER),
    **_go(T.ACCEPT, S.EN_ROUTE, S.RAISED, S.ACKED, S.VOICE, S.TRIAGED, S.MONITORING, S.DISPATCHING),
    (S.EN_ROUTE, T.ACCEPT): (Move(S.EN_ROUTE, restart=True),),
    **_stay(T.ACCEPT, (S.EMERGENCY_SERVICES,), Effect.STOP_LADDER),
    **_go(T.DECLINE, S.DISPATCHING, S.EN_ROUTE),
    **_go(T.ARRIVE, S.ON_SITE, S.DISPATCHING, S.EN_ROUTE, S.EMERGENCY_SERVICES),
    (S.ON_SITE, T.ENTER): (Move(S.ON_SITE, restart=True, skip=1),),
    **_go(T.REPORT, S.OUTCOME, S.EN_ROUTE, S.ON_SITE, S.EMERGENCY_SERVICES),
    (S.DISPATCHING, T.LADDER_ENDED): (Move(S.EMERGENCY_SERVICES, when=_life_or_urgent), Move(S.RAISED)),
    **_stay(T.LADDER_ENDED, (S.EMERGENCY_SERVICES,), Effect.PAGE_SUPERVISOR),
    # The end.
    **_go(T.CLOSE, S.RESOLVED, *(RAISED_ON - {S.RAISED})),
    **_go(T.CLOSE, S.CLOSED, S.RESOLVED, S.FOLLOW_UP),
    **_go(T.FOLLOW_UP, S.FOLLOW_UP, S.RESOLVED),
    **_go(T.REOPEN, S.RAISED, *SETTLED),
}

ENTERING: Final[Mapping[IncidentState, tuple[Effect, ...]]] = {
    S.RAISED: (Effect.STOP_LADDER,),
    S.DISPATCHING: (Effect.START_LADDER,),
    S.EN_ROUTE: (Effect.STOP_LADDER,),
    S.ON_SITE: (Effect.STOP_LADDER,),
    S.EMERGENCY_SERVICES: (Effect.PAGE_SUPERVISOR,),  # the ladder goes on: a neighbour's key opens the door
    S.OUTCOME: (Effect.STOP_LADDER,),
    S.RESOLVED: (Effect.STOP_LADDER, Effect.WITHDRAW_MESSAGES, Effect.TELL_OUTCOME),
    S.AUTO_RESOLVED: (Effect.STOP_LADDER, Effect.WITHDRAW_MESSAGES),
    S.CANCELLED_LOCAL: (Effect.STOP_LADDER, Effect.WITHDRAW_MESSAGES),
}
"""Asked for whenever a state is entered, by whichever way."""

SILENT: Final = frozenset({OutcomeCode.F1})
"""After a death nobody gets an automatic message; the caseworker speaks with the family."""


def _outcome_known(incident: Incident, detail: Detail, _now: datetime) -> bool:
    return bool(detail.outcome or incident.outcome)


def _note_given(_incident: Incident, detail: Detail, _now: datetime) -> bool:
    return bool(detail.note.strip())


def _responder_given(_incident: Incident, detail: Detail, _now: datetime) -> bool:
    return bool(detail.responder.strip())


def _arrival_ahead(_incident: Incident, detail: Detail, now: datetime) -> bool:
    return detail.eta_at is not None and detail.eta_at > now


def _closed_lately(incident: Incident, _detail: Detail, now: datetime) -> bool:
    return incident.closed_at is not None and now - incident.closed_at <= REOPEN_WITHIN


def _is_due(incident: Incident, _detail: Detail, now: datetime) -> bool:
    return incident.due_at is not None and incident.due_at <= now


Guard = Callable[[Incident, Detail, datetime], bool]
GUARDS: Final[Mapping[Trigger, tuple[tuple[Guard, Reason], ...]]] = {
    T.CLOSE: ((_outcome_known, Reason.OUTCOME_REQUIRED),),
    T.NOTE: ((_note_given, Reason.NOTE_REQUIRED),),
    T.ACCEPT: ((_responder_given, Reason.RESPONDER_REQUIRED), (_arrival_ahead, Reason.ARRIVAL_REQUIRED)),
    T.REOPEN: ((_closed_lately, Reason.REOPEN_TOO_LATE),),
    T.TIMER: ((_is_due, Reason.NOT_DUE),),
}


def opened(
    priority: Priority, now: datetime, confirm_until: datetime | None = None
) -> tuple[Incident, tuple[Effect, ...]]:
    """A new incident: only suspected while the resident may cancel (``confirm_until``), else raised."""
    if confirm_until:
        return Incident(priority, S.DETECTED, now, confirm_until), ()
    incident = Incident(priority, S.RAISED, now, None)
    return replace(incident, due_at=_first_due(incident, 0)), _news(None, incident)


def advance(
    incident: Incident, trigger: Trigger, now: datetime, detail: Detail = NO_DETAIL
) -> tuple[Incident, tuple[Effect, ...]]:
    """The incident after ``trigger``, and what that asks for.

    ``TIMER`` fires one mark; while ``due_at`` is still not after ``now``, call again.

    Raises:
        Refused: the trigger does not apply in this state, or something it needs is missing.
    """
    weighed = replace(incident, priority=_priority(incident, trigger, detail))
    if trigger is T.TIMER:
        _check(weighed, trigger, now, detail)
        move, repeat_at = _expired(weighed, now)
    else:
        move, repeat_at = _lookup(weighed, trigger), None
        _check(weighed, trigger, now, detail)
    after = _fill(replace(weighed, state=move.to), incident, trigger, now, detail)
    if move.restart or _clock_differs(incident, after):
        after = replace(after, state_since=now)
        after = replace(after, due_at=_first_due(after, move.skip))
    elif trigger is T.TIMER:
        after = replace(after, due_at=repeat_at)
    elif trigger is T.SUSPECT and after.state is S.DETECTED and detail.confirm_until and after.due_at:
        after = replace(after, due_at=min(after.due_at, detail.confirm_until))
    return after, _effects(incident, after, move)


def actions(incident: Incident) -> list[Trigger]:
    """What a person may do now, in the order of ``Trigger``."""
    return [trigger for trigger in Trigger if trigger in ACTIONS and _applies(incident, trigger)]


def _applies(incident: Incident, trigger: Trigger) -> bool:
    return any(move.when(incident) for move in TRANSITIONS.get((incident.state, trigger), ()))


def _priority(incident: Incident, trigger: Trigger, detail: Detail) -> Priority:
    if detail.priority is None:
        return incident.priority
    if trigger is T.TRIAGE:
        return detail.priority
    return min(incident.priority, detail.priority) if trigger in FROM_HOME else incident.priority


def _lookup(incident: Incident, trigger: Trigger) -> Move:
    for move in TRANSITIONS.get((incident.state, trigger), ()):
        if move.when(incident):
            return move
    raise Refused(Reason.NOT_IN_STATE)


def _check(incident: Incident, trigger: Trigger, now: datetime, detail: Detail) -> None:
    for holds, reason in GUARDS.get(trigger, ()):
        if not holds(incident, detail, now):
            raise Refused(reason)


def _fill(after: Incident, before: Incident, trigger: Trigger, now: datetime, detail: Detail) -> Incident:
    """Take over what the trigger brought, and what the new state implies."""
    after = replace(after, version=before.version + 1, note=detail.note.strip() or before.note)
    if trigger is T.ACK:
        after = replace(after, owner_id=detail.owner_id, acked_at=before.acked_at or now)
    if trigger is T.ACCEPT:
        after = replace(after, responder=detail.responder.strip(), eta_at=detail.eta_at)
    if trigger is T.CLOSE:
        after = replace(after, outcome=detail.outcome or before.outcome)
    if after.state is before.state:
        return after
    if after.state is S.RAISED:
        after = replace(after, owner_id=None, outcome=None)
    if after.state in {S.RAISED, S.DISPATCHING}:
        after = replace(after, responder="", eta_at=None)
    if (after.state in SETTLED) != (before.state in SETTLED):
        after = replace(after, closed_at=now if after.state in SETTLED else None)
    return after


def _clock_differs(before: Incident, after: Incident) -> bool:
    """A new state has a new clock, and so has a new priority; a cancel window belongs to the home."""
    raised = after.priority is not before.priority and after.state is not S.DETECTED
    return raised or after.state is not before.state


def _effects(before: Incident, after: Incident, move: Move) -> tuple[Effect, ...]:
    entering = ENTERING.get(after.state, ()) if after.state is not before.state else ()
    wanted = dict.fromkeys((*move.effects, *entering, *_news(before, after)))
    if after.outcome in SILENT:
        wanted.pop(Effect.TELL_OUTCOME, None)
    return tuple(wanted)


def _news(before: Incident | None, after: Incident) -> tuple[Effect, ...]:
    """The family is told when it becomes known that a life may be at stake."""
    told = before is not None and _is_emergency(before)
    return (Effect.TELL_FAMILY,) if _is_emergency(after) and not told else ()


def _is_emergency(incident: Incident) -> bool:
    return incident.priority is Priority.LIFE and incident.state in RAISED_ON


def _timer(incident: Incident) -> Timer | None:
    return TIMERS.get(incident.state, {}).get(incident.priority)


def _base(incident: Incident) -> datetime:
    return incident.eta_at or incident.state_since if incident.state is S.EN_ROUTE else incident.state_since


def _first_due(incident: Incident, skip: int) -> datetime | None:
    timer = _timer(incident)
    return None if timer is None else _base(incident) + timer.marks[skip].after


def _expired(incident: Incident, now: datetime) -> tuple[Move, datetime | None]:
    """The mark that is due as a move, and when to look again if it only reminds."""
    timer, due_at = _timer(incident), incident.due_at
    if timer is None or due_at is None:
        raise Refused(Reason.NOT_DUE)
    index = _passed(timer.marks, due_at - _base(incident))
    mark = timer.marks[index]
    if mark.to is not None:
        return Move(mark.to, mark.effects), None
    if index + 1 < len(timer.marks):
        return Move(incident.state, mark.effects), _base(incident) + timer.marks[index + 1].after
    return Move(incident.state, mark.effects), now + (timer.every or timedelta())


def _passed(marks: tuple[Mark, ...], elapsed: timedelta) -> int:
    """Index of the last mark at or before ``elapsed``."""
    return max(0, sum(mark.after <= elapsed for mark in marks) - 1)
