"""What devices in the home say by the broker there, and what of it is an alarm."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.app import Agent
from edge_agent.outbox import Outbox
from firmware_protocols.model import Alarm, AlarmKind, AlarmState, Quality, Quantity, Reading
from firmware_protocols.wire import envelope
from firmware_protocols.wire.topics import Lane
from simulators.local_devices import Bridge, Node
from tests.scenario.edge_home import GATEWAY, Broker
from tests.scenario.local_mqtt.gateway import (
    DEVICES,
    Gateway,
    connected,
    listener,
    publisher,
    running,
    settings,
)
from tests.unit.edge_agent.lines import until_true

pytestmark = pytest.mark.services


async def test_an_opened_door_is_a_reading_in_the_outbox(gateway: Gateway, bridge: Bridge) -> None:
    async with running(gateway):
        await connected(gateway)
        bridge.say("door", contact=True, battery=97)
        bridge.say("door", contact=False)
        await until_true(lambda: len(gateway.readings("door", Quantity.OPENING)) == 2)
    assert [r.value for r in gateway.readings("door", Quantity.OPENING)] == [False, True]
    assert {r.quality for r in gateway.readings("door", Quantity.OPENING)} == {Quality.GOOD}
    assert "door" in gateway.pipeline.silent_s()


async def test_the_action_of_an_sos_button_is_an_alarm(gateway: Gateway, bridge: Bridge) -> None:
    async with running(gateway):
        await connected(gateway)
        bridge.press("sos", "emergency")
        await until_true(gateway.alarms)
    (alarm,) = gateway.alarms()
    assert (alarm.kind, alarm.state, alarm.device) == (AlarmKind.SOS, AlarmState.RAISED, "sos")
    assert [event.detail for event in gateway.events()] == ["emergency"]


async def test_smoke_is_an_alarm(gateway: Gateway, bridge: Bridge) -> None:
    async with running(gateway):
        await connected(gateway)
        bridge.say("smoke", smoke=False, battery_low=False)
        bridge.say("smoke", smoke=True)
        await until_true(gateway.alarms)
    (alarm,) = gateway.alarms()
    assert (alarm.kind, alarm.state, alarm.device) == (AlarmKind.SMOKE, AlarmState.RAISED, "smoke")


async def test_smoke_shuts_the_gas_and_a_valve_that_is_deaf_at_first_is_told_again(
    tmp_path: Path, broker: Broker, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.valves.EVERY_S", 0.5)
    tap = {"name": "gas-tap", "kind": "gas_valve", "codec": "zigbee2mqtt_valve"}
    devices = [*DEVICES, tap | {"topic": "zigbee2mqtt/gas-tap"}]
    agent, stop = Agent(settings(tmp_path, broker.port, device=devices)), asyncio.Event()
    told: list[bytes] = []
    with listener(broker, "zigbee2mqtt/gas-tap/set", told.append):
        agent_runs = asyncio.create_task(agent.run(stop))
        while not told:  # the agent connects in its own time
            bridge.say("smoke", smoke=True)
            await asyncio.sleep(0.1)
        await until_true(lambda: len(told) >= 2)
        bridge.say("gas-tap", state="OFF")
        await until_true(lambda: not agent.pipeline.valves.disobeyed)
        stop.set()
        await agent_runs
    assert set(told) == {b'{"state":"OFF"}'}
    box = Outbox(tmp_path / "agent" / "outbox.sqlite", GATEWAY)
    alarms = [r for f in box.take(Lane.ALARM, 100_000) for r in envelope.parse(f.payload).records]
    box.close(datetime.now(UTC))
    smoke = next(r for r in alarms if isinstance(r, Alarm) and r.kind is AlarmKind.SMOKE)
    assert "valve" in smoke.actions


async def test_a_node_tells_of_breath_of_a_fall_and_of_its_own_end(broker: Broker, gateway: Gateway) -> None:
    node = Node(broker.port, "radar-bedroom", "cloud", "cloud")
    async with running(gateway):
        await connected(gateway)
        async with running(node):
            await until_true(lambda: node.is_connected)
            node.measure("sensor/breath", 16)
            node.measure("sensor/breath", float("nan"))
            node.switch("binary_sensor/fall")
            await until_true(gateway.alarms)
            await until_true(lambda: len(gateway.readings("radar", Quantity.RESPIRATION_RATE)) == 2)
        with publisher(broker) as publish:  # the broker's word when a node is cut off
            publish("radar-bedroom/status", b"offline", retain=True)
            await until_true(lambda: len(gateway.readings("radar", Quantity.PROBLEM)) == 2)
    assert [r.value for r in gateway.readings("radar", Quantity.RESPIRATION_RATE)] == [16.0, None]
    assert [r.value for r in gateway.readings("radar", Quantity.PROBLEM)] == [False, True]
    assert [(a.kind, a.state) for a in gateway.alarms()] == [(AlarmKind.FALL, AlarmState.SUSPECTED)]


# -- what a broker remembers ---------------------------------------------------------------------------


REMEMBERED = {
    "zigbee2mqtt/sos": b'{"action":"emergency","battery":90}',
    "zigbee2mqtt/hall": b'{"occupancy":true,"temperature":20}',
    "zigbee2mqtt/door": b'{"contact":false,"battery":97}',
    "radar-bedroom/binary_sensor/fall/state": b"ON",
}


async def test_what_the_broker_remembers_is_no_press_no_fall_and_no_sign_of_life(
    broker: Broker, gateway: Gateway
) -> None:
    with publisher(broker) as publish:
        for topic, payload in REMEMBERED.items():
            publish(topic, payload, qos=1, retain=True).wait_for_publish(60)
        async with running(gateway):
            await until_true(lambda: gateway.figure("retained") == len(REMEMBERED))
            publish("zigbee2mqtt/smoke", b'{"smoke":false}')  # of now, so all that is old was taken before it
            await until_true(lambda: gateway.readings("smoke", Quantity.SMOKE))
    assert gateway.alarms() == []
    assert gateway.events() == []
    assert list(gateway.pipeline.silent_s()) == ["smoke"]
    old = [r for r in gateway.stored(Lane.BULK) if isinstance(r, Reading) and r.device != "smoke"]
    assert sorted((r.device, r.quantity, r.value, r.quality) for r in old) == [
        ("door", Quantity.OPENING, True, Quality.ESTIMATED),
        ("radar", Quantity.FALL_STATE, True, Quality.ESTIMATED),
    ]


async def test_smoke_that_began_while_nobody_listened_is_an_alarm_once(
    broker: Broker, gateway: Gateway
) -> None:
    with publisher(broker) as publish:
        publish("zigbee2mqtt/smoke", b'{"smoke":true}', qos=1, retain=True).wait_for_publish(60)

        async def connect(time: int, word: bytes) -> None:
            async with running(gateway):
                await until_true(lambda: gateway.figure("retained") == time)
                publish("zigbee2mqtt/bridge/state", word)  # of now: what is old was taken before it
                await until_true(lambda: len(gateway.readings("bridge", Quantity.PROBLEM)) == time)

        await connect(1, b"online")
        await connect(2, b"offline")
    assert [alarm.kind for alarm in gateway.alarms()] == [AlarmKind.SMOKE]
    assert gateway.pipeline.silent_s() == {}


async def test_the_end_of_the_bridge_is_a_problem_reading(broker: Broker, gateway: Gateway) -> None:
    async with running(gateway):
        await connected(gateway)
        with publisher(broker) as publish:  # its last will, published by the broker
            publish("zigbee2mqtt/bridge/state", b'{"state":"offline"}', retain=True)
            await until_true(lambda: gateway.readings("bridge", Quantity.PROBLEM))
    assert [r.value for r in gateway.readings("bridge", Quantity.PROBLEM)] == [True]
    assert gateway.pipeline.silent_s() == {}
