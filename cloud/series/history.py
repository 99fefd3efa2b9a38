"""What was measured in a home over time, as finely as the span allows; and how a division fares.

What this is: the choice of a resolution and its one read. What it is not: a judgement; detectors and screens
make theirs. The one idea: a bucket is a count, two sums and two extremes, so any two make one, and the newest
part of a coarse series is put together from finer buckets that are never far behind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from cloud.auth import Scope
from cloud.db import Connection, Queries
from firmware_protocols.model import Quantity

MOST: Final = 5_000
"""Single readings of one answer [D]; a series with more is given in quarters."""
BEHIND: Final = timedelta(hours=3)
"""Hours and days may be this far behind their quarters [D]: TimescaleDB's jobs run hourly at the slowest."""
ORIGIN: Final = datetime(1999, 12, 31, 16, tzinfo=UTC)
"""Where buckets are counted from: midnight in UTC+8, as in migration 0010."""

_SQL: Final = Queries(__package__ or "", "history.sql")


class Resolution(StrEnum):
    """How a series is given."""

    RAW = "raw"
    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"


STEPS: Final = {
    Resolution.QUARTER: timedelta(minutes=15),
    Resolution.HOUR: timedelta(hours=1),
    Resolution.DAY: timedelta(days=1),
}
LONGEST: Final = {
    Resolution.RAW: timedelta(hours=12),
    Resolution.QUARTER: timedelta(days=7),
    Resolution.HOUR: timedelta(days=62),
}
"""Up to which span each resolution is chosen [D]: about as many points as a screen has columns."""
_STATEMENTS: Final = {Resolution.QUARTER: "quarters", Resolution.HOUR: "hours", Resolution.DAY: "days"}


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class PointView(_View):
    """One reading, or all of one bucket that begins at ``at``. ``deviation``: standard deviation of the ``n``
    values.
    """

    at: datetime
    n: int
    mean: float
    least: float
    greatest: float
    deviation: float


class LineView(_View):
    """One device's points, oldest first. Buckets without a reading are left out."""

    device: str
    points: list[PointView]


class SeriesView(_View):
    """One quantity of one home. ``step_s``: length of a bucket, 0: single readings."""

    home_id: int
    quantity: Quantity
    unit: str
    begin: datetime
    end: datetime
    resolution: Resolution
    step_s: int
    lines: list[LineView]


@dataclass(frozen=True, slots=True)
class Span:
    """From ``begin`` up to, but without, ``end``."""

    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Division:
    """What the homes of one division said: how many there are, how many said it, and the values."""

    code: str
    name: str
    homes: int
    heard: int
    n: int
    mean: float | None
    least: float | None
    greatest: float | None


def choose(span: Span) -> Resolution:
    """The finest resolution that suits ``span``."""
    return next((fine for fine, longest in LONGEST.items() if span.length <= longest), Resolution.DAY)


def bucket_of(step: timedelta, at: datetime) -> datetime:
    """The beginning of the bucket that ``at`` falls into."""
    return at - (at - ORIGIN) % step


async def series(
    conn: Connection,
    scope: Scope,
    home_id: int,
    quantity: Quantity,
    *,
    span: Span,
    now: datetime,
    resolution: Resolution | None = None,
    hides: Callable[[str], bool] = lambda _kind: False,
) -> SeriesView | None:
    """Read one quantity of one home; ``None`` when the home is absent or outside ``scope``.

    ``resolution`` ``None``: what suits the span. ``hides``: whether devices of a kind are withheld. Readings
    without a value are left out. Call it in one transaction that sees one moment and is bound to ``scope``.
    """
    values = {**scope.params, "home_id": home_id, "quantity": quantity.number}
    if await (await conn.execute(_SQL["home"], values)).fetchone() is None:
        return None
    chosen = resolution or choose(span)
    rows: list[dict[str, Any]] | None = None
    if chosen is Resolution.RAW:
        rows = await _raw(conn, values, span)
        chosen = chosen if rows is not None else Resolution.QUARTER
    if rows is None:
        rows = await _buckets(conn, values, span, chosen, now)
    step = STEPS.get(chosen, timedelta(0))
    return SeriesView(
        home_id=home_id,
        quantity=quantity,
        unit=quantity.unit,
        begin=span.begin,
        end=span.end,
        resolution=chosen,
        step_s=int(step.total_seconds()),
        lines=_lines(row for row in rows if not hides(row["kind"])),
    )


async def divisions(conn: Connection, scope: Scope, quantity: Quantity, span: Span) -> list[Division]:
    """How each division of ``scope`` fares with ``quantity``, in the whole hours of ``span``.

    Hours may be up to ``BEHIND`` behind. Call it in a transaction that is bound to ``scope``.
    """
    values = {**scope.params, "quantity": quantity.number, "begin": span.begin, "end": span.end}
    rows = await (await conn.execute(_SQL["divisions"], values)).fetchall()
    return [
        Division(
            code=row["division"],
            name=row["name"],
            homes=row["homes"],
            heard=row["heard"],
            n=row["n"],
            mean=row["sum"] / row["n"] if row["n"] else None,
            least=row["min"],
            greatest=row["max"],
        )
        for row in rows
    ]


async def _raw(conn: Connection, values: dict[str, Any], span: Span) -> list[dict[str, Any]] | None:
    """Single readings; ``None``: more than ``MOST``."""
    values = {**values, "begin": span.begin, "end": span.end, "most": MOST + 1}
    rows = await (await conn.execute(_SQL["raw"], values)).fetchall()
    if len(rows) > MOST:
        return None
    return [{**row, **_bucket_of_one(row["value"])} for row in rows]


def _bucket_of_one(value: float) -> dict[str, Any]:
    return {"n": 1, "sum": value, "sum2": 0.0, "min": value, "max": value}


async def _buckets(
    conn: Connection, values: dict[str, Any], span: Span, resolution: Resolution, now: datetime
) -> list[dict[str, Any]]:
    """Whole buckets: the first may begin before the span."""
    step = STEPS[resolution]
    values = {
        **values,
        "begin": bucket_of(step, span.begin),
        "end": span.end,
        "settled": bucket_of(step, now - BEHIND),
    }
    return await (await conn.execute(_SQL[_STATEMENTS[resolution]], values)).fetchall()


def _lines(rows: Iterable[dict[str, Any]]) -> list[LineView]:
    points: dict[str, list[PointView]] = {}
    for row in rows:
        points.setdefault(row["device"], []).append(_point(row))
    return [LineView(device=device, points=found) for device, found in points.items()]


def _point(row: dict[str, Any]) -> PointView:
    n = int(row["n"])
    return PointView(
        at=row["at"],
        n=n,
        mean=row["sum"] / n,
        least=row["min"],
        greatest=row["max"],
        deviation=deviation(n, row["sum"], row["sum2"]),
    )


def deviation(n: int, total: float, squares: float) -> float:
    """Standard deviation of ``n`` values from their sum and the sum of their squares; 0 where rounding
    would make it less.
    """
    mean = total / n
    return math.sqrt(max(0.0, squares / n - mean * mean)) if n > 1 else 0.0
