"""A simulated resident's days as stored readings: what routine tests look at.

The sensors of a flat follow ``simulators.resident``; each says every hour that it is there. A test takes
away or adds what it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final

from cloud.db import Pool, connect
from cloud.series import keeper
from cloud.settings import Storage
from firmware_protocols.model import Quantity
from simulators.resident import Days, Doing, Stay
from tests.scenario.household import Household

ZONE: Final = timezone(timedelta(hours=8))
FIRST: Final = datetime(2026, 3, 2, tzinfo=ZONE)
"""The first midnight."""
DAY_S: Final = 86_400
MINUTE_S: Final = 60
CHECK_IN_S: Final = 3600
SENSORS: Final = {
    "pir-bed": ("motion", "bedroom"),
    "pir-living": ("motion", "living_room"),
    "pir-kitchen": ("motion", "kitchen"),
    "pir-bath": ("motion", "bathroom"),
    "door": ("door", "hall"),
    "fridge": ("door", "kitchen"),
}
_PIR: Final = {room: name for name, (kind, room) in SENSORS.items() if kind == "motion"}
_EVERY_S: Final = {Doing.MOVING: MINUTE_S, Doing.RESTING: 12 * MINUTE_S, Doing.SLEEPING: 45 * MINUTE_S}
Reading = tuple[float, str, Quantity, float]
"""Seconds since the first midnight, sensor, quantity, value."""
Keep = Callable[[Reading], bool]


@dataclass
class Life:
    """A home and its sensors; days are stored in order, each once."""

    owner: str
    pool: Pool
    household: Household
    devices: dict[str, int] = field(default_factory=dict)

    async def move_in(self) -> None:
        """Set the sensors up, and the gateway on line."""
        async with await connect(self.owner) as conn:
            await conn.execute("update gateway set online = true where id = %s", [self.household.gateway])
            for name, (kind, room) in SENSORS.items():
                row = await conn.execute(
                    "insert into device (gateway_id, name, kind, room) values (%s, %s, %s, %s) returning id",
                    [self.household.gateway, name, kind, room],
                )
                self.devices[name] = (await row.fetchone() or {})["id"]

    async def live(self, first: int, days: int, keep: Keep = lambda _: True) -> None:
        """Store ``days`` days from day ``first`` on, without what ``keep`` refuses, and roll them up."""
        await self.store(one for one in readings(first, days) if keep(one))

    async def store(self, found: Iterator[Reading]) -> None:
        home = self.household
        async with await connect(self.owner) as conn, conn.cursor().copy("copy reading from stdin") as copy:
            for at_s, name, quantity, value in found:
                at, device = FIRST + timedelta(seconds=at_s), self.devices[name]
                row = (at, home.tenant_id, home.home_id, device, quantity.number, 0, value, None)
                await copy.write_row(row)
        await keeper.turn(self.pool, Storage(), FIRST + timedelta(days=30))


def at(day: int, hour: float) -> datetime:
    """``hour`` of day ``day``."""
    return FIRST + timedelta(days=day, hours=hour)


def between(day: int, start_h: float, end_h: float) -> Callable[[float], bool]:
    """Whether a time lies in those hours of ``day``."""
    return lambda at_s: day * DAY_S + start_h * 3600 <= at_s < day * DAY_S + end_h * 3600


def readings(first: int, days: int) -> Iterator[Reading]:
    """What the sensors say in ``days`` days from ``first`` on."""
    start, end = float(first * DAY_S), float((first + days) * DAY_S)
    for number, name in enumerate(SENSORS):
        quantity = Quantity.MOTION if SENSORS[name][0] == "motion" else Quantity.OPENING
        for index in range(int((end - start) // CHECK_IN_S)):
            yield start + index * CHECK_IN_S + number * MINUTE_S, name, quantity, 0.0
    moments = list(Days("杨").moves(max(start - 1, 0), end))
    for (moment, stay), (until, _) in zip(moments, [*moments[1:], (end, None)], strict=True):
        yield from _stay(stay, moment, until)


def _stay(stay: Stay, moment: float, until: float) -> Iterator[Reading]:
    if stay.doing is Doing.OUT or stay.room == "hall":
        yield moment, "door", Quantity.OPENING, 1.0
        yield moment + 8, "door", Quantity.OPENING, 0.0
    if stay.room not in _PIR:
        return
    if stay.room == "kitchen":
        yield moment + 90, "fridge", Quantity.OPENING, 1.0
        yield moment + 100, "fridge", Quantity.OPENING, 0.0
    every = _EVERY_S[stay.doing]
    for index in range(int((until - moment) // every) + 1):
        yield moment + index * every, _PIR[stay.room], Quantity.MOTION, 1.0
