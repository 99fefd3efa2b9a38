"""One tenant, one home, its people: what incident tests start from, and a hand on the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from cloud.auth import Purpose, Scope
from cloud.db import Connection
from cloud.ingest.model import StoredAlarm
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, GatewayId

START = datetime(2026, 1, 10, 19, 0, tzinfo=UTC)
"""Three in the morning at home."""


def after(seconds: float) -> datetime:
    """``seconds`` after ``START``."""
    return START + timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Contact:
    """One person of the care circle; ``channels`` as in the roster."""

    name: str
    relation: str = "neighbour"
    has_key: bool = False
    channels: tuple[str, ...] = ("json://127.0.0.1:1/unreachable",)
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Household:
    """The ids of a seeded home."""

    tenant_id: int
    home_id: int
    staff_id: int
    device_id: int
    gateway: GatewayId

    @property
    def scope(self) -> Scope:
        """What an operator of the tenant may see."""
        return Scope((self.tenant_id,), None, Purpose.CONSOLE)

    @property
    def operator(self) -> str:
        """The operator as an actor."""
        return f"staff:{self.staff_id}"

    def alarm(
        self,
        kind: AlarmKind = AlarmKind.FALL,
        state: AlarmState = AlarmState.RAISED,
        at: datetime = START,
        alarm_id: str = "01JA0000000000000000000001",
        confirm_s: float = 20.0,
    ) -> StoredAlarm:
        """One record of an alarm of this home."""
        window = confirm_s if state is AlarmState.SUSPECTED else 0.0
        record = Alarm(
            AlarmId(alarm_id),
            kind,
            state,
            DeviceId("pendant"),
            at,
            {"impact_g": 2.9},
            confirm_s=window,
        )
        return StoredAlarm(record, self.tenant_id, self.home_id, self.gateway, self.device_id, "bathroom", at)


NEIGHBOURS = (
    Contact("吴嫂", has_key=True),
    Contact("杨叔"),
    Contact("石姐"),
    Contact("女儿", relation="family"),
)

_numbers = count(1)


async def seed(
    conn: Connection, contacts: Sequence[Contact] = NEIGHBOURS, duty: Sequence[str] = ()
) -> Household:
    """Write a household (a new tenant each time) and return its ids. The caller commits."""
    number = next(_numbers)
    await conn.execute("insert into division values ('431202000000', '鹤城区') on conflict do nothing")
    tenant_id = await _id(
        conn,
        "insert into tenant (code, name, division_code, duty_channels)"
        " values (%s, '鹤城区', '431202000000', %s)",
        f"t{number}",
        list(duty),
    )
    home_id = await _id(
        conn,
        "insert into home (tenant_id, key, division_code, address, latitude, longitude)"
        " values (%s, 'h1', '431202000000', '迎丰路 12 号 3 栋 402', 27.56, 109.99)",
        tenant_id,
    )
    await conn.execute(
        "insert into resident (home_id, name, birth_year, sex, phone, notes)"
        " values (%s, '杨秀英', 1942, 'f', '+867452222222', '耳背')",
        [home_id],
    )
    gateway = GatewayId(f"gw-{number:03}")
    await conn.execute(
        "insert into gateway (id, home_id, shard, secret) values (%s, %s, 1, 'x')", [gateway, home_id]
    )
    device_id = await _id(
        conn,
        "insert into device (gateway_id, name, kind, room) values (%s, 'pendant', 'pendant', 'bathroom')",
        gateway,
    )
    staff_id = await _id(
        conn,
        "insert into staff (tenant_id, username, password_hash, role, name)"
        " values (%s, %s, 'x', 'operator', '向玉珍')",
        tenant_id,
        f"op{number}",
    )
    await add_contacts(conn, home_id, contacts)
    return Household(tenant_id, home_id, staff_id, device_id, gateway)


async def add_contacts(conn: Connection, home_id: int, contacts: Sequence[Contact]) -> None:
    """Replace the home's contact list."""
    await conn.execute("delete from contact where home_id = %s", [home_id])
    for rank, contact in enumerate(contacts, start=1):
        await conn.execute(
            "insert into contact (home_id, rank, name, relation, phone, has_key, channels)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [
                home_id,
                rank,
                contact.name,
                contact.relation,
                contact.phone,
                contact.has_key,
                list(contact.channels),
            ],
        )


async def _id(conn: Connection, statement: str, *params: object) -> int:
    cursor = await conn.execute(f"{statement} returning id", params)
    row = await cursor.fetchone()
    assert row is not None
    return int(row["id"])


async def remember(conn: Connection, stored: StoredAlarm) -> StoredAlarm:
    """Store the alarm record as ingest does."""
    await conn.execute(
        "insert into alarm (alarm_id, home_id, gateway_id, device_id, kind, state, observed_at, stored_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            stored.alarm.id,
            stored.home_id,
            stored.gateway,
            stored.device_id,
            stored.alarm.kind.value,
            stored.alarm.state.value,
            stored.alarm.observed_at,
            stored.stored_at,
        ],
    )
    return stored
