"""The rows behind one figure.

What this is: the cases that were added up, once more, those of one cell. What it is not: another definition;
the cases and what each adds come from where the figure came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass

from cloud.auth import Scope
from cloud.db import Connection
from cloud.report import store
from cloud.report.cases import Case, HomeCase, IncidentCase
from cloud.report.indicators import INDICATORS, parts
from cloud.report.store import Span
from cloud.report.tally import CUTS, Cut, area
from cloud.report.views import RowView


@dataclass(frozen=True, slots=True)
class Which:
    """A cell, and which of its rows: ``missed`` those that the numerator lacks, not ``missed`` the others."""

    indicator: str
    cut: Cut
    of: str
    missed: bool | None


async def find(
    conn: Connection, scope: Scope, span: Span, which: Which, *, after: int, most: int
) -> list[RowView]:
    """At most ``most`` rows in the order of their numbers, those behind number ``after``."""
    found: list[_Found] = []
    async with aclosing(store.cases(conn, scope, span, INDICATORS[which.indicator].of, after)) as cases:
        async for case in cases:
            sums = _sums(case, which)
            if sums is not None:
                found.append(_Found(case, *sums))
            if len(found) == most:
                break
    names = await store.areas(conn, {area(one.case.whose.division) for one in found})
    return [_row(one, which, names) for one in found]


@dataclass(frozen=True, slots=True)
class _Found:
    """A case of the cell, and what it adds to it."""

    case: Case
    part: float
    whole: float


def _sums(case: Case, which: Which) -> tuple[float, float] | None:
    if CUTS[which.cut](case) != which.of:
        return None
    for name, part, whole in parts(case):
        if name == which.indicator and which.missed in {None, part < whole}:
            return part, whole
    return None


def _row(one: _Found, which: Which, names: Mapping[str, str]) -> RowView:
    case, incident = one.case, one.case if isinstance(one.case, IncidentCase) else None
    town = area(case.whose.division)
    return RowView(
        home_id=case.whose.home_id,
        division=case.whose.division,
        area=names.get(town, town),
        of=INDICATORS[which.indicator].of,
        record=case.whose.home_id if isinstance(case, HomeCase) else case.id,
        at=incident.opened_at if incident else None,
        kind=incident.kind if incident else None,
        numerator=one.part,
        denominator=one.whole,
    )
