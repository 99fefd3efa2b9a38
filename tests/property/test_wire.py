"""What one end writes the other reads to the millisecond; what nobody wrote is refused by one error."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocols.errors import BadMessage
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    ClockState,
    DeviceId,
    GatewayId,
    Reading,
)
from firmware_protocols.wire import control, envelope, topics
from firmware_protocols.wire.control import Ack, Command, Result, State
from firmware_protocols.wire.envelope import Batch
from firmware_protocols.wire.topics import Channel, Lane
from tests.property import messages

KINDS: tuple[type[Any], ...] = (Ack, State, Command, Result)
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
RECORDS: dict[str, dict[str, object]] = {
    "r": {"k": "r", "d": "d", "n": "battery"},
    "e": {"k": "e", "d": "d", "n": "button"},
    "a": {"k": "a", "d": "d", "id": "A", "n": "sos", "st": "raised"},
    "g": {"k": "g", "e": "e", "st": "t", "q": 1, "to": 2, "why": "full"},
}
FIELDS = {
    "r": {"t", "d", "n", "u", "v", "vb", "ql"},
    "e": {"t", "d", "n", "vs"},
    "a": {"t", "d", "id", "n", "st", "ev", "do", "cs"},
    "g": {"t", "e", "st", "q", "to", "why"},
}
BODY: dict[str, object] = {
    "v": 1,
    "gw": "gw-1",
    "e": "e",
    "st": "t",
    "q": 1,
    "n": 1,
    "boot": "",
    "clk": "synced",
    "bt": 1.5,
    "r": [{**RECORDS["r"], "v": 1.0}],
}


@given(batch=messages.batches, compact=st.booleans())
@settings(deadline=None)
def test_a_batch_comes_back_to_the_millisecond(batch: Batch, compact: bool) -> None:
    back = envelope.parse(envelope.encode(batch, compact=compact))
    assert back == batch
    for got, sent in zip(back.records, batch.records, strict=True):
        if isinstance(got, Reading) and isinstance(sent, Reading):
            assert type(got.value) is type(sent.value)  # True is not 1.0


@given(batch=messages.batches, microseconds=st.integers(-400, 400), compact=st.booleans())
@settings(deadline=None)
def test_finer_times_are_rounded_to_the_millisecond_they_are_nearest_to(
    batch: Batch, microseconds: int, compact: bool
) -> None:
    first = batch.records[0]
    shifted = replace(first, observed_at=first.observed_at + timedelta(microseconds=microseconds))
    single = Batch(batch.gateway, batch.epoch, batch.lane, 1, batch.boot, batch.clock, (shifted,))
    (back,) = envelope.parse(envelope.encode(single, compact=compact)).records
    assert back.observed_at == first.observed_at


@given(batch=messages.batches)
@settings(deadline=None)
def test_encoding_is_the_same_every_time(batch: Batch) -> None:
    payload = envelope.encode(batch)
    assert envelope.encode(batch) == payload
    assert envelope.encode(envelope.parse(payload)) == payload


@given(payload=st.binary(max_size=400) | st.binary(max_size=400).map(lambda tail: b"{" + tail))
def test_any_bytes_are_a_batch_or_a_bad_message(payload: bytes) -> None:
    _refused_or_read(payload)


@given(
    batch=messages.batches,
    compact=st.booleans(),
    at=st.integers(0),
    change=st.integers(1, 255),
    cut=st.booleans(),
)
@settings(deadline=None)
def test_a_damaged_batch_is_a_batch_or_a_bad_message(
    batch: Batch, compact: bool, at: int, change: int, cut: bool
) -> None:
    payload = bytearray(envelope.encode(batch, compact=compact))
    at %= len(payload)
    payload[at] ^= change
    _refused_or_read(bytes(payload[:at] if cut else payload))


@given(
    field=st.sampled_from(["v", "gw", "e", "st", "q", "n", "boot", "clk", "bt", "r", "new"]),
    document=documents,
    compact=st.booleans(),
)
@settings(deadline=None)
def test_a_field_of_any_kind_is_read_or_refused(field: str, document: object, compact: bool) -> None:
    _refused_or_read(_document({**BODY, field: document}, compact=compact))


@given(
    shape=st.sampled_from(sorted(RECORDS)),
    fields=st.dictionaries(st.sampled_from(sorted(set().union(*FIELDS.values()))), documents, max_size=3),
    compact=st.booleans(),
)
@settings(deadline=None)
def test_a_record_of_any_shape_is_read_or_refused(
    shape: str, fields: dict[str, object], compact: bool
) -> None:
    known = {name: value for name, value in fields.items() if name in FIELDS[shape]}
    _refused_or_read(_document({**BODY, "r": [{**RECORDS[shape], **known}]}, compact=compact))


def _document(body: object, *, compact: bool) -> bytes:
    return msgspec.msgpack.encode(body) if compact else msgspec.json.encode(body)


def _refused_or_read(payload: bytes) -> None:
    """A batch that is read can be written again; everything else is a ``BadMessage`` with a reason."""
    try:
        batch = envelope.parse(payload)
    except BadMessage as error:
        reason = error.reason
    else:
        assert envelope.parse(envelope.encode(batch)).records[0].observed_at == batch.records[0].observed_at
        return
    assert reason


@given(evidence=st.dictionaries(st.text(max_size=3), documents, max_size=4), compact=st.booleans())
@settings(deadline=None)
def test_no_evidence_whatever_costs_the_alarm(evidence: dict[str, Any], compact: bool) -> None:
    at = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
    alarm = Alarm(AlarmId("A"), AlarmKind.SOS, AlarmState.RAISED, DeviceId("pendant"), at, evidence)
    batch = Batch(GatewayId("gw-1"), "e", Lane.ALARM, 1, "", ClockState.SYNCED, (alarm,))
    (back,) = envelope.parse(envelope.encode(batch, compact=compact)).records
    assert isinstance(back, Alarm)
    assert (back.id, back.kind, back.state, back.observed_at) == (alarm.id, alarm.kind, alarm.state, at)


@given(message=messages.controls)
@settings(deadline=None)
def test_a_control_message_comes_back(message: Ack | State | Command | Result) -> None:
    kind: type[Any] = type(message)
    assert control.parse(kind, control.encode(message)) == message


@pytest.mark.parametrize("kind", KINDS)
@given(payload=st.binary(max_size=200) | documents.map(msgspec.json.encode))
@settings(deadline=None)
def test_any_bytes_are_a_control_message_or_a_bad_message(kind: type[Any], payload: bytes) -> None:
    try:
        message = control.parse(kind, payload)
    except BadMessage:
        return
    assert isinstance(message, kind)


@given(shard=st.integers(0, 255), gateway=messages.gateways, channel=st.sampled_from(Channel))
def test_a_topic_comes_back(shard: int, gateway: GatewayId, channel: Channel) -> None:
    parsed = topics.parse_upward(topics.upward(shard, gateway, channel))
    assert (parsed.shard, parsed.gateway, parsed.channel) == (shard, gateway, channel)


@given(topic=st.text(max_size=60) | st.text(max_size=40).map(lambda tail: f"anban/1/{tail}"))
def test_any_topic_is_parsed_or_a_bad_message(topic: str) -> None:
    try:
        parsed = topics.parse_upward(topic)
    except BadMessage:
        return
    assert topics.upward(parsed.shard, parsed.gateway, parsed.channel) == topic
