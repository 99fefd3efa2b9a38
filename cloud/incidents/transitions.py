"""The table of an incident's life: which trigger leads from which state to which, and what it asks for.

What this is: vocabulary and rows. What it is not: the rule that reads them (``machine``) or the clock's rows
(``timers``). The picture in ``docs/incidents.md`` is drawn from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cloud.incidents.model import IncidentState, OutcomeCode, Priority
from cloud.incidents.timers import Effect

S = IncidentState


class Trigger(StrEnum):
    """What can happen to an incident: word from the home, a person's action, an answer, the clock."""

    SUSPECT = "suspect"
    ALARM = "alarm"
    UPDATE = "update"
    CANCEL = "cancel"
    ACK = "ack"
    VOICE = "voice"
    REPLY = "reply"
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
    ASK = "ask"
    ANSWER = "answer"
    LADDER_ENDED = "ladder_ended"
    TIMER = "timer"


T = Trigger

FROM_HOME: Final = frozenset({T.SUSPECT, T.ALARM, T.UPDATE, T.CANCEL})
FROM_LADDER: Final = frozenset({T.ASK, T.ANSWER, T.ACCEPT, T.DECLINE, T.LADDER_ENDED})
ACTIONS: Final = frozenset(T) - FROM_HOME - FROM_LADDER - {T.TIMER}
"""What a person at a screen may do. A dispatch that names a responder is an ``ACCEPT``."""

SETTLED: Final = frozenset({S.CANCELLED_LOCAL, S.AUTO_RESOLVED, S.RESOLVED, S.FOLLOW_UP, S.CLOSED})
"""The emergency is over: ``closed_at`` is set, and the next alarm opens a new incident."""
SETTLED_BY_PEOPLE: Final = frozenset({S.RESOLVED, S.FOLLOW_UP, S.CLOSED})
OPEN: Final = frozenset(S) - SETTLED
RAISED_ON: Final = OPEN - {S.DETECTED}
"""Open, and known to be more than a suspicion."""


@dataclass(frozen=True, slots=True)
class Incident:
    """The part of an incident that decides what happens next. Times are aware UTC.

    ``due_at``: when the state's timer fires; set exactly in states that have one. ``closed_at``: set
    exactly in ``SETTLED``. ``version`` grows by one with each step. ``technical``: it is about equipment,
    so nobody is in danger once the equipment says that it is over. ``zone``: by whose clock it is morning
    there (IANA)."""

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
    technical: bool = False
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Detail:
    """What comes with a trigger; each one reads only its own fields.

    ``priority``: of the alarm or an answer, or the one chosen at triage. ``confirm_until``: end of the cancel
    window.
    """

    priority: Priority | None = None
    confirm_until: datetime | None = None
    owner_id: int | None = None
    responder: str = ""
    eta_at: datetime | None = None
    outcome: OutcomeCode | None = None
    note: str = ""


NO_DETAIL: Final = Detail()


SAME_TROUBLE: Final = timedelta(minutes=30)
"""D. An alarm so long after the last word of those who have it in hand is not what they are dealing with."""

Condition = Callable[[Incident, Priority, datetime], bool]
"""Over the incident as it was, the priority that the trigger gives it, and the time."""


def _always(_incident: Incident, _priority: Priority, _now: datetime) -> bool:
    return True


def _life_or_urgent(_incident: Incident, priority: Priority, _now: datetime) -> bool:
    return priority <= Priority.URGENT


def _calm_and_unseen(incident: Incident, priority: Priority, _now: datetime) -> bool:
    """A life is never settled by equipment, whatever the incident is about."""
    calm = priority > (Priority.LIFE if incident.technical else Priority.URGENT)
    return calm and incident.acked_at is None


def _worse(incident: Incident, priority: Priority, _now: datetime) -> bool:
    return priority < incident.priority


def _worse_or_forgotten(incident: Incident, priority: Priority, now: datetime) -> bool:
    return _worse(incident, priority, now) or now - incident.state_since > SAME_TROUBLE


@dataclass(frozen=True, slots=True)
class Move:
    """One row: go ``to``, ask for ``effects``; only ``when`` it holds.

    ``restart``: the state's clock begins anew although the state stays. ``skip``: marks of the new clock that
    need not be waited for.
    """

    to: IncidentState
    effects: tuple[Effect, ...] = ()
    when: Condition = _always
    restart: bool = False
    skip: int = 0


Table = dict[tuple[IncidentState, Trigger], tuple[Move, ...]]


def _go(trigger: Trigger, to: IncidentState, *states: IncidentState) -> Table:
    return {(state, trigger): (Move(to),) for state in states}


def _stay(trigger: Trigger, states: Iterable[IncidentState], *effects: Effect) -> Table:
    return {(state, trigger): (Move(state, effects),) for state in states}


