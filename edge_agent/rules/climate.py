"""A home that is too cold or too hot for an old person, in steps from a notice to a call.

The one idea: air that is let in for half an hour is no cold home, so each step has its time; nobody is harmed
by the air of a home that is empty. The heat index is that of the National Weather Service (Rothfusz 1990):
how hot humid air feels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edge_agent.rules.home import Home
from edge_agent.rules.lasting import LastingRule, Level, Measured
from edge_agent.rules.sight import Evidence
from firmware_protocols.model import URGENT, AlarmKind, Quantity
from firmware_protocols.wire.plan_rules import Climate, Rules

_TODAY: Final = 3
_NOTICE: Final = 4
_BACK_K: Final = 0.5
"""So far back inside before a step is over, or a value at the limit would come and go. D."""
_INDEX_FROM_C: Final = 26.7
"""80 °F: the regression holds from there on."""

Limit = Callable[[Climate], float]


def heat_index_c(temperature_c: float, humidity_percent: float) -> float:
    """How hot it feels, °C: Rothfusz' regression (NWS technical attachment SR 90-23), without its corrections
    for very dry or humid air. Below 26.7 °C it is the temperature itself.
    """
    if temperature_c < _INDEX_FROM_C:
        return temperature_c
    t, r = temperature_c * 1.8 + 32, humidity_percent
    index_f = (
        -42.379 + 2.04901523 * t + 10.14333127 * r - 0.22475541 * t * r - 6.83783e-3 * t * t
        - 5.481717e-2 * r * r + 1.22874e-3 * t * t * r + 8.5282e-4 * t * r * r - 1.99e-6 * t * t * r * r
    )  # fmt: skip
    return (index_f - 32) / 1.8


def _below(limit: Limit) -> Callable[[Measured, Rules], bool | None]:
    def reached(measured: Measured, rules: Rules) -> bool | None:
        if Quantity.TEMPERATURE not in measured:
            return None
        return _side(limit(rules.climate) - measured[Quantity.TEMPERATURE])

    return reached


def _above(limit: Limit) -> Callable[[Measured, Rules], bool | None]:
    def reached(measured: Measured, rules: Rules) -> bool | None:
        if Quantity.TEMPERATURE not in measured:
            return None
        return _side(measured[Quantity.TEMPERATURE] - limit(rules.climate))

    return reached


def _sultry(measured: Measured, rules: Rules) -> bool | None:
    return _side(index - rules.climate.heat_index_c) if (index := _index(measured)) is not None else None


def _side(beyond_k: float) -> bool | None:
    """Beyond a limit, safely back inside, or neither."""
    return True if beyond_k > 0 else (False if beyond_k <= -_BACK_K else None)


def _index(measured: Measured) -> float | None:
    humidity = measured.get(Quantity.HUMIDITY)
    if humidity is None or Quantity.TEMPERATURE not in measured:
        return None
    return heat_index_c(measured[Quantity.TEMPERATURE], humidity)


def _says(limit: Limit) -> Callable[[Measured, Rules], Evidence]:
    return lambda measured, rules: {
        "temperature": measured.get(Quantity.TEMPERATURE, 0.0),
        "limit_c": limit(rules.climate),
    }


def _says_index(measured: Measured, rules: Rules) -> Evidence:
    index = _index(measured)
    felt = {} if index is None else {"heat_index": round(index, 1)}
    return {**_says(lambda climate: climate.heat_index_c)(measured, rules), **felt}


def _step(
    reached: Callable[[Measured, Rules], bool | None],
    wait_s: Limit,
    priority: int,
    evidence: Callable[[Measured, Rules], Evidence],
) -> Level:
    return Level(
        AlarmKind.ROOM_CLIMATE,
        reached,
        lambda rules: wait_s(rules.climate),
        evidence,
        priority,
        frozenset({"climate"}),
        lambda rules: rules.climate.armed,
        occupied=True,
        ends=True,
    )


def _cold(limit: Limit, wait_s: Limit, priority: int) -> Level:
    return _step(_below(limit), wait_s, priority, _says(limit))


def _hot(limit: Limit, wait_s: Limit, priority: int) -> Level:
    return _step(_above(limit), wait_s, priority, _says(limit))


CLIMATE: Final[Mapping[str, Level]] = {
    "freezing": _cold(lambda c: c.freezing_c, lambda c: c.grave_s, URGENT),
    "cold": _cold(lambda c: c.cold_c, lambda c: c.wait_s, _TODAY),
    "cool": _cold(lambda c: c.cool_c, lambda c: c.notice_s, _NOTICE),
    "hot": _hot(lambda c: c.hot_c, lambda c: c.grave_s, URGENT),
    "sultry": _step(_sultry, lambda c: c.grave_s, URGENT, _says_index),
    "warm": _hot(lambda c: c.warm_c, lambda c: c.wait_s, _TODAY),
}


def room_climate(home: Home) -> LastingRule:
    """The rule of a home's air."""
    return LastingRule(home, CLIMATE, (Quantity.TEMPERATURE, Quantity.HUMIDITY))
