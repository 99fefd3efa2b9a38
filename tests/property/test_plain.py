"""The two roads of a bulk batch agree: where the plain one answers, it says what the careful one says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from cloud.ingest import plain, read, rows
from cloud.ingest.admit import Admitted, admit
from cloud.ingest.model import BatchMessage, Delivery, Gateway, PlainMessage
from firmware_protocols.model import ClockState, GatewayId, Reading
from firmware_protocols.wire import envelope
from firmware_protocols.wire.envelope import Batch
from firmware_protocols.wire.plain import parse
from firmware_protocols.wire.topics import Lane
from tests.property.messages import batches, readings

NOW = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)
of_readings = st.builds(
    lambda batch, records: replace(batch, lane=Lane.BULK, records=tuple(records)),
    batches,
    st.lists(readings, min_size=1, max_size=8),
)


def of(batch: Batch, *, compact: bool = False) -> Delivery:
    return Delivery(f"anban/1/3/{batch.gateway}/t", envelope.encode(batch, compact=compact), NOW)


def both_roads(delivery: Delivery, now: datetime) -> tuple[rows.Parcel | None, rows.Parcel | None]:
    """What the plain road and the careful road make of it; ``None``: nothing, or not without refusals."""
    message = read.read(delivery)
    assert isinstance(message, PlainMessage)
    gateways = {message.gateway: Gateway(message.gateway, 3, 11, 5, revoked=False)}
    names = sorted({row[1] for row in message.batch.rows})
    devices = {(str(message.gateway), name): rows.Device(number, "") for number, name in enumerate(names, 1)}
    admitted = plain.admit(message, gateways, now)
    careful = read.carefully(message)
    assert isinstance(careful, BatchMessage)
    judged = admit(careful, gateways, now)
    assert isinstance(judged, Admitted)
    packed = plain.pack(admitted, devices) if admitted else None
    return packed, None if judged.refused else rows.pack(judged, devices)


@given(of_readings, st.booleans(), st.datetimes(datetime(2021, 1, 1), datetime(2090, 1, 1)))  # noqa: DTZ001
def test_both_roads_pack_the_same_rows(batch: Batch, compact: bool, now: datetime) -> None:
    batch = replace(batch, clock=ClockState.SYNCED, records=tuple(_near(one, now) for one in batch.records))
    packed, careful = both_roads(of(batch, compact=compact), now.replace(tzinfo=UTC))
    assert (packed is None) == (careful is None)
    if packed and careful:
        assert structs.replace(packed, batch=careful.batch) == careful


@given(batches, st.booleans())
def test_the_plain_road_answers_only_for_readings_by_a_set_clock(batch: Batch, compact: bool) -> None:
    found = parse(envelope.encode(batch, compact=compact), batch.gateway)
    plainly = all(isinstance(one, Reading) for one in batch.records) and batch.lane is Lane.BULK
    assert (found is not None) == (plainly and batch.clock is not ClockState.UNSYNCED)
    if found:
        assert (found.gateway, found.epoch, found.first) == (batch.gateway, batch.epoch, batch.first)


@given(st.binary(max_size=200))
def test_the_plain_road_takes_no_bytes_that_the_careful_one_refuses(payload: bytes) -> None:
    assert parse(payload, GatewayId("gw-a")) is None


def _near(one: object, now: datetime) -> Reading:
    """The same reading in the two years around ``now``."""
    assert isinstance(one, Reading)
    seconds = one.observed_at.timestamp() % 63_072_000 - 63_000_000
    at = datetime.fromtimestamp(round(now.replace(tzinfo=UTC).timestamp() + seconds, 3), UTC)
    return replace(one, observed_at=at)
