"""Turns admitted batches into rows and copies them into the tables, in PostgreSQL's binary format."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import repeat
from typing import Any, Final, TypeAlias

from msgspec import Struct, field

from cloud.consent.dropping import DroppedSpans, drops, stripped
from cloud.db import Connection, Queries
from cloud.ingest import packing
from cloud.ingest.admit import LATE, UNNAMED, Admitted
from cloud.ingest.model import Delivery, Gateway, Identity
from cloud.ingest.timeline import Mark, Timeline, Timelines, line_of
from firmware_protocols.model import Alarm, ClockState, Event, Reading
from firmware_protocols.wire.envelope import Anchor, Batch, Gap

MOST_DEVICES: Final = 500
"""Devices that one gateway may name."""

Row: TypeAlias = tuple[Any, ...]

_SQL: Final = Queries(__package__ or "")
_EVENT_TYPES: Final = ["timestamptz", "int4", "int4", "int4", "text", "text", "int4"]


class Device(Struct, frozen=True):
    """A device as the database knows it. ``heard_ms``: when it was last heard, since 1970, 0 for never."""

    id: int
    room: str
    kind: str = ""
    heard_ms: int = 0


HEARD_MS: Final = 30_000
"""How exactly it is kept when a device was last heard; the statement says the same."""

Devices: TypeAlias = Mapping[tuple[str, str], Device]
"""By gateway id and name."""


class Parcel(Struct, frozen=True):
    """One batch ready for the tables. ``readings``: packed for COPY. ``alarms`` with their devices, in the
    order they came. ``late``: records that were held up on their way. ``batch``: none if it was plain.
    """

    gateway: Gateway
    delivery: Delivery
    identity: Identity
    readings: tuple[bytes, ...]
    events: tuple[Row, ...] = ()
    alarms: tuple[tuple[Alarm, Device], ...] = ()
    gaps: tuple[Gap, ...] = ()
    refused: tuple[str, ...] = ()
    heard: Mapping[int, datetime] = field(default_factory=dict)
    late: int = 0
    batch: Batch | None = None
    timeline: Timeline | None = None
    anchors: tuple[Anchor, ...] = ()
    withheld: int = 0


async def find_devices(
    conn: Connection, admitted: Sequence[Admitted], others: Iterable[tuple[str, str]] = ()
) -> Devices:
    """The devices that the records name, and ``others``, made on demand up to ``MOST_DEVICES`` per gateway.

    A gateway beyond its bound that calls for help gets one more, ``UNNAMED``.
    """
    named = {
        (one.gateway.id, record.device)
        for one in admitted
        for record in one.records
        if not isinstance(record, Gap | Anchor)
    }.union(others)
    if not named:
        return {}
    gateways = {gateway for gateway, _ in named}
    found = await _fetch_devices(conn, gateways)
    if unknown := sorted(named - found.keys()):
        columns: dict[str, list[str]] = {
            "gateways": [gateway for gateway, _ in unknown],
            "names": [name for _, name in unknown],
        }
        await conn.execute(_SQL["add_devices"], {**columns, "most": MOST_DEVICES})
        found = await _fetch_devices(conn, gateways)
    return {**found, **await _find_unnamed(conn, admitted, found)}


async def _find_unnamed(conn: Connection, admitted: Sequence[Admitted], known: Devices) -> Devices:
    """The ``UNNAMED`` devices of gateways that raise an alarm of a device beyond their bound."""
    calling = {
        one.gateway.id
        for one in admitted
        for record in one.records
        if isinstance(record, Alarm) and (one.gateway.id, record.device) not in known
    }
    if not calling:
        return {}
    return await unnamed(conn, calling)


async def unnamed(conn: Connection, gateways: Collection[str]) -> Devices:
    """The device ``UNNAMED`` of each of ``gateways``, made on demand and beyond any bound."""
    ids = sorted(set(gateways))
    wanted: dict[str, list[str]] = {"gateways": ids, "names": [UNNAMED] * len(ids)}
    await conn.execute(_SQL["add_unnamed"], wanted)
    return await _fetch_devices(conn, ids)


def pack(
    admitted: Admitted, devices: Devices, timelines: Timelines | None = None, spans: DroppedSpans = ()
) -> Parcel:
    """Sort the records of one batch by table. A record of a device beyond the bound is refused, but an alarm
    is told of ``UNNAMED``: no bound on devices keeps anybody from calling for help. Times on a timeline
    that is put right already are put right here. What ``spans`` withhold is only counted, and of an alarm it
    costs the evidence.
    """
    tenant, home = admitted.gateway.tenant_id, admitted.gateway.home_id
    batch = admitted.message.batch
    line = line_of(admitted, timelines or {})
    number = line.id if line else None
    readings, events, alarms, gaps, anchors = [], [], [], [], []
    refused = list(admitted.refused)
    heard: dict[int, datetime] = {}
    in_time = admitted.message.delivery.received_at - LATE
    late = 0
    withheld, timed = 0, _is_timed(admitted, line)
    for said in admitted.records:
        if isinstance(said, Gap):
            gaps.append(said)
            continue
        if isinstance(said, Anchor):
            anchors.append(said)
            continue
        record = replace(said, observed_at=said.observed_at + line.shift) if line else said
        known_at = record.observed_at if timed else None
        device = devices.get((admitted.gateway.id, record.device))
        if device is None and isinstance(record, Alarm):
            alarms.append(
                (_of_unnamed(stripped(spans, record, known_at)), devices[admitted.gateway.id, UNNAMED])
            )
            continue
        if device is None:
            refused.append("the gateway names too many devices")
            continue
        at = record.observed_at
        if drops(spans, record, device.kind, known_at):
            withheld += 1
            continue
        heard[device.id] = max(at, heard.get(device.id, at))
        late += at < in_time
        match record:
            case Reading():
                readings.append(packing.reading(tenant, home, device.id, record, number))
            case Event():
                events.append((at, tenant, home, device.id, record.kind.value, record.detail, number))
            case Alarm():
                alarms.append((stripped(spans, record, known_at), device))
    identity = Identity(batch.gateway, batch.epoch, batch.lane, batch.first, len(batch.records))
    return Parcel(
        admitted.gateway,
        admitted.message.delivery,
        identity,
        tuple(readings),
        tuple(events),
        tuple(alarms),
        tuple(gaps),
        tuple(refused),
        heard,
        late,
        batch,
        line,
        tuple(anchors),
        withheld,
    )


def _is_timed(admitted: Admitted, line: Timeline | None) -> bool:
    """Whether the batch's times say when something was observed: set, or put right since."""
    anchored = line is not None and line.mark is Mark.ANCHORED
    return anchored or admitted.message.batch.clock is not ClockState.UNSYNCED


