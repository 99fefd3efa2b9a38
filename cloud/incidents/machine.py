"""The rule of an incident's life: ``advance(incident, trigger, now) -> (incident, effects)``.

What this is: a pure function over frozen values. What it is not: no database, no clock, no messages; those
are rows that ``store`` writes for the effects returned here. The one idea: ``advance`` looks a row up in
``TRANSITIONS`` (or, for the clock, in ``timers.TIMERS``) and every other rule is a guard in a table too, so
that each alarm's life can be replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from cloud.incidents.errors import Reason, Refused
from cloud.incidents.model import IncidentState, OutcomeCode, Priority
from cloud.incidents.timers import REOPEN_WITHIN, TIMERS, Effect, Timer
from cloud.incidents.transitions import (
    ACTIONS,
    ENTERING,
    FROM_HOME,
    HELP_COMES,
    NEW_CALL,
    NO_DETAIL,
    RAISED_ON,
    SETTLED,
    TRANSITIONS,
    Detail,
    Incident,
    Move,
    Trigger,
)

__all__ = [
    "ACTIONS",
    "FROM_HOME",
    "NO_DETAIL",
    "SETTLED",
    "TRANSITIONS",
    "Detail",
    "Incident",
    "Trigger",
    "actions",
    "advance",
    "opened",
]

SILENT: Final = frozenset({OutcomeCode.F1})
"""After a death nobody gets an automatic message; the caseworker speaks with the family."""


def _outcome_known(incident: Incident, detail: Detail, _now: datetime) -> bool:
    return bool(detail.outcome or incident.outcome)


def _note_given(_incident: Incident, detail: Detail, _now: datetime) -> bool:
    return bool(detail.note.strip())


def _stays_a_case(_incident: Incident, detail: Detail, _now: datetime) -> bool:
    """For information only means that nobody goes: that is closing, and closing needs an outcome."""
    return detail.priority is not Priority.INFO


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
    Trigger.CLOSE: ((_outcome_known, Reason.OUTCOME_REQUIRED),),
    Trigger.NOTE: ((_note_given, Reason.NOTE_REQUIRED),),
    Trigger.TRIAGE: ((_stays_a_case, Reason.OUTCOME_REQUIRED),),
    Trigger.ACCEPT: (
        (_responder_given, Reason.RESPONDER_REQUIRED),
        (_arrival_ahead, Reason.ARRIVAL_REQUIRED),
    ),
    Trigger.REOPEN: ((_closed_lately, Reason.REOPEN_TOO_LATE),),
    Trigger.TIMER: ((_is_due, Reason.NOT_DUE),),
}


def opened(
    priority: Priority, now: datetime, confirm_until: datetime | None = None
) -> tuple[Incident, tuple[Effect, ...]]:
    """A new incident: only suspected while the resident may cancel (``confirm_until``), else raised."""
    if confirm_until:
        return Incident(priority, IncidentState.DETECTED, now, confirm_until), ()
    incident = Incident(priority, IncidentState.RAISED, now, None)
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
    if trigger is Trigger.TIMER:
        _check(weighed, trigger, now, detail)
        move, repeat_at, raises = _expired(weighed, now)
        weighed = replace(weighed, priority=min(weighed.priority, raises))
    else:
        move, repeat_at = _lookup(incident, trigger, weighed.priority, now), None
        _check(weighed, trigger, now, detail)
    after = _fill(replace(weighed, state=move.to), incident, trigger, now, detail)
    if move.restart or _clock_differs(incident, after):
        after = replace(after, state_since=now)
        first = _first_due(after, move.skip)
        after = replace(after, due_at=first if move.restart else _not_later(incident, after, first))
    elif trigger is Trigger.TIMER:
        after = replace(after, due_at=repeat_at)
    elif trigger is Trigger.SUSPECT:
        after = replace(after, due_at=_sooner(after, detail))
    return after, (*_effects(incident, after, move), *_words_to_home(incident, after, trigger))


def actions(incident: Incident) -> list[Trigger]:
    """What a person may do now, in the order of ``Trigger``."""
    return [trigger for trigger in Trigger if trigger in ACTIONS and (incident.state, trigger) in TRANSITIONS]


def _priority(incident: Incident, trigger: Trigger, detail: Detail) -> Priority:
    if detail.priority is None:
        return incident.priority
    if trigger is Trigger.TRIAGE:
        return detail.priority
    raises = trigger in FROM_HOME or trigger is Trigger.REPLY
    return min(incident.priority, detail.priority) if raises else incident.priority


def _lookup(incident: Incident, trigger: Trigger, priority: Priority, now: datetime) -> Move:
    for move in TRANSITIONS.get((incident.state, trigger), ()):
        if move.when(incident, priority, now):
            return move
    raise Refused(Reason.NOT_IN_STATE)


def _check(incident: Incident, trigger: Trigger, now: datetime, detail: Detail) -> None:
    for holds, reason in GUARDS.get(trigger, ()):
        if not holds(incident, detail, now):
            raise Refused(reason)


def _fill(after: Incident, before: Incident, trigger: Trigger, now: datetime, detail: Detail) -> Incident:
    """Take over what the trigger brought, and what the new state implies."""
    after = replace(after, version=before.version + 1, note=detail.note.strip() or before.note)
    if trigger is Trigger.ACK:
        after = replace(after, owner_id=detail.owner_id, acked_at=before.acked_at or now)
    if trigger is Trigger.ACCEPT:
        after = replace(after, responder=detail.responder.strip(), eta_at=detail.eta_at)
    if trigger is Trigger.DECLINE:
        after = replace(after, responder="", eta_at=None)
    if trigger is Trigger.CLOSE:
        after = replace(after, outcome=detail.outcome or before.outcome)
    if after.state is before.state:
        return after
    if after.state is IncidentState.RAISED:
        after = replace(after, owner_id=None, outcome=None)
    if after.state in {IncidentState.RAISED, IncidentState.DISPATCHING}:
        after = replace(after, responder="", eta_at=None)
    if (after.state in SETTLED) != (before.state in SETTLED):
        after = replace(after, closed_at=now if after.state in SETTLED else None)
    return after


def _clock_differs(before: Incident, after: Incident) -> bool:
    """A new state has a new clock, and so has a new priority for which the state has another timer; a cancel
    window belongs to the home.
    """
    return after.state is not before.state or _timer(after) != _timer(before)


def _not_later(before: Incident, after: Incident, due_at: datetime | None) -> datetime | None:
    """A more urgent alarm may bring forward what was about to happen, never put it off."""
    more_urgent = after.state is before.state and after.priority < before.priority
    if not more_urgent or due_at is None or before.due_at is None:
        return due_at
    return min(due_at, before.due_at)


def _sooner(incident: Incident, detail: Detail) -> datetime | None:
    """A second suspicion may end the wait for the first, never prolong it."""
    if (
        incident.state is not IncidentState.DETECTED
        or detail.confirm_until is None
        or incident.due_at is None
    ):
        return incident.due_at
    return min(incident.due_at, detail.confirm_until)


def _effects(before: Incident, after: Incident, move: Move) -> tuple[Effect, ...]:
    entering = ENTERING.get(after.state, ()) if after.state is not before.state else ()
    wanted = dict.fromkeys((*move.effects, *entering, *_news(before, after)))
    if after.outcome in SILENT:
        wanted.pop(Effect.TELL_OUTCOME, None)
    return tuple(wanted)


def _words_to_home(before: Incident, after: Incident, trigger: Trigger) -> tuple[Effect, ...]:
    """What the resident may now know: that a person has taken it on, that help comes, or no longer does."""
    if trigger in HELP_COMES:
        return () if _is_put_off(before, after, trigger) else (Effect.TELL_HOME_COMING,)
    if _is_held(after) and (trigger in NEW_CALL or not _is_held(before)):
        return (Effect.TELL_HOME_TAKEN,)
    lost = (before.responder and not after.responder) or (before.owner_id and after.owner_id is None)
    return (Effect.UNTELL_HOME,) if lost and after.state not in SETTLED else ()


def _is_put_off(before: Incident, after: Incident, trigger: Trigger) -> bool:
    """Whether only the time has changed: the home was told of the one who comes, and never when."""
    return trigger is Trigger.ACCEPT and (before.state, before.responder) == (after.state, after.responder)


def _is_held(incident: Incident) -> bool:
    """Whether somebody has it in hand: an operator, or whoever is on the way."""
    return incident.owner_id is not None or bool(incident.responder)


def _news(before: Incident | None, after: Incident) -> tuple[Effect, ...]:
    """The family is told when it becomes known that a life may be at stake."""
    told = before is not None and _is_emergency(before)
    return (Effect.TELL_FAMILY,) if _is_emergency(after) and not told else ()


def _is_emergency(incident: Incident) -> bool:
    return incident.priority is Priority.LIFE and incident.state in RAISED_ON


def _timer(incident: Incident) -> Timer | None:
    return TIMERS.get(incident.state, {}).get(incident.priority)


def _base(incident: Incident) -> datetime:
    return (
        incident.eta_at or incident.state_since
        if incident.state is IncidentState.EN_ROUTE
        else incident.state_since
    )


def _first_due(incident: Incident, skip: int) -> datetime | None:
    timer = _timer(incident)
    return None if timer is None else timer.marks[skip].at(_base(incident), incident.zone)


def _expired(incident: Incident, now: datetime) -> tuple[Move, datetime | None, Priority]:
    """The mark that is due as a move, when to look again if it only reminds, and how urgent it is by now."""
    timer, due_at = _timer(incident), incident.due_at
    if timer is None or due_at is None:
        raise Refused(Reason.NOT_DUE)
    moments = [mark.at(_base(incident), incident.zone) for mark in timer.marks]
    index = max(0, sum(moment <= due_at for moment in moments) - 1)
    mark = timer.marks[index]
    move, urgency = Move(mark.to or incident.state, mark.effects), mark.raises or incident.priority
    if mark.to is not None:
        return move, None, urgency
    if index + 1 < len(timer.marks):
        return move, moments[index + 1], urgency
    return move, now + (timer.every or timedelta()), urgency
