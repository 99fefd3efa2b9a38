"""Outcomes and proposals in the database, within a person's bounds.

What this is: reads and one insert. What it is not: the decision over a proposal (``decide``). The one idea:
what is proposed is worked out anew from the incidents each time, so a table of labels can never be wrong.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.types.json import Jsonb

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.incidents.kinds import Family
from cloud.incidents.model import IncidentState, OutcomeCode
from cloud.learning import report
from cloud.learning.labels import BY_PEOPLE, NEEDED_HELP, label, should_find
from cloud.learning.report import RuleReport
from cloud.learning.suggest import Case, Seen, Suggestion
from cloud.learning.tunable import TUNABLE, Tunable

WITHIN: Final = timedelta(hours=12)
"""A rule that spoke so long before a person did has not missed it: a night, or a day. D."""
_WEEK: Final = timedelta(weeks=1)

SQL: Final = Queries(__package__)


@dataclass(frozen=True, slots=True)
class Span:
    """From ``since`` until before ``until``."""

    since: datetime
    until: datetime

    @property
    def weeks(self) -> float:
        """How long it is."""
        return (self.until - self.since) / _WEEK


async def rule_report(conn: Connection, scope: Scope, span: Span) -> RuleReport:
    """How often each rule was right."""
    homes, *_ = await _rows(conn, "homes", scope, _span(span))
    home_weeks = homes["seconds"] / _WEEK.total_seconds()
    return RuleReport(
        since=span.since,
        until=span.until,
        homes=homes["homes"],
        home_weeks=round(home_weeks, 2),
        within_h=int(WITHIN / timedelta(hours=1)),
        rules=report.rules(await _rows(conn, "counts", scope, _span(span)), home_weeks),
        missed=report.missed(await _raised_by_people(conn, scope, span)),
    )


async def seen(conn: Connection, scope: Scope, span: Span) -> dict[tuple[int, str], Seen]:
    """What is known of each home and threshold about which anything is: by home and path."""
    kinds = sorted({one.rule for one in TUNABLE.values()})
    cases: dict[tuple[int, str], list[Case]] = defaultdict(list)
    for row in await _rows(conn, "judged", scope, _span(span) | {"kinds": kinds}):
        for tunable in _of_rule(row["rule"]):
            cases[row["home_id"], tunable.name].append(_case(row, tunable))
    missed = Counter(
        row["home_id"]
        for row in await _raised_by_people(conn, scope, span)
        if should_find(OutcomeCode(row["outcome"])) is Family.PERSON and report.is_missed(row)
    )
    about = {*cases, *((home, path) for home in missed for path in TUNABLE)}
    return {
        (home, path): Seen(tuple(cases[home, path]), missed[home], span.weeks) for home, path in sorted(about)
    }


async def propose(
    conn: Connection, scope: Scope, home_id: int, found: Suggestion, *, span: Span, made_by: str
) -> int | None:
    """Keep a suggestion for people to decide; its number, ``None`` when it is not to be made again."""
    values = {
        "home_id": home_id,
        "path": found.path,
        "was": found.was,
        "held": found.held,
        "becomes": found.becomes,
        "basis": Jsonb(found.basis.document),
        "since": span.since,
        "now": span.until,
        "made_by": made_by,
    }
    rows = await _rows(conn, "add_proposal", scope, values)
    return rows[0]["id"] if rows else None


async def proposals(
    conn: Connection, scope: Scope, *, state: str | None, home_id: int | None, after: int | None, limit: int
) -> list[dict[str, Any]]:
    """Proposals in the order in which they were made, from the one behind number ``after`` on."""
    asked = {"id": None, "state": state, "home_id": home_id, "after": after, "limit": limit}
    return await _rows(conn, "proposals", scope, asked)


async def proposal(conn: Connection, scope: Scope, number: int) -> dict[str, Any] | None:
    """One proposal, whatever became of it."""
    asked = {"id": number, "state": None, "home_id": None, "after": None, "limit": 1}
    return next(iter(await _rows(conn, "proposals", scope, asked)), None)


async def hold(conn: Connection, scope: Scope, number: int) -> bool:
    """Let nobody else decide over it meanwhile; whether there is such a one."""
    return bool(await _rows(conn, "proposal_for_update", scope, {"id": number}))


async def decide(conn: Connection, number: int, **values: object) -> None:
    """Write what became of a proposal that is held."""
    await conn.execute(SQL["decide"], {"id": number, **values})


async def _raised_by_people(conn: Connection, scope: Scope, span: Span) -> list[dict[str, Any]]:
    asked = {
        "within": WITHIN,
        "outcomes": sorted(code.value for code in NEEDED_HELP),
        "kinds": sorted(kind.value for kind in BY_PEOPLE),
    }
    return await _rows(conn, "raised_by_people", scope, _span(span) | asked)


def _of_rule(rule: str) -> Iterable[Tunable]:
    return (one for one in TUNABLE.values() if one.rule == rule)


def _case(row: Mapping[str, Any], tunable: Tunable) -> Case:
    said = label(row["kind"], IncidentState(row["state"]), OutcomeCode(row["outcome"]))
    asked_min, asked_at, over_at = row["evidence"].get(tunable.minutes), row["asked_at"], row["over_at"]
    if not isinstance(asked_min, int | float) or asked_at is None or over_at is None:
        return Case(said, None)
    return Case(said, asked_min * 60 + (over_at - asked_at).total_seconds())


def _span(span: Span) -> dict[str, Any]:
    return {"since": span.since, "until": span.until}


async def _rows(
    conn: Connection, statement: str, scope: Scope, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    return await (await conn.execute(SQL[statement], {**scope.params, **values})).fetchall()
