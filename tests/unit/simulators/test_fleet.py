"""The light gateways: what waits is kept until it is committed, and what must go is owned up to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from firmware_protocols.model import AlarmKind, DeviceId, Quantity, Reading
from firmware_protocols.wire.control import Ack, encode
from firmware_protocols.wire.envelope import Gap, parse
from firmware_protocols.wire.topics import Channel, Lane, ack, upward
from simulators import world
from simulators.fleet import KEEP, LightGateway, ulid

HOME = world.build(1, 0, seed=1).homes[0]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
READING = Reading(DeviceId("climate-living"), Quantity.TEMPERATURE, 19.5, NOW)
ACKS = ack(world.build(1, 0, seed=1).homes[0].gateway)  # type: ignore[arg-type]


class Wire:
    """Takes what the gateway publishes."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []

    def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, qualities: tuple[int, ...] = (1,)
    ) -> None:
        if 1 in qualities:
            self.sent.append((topic, payload))

    def subscribe(self, topic: str) -> None:
        self.sent.append((topic, b""))

    def batches(self, channel: Channel) -> list[bytes]:
        topic = upward(HOME.shard, HOME.gateway, channel)  # type: ignore[arg-type]
        return [payload for each, payload in self.sent if each == topic]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> tuple[LightGateway, Wire]:
    wire = Wire()
    light = LightGateway(HOME, 1)
    monkeypatch.setattr(light, "_link", wire)
    return light, wire


def acknowledge(light: LightGateway, epoch: str, lane: Lane, *firsts: int) -> None:
    light._received(ACKS, encode(Ack(epoch, lane, firsts)))


def test_an_alarm_goes_at_once_and_readings_in_company(gateway: tuple[LightGateway, Wire]) -> None:
    light, wire = gateway
    light.tell(READING)
    light.alarm(AlarmKind.SOS, "pendant", NOW)
    assert (len(wire.batches(Channel.ALARM)), len(wire.batches(Channel.BULK))) == (1, 0)
    light.tell(READING)
    light._flush()
    (batch,) = map(parse, wire.batches(Channel.BULK))
    assert (batch.first, len(batch.records)) == (1, 2)


def test_what_is_not_committed_is_sent_again_byte_for_byte(gateway: tuple[LightGateway, Wire]) -> None:
    light, wire = gateway
    light.alarm(AlarmKind.SOS, "pendant", NOW)
    light._connected()
    first, second = wire.batches(Channel.ALARM)
    assert first == second
    acknowledge(light, parse(first).epoch, Lane.ALARM, 1)
    light._connected()
    assert len(wire.batches(Channel.ALARM)) == 2


def test_an_ack_for_another_epoch_or_another_topic_settles_nothing(
    gateway: tuple[LightGateway, Wire],
) -> None:
    light, wire = gateway
    light.alarm(AlarmKind.SOS, "pendant", NOW)
    acknowledge(light, "another", Lane.ALARM, 1)
    light._received("anban/1/c/another/ack", encode(Ack(light._epoch, Lane.ALARM, (1,))))
    light._received(ACKS, b"\xff")
    light._connected()
    assert len(wire.batches(Channel.ALARM)) == 2


def test_a_long_outage_drops_the_oldest_readings_and_says_so(gateway: tuple[LightGateway, Wire]) -> None:
    light, wire = gateway
    for _ in range(KEEP + 1):
        light.tell(READING)
        light._flush()
    last = parse(wire.batches(Channel.BULK)[-1])
    gap = last.records[0]
    assert isinstance(gap, Gap)
    assert (gap.first, gap.last, gap.lane) == (1, 1, Lane.BULK)
    assert len(light._lanes[Lane.BULK].waiting) == KEEP


def test_alarms_are_never_dropped(gateway: tuple[LightGateway, Wire]) -> None:
    light, _ = gateway
    for _ in range(KEEP + 10):
        light.alarm(AlarmKind.SOS, "pendant", NOW)
    assert len(light._lanes[Lane.ALARM].waiting) == KEEP + 10


def test_ids_are_ulids_in_the_order_of_time() -> None:
    early, late = ulid(NOW), ulid(NOW.replace(minute=1))
    assert len(early) == 26
    assert early < late
