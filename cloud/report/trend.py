"""Months side by side: of tenants in, figures out.

What this is: the undivided figures of each month of several tenants. What it is not: a forecast, or a line
through points. The one idea: a month shows how many have counted it, so that one that lacks a county is not
taken for a fall.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from cloud.report import store, views
from cloud.report.tally import Cell, Cut, Key, added, shown
from cloud.report.views import TenantMonth, TrendMonth


def cells_of(tenants: Iterable[TenantMonth], *, hide: bool) -> Mapping[Key, Cell | None]:
    """What ``tenants`` counted, as one; ``hide``: what would tell of a few people is hidden."""
    cells = added(store.parsed(one.cells) for one in tenants)
    return shown(cells) if hide else cells


def side_by_side(found: Iterable[TenantMonth], *, hide: bool) -> list[TrendMonth]:
    """Every month that was counted by anybody, the oldest first."""
    by_month: dict[date, list[TenantMonth]] = defaultdict(list)
    for one in found:
        by_month[one.month].append(one)
    return [
        TrendMonth(
            month=month,
            tenants=len(tenants),
            frozen=all(one.frozen_at is not None for one in tenants),
            figures=views.figures(cells_of(tenants, hide=hide), (Cut.ALL,)),
        )
        for month, tenants in sorted(by_month.items())
    ]


def months_ago(day: date, months: int) -> date:
    """The first of the month that lies ``months`` before that of ``day``."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)
