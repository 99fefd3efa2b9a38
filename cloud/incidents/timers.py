"""How long an incident may stay in a state, and what happens then: one table, no code paths.

A state's *marks* are counted from ``state_since`` (in EN_ROUTE from the promised arrival, in DETECTED from
the end of the resident's cancel window). A mark either moves the incident or only reminds; the last one moves
it or repeats, so that nothing waits for ever unheard.

Sources: A = answer times of telecare practice (answer within 60 s, someone on the way within 3 min);
D = this project's default. A care provider may shorten them; none is a medical limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from cloud.incidents.model import IncidentState, Priority

MORNING: Final = time(8, 0)
"""D. Whoever was watched over night is looked after when people are up, by the clock of the home."""


class Effect(StrEnum):
    """What a step asks for beyond the incident's own row. ``store`` turns each into rows, or shows it."""

    TELL_FAMILY = "tell_family"
    TELL_ASKED = "tell_asked"
    TELL_OUTCOME = "tell_outcome"
    TELL_HOME_TAKEN = "tell_home_taken"
    TELL_HOME_COMING = "tell_home_coming"
    TELL_HOME_OVER = "tell_home_over"
    UNTELL_HOME = "untell_home"
    PAGE_SUPERVISOR = "page_supervisor"
    START_LADDER = "start_ladder"
    STOP_LADDER = "stop_ladder"
    RENEW_LADDER = "renew_ladder"
    WITHDRAW_MESSAGES = "withdraw_messages"
    REMIND_OWNER = "remind_owner"
    CHECK_ENTRY = "check_entry"
    CALL_RESPONDER = "call_responder"
    CALL_SERVICES_AGAIN = "call_services_again"
    TELL_SERVICES = "tell_services"
    CHECK_RESIDENT = "check_resident"


@dataclass(frozen=True, slots=True)
class Mark:
    """``after`` the base time: ask for ``effects`` and go ``to`` (``None``: stay). ``raises``: to this
    priority at the least, because that nobody answered says something too. ``morning``: only then at the
    next ``MORNING`` by the clock of the home.
    """

    after: timedelta
    effects: tuple[Effect, ...] = ()
    to: IncidentState | None = None
    raises: Priority | None = None
    morning: bool = False

    def at(self, base: datetime, zone: str) -> datetime:
        """When it rings, counted from ``base``; ``zone``: of the home, by its IANA name."""
        at = base + self.after
        return _next_morning(at, ZoneInfo(zone)) if self.morning else at


@dataclass(frozen=True, slots=True)
class Timer:
    """Marks in rising order. ``every``: how often the last one repeats, exactly when it does not move."""

    marks: tuple[Mark, ...]
    every: timedelta | None = None


def _next_morning(since: datetime, zone: ZoneInfo) -> datetime:
    local = since.astimezone(zone)
    today = datetime.combine(local.date(), MORNING, zone)
    day = local.date() if today > local else local.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, zone).astimezone(UTC)


def _s(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


def _min(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


def _h(hours: int) -> timedelta:
    return timedelta(hours=hours)


def _remind(after: timedelta, effect: Effect, every: timedelta) -> Timer:
    return Timer((Mark(after, (effect,)),), every)


def _move(after: timedelta, to: IncidentState, *before: Mark) -> Timer:
    return Timer((*before, Mark(after, to=to)))


def _same(timer: Timer, priorities: Iterable[Priority] = Priority) -> dict[Priority, Timer]:
    return dict.fromkeys(priorities, timer)


_LIFE, _URGENT, _TODAY, _PLAN, _INFO = Priority
_CALM = (_TODAY, _PLAN, _INFO)
_S = IncidentState
_PAGE = Effect.PAGE_SUPERVISOR
_REMINDER = Mark(_s(60), (Effect.REMIND_OWNER,))

TIMERS: Final[Mapping[IncidentState, Mapping[Priority, Timer]]] = {
    _S.DETECTED: _same(_move(_s(0), _S.RAISED)),  # from the end of the resident's cancel window
    _S.RAISED: {
        _LIFE: _move(_s(60), _S.DISPATCHING, Mark(_s(30), (_PAGE,))),  # A: 30 s, hard limit 60 s
        _URGENT: _remind(_min(2), _PAGE, _min(10)),  # A 2 min; D repeat
        _TODAY: _remind(_min(15), _PAGE, _h(1)),  # A 15 min; D repeat
        _PLAN: _remind(_h(24), _PAGE, _h(24)),  # D: the next working day
        _INFO: _move(_h(24), _S.AUTO_RESOLVED),  # D: a log entry clears itself
    },
    _S.ACKED: {  # D: owned, and no next step
        _LIFE: _move(_min(3), _S.RAISED, _REMINDER),
        _URGENT: _move(_min(10), _S.RAISED, _REMINDER),
        _TODAY: _move(_h(1), _S.RAISED, _REMINDER),
        **_same(_move(_h(24), _S.RAISED), (_PLAN, _INFO)),
    },
    _S.VOICE: {
        # A: silence is no answer, and is dealt with as if a life were at stake
        **_same(Timer((Mark(_s(60), to=_S.DISPATCHING, raises=_LIFE),)), (_LIFE, _URGENT)),
        **_same(_move(_min(30), _S.RAISED), _CALM),  # D
    },
    _S.TRIAGED: {
        _LIFE: _move(_min(5), _S.DISPATCHING),  # D: 5 min to decide, then help goes
        _URGENT: _move(_min(5), _S.RAISED),
        **_same(_move(_h(1), _S.RAISED), _CALM),
    },
    # Each rung has its own timer (``cloud.dispatch.escalate``); this one watches that someone is on the way.
    _S.DISPATCHING: {
        _LIFE: _remind(_min(3), _PAGE, _min(5)),  # A 3 min
        _URGENT: _remind(_min(10), _PAGE, _min(10)),  # A 10 min
        **_same(_remind(_h(8), _PAGE, _h(8)), _CALM),  # D: the same day
    },
    _S.EN_ROUTE: _same(_move(_min(5), _S.DISPATCHING)),  # A: promised arrival + 5 min
    _S.ON_SITE: _same(  # A: 5 min to get in; 30 min without a word from someone working alone
        Timer((Mark(_min(5), (Effect.CHECK_ENTRY,)), Mark(_min(30), (Effect.CALL_RESPONDER,))), _min(30))
    ),
    _S.EMERGENCY_SERVICES: _same(_remind(_min(10), Effect.CALL_SERVICES_AGAIN, _min(10))),  # A
    _S.MONITORING: _same(  # A: 15 min, 2 h, the next morning
        Timer(
            (
                Mark(_min(15), (Effect.CHECK_RESIDENT,)),
                Mark(_h(2), (Effect.CHECK_RESIDENT,)),
                Mark(_h(2), to=_S.RAISED, morning=True),
            )
        )
    ),
    _S.OUTCOME: _same(_remind(_h(2), _PAGE, _h(2))),  # D
    _S.RESOLVED: _same(_move(_h(24), _S.CLOSED)),  # D: may be reopened for a day
    _S.FOLLOW_UP: _same(_remind(_h(72), _PAGE, _h(24))),  # A: a visit 24-72 h after
}

ARRIVE_WITHIN: Final[Mapping[Priority, timedelta]] = {
    _LIFE: _min(15),  # A: in town; a responder who knows better says so
    _URGENT: _min(45),
    _TODAY: _h(24),
    _PLAN: timedelta(days=7),
    _INFO: timedelta(days=7),
}
"""When someone who accepts without naming a time is expected."""
REOPEN_WITHIN: Final = _h(24)
