"""Draws an incident out of its tables; ``python -m cloud.incidents.diagram`` renews ``docs/incidents.md``.

The page's prose is written by hand; what lies between two marks is drawn here; a test fails when it drifts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from cloud.incidents.kinds import KINDS
from cloud.incidents.model import Priority
from cloud.incidents.timers import MORNING, TIMERS, Timer
from cloud.incidents.transitions import SETTLED, TRANSITIONS

PAGE: Final = Path(__file__).parents[2] / "docs" / "incidents.md"
_DAY: Final = 24 * 3600
_UNITS: Final = ((_DAY, "d"), (3600, "h"), (60, "min"), (1, "s"))


def diagram() -> str:
    """The states and what leads from one to another, as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> detected: suspect", "    [*] --> raised: alarm"]
    for (source, target), triggers in sorted(edges().items()):
        lines.append(f"    {source} --> {target}: {', '.join(sorted(triggers))}")
    lines += [f"    {state} --> [*]" for state in sorted(SETTLED - TIMERS.keys())]
    return "\n".join(lines)


def edges() -> dict[tuple[str, str], set[str]]:
    """What leads from one state to another, by the names of both."""
    found: dict[tuple[str, str], set[str]] = {}
    for (state, trigger), moves in TRANSITIONS.items():
        for move in moves:
            if move.to is not state:
                found.setdefault((state.value, move.to.value), set()).add(trigger.value)
    for state, timers in TIMERS.items():
        for timer in timers.values():
            for mark in timer.marks:
                if mark.to is not None:
                    found.setdefault((state.value, mark.to.value), set()).add("timer")
    return found


def timer_table() -> str:
    """What happens in each state when nobody does anything, per priority."""
    head = "| state | " + " | ".join(f"P{priority.value}" for priority in Priority) + " |"
    rows = [
        f"| `{state.value}` | " + " | ".join(_timer(timers[priority]) for priority in Priority) + " |"
        for state, timers in TIMERS.items()
    ]
    return "\n".join([head, "|---" * (len(Priority) + 1) + "|", *rows])


def kind_table() -> str:
    """What each kind of alarm starts as."""
    asked = {True: "yes", False: "no"}
    rows = [
        f"| `{kind.value}` | {spec.family.value} | P{spec.priority.value} | {asked[spec.confirmable]} |"
        for kind, spec in KINDS.items()
    ]
    return "\n".join(["| alarm | family | priority | may be cancelled at home |", "|---|---|---|---|", *rows])


def _timer(timer: Timer) -> str:
    parts = []
    for mark in timer.marks:
        does = [effect.value.replace("_", " ") for effect in mark.effects]
        does += [f"→ `{mark.to.value}`"] if mark.to else []
        does += [f"as P{mark.raises.value}"] if mark.raises else []
        when = f"next {MORNING:%H:%M}" if mark.morning else span(mark.after)
        parts.append(f"{when}: {', '.join(does)}")
    return "; ".join(parts) + (f"; again every {span(timer.every)}" if timer.every else "")


def span(length: timedelta) -> str:
    """A length of time in words."""
    seconds = int(length.total_seconds())
    for size, unit in _UNITS:
        if seconds and seconds % size == 0 and (size < _DAY or seconds > _DAY):
            return f"{seconds // size} {unit}"
    return "at once"


def renew(page: str) -> str:
    """``page`` with every drawn part as the tables now say."""
    parts: Mapping[str, str] = {
        "diagram": f"```mermaid\n{diagram()}\n```",
        "timers": timer_table(),
        "kinds": kind_table(),
    }
    for name, text in parts.items():
        page = filled(page, name, text)
    return page


def filled(page: str, name: str, text: str) -> str:
    """``page`` with ``text`` between the two marks called ``name``."""
    marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    return marks.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page)


if __name__ == "__main__":
    PAGE.write_text(renew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
