"""Plain batches on their way into the table: the road that nearly everything takes.

What this is: the checks of ``admit`` and the packing of ``rows.pack`` for batches of readings that are beyond
doubt, a whole batch at a time, in a third of their time. What it is not: a place for rules; whatever is not
plain (``None``) goes through ``admit`` and ``rows``, and both roads write the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from msgspec import Struct

from cloud.ingest import packing
from cloud.ingest.admit import LATE, Admitted, name_fault, oldest, youngest
from cloud.ingest.admit import admit as admit_records
from cloud.ingest.model import BatchMessage, Gateway, Identity, PlainMessage
from cloud.ingest.read import carefully
from cloud.ingest.rows import HEARD_MS, Device, Devices, Parcel
from firmware_protocols.model import GatewayId
from firmware_protocols.wire.plain import PlainBatch
from firmware_protocols.wire.topics import Lane

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class AdmittedPlain(Struct, frozen=True):
    """A plain batch that will be stored whole. ``names``: the devices it names."""

    message: PlainMessage
    gateway: Gateway
    names: frozenset[str]


def admit(
    message: PlainMessage, gateways: Mapping[GatewayId, Gateway], now: datetime
) -> AdmittedPlain | None:
    """Judge a plain batch; ``None``: take the careful road, which says why."""
    gateway = gateways.get(message.gateway)
    if gateway is None or gateway.revoked or gateway.withholds or gateway.shard != message.shard:
        return None
    batch = message.batch
    oldest_ms, youngest_ms = _possible_ms(now)
    if batch.earliest_ms < oldest_ms or batch.latest_ms > youngest_ms:
        return None
    names = frozenset([row[1] for row in batch.rows])
    return None if any(map(name_fault, names)) else AdmittedPlain(message, gateway, names)


def pack(admitted: AdmittedPlain, devices: Devices) -> Parcel | None:
    """The rows of one batch; ``None``: one of its devices is beyond the bound, so take the careful road."""
    gateway, batch = admitted.gateway, admitted.message.batch
    try:
        known = {name: devices[gateway.id, name] for name in admitted.names}
    except KeyError:
        return None
    readings = _packed(gateway, batch, {name: device.id for name, device in known.items()})
    return Parcel(
        gateway,
        admitted.message.delivery,
        Identity(gateway.id, batch.epoch, Lane.BULK, batch.first, len(readings)),
        readings,
        heard=_heard(batch, known),
        late=_late(batch, admitted.message.delivery.received_at),
    )


def _packed(gateway: Gateway, batch: PlainBatch, ids: Mapping[str, int]) -> tuple[bytes, ...]:
    tenant, home = gateway.tenant_id, gateway.home_id
    if batch.valued:
        return tuple(packing.valued(tenant, home, ids, batch.rows))
    return tuple([packing.plain(tenant, home, ids[row[1]], row) for row in batch.rows])


def _heard(batch: PlainBatch, known: Mapping[str, Device]) -> dict[int, datetime]:
    """When devices were last heard, of those for which this is news worth a write."""
    before = batch.latest_ms - HEARD_MS
    due = {name for name, device in known.items() if device.heard_ms < before}
    if not due:
        return {}
    latest: dict[str, int] = {}
    for row in batch.rows:
        if row[1] in due:
            latest[row[1]] = max(row[0], latest.get(row[1], 0))
    return {known[name].id: _EPOCH + timedelta(milliseconds=at_ms) for name, at_ms in latest.items()}


def _late(batch: PlainBatch, received_at: datetime) -> int:
    """How many of its readings were held up."""
    before = _late_ms(received_at)
    return sum(row[0] < before for row in batch.rows) if batch.earliest_ms < before else 0


def by_record(admitted: Admitted | AdmittedPlain, now: datetime) -> Admitted:
    """The same batch for the careful road."""
    if isinstance(admitted, Admitted):
        return admitted
    message = carefully(admitted.message)
    gateways = {admitted.gateway.id: admitted.gateway}
    found = admit_records(message, gateways, now) if isinstance(message, BatchMessage) else message
    if not isinstance(found, Admitted):
        raise TypeError(found)  # it was admitted: the two roads differ
    return found


@lru_cache(1)
def _possible_ms(now: datetime) -> tuple[int, int]:
    """Between which times a reading can be; the same for all of a transaction."""
    return _milliseconds(oldest(now)), _milliseconds(youngest(now))


@lru_cache(256)
def _late_ms(received_at: datetime) -> int:
    """Before which a reading is late; messages that were read in one go have one time."""
    return _milliseconds(received_at - LATE)


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
