"""Water and carbon monoxide that last: what a detector's number or a wet floor means after how long.

A carbon monoxide detector that only says "on" has waited by itself and is a hazard at once (``hazard``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge_agent.rules.home import Home
from edge_agent.rules.lasting import LastingRule, Level, Measured
from edge_agent.rules.sight import Evidence
from firmware_protocols.model import AlarmKind, Quality, Quantity
from firmware_protocols.wire.plan_rules import Rules

_CO_TIMES: Final = ((300.0, 60.0), (100.0, 600.0), (50.0, 3_600.0))
"""Ppm, and for how long, s. EN 50291-1: an alarm within 3 min at 300 ppm, in 10-40 min at 100 ppm, in 60-90
min at 50 ppm, so that a passing lorry is none. Of each the earliest, at 300 ppm one minute of the three. D.
"""


def _ppm(measured: Measured, _rules: Rules) -> Evidence:
    return {"ppm": measured.get(Quantity.CO_CONCENTRATION, 0.0)}


def _carbon_monoxide(least_ppm: float, wait_s: float) -> Level:
    return Level(
        AlarmKind.CARBON_MONOXIDE,
        lambda measured, _: measured[Quantity.CO_CONCENTRATION] >= least_ppm,
        lambda _: wait_s,
        _ppm,
    )


CARBON_MONOXIDE: Final[Mapping[str, Level]] = {
    f"co_{ppm:g}": _carbon_monoxide(ppm, wait_s) for ppm, wait_s in _CO_TIMES
}
WATER: Final[Mapping[str, Level]] = {
    "wet": Level(
        AlarmKind.FLOOD,
        lambda measured, _: bool(measured[Quantity.MOISTURE]),
        lambda rules: rules.water.wet_s,
    )
}


def carbon_monoxide(home: Home) -> LastingRule:
    """The rule of a detector that says how much."""
    return LastingRule(home, CARBON_MONOXIDE, (Quantity.CO_CONCENTRATION,))


def water(home: Home) -> LastingRule:
    """The rule of a wet floor. What a bridge remembers of it counts: a floor stays wet over its restart."""
    believed = frozenset({Quality.GOOD, Quality.ESTIMATED})
    return LastingRule(home, WATER, (Quantity.MOISTURE,), believed)
