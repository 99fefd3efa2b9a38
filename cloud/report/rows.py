"""The rows behind one figure.

What this is: the cases that were added up, once more, those of one cell. What it is not: another definition;
the cases and what each adds come from where the figure came from.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass

from cloud.auth import Scope
from cloud.db import Connection
from cloud.report import store
from cloud.report.cases import Case, HomeCase
from cloud.report.indicators import INDICATORS, parts
from cloud.report.store import Span
from cloud.report.tally import CUTS, Cut
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
    found: list[RowView] = []
    async with aclosing(store.cases(conn, scope, span, INDICATORS[which.indicator].of, after)) as cases:
        async for case in cases:
            row = _row(case, which)
            if row is not None:
                found.append(row)
            if len(found) == most:
                break
    return found


def _row(case: Case, which: Which) -> RowView | None:
    if CUTS[which.cut](case) != which.of:
        return None
    for name, part, whole in parts(case):
        if name == which.indicator and which.missed in {None, part < whole}:
            return RowView(
                home_id=case.whose.home_id,
                of=INDICATORS[name].of,
                record=case.whose.home_id if isinstance(case, HomeCase) else case.id,
                numerator=part,
                denominator=whole,
            )
    return None