def _of_unnamed(alarm: Alarm) -> Alarm:
    return replace(alarm, device=UNNAMED, evidence={**alarm.evidence, "reported_device": alarm.device})


async def copy(conn: Connection, parcels: Sequence[Parcel]) -> None:
    """Write readings, events and gaps of ``parcels`` and when their devices were last heard."""
    await _copy_readings(conn, [row for one in parcels for row in one.readings])
    await _copy(conn, "copy_events", _EVENT_TYPES, [row for one in parcels for row in one.events])
    await _add_gaps(conn, [(one.identity.gateway, gap) for one in parcels for gap in one.gaps])
    heard: dict[int, datetime] = {}
    for parcel in parcels:
        for device, at in parcel.heard.items():
            heard[device] = max(at, heard.get(device, at))
    if heard:
        ids = sorted(heard)
        times = [heard[device] for device in ids]
        await conn.execute(_SQL["heard_devices"], {"ids": ids, "times": times})


async def _fetch_devices(conn: Connection, gateways: Collection[str]) -> dict[tuple[str, str], Device]:
    rows = await (await conn.execute(_SQL["devices"], {"gateways": sorted(gateways)})).fetchall()
    found: dict[tuple[str, str], Device] = {}
    for row in rows:
        names = zip(repeat(row["gateway_id"]), row["names"], strict=False)
        devices = map(Device, row["ids"], row["rooms"], row["kinds"], row["heard_ms"])
        found.update(zip(names, devices, strict=True))
    return found


async def _copy_readings(conn: Connection, rows: Sequence[bytes]) -> None:
    if not rows:
        return
    async with conn.cursor() as cursor, cursor.copy(_SQL["copy_readings"]) as stream:
        await stream.write(packing.stream(rows))


async def _copy(conn: Connection, statement: str, types: list[str], rows: Sequence[Row]) -> None:
    if not rows:
        return
    async with conn.cursor() as cursor, cursor.copy(_SQL[statement]) as stream:
        stream.set_types(types)
        for row in rows:
            await stream.write_row(row)


async def _add_gaps(conn: Connection, gaps: Sequence[tuple[str, Gap]]) -> None:
    if not gaps:
        return
    columns = {
        "gateway_id": [gateway for gateway, _ in gaps],
        "epoch": [gap.epoch for _, gap in gaps],
        "lane": [gap.lane.value for _, gap in gaps],
        "first_seq": [gap.first for _, gap in gaps],
        "last_seq": [gap.last for _, gap in gaps],
        "reason": [gap.reason for _, gap in gaps],
        "observed_at": [gap.observed_at for _, gap in gaps],
    }
    await conn.execute(_SQL["add_gaps"], columns)