def _call_back(to_stay: IncidentState, when: Condition) -> Table:
    """A new call is raised ``when`` those who have the incident in hand cannot know of it; else it joins. A
    known alarm that turns out to be more urgent is as new to them.
    """
    effects = (Effect.TELL_SERVICES,) if to_stay is S.EMERGENCY_SERVICES else ()
    moves = (Move(S.RAISED, when=when), Move(to_stay, effects))
    news = (Move(S.RAISED, when=_worse), Move(to_stay))
    return {(to_stay, T.SUSPECT): moves, (to_stay, T.ALARM): moves, (to_stay, T.UPDATE): news}


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
    **{(state, T.UPDATE): (Move(S.RAISED, when=_worse), Move(state)) for state in _QUIET},
    **_call_back(S.EN_ROUTE, _worse),
    **_call_back(S.ON_SITE, _worse_or_forgotten),
    **_call_back(S.EMERGENCY_SERVICES, _worse_or_forgotten),
    **_stay(T.ALARM, (S.DISPATCHING,), Effect.START_LADDER),  # whom to ask next may have changed with it
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
    **{(state, T.REPLY): (Move(state, restart=True),) for state in (S.ACKED, S.VOICE, S.TRIAGED)},
    **_go(T.MONITOR, S.MONITORING, S.ACKED, S.VOICE, S.TRIAGED, S.ON_SITE, S.OUTCOME),
    (S.MONITORING, T.MONITOR): (Move(S.MONITORING, restart=True),),
    **_go(T.EMERGENCY, S.EMERGENCY_SERVICES, *(RAISED_ON - {S.OUTCOME})),
    (S.EMERGENCY_SERVICES, T.EMERGENCY): (Move(S.EMERGENCY_SERVICES, restart=True),),
    **_stay(T.NOTE, OPEN | {S.RESOLVED, S.FOLLOW_UP}),
    (S.ACKED, T.NOTE): (Move(S.ACKED, restart=True),),
    # Help on its way.
    **_go(T.DISPATCH, S.DISPATCHING, S.RAISED, S.ACKED, S.VOICE, S.TRIAGED, S.MONITORING, S.EN_ROUTE),
    **_stay(T.DISPATCH, (S.DISPATCHING,), Effect.START_LADDER),
    **_stay(
        T.DISPATCH, (S.EMERGENCY_SERVICES,), Effect.STOP_LADDER, Effect.RENEW_LADDER, Effect.START_LADDER
    ),
    **_stay(T.ASK, (S.DISPATCHING, S.EMERGENCY_SERVICES)),
    **_stay(T.ANSWER, OPEN),
    **_go(T.ACCEPT, S.EN_ROUTE, S.RAISED, S.ACKED, S.VOICE, S.TRIAGED, S.MONITORING, S.DISPATCHING),
    (S.EN_ROUTE, T.ACCEPT): (Move(S.EN_ROUTE, restart=True),),
    **_stay(T.ACCEPT, (S.EMERGENCY_SERVICES,), Effect.STOP_LADDER),
    **_go(T.DECLINE, S.DISPATCHING, S.EN_ROUTE),
    **_stay(T.DECLINE, (S.EMERGENCY_SERVICES,), Effect.START_LADDER),
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
    S.RAISED: (Effect.STOP_LADDER, Effect.RENEW_LADDER),
    S.DISPATCHING: (Effect.START_LADDER,),
    S.EN_ROUTE: (Effect.STOP_LADDER, Effect.TELL_ASKED),
    S.ON_SITE: (Effect.STOP_LADDER,),
    S.EMERGENCY_SERVICES: (Effect.PAGE_SUPERVISOR,),  # the ladder goes on: a neighbour's key opens the door
    S.MONITORING: (Effect.STOP_LADDER, Effect.RENEW_LADDER),
    S.OUTCOME: (Effect.STOP_LADDER,),
    S.RESOLVED: (Effect.STOP_LADDER, Effect.WITHDRAW_MESSAGES, Effect.TELL_OUTCOME, Effect.TELL_HOME_OVER),
    S.AUTO_RESOLVED: (Effect.STOP_LADDER, Effect.WITHDRAW_MESSAGES),
    S.CANCELLED_LOCAL: (Effect.STOP_LADDER, Effect.WITHDRAW_MESSAGES),
}
"""Asked for whenever a state is entered, by whichever way."""

HELP_COMES: Final = frozenset({T.ACCEPT, T.EMERGENCY})
"""By these somebody is certainly on the way, and the home is told so."""
NEW_CALL: Final = frozenset({T.SUSPECT, T.ALARM})
"""The home calls (again): if somebody has taken the incident already, it is told at once."""
