"""Writes the table of indicators into ``docs/indicators.md``: ``python -m cloud.report.page``.

What this is: the definitions that the program counts by, for whoever doubts a figure. What it is not: a
figure. The one idea: the page is written from the table, so it cannot say another target than the program.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cloud.incidents.diagram import filled
from cloud.report.indicators import INDICATORS, AnyIndicator, Target, Unit
from cloud.report.words import Speech

PAGE: Final = Path(__file__).parents[2] / "docs" / "indicators.md"
_HEAD: Final = "| name | called | 称为 | numerator | denominator | target |\n|---|---|---|---|---|---|"


def table() -> str:
    """Every indicator, in the order in which they are shown."""
    return "\n".join([_HEAD, *(_line(one) for one in INDICATORS.values())])


def _line(one: AnyIndicator) -> str:
    said, chinese = Speech("en").said(one.name), Speech("zh-Hans").said(one.name)
    target = "" if one.target is None else _bound(one.target, one.unit)
    cells = (f"`{one.name}`", said.title, chinese.title, said.numerator, said.denominator, target)
    return f"| {' | '.join(cells)} |"


def _bound(target: Target, unit: Unit) -> str:
    value = f"{target.value * 100:g} %" if unit is Unit.SHARE else f"{target.value:g}"
    return f"{'≥' if target.least else '≤'} {value} ({Speech('en').source(target.source)})"


def renew(page: str) -> str:
    """``page`` with the table as the program has it."""
    return filled(page, "indicators", table())


if __name__ == "__main__":
    PAGE.write_text(renew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
