"""``--set night_door.wait_s=600``: a plan with one value changed, to see what it would have done.

What this is: paths into the plan, and the plan's own parser. What it is not: a way to change a home; nothing
is stored. The one idea: whatever a plan may not say cannot be tried either, and the refusal says what may.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from firmware_protocols.wire import plan as plans
from firmware_protocols.wire.plan import BadPlan, Plan
from firmware_protocols.wire.plan_rules import Rules
from simulators.replay.edge import STEP_S
from simulators.replay.model import Record, RecordError

_RULES: Final = frozenset(Rules.__struct_fields__)
"""Parts of ``rules``: they may be named without it."""
_FIRST: Final = frozenset(Plan.__struct_fields__) - {"version", "phones"}


@dataclass(frozen=True, slots=True)
class Setting:
    """How a run differs from the record: ``version``, the only plan that holds; ``values`` by path.

    ``per_week``: the routine's budget of alerts a home-week. ``step_s``: see ``edge``.
    """

    version: int | None = None
    values: Mapping[tuple[str, ...], Any] = field(default_factory=dict)
    per_week: float = 1.0
    step_s: float = STEP_S

    def plans(self, record: Record) -> tuple[tuple[datetime, Plan], ...]:
        """The plans of ``record`` as they shall hold in this run.

        Raises:
            RecordError: there is no such version, or a value cannot be.
        """
        history = record.plans
        if self.version is not None:
            chosen = [plan for _, plan in history if plan.version == self.version]
            if not chosen:
                known = sorted({plan.version for _, plan in history})
                raise RecordError(f"no plan version {self.version} in this record; there are: {known}")
            history = ((record.begins, chosen[-1]),)
        return tuple((at, changed(plan, self.values)) for at, plan in history)

    def __str__(self) -> str:
        """As it was written."""
        parts = [] if self.version is None else [f"plan {self.version}"]
        parts += [f"{'.'.join(path)}={json.dumps(value)}" for path, value in self.values.items()]
        return ", ".join(parts) or "as it was"


def setting(
    version: int | None, assignments: Iterable[str], per_week: float = 1.0, step_s: float = STEP_S
) -> Setting:
    """Read ``PATH=VALUE`` texts.

    Raises:
        RecordError: one is none, or names nothing that a plan has.
    """
    return Setting(version, dict(map(_assignment, assignments)), per_week, step_s)


def changed(plan: Plan, values: Mapping[tuple[str, ...], Any]) -> Plan:
    """``plan`` with ``values``.

    Raises:
        RecordError: the plan would not be one.
    """
    if not values:
        return plan
    document: dict[str, Any] = json.loads(msgspec.json.encode(plan))
    for path, value in values.items():
        _put(document, path, value)
    try:
        return plans.parse(document)
    except BadPlan as error:
        raise RecordError(f"--set: {error}") from error


def _assignment(text: str) -> tuple[tuple[str, ...], Any]:
    name, equals, value = text.partition("=")
    path = tuple(name.strip().split("."))
    if not equals or not all(path):
        raise RecordError(f"--set {text}: write PATH=VALUE, e.g. night_door.wait_s=600")
    if path[0] in _RULES:
        path = ("rules", *path)
    if path[0] not in _FIRST:
        near = get_close_matches(path[0], sorted(_RULES | _FIRST), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise RecordError(f"--set {text}: a plan has no {path[0]}{hint}")
    return path, _value(value)


def _value(text: str) -> Any:
    """JSON, or the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _put(document: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *parts, last = path
    for part in parts:
        document = document.setdefault(part, {})
        if not isinstance(document, dict):
            raise RecordError(f"--set {'.'.join(path)}: there is nothing below {part}")
    document[last] = value
