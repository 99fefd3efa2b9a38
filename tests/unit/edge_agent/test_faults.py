"""A driver that cannot help itself reaches people: once when it breaks, once when it is well again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge_agent.app import Agent
from edge_agent.configuration import parse
from edge_agent.drivers import ble_scan
from edge_agent.faults import Faults
from firmware_protocols.model import Alarm, AlarmKind, AlarmState, DeviceId
from firmware_protocols.wire import envelope
from firmware_protocols.wire.topics import Lane
from tests.unit.edge_agent.household import NOON, after, counting

GATEWAY = DeviceId("gateway")
BROKEN, WELL = {"heard": 3.0, "fault": 1.0}, {"heard": 4.0, "fault": 0.0}


def faults() -> Faults:
    return Faults(GATEWAY, counting())


def test_a_broken_driver_is_said_once() -> None:
    watch = faults()
    (alarm,) = watch.see("ble_scan", BROKEN, NOON)
    assert (alarm.kind, alarm.state, alarm.device) == (AlarmKind.DEVICE_FAULT, AlarmState.RAISED, GATEWAY)
    assert alarm.evidence == {"fault": "driver ble_scan", "over": False}
    assert watch.see("ble_scan", BROKEN, after(1)) == []


def test_a_driver_that_is_well_again_is_said_on_the_same_alarm() -> None:
    watch = faults()
    (broke,) = watch.see("ble_scan", BROKEN, NOON)
    (over,) = watch.see("ble_scan", WELL, after(60))
    assert (over.id, over.state, over.evidence["over"]) == (broke.id, AlarmState.UPDATED, True)
    assert watch.see("ble_scan", WELL, after(61)) == []


def test_breaking_again_is_an_alarm_of_its_own_and_drivers_are_kept_apart() -> None:
    watch = faults()
    told = [
        *watch.see("ble_scan", BROKEN, NOON),
        *watch.see("serial/radar", BROKEN, NOON),
        *watch.see("ble_scan", WELL, after(1)),
        *watch.see("ble_scan", BROKEN, after(2)),
    ]
    assert [alarm.id for alarm in told] == ["1", "2", "1", "3"]


@pytest.mark.parametrize("health", [{}, WELL, {"fault": 0.0}])
def test_a_driver_that_is_well_or_knows_no_faults_says_nothing(health: dict[str, float]) -> None:
    assert faults().see("serial/radar", health, NOON) == []


async def test_a_radio_that_is_not_there_becomes_a_device_fault_in_the_outbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ble_scan, "FAULT_SILENCES", 0.0)
    settings = parse(
        {
            "gateway": {"id": "gw-1", "shard": 1, "data_dir": str(tmp_path)},
            "uplink": {"host": "127.0.0.1", "port": 1, "secret": "none listens"},
            "ble": {
                "backend": "hci",
                "transport": "tcp-client:127.0.0.1:1",
                "device": [{"address": "C4:0A:00:00:00:01", "name": "pendant", "kind": "pendant"}],
            },
        }
    )
    agent, stop = Agent(settings), asyncio.Event()
    running = asyncio.create_task(agent.run(stop))
    waiting: list[Alarm] = []
    async with asyncio.timeout(20):
        while not waiting:
            await asyncio.sleep(0.02)
            frozen = agent.outbox.take(Lane.ALARM, 10)
            records = [record for each in frozen for record in envelope.parse(each.payload).records]
            waiting = [record for record in records if isinstance(record, Alarm)]
    stop.set()
    await running
    assert [(alarm.kind, alarm.evidence["fault"]) for alarm in waiting] == [
        (AlarmKind.DEVICE_FAULT, "driver ble_scan")
    ]


def test_a_bridge_behind_a_driver_is_a_fault_of_its_own() -> None:
    watch = faults()
    (alarm,) = watch.see("local_mqtt", {"fault": 0.0, "fault/zigbee2mqtt": 1.0}, NOON)
    assert alarm.evidence == {"fault": "driver local_mqtt/zigbee2mqtt", "over": False}
    assert watch.see("local_mqtt", {"fault": 1.0, "fault/zigbee2mqtt": 0.0}, after(1))[0].id == "2"
