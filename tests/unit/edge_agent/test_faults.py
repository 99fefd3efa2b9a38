"""A driver that cannot help itself reaches people: once when it breaks, once when it is well again."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from edge_agent.app import Agent
from edge_agent.configuration import parse
from edge_agent.drivers import ble_scan
from edge_agent.faults import WELL_AFTER_S, Faults
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId
from firmware_protocols.wire import envelope
from firmware_protocols.wire.topics import Lane
from tests.unit.edge_agent.household import NOON, after, counting

GATEWAY = DeviceId("gateway")
UP_S = 5.0
BROKEN, WELL = {"heard": 3.0, "fault": 1.0}, {"heard": 4.0, "fault": 0.0}


def faults() -> Faults:
    return Faults(GATEWAY, counting())


def test_a_broken_driver_is_said_once() -> None:
    watch = faults()
    (alarm,) = watch.see("ble_scan", BROKEN, NOON, UP_S)
    assert (alarm.kind, alarm.state, alarm.device) == (AlarmKind.DEVICE_FAULT, AlarmState.RAISED, GATEWAY)
    assert alarm.evidence == {"fault": "driver ble_scan", "over": False}
    assert watch.see("ble_scan", BROKEN, after(1), UP_S) == []


def test_a_driver_that_is_well_again_is_said_on_the_same_alarm() -> None:
    watch = faults()
    (broke,) = watch.see("ble_scan", BROKEN, NOON, UP_S)
    (over,) = watch.see("ble_scan", WELL, after(60), UP_S)
    assert (over.id, over.state, over.evidence["over"]) == (broke.id, AlarmState.UPDATED, True)
    assert watch.see("ble_scan", WELL, after(61), UP_S) == []


def test_breaking_again_is_an_alarm_of_its_own_and_drivers_are_kept_apart() -> None:
    watch = faults()
    told = [
        *watch.see("ble_scan", BROKEN, NOON, UP_S),
        *watch.see("serial/radar", BROKEN, NOON, UP_S),
        *watch.see("ble_scan", WELL, after(1), UP_S),
        *watch.see("ble_scan", BROKEN, after(2), UP_S),
    ]
    assert [alarm.id for alarm in told] == ["1", "2", "1", "3"]


@pytest.mark.parametrize("health", [{}, WELL, {"fault": 0.0}])
def test_a_driver_that_is_well_or_knows_no_faults_says_nothing(health: dict[str, float]) -> None:
    assert faults().see("serial/radar", health, NOON, UP_S) == []


def restarted(before: Faults) -> Faults:
    """The same gateway's next run, and ids of its own."""
    after_it = Faults(GATEWAY, lambda: AlarmId("fresh"))
    after_it.recall(before.note())
    return after_it


def test_a_fault_that_was_told_before_a_restart_is_open_after_it() -> None:
    before = faults()
    before.see("ble_scan", BROKEN, NOON, UP_S)
    now = restarted(before)
    assert now.see("ble_scan", WELL, after(61), 1.0) == [], "it has not tried yet"
    assert now.see("ble_scan", BROKEN, after(400), 340.0) == [], "it was told"
    (over,) = now.see("ble_scan", WELL, after(500), 440.0)
    assert (over.id, over.state) == ("1", AlarmState.UPDATED)


def test_a_fault_that_a_restart_has_ended_is_over_once_its_driver_has_had_the_time_to_fail() -> None:
    before = faults()
    before.see("ble_scan", BROKEN, NOON, UP_S)
    now = restarted(restarted(before))
    assert now.see("ble_scan", WELL, after(61), WELL_AFTER_S - 1) == []
    (over,) = now.see("ble_scan", WELL, after(62), WELL_AFTER_S)
    assert (over.id, over.evidence["over"]) == ("1", True)
    assert restarted(now).see("ble_scan", WELL, after(63), WELL_AFTER_S) == []


def test_the_fault_of_a_driver_that_was_taken_out_is_over() -> None:
    before = faults()
    before.see("serial/radar", BROKEN, NOON, UP_S)
    before.see("local_mqtt", {"fault/zigbee2mqtt": 1.0}, NOON, UP_S)
    now = restarted(before)
    assert [one.id for one in now.without(["local_mqtt", "serial/radar-2"], after(60))] == ["1"]
    assert now.without(["local_mqtt"], after(61)) == []


@pytest.mark.parametrize("note", [None, "", "{", "[]", '{"ble_scan": 7}'])
def test_a_note_that_is_none_or_damaged_tells_of_no_fault(note: str | None) -> None:
    watch = faults()
    watch.recall(note)
    assert watch.note() == "{}"


async def test_a_radio_that_is_not_there_is_told_and_its_end_on_the_same_alarm_after_a_restart_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ble_scan, "FAULT_SILENCES", 0.0)
    before, after_it = (
        tmp_path / "before",
        tmp_path / "after",
    )  # an agent holds its folder until its process ends
    uplink = {"host": "127.0.0.1", "port": 1, "secret": "none listens"}
    radio = {
        "backend": "hci",
        "transport": "tcp-client:127.0.0.1:1",
        "device": [{"address": "C4:0A:00:00:00:01", "name": "pendant", "kind": "pendant"}],
    }
    (raised,) = await _run_until_told({"gateway": _gateway(before), "uplink": uplink, "ble": radio}, 1)
    assert (raised.kind, raised.evidence["fault"]) == (AlarmKind.DEVICE_FAULT, "driver ble_scan")
    shutil.copytree(before, after_it)
    _, over = await _run_until_told({"gateway": _gateway(after_it), "uplink": uplink}, 2)
    assert (over.id, over.state, over.evidence["over"]) == (raised.id, AlarmState.UPDATED, True)


def _gateway(folder: Path) -> dict[str, Any]:
    return {"id": "gw-1", "shard": 1, "data_dir": str(folder)}


async def _run_until_told(settings: dict[str, Any], n: int) -> list[Alarm]:
    """An agent runs until ``n`` alarms wait in its outbox; those."""
    agent, stop = Agent(parse(settings)), asyncio.Event()
    running = asyncio.create_task(agent.run(stop))
    alarms: list[Alarm] = []
    async with asyncio.timeout(60):
        while len(alarms) < n:
            await asyncio.sleep(0.02)
            frozen = agent.outbox.take(Lane.ALARM, 10)
            records = [record for each in frozen for record in envelope.parse(each.payload).records]
            alarms = [record for record in records if isinstance(record, Alarm)]
    stop.set()
    await running
    return alarms


def test_a_bridge_behind_a_driver_is_a_fault_of_its_own() -> None:
    watch = faults()
    (alarm,) = watch.see("local_mqtt", {"fault": 0.0, "fault/zigbee2mqtt": 1.0}, NOON, UP_S)
    assert alarm.evidence == {"fault": "driver local_mqtt/zigbee2mqtt", "over": False}
    assert watch.see("local_mqtt", {"fault": 1.0, "fault/zigbee2mqtt": 0.0}, after(1), UP_S)[0].id == "2"
