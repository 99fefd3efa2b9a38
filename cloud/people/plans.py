"""The plan that each home's gateway shall go by, from the roster into its row.

What this is: the document, filled up with what the roster knows of the resident, and its number. What it is
not: the sending; ``cloud.ingest.plans`` compares the row with what the gateways report. The one idea: the
number is given here and grows with every change of the content, so loading the same roster again sends
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from psycopg.types.json import Jsonb

from cloud.db import Connection, Queries
from firmware_protocols.wire import plan as plans
from firmware_protocols.wire.plan import Plan

_SQL: Final = Queries(__package__ or "", "plans.sql")


def faults(plan: Plan, devices: Iterable[str]) -> Iterator[str]:
    """Why ``plan`` cannot be that of a home with ``devices``; empty if it can."""
    if plan.version:
        yield "leave version out: it is given here and grows with every change"
    yield from plans.faults(plan)
    yield from plans.unknown_devices(plan, devices)


def filled(plan: Plan, *, lives_alone: bool, ability_level: int, time_zone: str) -> Plan:
    """``plan`` with what the resident's record says, and the tenant's zone if it has none of its own."""
    person = msgspec.structs.replace(plan.person, lives_alone=lives_alone, ability_level=ability_level)
    return msgspec.structs.replace(plan, person=person, time_zone=plan.time_zone or time_zone)


async def put(conn: Connection, home_id: int, plan: Plan) -> None:
    """Make ``plan`` the home's; one that is as it was keeps its number."""
    await conn.execute(_SQL["put_plan"], {"home": home_id, "body": Jsonb(plans.as_document(plan))})
