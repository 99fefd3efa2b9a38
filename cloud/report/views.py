"""What the report shows: indicators, months of tenants, figures, and the rows behind one.

What this is: the views of ``/report`` and how cells become figures. What it is not: SQL, or a file
(``sheets``). The one idea: a figure always comes with what it was divided by; one that is hidden says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cloud import interval
from cloud.report.indicators import INDICATORS, AnyIndicator, Of, Unit
from cloud.report.tally import Cell, Cut, Key
from cloud.report.words import Speech


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class TargetView(_View):
    """The value to hold. ``least``: at least; else at most. ``source``: where the number comes from."""

    value: float
    least: bool
    source: str


class IndicatorView(_View):
    """What an indicator is called and divides by what, in words. ``counts``: the numerator is a number of
    incidents, homes or people.
    """

    name: str
    title: str
    counts: bool
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
    behind it. ``low``, ``high``: the 95 % interval of a value that counts incidents, homes or people (Wilson
    for a share, Byar for a rate); none of days, which are not independent of each other. ``suppressed``: it
    would tell of a few people, so it has no numbers. ``met``: the target.
    """

    indicator: str
    cut: Cut
    of: str
    suppressed: bool
    numerator: float | None
    denominator: float | None
    cases: int | None
    value: float | None
    low: float | None
    high: float | None
    met: bool | None


class ReportView(_View):
    """A month. ``tenants``: whose cells are added; ``silent``: counties whose word is old or missing.
    ``labels``: what each one of a cut is called, by cut and code.
    """

    month: date
    tenants: list[MonthVersion]
    silent: list[str]
    labels: dict[Cut, dict[str, str]]
    figures: list[FigureView]


class TrendMonth(_View):
    """A month among others. ``tenants``: how many have counted it; ``frozen``: all of them to the end."""

    month: date
    tenants: int
    frozen: bool
    figures: list[FigureView]


class TrendView(_View):
    """Months, the oldest first; undivided. ``silent``: counties that are in none of them."""

    months: list[TrendMonth]
    silent: list[str]


class RowView(_View):
    """One row behind a figure: what it adds. ``record``: the number of the incident, alarm or resident.
    ``division``: where the home is, ``area`` what that is called. ``at``, ``kind``: of an incident.
    """

    home_id: int
    division: str
    area: str
    of: Of
    record: int
    at: datetime | None
    kind: str | None
    numerator: float
    denominator: float


def indicators(speech: Speech) -> list[IndicatorView]:
    """All of them, in the order in which they are shown."""
    return [_indicator(one, speech) for one in INDICATORS.values()]


def _indicator(one: AnyIndicator, speech: Speech) -> IndicatorView:
    said, target = speech.said(one.name), one.target
    return IndicatorView(
        name=one.name,
        title=said.title,
        counts=one.counts,
        of=one.of,
        unit=one.unit,
        numerator=said.numerator,
        denominator=said.denominator,
        target=None
        if target is None
        else TargetView(value=target.value, least=target.least, source=speech.source(target.source)),
    )


def report(
    month: date,
    tenants: Iterable[MonthVersion],
    cells: Mapping[Key, Cell | None],
    cuts: Iterable[Cut],
    speech: Speech,
    *,
    silent: Iterable[str] = (),
) -> ReportView:
    """A month of ``tenants``, as ``cells`` say it."""
    shown = figures(cells, cuts)
    return ReportView(
        month=month,
        tenants=[MonthVersion(**dict(one)) for one in tenants],
        silent=list(silent),
        labels=_labels(shown, speech),
        figures=shown,
    )


def _labels(shown: Iterable[FigureView], speech: Speech) -> dict[Cut, dict[str, str]]:
    found: dict[Cut, dict[str, str]] = {}
    for one in shown:
        found.setdefault(one.cut, {})[one.of] = speech.label(one.cut, one.of)
    return found


def figures(cells: Mapping[Key, Cell | None], cuts: Iterable[Cut]) -> list[FigureView]:
    """The cells of ``cuts``, in the order of the indicators."""
    wanted, order = frozenset(cuts), {name: place for place, name in enumerate(INDICATORS)}
    found = [(key, cell) for key, cell in cells.items() if key.cut in wanted and key.indicator in order]
    found.sort(key=lambda one: (order[one[0].indicator], one[0].cut, one[0].of))
    return [_figure(key, cell) for key, cell in found]


def _figure(key: Key, cell: Cell | None) -> FigureView:
    target, value = INDICATORS[key.indicator].target, cell.value if cell else None
    low, high = _interval(INDICATORS[key.indicator], cell)
    return FigureView(
        indicator=key.indicator,
        cut=key.cut,
        of=key.of,
        suppressed=cell is None,
        numerator=cell.part if cell else None,
        denominator=cell.whole if cell else None,
        cases=cell.cases if cell else None,
        value=value,
        low=low,
        high=high,
        met=None if target is None or value is None else target.met(value),
    )


def _interval(one: AnyIndicator, cell: Cell | None) -> tuple[float, float] | tuple[None, None]:
    if cell is None or not cell.whole or not one.counts:
        return None, None
    if one.unit is Unit.SHARE:
        return interval.wilson(cell.part, cell.whole)
    low, high = interval.byar(cell.part)
    return low / cell.whole, high / cell.whole
