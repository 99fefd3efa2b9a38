"""The visiting rate of a county, and the people behind it.

What this is: everybody of a scope with where they stand in a span of time. What it is not: the rule who
counts (``rate``). The one idea: people are read and judged some hundred at a time, so that a county of thirty
thousand never stops whoever shares the process, where alarms come through.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from cloud.auth import Scope
from cloud.db import Connection
from cloud.visits.duties import store
from cloud.visits.rate import Rate, Span, Standing, rates, standing

AT_A_TIME: Final = 250
"""People judged before others get their turn: some milliseconds. D."""


async def standings(conn: Connection, scope: Scope, span: Span) -> AsyncIterator[tuple[int, str, Standing]]:
    """Number, division and standing of everybody, in the order of their numbers."""
    rule, after = await store.rule(conn, scope), 0
    while known := await store.people(conn, scope, after=after, limit=AT_A_TIME):
        ids = [one.resident_id for one in known]
        tried = await store.tried(conn, scope, ids, rule.counts, span)
        for one in known:
            stands = standing(one.person, tried[one.resident_id], rule.counts, span)
            yield one.resident_id, one.division, stands
        after = ids[-1]
        await asyncio.sleep(0)


async def rate(conn: Connection, scope: Scope, span: Span, digits: int) -> dict[str, Rate]:
    """The rate of every area, by the first ``digits`` of its code."""
    return rates([one async for one in standings(conn, scope, span)], digits)
