"""One person's archive, as ``cloud.privacy.export`` writes it: what was stored of the home, table by table.

What this is: the tables that detectors run on, read out of the zip. What it is not: trusted; it came by post,
so sizes are bounded and every value is parsed. The one idea: the plan that was in force at each time is in
the commands that the gateway answered.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final

from cloud.detect.vitals.model import Day, Limit, Person
from edge_agent.rules import FallSign
from firmware_protocols.model import (
    AlarmId,
    AlarmKind,
    AlarmState,
    DeviceId,
    Event,
    EventKind,
    Quality,
    Quantity,
    Reading,
)
from firmware_protocols.wire import plan as plans
from firmware_protocols.wire.plan import DEFAULT, BadPlan, Plan
from simulators.replay.model import Observed, Order, Place, Record, RecordError, Told

MOST_BYTES: Final = 4 * 1024**3
"""Of one table, unpacked: two years of a home's readings are 2 GiB. D."""
_GATEWAY: Final = Place("gateway")
_ORDERS: Final = frozenset({"cancel", "accepted", "closed"})
_SIGNED: Final = frozenset({"probability", "peak_g"})
"""What a fall that a wearable's motion was taken for has in its evidence (``edge_agent.motion``)."""
_NOT_OF_SIGN: Final = frozenset({"by", "witnesses", "frames", "frames_left_out", "plan"})
_DAYS_OF: Final = timezone(timedelta(hours=8))
"""Days are those of UTC+8, as in the roll-ups (migration 0010)."""
_QUANTITIES: Final = frozenset(one.value for one in Quantity)
_QUALITIES: Final = frozenset(one.value for one in Quality)
_EVENTS: Final = frozenset(one.value for one in EventKind)
Fields = Mapping[str, Any]


def is_at(path: Path) -> bool:
    """Whether ``path`` may be an archive."""
    return path.is_file()


def homes(path: Path) -> list[str]:
    """The key of the home."""
    with _opened(path) as found, _told_clearly(path.name):
        return [str(_Tables(path.name, found).one("home")["key"])]


def read(path: Path, _home: str) -> Record:
    """The record.

    Raises:
        RecordError: the archive is none, is damaged, or holds nothing to judge.
    """
    with _opened(path) as found:
        return from_zip(path.name, found)


@dataclass(frozen=True, slots=True)
class _Tables:
    """The tables of an archive, each read once."""

    name: str
    found: zipfile.ZipFile

    def json(self, table: str) -> list[dict[str, Any]]:
        with self._open(f"{table}.json") as file:
            rows = json.load(file)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise RecordError(f"{self.name}: {table}.json is not a list of rows")
        return rows

    def csv(self, table: str) -> Iterator[dict[str, Any]]:
        with self._open(f"{table}.csv") as file:
            yield from csv.DictReader(io.TextIOWrapper(file, "utf-8", newline=""))

    def one(self, table: str) -> dict[str, Any]:
        rows = self.json(table)
        if len(rows) != 1:
            raise RecordError(f"{self.name}: {len(rows)} rows in {table}.json where one belongs")
        return rows[0]

    def _open(self, member: str) -> IO[bytes]:
        try:
            about = self.found.getinfo(member)
        except KeyError:
            raise RecordError(f"{self.name}: no {member} in it; export the person again") from None
        if about.file_size > MOST_BYTES:
            raise RecordError(f"{self.name}: {member} has {about.file_size} bytes, at most {MOST_BYTES}")
        return self.found.open(about)


def from_zip(name: str, found: zipfile.ZipFile) -> Record:
    """The record out of an open archive; ``name`` is what messages call it.

    Raises:
        RecordError: a table is missing or a row is damaged.
    """
    with _told_clearly(name):
        return _record(_Tables(name, found))


@contextmanager
def _told_clearly(name: str) -> Iterator[None]:
    """Whatever is wrong with the archive ``name``, as a ``RecordError``."""
    try:
        yield
    except RecordError:
        raise
    except (zipfile.BadZipFile, EOFError, UnicodeDecodeError, json.JSONDecodeError, csv.Error) as error:
        raise RecordError(f"{name}: damaged: {error}") from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise RecordError(f"{name}: a row cannot be read: {error!r}") from error


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise RecordError(f"{path}: not an archive that can be opened: {error}") from error


def _record(tables: _Tables) -> Record:
    left_out: dict[str, int] = {}
    told = tuple(sorted(map(_told, tables.json("alarm")), key=lambda one: one.at))
    readings = _kept(
        map(_reading, tables.csv("reading")), "reading without a device or of no known quantity", left_out
    )
    events = _kept(map(_event, tables.csv("event")), "event without a device or of no known kind", left_out)
    observed = sorted(chain(readings, events, _signs(told)), key=lambda one: one.observed_at)
    if not observed:
        raise RecordError(f"{tables.name}: nothing was observed in this home, so there is nothing to judge")
    return Record(
        name=str(tables.one("home")["key"]),
        devices=_devices(tables.json("device"), observed, told),
        observed=tuple(observed),
        plans=_plans(tables.json("plan"), tables.json("command"), observed[0].observed_at),
        orders=tuple(_orders(tables.json("command"))),
        person=_person(tables.json("vital_record"), tables.json("vital_limit")),
        days=tuple(_days(tables.csv("reading_1d"))),
        told=told,
        left_out=left_out,
    )


