"""People to be visited, as cases: what the duties say of each, looked back on from the month's end.

What this is: the duties' own rows and rules, asked for a span. What it is not: a rule of its own. The one
idea: a duty is derived from what happened, so what was overdue at the end of any month can be told later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any, Final

from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.report.cases import PersonCase, Whose
from cloud.visits import duty, rate
from cloud.visits.duties import store as duties
from cloud.visits.duties.store import Known
from cloud.visits.rate import COUNTED, Standing

AT_A_TIME: Final = 200
"""People judged before others of the process get their turn. D."""
_DAY: Final = timedelta(days=1)
_SQL: Final = Queries(__package__ or "")


async def people(
    conn: Connection, scope: Scope, since: datetime, until: datetime, *, after: int = 0
) -> AsyncGenerator[PersonCase]:
    """Everybody whose duty has begun, in the order of their numbers, those behind number ``after``."""
    rule, campaigns = await duties.rule(conn, scope), await duties.campaigns(conn, scope, until)
    span = rate.Span(since, until)
    while known := await duties.people(conn, scope, after=after, limit=AT_A_TIME):
        ids = [one.resident_id for one in known]
        tried = await duties.tried(conn, scope, ids, rule.counts, span)
        histories = await duties.histories(conn, scope, ids, rule.counts, until)
        registered = await _registered(conn, scope, ids)
        for one in known:
            stands = rate.standing(one.person, tried[one.resident_id], rule.counts, span)
            owed = duty.dues(one.person, rule, histories[one.resident_id], campaigns, until)
            late = max((until - due.at for due in owed), default=timedelta())
            yield PersonCase(
                whose=_whose(one, registered[one.resident_id], until),
                id=one.resident_id,
                owed=stands in COUNTED,
                visited=stands is Standing.VISITED,
                overdue_days=max(0.0, late / _DAY),
            )
        after = ids[-1]
        await asyncio.sleep(0)


def _whose(one: Known, sex: str, until: datetime) -> Whose:
    age = one.person.age(until - _DAY)
    return Whose(one.tenant_id, one.home_id, one.division, age, sex)


async def _registered(conn: Connection, scope: Scope, ids: list[int]) -> dict[int, str]:
    values: dict[str, Any] = {**scope.params, "ids": ids}
    rows = await (await conn.execute(_SQL["sexes"], values)).fetchall()
    return {row["id"]: row["sex"] for row in rows}
