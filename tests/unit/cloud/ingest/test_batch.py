"""Collecting: when is it worth a transaction."""

from __future__ import annotations

from datetime import UTC, datetime

from cloud.ingest.batch import Collector, Limits
from cloud.ingest.model import Delivery, Message
from cloud.ingest.read import read
from firmware_protocols.model import ClockState, GatewayId
from firmware_protocols.wire import envelope
from firmware_protocols.wire.envelope import Batch
from firmware_protocols.wire.topics import Lane
from tests.harness import reading

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def message(records: int = 1, channel: str = "t") -> Message:
    batch = Batch(
        GatewayId("gw-a"), "e", Lane(channel), 1, "b", ClockState.SYNCED, (reading(at=NOW),) * records
    )
    return read(Delivery(f"anban/1/3/gw-a/{channel}", envelope.encode(batch), NOW))


def collector(rows: int = 10, wait_s: float = 0.5) -> Collector:
    return Collector(Limits(rows, wait_s))


def test_nothing_is_due_while_nothing_waits() -> None:
    assert collector().remaining_s(99.0) is None


def test_the_first_message_waits_for_company() -> None:
    waiting = collector(wait_s=0.5)
    waiting.add(message(), 10.0)
    waiting.add(message(), 10.25)
    assert waiting.remaining_s(10.25) == 0.25
    assert waiting.remaining_s(11.0) == 0.0


def test_enough_rows_are_due_at_once() -> None:
    waiting = collector(rows=10)
    waiting.add(message(9), 10.0)
    assert waiting.remaining_s(10.0) == 0.5
    waiting.add(message(1), 10.0)
    assert waiting.remaining_s(10.0) == 0.0


def test_taking_starts_afresh() -> None:
    waiting = collector()
    waiting.add(message(), 10.0)
    assert len(waiting.take()) == 1
    assert waiting.take() == []
    assert waiting.remaining_s(99.0) is None
