"""Plain batches on their way into the table: the road that nearly everything takes.

What this is: the checks of ``admit`` and the packing of ``rows.pack`` for batches of readings that are beyond
doubt, a whole batch at a time, in a third of their time. What it is not: a place for rules; whatever is not
plain (``None``) goes through ``admit`` and ``rows``, and both roads write the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cloud.ingest import packing
from cloud.ingest.admit import LATE, Admitted, name_fault, oldest, youngest
from cloud.ingest.admit import admit as admit_records
from cloud.ingest.model import BatchMessage, Gateway, Identity, PlainMessage
from cloud.ingest.read import carefully
from cloud.ingest.rows import Devices, Parcel
from firmware_protocols.model import GatewayId
from firmware_protocols.wire.topics import Lane

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AdmittedPlain:
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
    if batch.earliest_ms < _milliseconds(oldest(now)) or batch.latest_ms > _milliseconds(youngest(now)):
        return None
    names = frozenset(row[1] for row in batch.rows)
    return None if any(map(name_fault, names)) else AdmittedPlain(message, gateway, names)


def pack(admitted: AdmittedPlain, devices: Devices) -> Parcel | None:
    """The rows of one batch; ``None``: one of its devices is beyond the bound, so take the careful road."""
    gateway, batch = admitted.gateway, admitted.message.batch
    known = {name: devices[gateway.id, name].id for name in admitted.names if (gateway.id, name) in devices}
    if len(known) < len(admitted.names):
        return None
    tenant, home, row_of = gateway.tenant_id, gateway.home_id, packing.plain
    late_ms = _milliseconds(admitted.message.delivery.received_at - LATE)
    heard: dict[int, int] = {}
    late = 0
    readings = []
    for row in batch.rows:
        at_ms, device = row[0], known[row[1]]
        readings.append(row_of(tenant, home, device, row))
        late += at_ms < late_ms
        if heard.get(device, 0) < at_ms:
            heard[device] = at_ms
    identity = Identity(gateway.id, batch.epoch, Lane.BULK, batch.first, len(readings))
    return Parcel(
        gateway,
        admitted.message.delivery,
        identity,
        tuple(readings),
        heard={device: _time(at_ms) for device, at_ms in heard.items()},
        late=late,
    )


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


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _time(at_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=at_ms)
