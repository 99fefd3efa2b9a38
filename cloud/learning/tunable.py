"""The thresholds of a home's plan that outcomes may argue about. Pure.

What this is: one line per threshold. What it is not: limits of vital signs, which a named clinician sets, or
anything that calls for help at once. The one idea: only waits are here, because how long a thing had lasted
when it ended says by itself what another wait would have done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from firmware_protocols.wire.plan import Plan

Path = tuple[str, ...]
_DEPENDENT: Final = 3
"""Ability level from which on somebody hardly walks alone safely (``edge_agent.rules.bed_exit``). D."""


@dataclass(frozen=True, slots=True)
class Tunable:
    """``rule``: as the report names it. ``path``: in the plan, seconds. ``minutes``: the number in the
    alarm's evidence that says how long it had lasted when it was asked about. ``usual``: what holds where
    the plan says nothing, s. ``most_s``: no proposal goes beyond.
    """

    rule: str
    path: Path
    minutes: str
    usual: Callable[[Plan], float]
    most_s: float

    @property
    def name(self) -> str:
        """The path as people write it."""
        return ".".join(self.path)

    def said(self, plan: Plan) -> float | None:
        """What ``plan`` says; ``None``: nothing."""
        part: Any = plan
        for name in self.path:
            part = getattr(part, name)
        return None if part is None else float(part)

    def held(self, plan: Plan) -> float:
        """What holds under ``plan``, s."""
        said = self.said(plan)
        return self.usual(plan) if said is None else said


def changed(plan: Plan, path: Path, value: float) -> Plan:
    """``plan`` with ``value`` at ``path``."""
    found: Plan = _changed(plan, path, value)
    return found


def _changed(part: Any, path: Path, value: float) -> Any:
    name, *rest = path
    inner = _changed(getattr(part, name), tuple(rest), value) if rest else value
    return msgspec.structs.replace(part, **{name: inner})


_HOUR_S: Final = 3_600.0
TUNABLE: Final[Mapping[str, Tunable]] = {
    one.name: one
    for one in (
        Tunable(
            "night_door",
            ("rules", "night_door", "wait_s"),
            "away_min",
            lambda plan: 600.0 if plan.person.wanders else 1_800.0,
            _HOUR_S,
        ),
        Tunable(
            "bed_exit",
            ("rules", "bed_exit", "wait_s"),
            "away_min",
            lambda plan: 900.0 if plan.person.ability_level >= _DEPENDENT else 2_700.0,
            2 * _HOUR_S,
        ),
        Tunable(
            "stillness",
            ("rules", "stillness", "wait_s"),
            "still_min",
            lambda _: 4 * _HOUR_S,
            8 * _HOUR_S,
        ),
    )
}
"""By path. ``usual`` is what ``edge_agent.rules`` does; a test holds the two together. ``most_s``: D."""
