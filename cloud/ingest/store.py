"""Puts messages into the database, each batch exactly once, in the transaction that its caller opened.

The order inside one transaction is: ledger, readings and events by COPY, alarms each behind a savepoint
with the ``on_alarm`` hook, results of commands, quarantine, states, and last what takes the change lock.
What comes back tells the caller which batches the gateways may forget; it acts on that only after COMMIT.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from msgspec.structs import replace

from cloud import metrics
from cloud.consent import effect as consents
from cloud.db import Connection, Queries
from cloud.ingest import alarms, commands, ledger, plain, plans, retime, rows, tally
from cloud.ingest.admit import UNNAMED, Admitted, admit, stranger, wrong_shard
from cloud.ingest.alarms import OnAlarm
from cloud.ingest.batch import rows_in
from cloud.ingest.ledger import Entry
from cloud.ingest.model import (
    BatchMessage,
    Gateway,
    Identity,
    Message,
    PlainMessage,
    Poison,
    ResultMessage,
    StateMessage,
)
from cloud.ingest.plain import AdmittedPlain
from cloud.ingest.read import carefully
from cloud.ingest.salvage import salvage
from cloud.ingest.way import RightOfWay
from firmware_protocols.model import Alarm, GatewayId
from firmware_protocols.wire import control
from firmware_protocols.wire.control import Ack

_STINT, _BATCH = 600, 10
"""Records that are worked on in one go, about half a millisecond, and how many a batch counts for in itself;
then alarms have a turn at the loop.
"""
_KINDS: Final = (("reading", "readings"), ("event", "events"), ("alarm", "alarms"), ("gap", "gaps"))
"""Kind of a row -> where a parcel has them."""
_SQL: Final = Queries(__package__ or "")
_log = logging.getLogger(__name__)


async def store(
    conn: Connection,
    messages: Sequence[Message],
    on_alarm: OnAlarm,
    now: datetime,
    way: RightOfWay | None = None,
) -> list[tuple[GatewayId, Ack]]:
    """Store ``messages``; return the commit-acks to send once the transaction is committed. ``way`` is given
    to alarms in between.

    Raises:
        psycopg.Error: nothing is stored; try again, or one message at a time.
    """
    gateways = await _gateways(conn, messages)
    judged = [_judge(message, gateways, now) for message in messages]
    admitted = [one for one in judged if isinstance(one, Admitted | AdmittedPlain)]
    settled = await _store_batches(conn, admitted, on_alarm, now, way or RightOfWay())
    results = [one for one in judged if isinstance(one, ResultMessage)]
    poison = [one for one in judged if isinstance(one, Poison)]
    poison += [_unasked(one) for one in await commands.settle(conn, results, now)]
    settled += [await _quarantine(conn, one, gateways, on_alarm, now) for one in poison]
    await _put_states(conn, [one for one in judged if isinstance(one, StateMessage)], now)
    return _acks(identity for identity in settled if identity is not None)


async def home_changed(conn: Connection, homes: Iterable[int], now: datetime) -> None:
    """Tell the screens how these homes stand now. Takes the change lock: call it last."""
    for home in sorted(set(homes)):
        await conn.execute(_SQL["home_changed"], {"home_id": home, "now": now})


async def _gateways(conn: Connection, messages: Sequence[Message]) -> dict[GatewayId, Gateway]:
    ids = {sender(message) for message in messages} - {None}
    if not ids:
        return {}
    found = await conn.execute(_SQL["gateways"], {"ids": list(ids)})
    return {row["id"]: Gateway(**row) for row in await found.fetchall()}


def sender(message: Message) -> GatewayId | None:
    """The gateway that ``message`` came from, where its topic says so."""
    return message.batch.gateway if isinstance(message, BatchMessage) else message.gateway


def _judge(
    message: Message, gateways: Mapping[GatewayId, Gateway], now: datetime
) -> Admitted | AdmittedPlain | StateMessage | ResultMessage | Poison:
    match message:
        case PlainMessage():
            return plain.admit(message, gateways, now) or _judge(carefully(message), gateways, now)
        case BatchMessage():
            return admit(message, gateways, now)
        case StateMessage(delivery, shard, gateway) | ResultMessage(delivery, shard, gateway):
            known = gateways.get(gateway)
            reason = stranger(known) or (wrong_shard(shard, known) if known and shard != known.shard else "")
            same = f"{delivery.topic} {reason}".encode()
            return Poison(delivery, reason, gateway, shard, same=same) if reason else message
        case Poison():
            return message


async def _store_batches(
    conn: Connection,
    admitted: Sequence[Admitted | AdmittedPlain],
    on_alarm: OnAlarm,
    now: datetime,
    way: RightOfWay,
) -> list[Identity | None]:
    """Store what is new of ``admitted``; return what may be acknowledged, which includes what was there."""
    if not admitted:
        return []
    parcels = await _parcels(conn, admitted, now, way)
    accepted = await ledger.enter(conn, parcels, now)
    fresh = [parcel for identity, parcel in parcels.items() if identity in accepted]
    await way.give()
    await rows.copy(conn, fresh)
    await way.give()
    _count(fresh, len(parcels))
    await ledger.count(conn, tally.by_home(parcels.values(), accepted), now)
    for parcel in fresh:
        line = parcel.timeline.id if parcel.timeline else None
        await alarms.store(conn, parcel.gateway, parcel.alarms, on_alarm, now, timeline=line)
        if parcel.refused:
            await _quarantine_records(conn, parcel, now)
    await retime.put_right(conn, fresh, now)
    known = await ledger.already_stored(conn, [identity for identity in parcels if identity not in accepted])
    for identity, parcel in parcels.items():
        if identity not in accepted and identity not in known:
            await add_quarantine(conn, _recut(parcel), now)
    return list(parcels)


def _count(fresh: Sequence[rows.Parcel], settled: int) -> None:
    """For the metrics; a transaction that has to be repeated counts again."""
    metrics.BATCHES.labels("stored").inc(len(fresh))
    metrics.BATCHES.labels("repeated").inc(settled - len(fresh))
    for kind, name in _KINDS:
        metrics.STORED_ROWS.labels(kind).inc(sum(len(getattr(parcel, name)) for parcel in fresh))
    metrics.LATE_ROWS.inc(sum(parcel.late for parcel in fresh))


async def _parcels(
    conn: Connection, admitted: Sequence[Admitted | AdmittedPlain], now: datetime, way: RightOfWay
) -> dict[Identity, rows.Parcel]:
    """What is to be stored, by identity: of a batch that came twice, once."""
    careful = [one for one in admitted if isinstance(one, Admitted)]
    named = {
        (one.gateway.id, name) for one in admitted if isinstance(one, AdmittedPlain) for name in one.names
    }
    devices = await rows.find_devices(conn, careful, named)
    timelines = await retime.find_timelines(conn, careful)
    withholding = {one.gateway.home_id for one in careful if one.gateway.withholds}
    spans = await consents.dropped(conn, withholding) if withholding else {}
    parcels: dict[Identity, rows.Parcel] = {}
    done = 0
    for one in admitted:
        done += _BATCH + rows_in(one.message)
        if done > _STINT:
            done = 0
            await way.give()
        parcel = plain.pack(one, devices) if isinstance(one, AdmittedPlain) else None
        parcel = parcel or rows.pack(
            plain.by_record(one, now), devices, timelines, spans.get(one.gateway.home_id, ())
        )
        parcels.setdefault(parcel.identity, parcel)
    return parcels


def _unasked(message: ResultMessage) -> Poison:
    """One row per gateway is enough: a faulty one may make up ids without end."""
    same = message.delivery.topic.encode()
    reason = "result of a command that this gateway was not given"
    return Poison(message.delivery, reason, message.gateway, message.shard, same=same)


def _recut(parcel: rows.Parcel) -> Poison:
    return Poison(
        parcel.delivery, "overlaps a stored batch", parcel.identity.gateway, identity=parcel.identity
    )


async def _quarantine_records(conn: Connection, parcel: rows.Parcel, now: datetime) -> None:
    reason = f"{len(parcel.refused)} of {parcel.identity.n} records refused: {parcel.refused[0]}"
    delivery = parcel.delivery
    if parcel.withheld:  # beside the refused records stand some that nobody may keep
        delivery = replace(delivery, payload=b"")
        reason += "; not kept, because others in it are withheld"
    await add_quarantine(conn, Poison(delivery, reason, parcel.identity.gateway), now)


async def _quarantine(
    conn: Connection,
    poison: Poison,
    gateways: Mapping[GatewayId, Gateway],
    on_alarm: OnAlarm,
    now: datetime,
) -> Identity | None:
    """Keep a poison message and raise what it calls for; return its identity when that is enough for its
    gateway to forget it.

    It is when one of our own gateways says which batch it is: the bytes are safe here, it could only ever
    send the same again, and its lane would stand still. It is not when enrolment is at fault (unknown,
    revoked, other shard): once that is put right, what the gateway still holds is stored as usual.
    """
    await add_quarantine(conn, poison, now)
    known = gateways.get(poison.gateway) if poison.gateway else None
    if known is None or known.revoked:
        return None
    calls = await _calls(conn, poison, known)
    if poison.identity is None or known.shard != poison.shard:
        await alarms.tell(conn, known, calls, on_alarm, now)
        return None
    refused = max(poison.identity.n - len(calls), 0)
    said = poison.identity
    row = Entry(said.gateway, said.epoch, said.lane, said.first, said.n, alarms=len(calls), refused=refused)
    if await ledger.enter_one(conn, row, now):
        await alarms.store(conn, known, calls, on_alarm, now)
    return poison.identity


async def _calls(conn: Connection, poison: Poison, gateway: Gateway) -> list[tuple[Alarm, rows.Device]]:
    found = salvage(poison)
    if not found:
        return []
    device = (await rows.unnamed(conn, [gateway.id]))[gateway.id, UNNAMED]
    return [(alarm, device) for alarm in found]


async def add_quarantine(conn: Connection, poison: Poison, now: datetime) -> None:
    """Keep ``poison`` whole with its reason; a repeat is counted."""
    delivery = poison.delivery
    metrics.QUARANTINED.inc()
    _log.warning("quarantined gateway=%s reason=%s", poison.gateway, poison.reason)
    await conn.execute(
        _SQL["add_quarantine"],
        {
            "now": now,
            "topic": delivery.topic.replace("\0", "\ufffd"),
            "reason": poison.reason.replace("\0", "\ufffd")[:500],
            "payload": delivery.payload,
            "gateway_id": poison.gateway,
            "digest": sha256(poison.same or delivery.topic.encode() + b"\0" + delivery.payload).digest(),
        },
    )


def _is_old_news(message: StateMessage) -> bool:
    """Whether it says "online" of an earlier day: whoever is there still says so again within the minute.

    The Last Will of a gateway that a dying broker took with it was never published, so its retained state
    says "online" for ever.
    """
    return message.delivery.retained and message.state.online


async def _put_states(conn: Connection, states: Sequence[StateMessage], now: datetime) -> None:
    newest = {state.gateway: state for state in states if not _is_old_news(state)}
    if not newest:
        return
    changed = []
    for message in sorted(newest.values(), key=lambda state: state.gateway):
        body = control.encode(message.state).decode()
        values = {"id": message.gateway, "online": message.state.online, "state": body, "now": now}
        found = await (await conn.execute(_SQL["put_state"], values)).fetchone()
        if found and found["changed"]:
            _log.info(
                "gateway %s gateway=%s", "online" if message.state.online else "offline", message.gateway
            )
            changed.append(found["home_id"])
    there = [gateway for gateway, one in newest.items() if one.state.online]
    await commands.wake(conn, there, now)
    await plans.compare(conn, there, now)
    await home_changed(conn, changed, now)


def _acks(settled: Iterable[Identity]) -> list[tuple[GatewayId, Ack]]:
    """One commit-ack per gateway, epoch and lane."""
    firsts = defaultdict(list)
    for one in settled:
        firsts[one.gateway, one.epoch, one.lane].append(one.first)
    return [(gateway, Ack(epoch, lane, tuple(sorted(b)))) for (gateway, epoch, lane), b in firsts.items()]
