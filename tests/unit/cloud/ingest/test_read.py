"""Reading deliveries: every input becomes something, and only what is a batch becomes a batch."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.ingest.model import BatchMessage, Delivery, Identity, PlainMessage, Poison, StateMessage
from cloud.ingest.read import carefully, read, urgent
from firmware_protocols.model import ClockState, GatewayId
from firmware_protocols.wire import control, envelope
from firmware_protocols.wire.control import State
from firmware_protocols.wire.envelope import Batch
from firmware_protocols.wire.topics import Lane
from tests.harness import reading

NOW = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)
BATCH = Batch(
    GatewayId("gw-a"), "e1", Lane.BULK, 7, "boot", ClockState.SYNCED, (reading(at=NOW), reading(at=NOW))
)


def delivery(payload: bytes, topic: str = "anban/1/3/gw-a/t") -> Delivery:
    return Delivery(topic, payload, NOW)


def changed(**fields: object) -> bytes:
    document = msgspec.json.decode(envelope.encode(BATCH))
    return msgspec.json.encode({**document, **fields})


def test_a_batch_below_its_own_prefix_is_a_batch() -> None:
    message = read(delivery(envelope.encode(BATCH)))
    assert isinstance(message, PlainMessage)
    assert (message.shard, message.gateway, message.batch.first, len(message.batch.rows)) == (3, "gw-a", 7, 2)
    again = carefully(message)
    assert isinstance(again, BatchMessage)
    assert (again.shard, again.batch) == (3, BATCH)


def test_a_batch_of_an_unset_clock_takes_the_careful_road() -> None:
    batch = replace(BATCH, clock=ClockState.UNSYNCED)
    assert read(delivery(envelope.encode(batch))) == BatchMessage(delivery(envelope.encode(batch)), 3, batch)


def test_a_state_is_a_state() -> None:
    message = read(delivery(control.encode(State(online=True, epoch="e1")), "anban/1/3/gw-a/s"))
    assert isinstance(message, StateMessage)
    assert message.state.online


@pytest.mark.parametrize(
    ("payload", "topic", "reason"),
    [
        (envelope.encode(BATCH), "anban/1/3/gw-b/t", "topic of gw-b, body of gw-a"),
        (envelope.encode(BATCH), "anban/1/3/gw-a/a", "lane t on channel a"),
        (envelope.encode(BATCH), "anban/1/999/gw-a/t", "shard"),
        (envelope.encode(BATCH), "elsewhere", "is not anban/1/"),
        (b"not a batch", "anban/1/3/gw-a/t", "Expected"),
        (b"", "anban/1/3/gw-a/s", "truncated"),
        (b"{}", "anban/1/3/gw-a/r", "missing required field"),
        (changed(v=9), "anban/1/3/gw-a/t", "version 9"),
    ],
)
def test_what_breaks_the_contract_is_poison_with_a_reason(payload: bytes, topic: str, reason: str) -> None:
    message = read(delivery(payload, topic))
    assert isinstance(message, Poison)
    assert reason in message.reason


def test_a_broken_batch_that_says_which_one_it_is_keeps_its_identity() -> None:
    message = read(delivery(changed(r=[{"k": "from the future"}] * 2)))
    assert isinstance(message, Poison)
    assert message.identity == Identity(GatewayId("gw-a"), "e1", Lane.BULK, 7, 2)


@pytest.mark.parametrize(
    "fields",
    [{"gw": "gw-b"}, {"st": "a"}, {"q": 0}, {"n": 0}, {"n": 10**6}, {"e": ""}, {"e": "a\0"}, {"e": "x" * 99}],
)
def test_an_identity_that_cannot_be_true_is_none(fields: dict[str, object]) -> None:
    message = read(delivery(changed(**{"v": 9, **fields})))
    assert isinstance(message, Poison)
    assert message.identity is None


@pytest.mark.parametrize(("channel", "expected"), [("a", True), ("t", False), ("s", False)])
def test_only_the_alarm_lane_is_urgent_even_when_it_does_not_parse(channel: str, expected: bool) -> None:
    assert urgent(read(delivery(b"garbage", f"anban/1/3/gw-a/{channel}"))) is expected


@given(payload=st.binary(max_size=200), channel=st.sampled_from("atsr"))
def test_no_bytes_make_reading_raise(payload: bytes, channel: str) -> None:
    assert read(delivery(payload, f"anban/1/3/gw-a/{channel}")).delivery.payload == payload


@given(topic=st.text(max_size=60))
def test_no_topic_makes_reading_raise(topic: str) -> None:
    assert read(delivery(b"{}", topic)).delivery.topic == topic
