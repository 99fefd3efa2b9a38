"""A home that has been lived in for a week: what its sensors said, and the people around it.

What this is: things made through the register and the tables of a running platform (``town``). What it is
not: chance; the same days come out each time, counted back from now, so yesterday is always yesterday.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cloud.auth import Role
from cloud.db import Connection, connect
from cloud.series.history import STEPS, Resolution
from firmware_protocols.model import Quantity
from tests import visit
from tests.harness import System, secret_of
from tests.sql.series import catch_up

KEY: Final = "h901"
GATEWAY: Final = f"gw-{KEY}"
SHARD: Final = 91
RESIDENT: Final = "冯玉兰"
DAYS: Final = 7
MINUTE: Final = timedelta(minutes=1)
QUARTER: Final = STEPS[Resolution.QUARTER]
QUIET_AFTERNOON: Final = 3
"""So many days ago the gateway was off from one to seven."""

HOME: Final[dict[str, Any]] = {
    "key": KEY,
    "division": "431202001001",
    "address": "城北路 88 号 2 单元 301",
    "latitude": 27.561,
    "longitude": 109.993,
    "resident": {
        "name": RESIDENT, "birth_year": 1941, "sex": "f", "lives_alone": True, "ability_level": 1,
        "phone": "+8613800000901", "notes": "听力差，请大声慢讲；院里有狗。",
    },
    "gateway": {"id": GATEWAY, "shard": SHARD, "secret": secret_of(GATEWAY)},
    "devices": [
        {"name": "pendant", "kind": "pendant", "room": ""},
        {"name": "kitchen", "kind": "motion", "room": "kitchen"},
        {"name": "living", "kind": "motion", "room": "living_room"},
        {"name": "bath", "kind": "presence", "room": "bathroom"},
        {"name": "bed", "kind": "bed", "room": "bedroom"},
        {"name": "door", "kind": "door", "room": "hall"},
        {"name": "wrist", "kind": "wearable", "room": ""},
        {"name": "cuff", "kind": "blood_pressure", "room": ""},
    ],
    "contacts": [
        {"rank": 1, "name": "冯建国", "relation": "family", "phone": "+8613900000911", "has_key": False},
        {"rank": 2, "name": "杨秀英", "relation": "neighbour", "phone": "+8613900000912", "has_key": True},
        {"rank": 3, "name": "舒大山", "relation": "doctor", "phone": "+8613900000913", "has_key": False},
    ],
}  # fmt: skip
RESPONDERS: Final = ("向志强", "田桂花", "龙明亮", "滕建军", "石春梅", "黄大山")

_DAY: Final = (
    # From, to (hours), every (minutes), device, quantity, value.
    (6.7, 7.6, 9, "kitchen", Quantity.MOTION, 1.0),
    (7.6, 8.2, 7, "living", Quantity.MOTION, 1.0),
    (9.5, 11.4, 11, "living", Quantity.MOTION, 1.0),
    (11.4, 12.6, 8, "kitchen", Quantity.MOTION, 1.0),
    (14.2, 17.3, 17, "living", Quantity.MOTION, 1.0),
    (17.3, 18.4, 10, "kitchen", Quantity.MOTION, 1.0),
    (18.6, 21.2, 13, "living", Quantity.MOTION, 1.0),
    (0.0, 24.0, 55, "kitchen", Quantity.MOTION, 0.0),
    (0.0, 24.0, 50, "living", Quantity.MOTION, 0.0),
)
_STATES: Final = (
    # At (hours), device, quantity, value.
    (6.5, "bed", Quantity.IN_BED, 0.0), (21.5, "bed", Quantity.IN_BED, 1.0),
    (2.4, "bed", Quantity.IN_BED, 0.0), (2.6, "bed", Quantity.IN_BED, 1.0),
    (2.45, "bath", Quantity.PRESENCE, 1.0), (2.55, "bath", Quantity.PRESENCE, 0.0),
    (6.55, "bath", Quantity.PRESENCE, 1.0), (6.7, "bath", Quantity.PRESENCE, 0.0),
    (13.0, "bath", Quantity.PRESENCE, 1.0), (13.1, "bath", Quantity.PRESENCE, 0.0),
    (8.2, "door", Quantity.OPENING, 1.0), (8.21, "door", Quantity.OPENING, 0.0),
    (9.4, "door", Quantity.OPENING, 1.0), (9.41, "door", Quantity.OPENING, 0.0),
    (7.0, "cuff", Quantity.SYSTOLIC, 138.0), (7.0, "cuff", Quantity.DIASTOLIC, 82.0),
    (19.0, "cuff", Quantity.SYSTOLIC, 146.0), (19.0, "cuff", Quantity.DIASTOLIC, 85.0),
)  # fmt: skip
_ALIVE: Final = (("bed", Quantity.IN_BED), ("bath", Quantity.PRESENCE), ("door", Quantity.OPENING))


@dataclass(frozen=True, slots=True)
class Lived:
    """Ids of what was made."""

    home: int
    resident: int
    responders: tuple[int, ...]


def live_in(town: System) -> Lived:
    """Make the home, its week and its responders; the numbers of what was made."""
    with visit.sign_in(town.address, Role.ADMIN) as admin:
        loaded = admin.post("/register/import", json={**_county(town), "homes": [HOME]}).json()
        assert loaded["loaded"], loaded
        responders = tuple(
            admin.post("/responders", json=_responder(number, name)).raise_for_status().json()["id"]
            for number, name in enumerate(RESPONDERS)
        )
    home, resident = asyncio.run(_remember(town.dsn))
    return Lived(home, resident, responders)


def _county(town: System) -> dict[str, Any]:
    return {"divisions": town.roster["divisions"], "tenant": town.roster["tenant"], "staff": []}


def _responder(number: int, name: str) -> dict[str, Any]:
    return {
        "kind": "neighbour" if number % 2 else "volunteer", "name": name, "consent_how": "paper",
        "phone": f"+86137000009{number:02}", "mode": "walk" if number < 3 else "car",
        "latitude": 27.561 + 0.002 * number, "longitude": 109.993,
    }  # fmt: skip


async def _remember(dsn: str) -> tuple[int, int]:
    now = datetime.now().astimezone()
    yesterday = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=12)
    async with await connect(dsn) as conn:
        found = await conn.execute(
            "select home.id, home.tenant_id, resident.id as resident from home"
            " join resident on resident.home_id = home.id where key = %s",
            [KEY],
        )
        row = await found.fetchone()
        assert row is not None
        devices = await _devices(conn)
        rows = [
            (at, row["tenant_id"], row["id"], devices[device], quantity.number, 0, value)
            for at, device, quantity, value in said(now)
        ]
        async with conn.cursor() as cursor:
            await cursor.executemany("insert into reading values (%s, %s, %s, %s, %s, %s, %s)", rows)
            await cursor.executemany(
                "insert into event values (%s, %s, %s, %s, %s, '')",
                [
                    (yesterday, row["tenant_id"], row["id"], devices["pendant"], kind)
                    for kind in ("button", "all_well")
                ],
            )
        await conn.execute(
            "update device set last_at = %s - (name = 'cuff')::int * interval '9 h' where gateway_id = %s",
            [now, GATEWAY],
        )
        await conn.execute("update gateway set online = true, state_at = %s where id = %s", [now, GATEWAY])
        await conn.commit()
        await catch_up(conn)
    return row["id"], row["resident"]


async def _devices(conn: Connection) -> dict[str, int]:
    rows = await conn.execute("select name, id from device where gateway_id = %s", [GATEWAY])
    return {row["name"]: row["id"] for row in await rows.fetchall()}


def said(now: datetime) -> Iterator[tuple[datetime, str, Quantity, float]]:
    """What the sensors of seven days up to ``now`` said."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for back in range(DAYS):
        day = midnight - timedelta(days=back)
        off = (
            (day + timedelta(hours=13), day + timedelta(hours=19)) if back == QUIET_AFTERNOON else (now, now)
        )
        for at, *what in sorted(_of_a_day(day, back), key=lambda one: one[0]):
            if at < now and not off[0] <= at < off[1]:
                yield (at, *what)  # type: ignore[misc]  # a device, a quantity, a value


def _of_a_day(day: datetime, back: int) -> Iterator[tuple[datetime, str, Quantity, float]]:
    late = timedelta(minutes=(back * 7) % 23)  # no day is quite like another
    for first, last, every, device, quantity, value in _DAY:
        at = day + timedelta(hours=first) + late
        while at < day + timedelta(hours=last):
            yield at, device, quantity, value
            at += every * MINUTE
    for hour, device, quantity, value in _STATES:
        yield day + timedelta(hours=hour) + late, device, quantity, value + (back * 3 if value > 2 else 0)
    for device, quantity in _ALIVE:
        for n in range(24):
            yield day + timedelta(minutes=60 * n + 1), device, quantity, _state(device, n)
    for n in range(0, 24 * 60, 20):
        beat = 62 + 18 * (7 <= n // 60 < 21) + (n * 7 + back * 5) % 9
        yield day + n * MINUTE, "wrist", Quantity.HEART_RATE, float(beat)


def _state(device: str, hour: int) -> float:
    return float(device == "bed" and (hour >= 22 or hour <= 6))
