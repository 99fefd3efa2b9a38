"""People who can go, written into the database at a known distance from the door of ``household.seed``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cloud.db import Connection
from tests.scenario.household import START, Household, after

DOOR: Final = (27.56, 109.99)
M_PER_DEGREE: Final = 111_195.0
"""Of latitude, on the sphere that ``travel`` has."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody ``metres`` north of the door."""

    name: str
    channel: str
    metres: float
    kind: str = "neighbour"
    mode: str = "walk"
    has_key: bool = False
    phone: str = ""


async def register(conn: Connection, household: Household, person: Person, since: datetime = START) -> int:
    """Write somebody who agreed to be called; a worker is on duty from ``since`` on. Their number."""
    staff = await _member(conn, household, person) if person.kind == "worker" else None
    row = await conn.execute(
        "insert into responder (tenant_id, kind, staff_id, name, phone, channels, mode, latitude, longitude,"
        " consent_at, duty_since) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id",
        [
            household.tenant_id,
            person.kind,
            staff,
            person.name,
            person.phone,
            [person.channel],
            person.mode,
            DOOR[0] + person.metres / M_PER_DEGREE,
            DOOR[1],
            None if staff else since,
            since if staff else None,
        ],
    )
    found = await row.fetchone()
    assert found is not None
    if person.has_key:
        await conn.execute(
            "insert into responder_home values (%s, %s, true)", [found["id"], household.home_id]
        )
    return int(found["id"])


async def _member(conn: Connection, household: Household, person: Person) -> int:
    row = await conn.execute(
        "insert into staff (tenant_id, username, password_hash, role, name)"
        " values (%s, %s, 'x', 'responder', %s) returning id",
        [household.tenant_id, f"{person.name} {household.tenant_id}", person.name],
    )
    found = await row.fetchone()
    assert found is not None
    return int(found["id"])


async def place(conn: Connection, responder_id: int, metres: float, at: float) -> None:
    """Somebody was seen ``metres`` north of the door, ``at`` seconds after the start."""
    await conn.execute(
        "insert into responder_place values (%s, %s, %s, %s)",
        [responder_id, after(at), DOOR[0] + metres / M_PER_DEGREE, DOOR[1]],
    )