def _kept(rows: Iterator[Observed | None], what: str, left_out: dict[str, int]) -> Iterator[Observed]:
    for row in rows:
        if row is None:
            left_out[what] = left_out.get(what, 0) + 1
        else:
            yield row


def _reading(row: Fields) -> Reading | None:
    if not row["device"] or row["quantity"] not in _QUANTITIES or row["quality"] not in _QUALITIES:
        return None
    quantity = Quantity(row["quantity"])
    value: float | bool | None = float(row["value"]) if row["value"] not in {"", None} else None
    if value is not None and not quantity.unit:
        value = bool(value)
    return Reading(DeviceId(row["device"]), quantity, value, _at(row["observed_at"]), Quality(row["quality"]))


def _event(row: Fields) -> Event | None:
    if not row["device"] or row["kind"] not in _EVENTS:
        return None
    return Event(DeviceId(row["device"]), EventKind(row["kind"]), row["detail"], _at(row["observed_at"]))


def _told(row: Fields) -> Told:
    return Told(
        id=AlarmId(row["alarm_id"]),
        kind=AlarmKind(row["kind"]),
        state=AlarmState(row["state"]),
        device=DeviceId(row["device"] or "gateway"),
        at=_at(row["observed_at"]),
        evidence=dict(row["evidence"]),
        path=row["path"] or "",
        confirm_s=float(row["confirm_s"]),
    )


def _signs(told: Sequence[Told]) -> Iterator[FallSign]:
    """What a wearable's motion was taken for: motion itself is not stored."""
    known = set()
    for one in told:
        if one.kind is AlarmKind.FALL and one.id not in known and one.evidence.keys() >= _SIGNED:
            known.add(one.id)
            numbers = {name: value for name, value in one.evidence.items() if name not in _NOT_OF_SIGN}
            yield FallSign(one.device, one.at, numbers)


def _devices(
    rows: Sequence[Fields], observed: Sequence[Observed], told: Sequence[Told]
) -> dict[DeviceId, Place]:
    known = {DeviceId(row["name"]): Place(row["kind"], row["room"] or "") for row in rows}
    spoke = {one.device for one in observed} | {one.device for one in told}
    return {**{name: _GATEWAY if name == "gateway" else Place("other") for name in spoke}, **known}


def _plans(
    rows: Sequence[Fields], commands: Sequence[Fields], begins: datetime
) -> tuple[tuple[datetime, Plan], ...]:
    """From when on which plan was in force; before the first answer that is kept, the oldest one known.

    The cloud's own part is never sent home, so of that only the newest is known.
    """
    answered = [
        (_at(one["answered_at"]), one["args"]["plan"])
        for one in commands
        if one["name"] == "plan" and one["ok"] and one["answered_at"] and one["args"].get("plan")
    ]
    wanted = [(begins, {**row["body"], **(row["withheld"] or {}), "version": row["version"]}) for row in rows]
    history = sorted(answered, key=lambda one: one[0]) or wanted
    watch = [{"watch": row["body"]["watch"]} for row in rows if "watch" in row["body"]]
    found = [(at, _plan({**document, **(watch[0] if watch else {})})) for at, document in history]
    return ((begins, found[0][1]), *found) if found else ((begins, DEFAULT),)


def _plan(document: Fields) -> Plan:
    """Without telephones: nobody is texted by a replay."""
    try:
        return plans.parse({name: value for name, value in document.items() if name != "phones"})
    except BadPlan as error:
        raise RecordError(f"a plan of the record cannot be used: {error}") from error


def _orders(commands: Sequence[Fields]) -> Iterator[Order]:
    done = [one for one in commands if one["name"] in _ORDERS and one["ok"] and one["answered_at"]]
    for one in sorted(done, key=lambda each: str(each["answered_at"])):
        alarm = one["args"].get("alarm")
        yield Order(_at(one["answered_at"]), one["name"], AlarmId(alarm) if alarm else None)


def _person(records: Sequence[Fields], limits: Sequence[Fields]) -> Person:
    by_number = {quantity.number: quantity for quantity in Quantity}
    standing = {
        by_number[one["quantity"]]: Limit(one["low"], one["high"], one["set_by"])
        for one in limits
        if not one["ended_at"]
    }
    if not records:
        return Person(limits=standing)
    return Person(bool(records[0]["scale2"]), records[0]["oxygen"], standing)


def _days(rows: Iterator[dict[str, Any]]) -> Iterator[Day]:
    """Days of all devices together, as ``cloud.detect.vitals.store`` reads them."""
    sums: dict[tuple[Quantity, Any], tuple[int, float]] = {}
    for row in rows:
        if row["quantity"] in _QUANTITIES:
            key = Quantity(row["quantity"]), _at(row["bucket"]).astimezone(_DAYS_OF).date()
            n, total = sums.get(key, (0, 0.0))
            sums[key] = n + int(row["n"]), total + float(row["sum"])
    for (quantity, day), (n, total) in sums.items():
        yield Day(quantity, day, n, total / n)


def _at(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return at
