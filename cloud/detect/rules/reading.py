"""What the database knows of a home, as ``Known``: parsed here, trusted inside. Pure.

What this is: rows into values, and the one sum that everything rests on, up to when a home is known. What
it is not: SQL (``store``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec

from cloud.detect.rules.habits import DAYS, Day, Habits
from cloud.detect.rules.house import walk
from cloud.detect.rules.model import Device, Hole, Known, Line, Sign
from firmware_protocols.model import QUANTITIES, ClockState, EventKind, Quantity
from firmware_protocols.wire.plan import DEFAULT, Plan

GROUPED: Final = timedelta(seconds=15)
"""The gateway groups readings for ten seconds before they are counted in its outbox."""
_BY_NUMBER: Final = {spec.number: quantity for quantity, spec in QUANTITIES.items()}


def known_until(lines: Iterable[Line]) -> datetime | None:
    """Up to when everything that the gateways of a home have heard is stored here.

    A heartbeat says how old the oldest record is that we have not confirmed; a gateway that is gone said it
    last."""
    ends = [
        line.heard_at - timedelta(seconds=line.behind_s) - GROUPED if line.heard_at else None
        for line in lines
    ]
    known = [end for end in ends if end is not None]
    return min(known) if known and len(known) == len(ends) else None


def line(row: Mapping[str, Any]) -> Line:
    """One gateway's line. ``row``: what it last said of its clock and its outbox."""
    lanes = (row["lanes"] or {}).values()
    behind_s = max((lane["oldest_s"] for lane in lanes if lane["depth"]), default=0.0)
    heard_at = _moment(row["heard_at"])
    return Line(row["id"], heard_at, row["online"], behind_s, row["clock"] != ClockState.UNSYNCED)


def device(row: Mapping[str, Any]) -> Device:
    """One device as enrolled."""
    return Device(row["id"], row["name"], row["kind"], row["room"], _moment(row["heard_at"]))


def sign(row: Mapping[str, Any]) -> Sign:
    """A state or a measurement."""
    return Sign(row["at"], row["until"], row["device_id"], _BY_NUMBER[row["quantity"]], row["value"])


def event(row: Mapping[str, Any]) -> Sign:
    """Something that happened."""
    return Sign(row["at"], row["at"], row["device_id"], EventKind(row["kind"]))


def plan(body: object) -> Plan:
    """The plan in force at home, without telephone numbers, which no rule needs."""
    return DEFAULT if body is None else msgspec.convert(body, Plan)


def withheld(rows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Kinds, quantities and events, by name."""
    names: set[str] = set()
    for row in rows:
        quantities = (_BY_NUMBER[number].value for number in row["quantities"] if number in _BY_NUMBER)
        names.update(row["kinds"], row["events"], quantities)
    return frozenset(names)


def habits(rows: Iterable[Mapping[str, Any]]) -> Habits:
    """The days that are known; ``rows`` by date."""
    days = [(row["day"], msgspec.convert(row["body"], Day)) for row in rows]
    return Habits(tuple(one for one in days if one[1].told), days[-1][0] if days else None)


def known(
    home: Mapping[str, Any],
    signs: Iterable[Sign],
    days: Habits,
    since: datetime,
    now: datetime,
    *,
    holes: Iterable[Hole] = (),
) -> Known:
    """All of it. ``since``: from when on ``signs`` were read. ``holes``: by time."""
    by_id = {one.id: one for one in map(device, home["devices"])}
    lines = tuple(map(line, home["lines"]))
    until, agreed, said = known_until(lines), plan(home["plan"]), tuple(signs)
    house = walk(said, by_id, agreed, since, min(until or now, now), holes=holes)
    batteries = {one.device_id: one for one in said if one.what is Quantity.BATTERY}
    return Known(
        now=now,
        until=until,
        plan=agreed,
        devices=by_id,
        lines=lines,
        signs=said,
        house=house,
        habits=days,
        withheld=withheld(home["withheld"]),
        called_at=home["called_at"],
        batteries=batteries,
        area_out=home["area_out"],
        listening=home["listening"],
    )


def to_learn(known: Known) -> date | None:
    """The next local day whose numbers are not known yet, if it is over and wholly known."""
    if known.until is None:
        return None
    yesterday = known.local.date() - timedelta(days=1)
    latest = known.habits.latest
    first = yesterday - timedelta(days=DAYS - 1)
    day = first if latest is None else max(first, latest + timedelta(days=1))
    return day if day <= yesterday else None


def _moment(epoch: object) -> datetime | None:
    return datetime.fromtimestamp(float(epoch), UTC) if isinstance(epoch, int | float) else None
