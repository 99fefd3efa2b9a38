"""The indicators: what each divides by what, its target, and where that comes from. Pure.

What this is: one table. What it is not: arithmetic over many cases (``tally``). The one idea: an indicator is
a sum over a sum, of parts of the same cases, so areas and counties add up exactly, no average of averages is
ever taken, and whoever doubts a figure reads the two lines that made it.

Sources: TSA, the code of the British telecare services association; Camden, the published targets of Camden
Careline, with those of MASCOT (Merton); NHS England, guidance on technology enabled care; the plan, the
city's plan of civil affairs, and the opinion of ten ministries of 2022; D, a default of this project.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, Generic, TypeAlias, TypeVar

from cloud.incidents.model import OutcomeCode
from cloud.report.cases import BatteryCase, Case, HomeCase, IncidentCase, PersonCase

C = TypeVar("C", IncidentCase, HomeCase, BatteryCase, PersonCase)

ANSWER_FAST: Final = timedelta(seconds=60)
ANSWER: Final = timedelta(seconds=180)
COMING: Final[Mapping[int, timedelta]] = {1: timedelta(minutes=3), 2: timedelta(minutes=10)}
"""Somebody is on the way, by priority: telecare practice (3 min), D (10 min)."""
CIRCLE: Final = timedelta(minutes=15)
ON_SITE: Final = timedelta(minutes=45)
ON_SITE_LATEST: Final = timedelta(minutes=60)
THROUGH_THE_DOOR: Final = timedelta(minutes=5)
REPEATS: Final = 3
"""D. So many calls in a month make a home one that calls again and again."""
BATTERY_LEAD_DAYS: Final = 7
"""D. A visit is planned within a week."""
FORESEEN_DAYS: Final = 14
"""Sensors showed a change 10 to 14 days before an illness was found (Rantz et al.)."""
FALSE: Final = frozenset({OutcomeCode.C1, OutcomeCode.C2, OutcomeCode.C3, OutcomeCode.D1})
"""Accidental press, sensor, rule, device."""


class Unit(StrEnum):
    """What a value is: a share of 1, or so many for each of what it is divided by."""

    SHARE = "share"
    RATE = "rate"


class Of(StrEnum):
    """What kind of case is counted."""

    INCIDENT = "incident"
    HOME = "home"
    BATTERY = "battery"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Target:
    """The value to hold. ``least``: at least; else at most. ``source``: of the number."""

    value: float
    least: bool
    source: str

    def met(self, value: float) -> bool:
        """Whether ``value`` holds it."""
        return value >= self.value if self.least else value <= self.value


@dataclass(frozen=True, slots=True)
class Indicator(Generic[C]):
    """``part`` over ``whole``, summed over cases of ``of``; in words: ``numerator`` and ``denominator``.

    ``counts``: the numerator is a number of incidents, homes or people, so a small one may tell of one.
    """

    name: str
    of: Of
    numerator: str
    denominator: str
    part: Callable[[C], float]
    whole: Callable[[C], float]
    target: Target | None = None
    unit: Unit = Unit.SHARE
    counts: bool = True


def _p1(case: IncidentCase) -> bool:
    return case.urgent and case.priority == 1


def _gone(case: IncidentCase) -> bool:
    """Somebody was to go; where only a public service went, its arrival is not ours to time."""
    return case.urgent and case.sent_at is not None


def _judged(case: IncidentCase) -> bool:
    return case.outcome is not None and case.outcome != OutcomeCode.D2 and not case.test


def _of(holds: Callable[[IncidentCase], bool]) -> Callable[[IncidentCase], float]:
    return lambda case: float(holds(case))


def _share(  # noqa: PLR0917 - a row of the table
    name: str,
    numerator: str,
    denominator: str,
    part: Callable[[IncidentCase], bool],
    whole: Callable[[IncidentCase], bool],
    target: Target | None = None,
) -> Indicator[IncidentCase]:
    """A share of incidents: those of ``whole`` that are in ``part``, too."""
    both = _of(lambda case: whole(case) and part(case))
    return Indicator(name, Of.INCIDENT, numerator, denominator, both, _of(whole), target)


def _outcome(code: OutcomeCode) -> Indicator[IncidentCase]:
    return _share(
        f"outcome_{code.lower()}",
        f"that ended as {code}",
        _JUDGED,
        lambda case: case.outcome == code,
        _judged,
    )


_JUDGED: Final = "incidents with an outcome, no tests"
_URGENT: Final = "incidents of priority 1 and 2 that people were called for"
_GONE: Final = "incidents of priority 1 and 2 where somebody was to go"
_INCIDENTS: Final = (
    _share("answered_60", "answered by a person within 60 s of the call", _URGENT,
           lambda case: case.answered_within(ANSWER_FAST), lambda case: case.urgent,
           Target(0.975, True, "TSA")),
    _share("answered_180", "answered by a person within 180 s of the call", _URGENT,
           lambda case: case.answered_within(ANSWER), lambda case: case.urgent,
           Target(0.99, True, "TSA")),
    _share("on_the_way", "somebody on the way within 3 min (P1) or 10 min (P2) of the call", _GONE,
           lambda case: case.coming_within(COMING[case.priority]), _gone, Target(0.9, True, "D")),
    _share("circle_15", "somebody at the door within 15 min of the decision", _GONE,
           lambda case: case.there_within(CIRCLE), _gone, Target(0.9, True, "the plan; share D")),
    _share("on_site_45", "somebody at the door within 45 min of the decision", _GONE,
           lambda case: case.there_within(ON_SITE), _gone, Target(0.9, True, "Camden")),
    _share("on_site_60", "somebody at the door within 60 min of the decision", _GONE,
           lambda case: case.there_within(ON_SITE_LATEST), _gone, Target(1.0, True, "Camden")),
    _share("access_5", "inside within 5 min of standing at the door", "arrivals at a door, priority 1 and 2",
           lambda case: case.inside_within(THROUGH_THE_DOOR),
           lambda case: case.urgent and case.there_at is not None, Target(1.0, True, "Camden")),
    _share("missed_p1", "that no person answered within 60 min of the call", "incidents of priority 1",
           lambda case: not case.answered_within(ON_SITE_LATEST), _p1, Target(0.0, False, "D")),
    _share("false_alarms", "accidental, by a sensor, a rule or a device (C1, C2, C3, D1)",
           _JUDGED, lambda case: case.outcome in FALSE, _judged),
    _share("without_ambulance", "settled otherwise than by an ambulance (not A1)",
           _JUDGED, lambda case: case.outcome != OutcomeCode.A1, _judged,
           Target(0.93, True, "NHS England")),
    _share("first_rung", "accepted by the first of the ladder", "incidents accepted by the ladder",
           lambda case: case.rung == 1, lambda case: case.rung is not None and not case.test),
    _share("foreseen", "whose home had a finding of a trend in the 14 days before",
           "genuine emergencies with an ambulance (A1)", lambda case: case.foreseen,
           lambda case: case.outcome == OutcomeCode.A1 and not case.test),
    *(_outcome(code) for code in OutcomeCode if code is not OutcomeCode.D2),
)  # fmt: skip

_HOME_DAYS: Final = "days of homes since each was first heard"
_HOMES: Final[tuple[Indicator[HomeCase], ...]] = (
    Indicator("alarms_home_day", Of.HOME, "incidents of priority 1 to 3, no tests",
              _HOME_DAYS, lambda home: home.alarms, lambda home: home.days,
              Target(0.1, False, "D: at most 1 a day from 10 homes"), Unit.RATE),
    Indicator("false_home_week", Of.HOME, "false alarms of priority 1 to 3",
              "weeks of homes since first heard",
              lambda home: home.false, lambda home: home.days / 7, Target(0.2, False, "D"), Unit.RATE),
    Indicator("repeat_callers", Of.HOME, "homes with 3 calls or more about a person",
              "homes with a call about a person",
              lambda home: float(home.calls >= REPEATS), lambda home: float(home.calls > 0)),
    Indicator("circle_homes", Of.HOME,
              "homes that a centre or somebody of the register reaches within 15 min",
              "homes whose place is known", lambda home: float(home.near is True),
              lambda home: float(home.near is not None), Target(0.9, True, "the plan; share D")),
    Indicator("coverage", Of.HOME, "homes that were heard in the month", "homes",
              lambda home: float(home.heard_days > 0), lambda _: 1.0),
    Indicator("device_uptime", Of.HOME, "days on which anything came from the home",
              _HOME_DAYS, lambda home: home.heard_days, lambda home: home.days,
              Target(0.98, True, "D"), counts=False),
    Indicator("path_tests", Of.HOME, "second paths by which a test or a call came",
              "gateways with a second path", lambda home: home.paths_heard, lambda home: home.paths,
              Target(0.99, True, "D")),
)  # fmt: skip

_BATTERIES: Final[tuple[Indicator[BatteryCase], ...]] = (
    Indicator("battery_lead", Of.BATTERY, "devices that were still heard 7 days later",
              "warnings of a low battery", lambda one: float(one.lasted), lambda _: 1.0,
              Target(0.95, True, "D")),
)  # fmt: skip

_PEOPLE: Final[tuple[Indicator[PersonCase], ...]] = (
    Indicator("visiting_rate", Of.PERSON, "people who were visited in a way that counts",
              "people who were to be visited in the month",
              lambda one: float(one.owed and one.visited), lambda one: float(one.owed),
              Target(1.0, True, "the plan: 探访率 100 %")),
    Indicator("overdue_days", Of.PERSON, "days by which visits are overdue at the month's end",
              "people who were to be visited in the month", lambda one: one.overdue_days if one.owed else 0.0,
              lambda one: float(one.owed), Target(0.0, False, "D"), Unit.RATE, counts=False),
)  # fmt: skip

AnyIndicator: TypeAlias = (
    Indicator[IncidentCase] | Indicator[HomeCase] | Indicator[BatteryCase] | Indicator[PersonCase]
)
_ALL: Final[tuple[AnyIndicator, ...]] = (*_INCIDENTS, *_HOMES, *_BATTERIES, *_PEOPLE)
INDICATORS: Final[Mapping[str, AnyIndicator]] = {one.name: one for one in _ALL}
"""By name, in the order in which they are shown."""


def parts(case: Case) -> list[tuple[str, float, float]]:
    """What a case adds: the name of each indicator that counts it, its part and its whole."""
    match case:
        case IncidentCase():
            found = [(one.name, one.part(case), one.whole(case)) for one in _INCIDENTS]
        case HomeCase():
            found = [(one.name, one.part(case), one.whole(case)) for one in _HOMES]
        case BatteryCase():
            found = [(one.name, one.part(case), one.whole(case)) for one in _BATTERIES]
        case PersonCase():
            found = [(one.name, one.part(case), one.whole(case)) for one in _PEOPLE]
    return [one for one in found if one[2] or one[1]]
