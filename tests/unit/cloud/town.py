"""A small town in the database: two tenants that must never see each other, and one person of each role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from argon2 import PasswordHasher

from cloud.auth import Role
from cloud.db import Connection

NOON: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PASSWORD: Final = "correct horse 电池"
QUICK: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The work is not what these tests are about; ``auth.test_passwords`` is."""
PASSWORD_HASH: Final = QUICK.hash(PASSWORD)
NOBODYS_HASH: Final = QUICK.hash("nobody's")


@dataclass(frozen=True, slots=True)
class Town:
    """Ids. ``hecheng`` has two homes (``yellow``, ``green``), ``zhongfang`` one (``foreign``)."""

    hecheng: int
    zhongfang: int
    yellow: int
    green: int
    foreign: int
    staff: dict[str, int]


async def found(conn: Connection) -> Town:
    """Fill ``conn``'s empty database and commit. Nobody needs a second factor. Staff are named like their
    role; ``stranger`` is an operator of the other tenant. Caseworker and family are assigned to ``yellow``.
    """
    await conn.execute(
        "insert into division values ('431202000000', '鹤城区', null), ('431221000000', '中方县', null)"
    )
    hecheng = await _id(conn, "tenant (code, name, division_code)", "hecheng", "鹤城区", "431202000000")
    zhongfang = await _id(conn, "tenant (code, name, division_code)", "zhongfang", "中方县", "431221000000")
    await conn.execute("update tenant set second_factor_roles = '{}'")
    yellow = await home(conn, hecheng, "yellow", "向秀英")
    green = await home(conn, hecheng, "green", "杨再兴")
    foreign = await home(conn, zhongfang, "foreign", "石金花")
    staff = {role.value: await person(conn, hecheng, role.value, role) for role in Role}
    staff["stranger"] = await person(conn, zhongfang, "stranger", Role.OPERATOR)
    for name in ("caseworker", "family"):
        await conn.execute("insert into staff_home values (%s, %s)", [staff[name], yellow])
    await conn.commit()
    return Town(hecheng, zhongfang, yellow, green, foreign, staff)


async def home(conn: Connection, tenant: int, key: str, name: str) -> int:
    """A home with a resident, a gateway, a pendant and a care circle of one."""
    columns = "home (tenant_id, key, division_code, address, latitude, longitude)"
    home_id = await _id(conn, columns, tenant, key, "431202000000", f"{key} lane 1", 27.56, 109.99)
    columns = "resident (home_id, name, birth_year, sex, phone, notes)"
    await _id(conn, columns, home_id, name, 1942, "f", "+8613800000001", "hard of hearing")
    gateway = (
        "insert into gateway (id, home_id, shard, secret, online, state_at) values (%s, %s, 1, '', true, %s)"
    )
    await conn.execute(gateway, [f"gw-{key}", home_id, NOON])
    await _id(conn, "device (gateway_id, name, kind, last_at)", f"gw-{key}", "pendant", "pendant", NOON)
    columns = "contact (home_id, rank, name, relation, phone, has_key)"
    await _id(conn, columns, home_id, 1, "邻居", "neighbour", "+8613900000002", True)
    return home_id


async def person(conn: Connection, tenant: int, username: str, role: Role) -> int:
    """A member of staff whose password is ``PASSWORD``."""
    columns = "staff (tenant_id, username, password_hash, role, name)"
    return await _id(conn, columns, tenant, username, PASSWORD_HASH, role.value, f"{username} 某")


async def _id(conn: Connection, columns: str, *values: object) -> int:
    marks = ", ".join(["%s"] * len(values))
    cursor = await conn.execute(f"insert into {columns} values ({marks}) returning id".encode(), values)
    row = await cursor.fetchone()
    assert row is not None
    return int(row["id"])
