"""What the report shows: indicators, months of tenants, figures, and the rows behind one.

What this is: the views of ``/report`` and how cells become figures. What it is not: SQL, or a file
(``sheets``). The one idea: a figure always comes with what it was divided by; one that is hidden says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cloud.report.indicators import INDICATORS, Of, Unit
from cloud.report.tally import Cell, Cut, Key


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class TargetView(_View):
    """The value to hold. ``least``: at least; else at most. ``source``: where the number comes from."""

    value: float
    least: bool
    source: str


class IndicatorView(_View):
    """What an indicator divides by what, in words."""

    name: str
    of: Of
    unit: Unit
    numerator: str
    denominator: str
    target: TargetView | None


class MonthVersion(_View):
    """One version of one month. ``frozen_at``: none while it is counted once a day; ``why``: of a correction.

    ``digest``: SHA-256 of what it says; the audit trail has it, too.
    """

    code: str
    name: str
    division_code: str
    month: date
    version: int
    counted_at: datetime
    frozen_at: datetime | None
    why: str
    digest: str


class TenantMonth(MonthVersion):
    """The same with its cells, as counties tell them."""

    cells: list[list[Any]] = Field(exclude=False)


class FigureView(_View):
    """One figure. ``of``: the one of the cut. ``cases``: how many incidents, homes, devices or people are
    behind it. ``suppressed``: it would tell of a few people, so it has no numbers. ``met``: the target.
    """

    indicator: str
    cut: Cut
    of: str
    suppressed: bool
    numerator: float | None
    denominator: float | None
    cases: int | None
    value: float | None
    met: bool | None


class ReportView(_View):
    """A month. ``tenants``: whose cells are added; ``silent``: counties whose word is old or missing."""

    month: date
    tenants: list[MonthVersion]
    silent: list[str]
    figures: list[FigureView]


class RowView(_View):
    """One row behind a figure: what it adds. ``record``: the number of the incident, alarm or resident."""

    home_id: int
    of: Of
    record: int
    numerator: float
    denominator: float


def indicators() -> list[IndicatorView]:
    """All of them, in the order in which they are shown."""
    return [
        IndicatorView(
            name=one.name,
            of=one.of,
            unit=one.unit,
            numerator=one.numerator,
            denominator=one.denominator,
            target=None if one.target is None else TargetView(
                value=one.target.value, least=one.target.least, source=one.target.source
            ),
        )
        for one in INDICATORS.values()
    ]  # fmt: skip


def report(
    month: date,
    rows: Iterable[Mapping[str, Any]],
    cells: Mapping[Key, Cell | None],
    cuts: Iterable[Cut],
    silent: Iterable[str] = (),
) -> ReportView:
    """A month of the tenants in ``rows``, as ``cells`` say it."""
    return ReportView(
        month=month,
        tenants=[MonthVersion(**{name: row[name] for name in MonthVersion.model_fields}) for row in rows],
        silent=list(silent),
        figures=figures(cells, cuts),
    )


def figures(cells: Mapping[Key, Cell | None], cuts: Iterable[Cut]) -> list[FigureView]:
    """The cells of ``cuts``, in the order of the indicators."""
    wanted, order = frozenset(cuts), {name: place for place, name in enumerate(INDICATORS)}
    found = [(key, cell) for key, cell in cells.items() if key.cut in wanted and key.indicator in order]
    found.sort(key=lambda one: (order[one[0].indicator], one[0].cut, one[0].of))
    return [_figure(key, cell) for key, cell in found]


def _figure(key: Key, cell: Cell | None) -> FigureView:
    target, value = INDICATORS[key.indicator].target, cell.value if cell else None
    return FigureView(
        indicator=key.indicator,
        cut=key.cut,
        of=key.of,
        suppressed=cell is None,
        numerator=cell.part if cell else None,
        denominator=cell.whole if cell else None,
        cases=cell.cases if cell else None,
        value=value,
        met=None if target is None or value is None else target.met(value),
    )
