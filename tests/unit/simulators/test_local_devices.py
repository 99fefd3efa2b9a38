"""A bridge and a node say and repeat what the real ones do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulators.local_devices import Bridge, LocalDevices, Node

Sent = list[tuple[str, bytes, bool]]


class Wire:
    """Takes what is published."""

    def __init__(self) -> None:
        self.sent: Sent = []

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.sent.append((topic, payload, retain))

    def said(self) -> dict[str, Any]:
        """The last payload of each topic."""
        return {topic: json.loads(payload) for topic, payload, _ in self.sent}


def wired(part: Bridge | Node, monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    monkeypatch.setattr(part, "_connection", wire)
    return wire


def test_the_bridge_adds_what_is_new_to_what_it_knows_and_retains_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bridge = Bridge(0, "", "")
    wire = wired(bridge, monkeypatch)
    bridge.say("door", contact=True)
    bridge.say("door", battery=97)
    assert wire.said() == {"zigbee2mqtt/door": {"linkquality": 96, "contact": True, "battery": 97}}
    assert not any(retain for _, _, retain in wire.sent)


def test_a_press_is_told_once_and_never_repeated_from_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = Bridge(0, "", "")
    wire = wired(bridge, monkeypatch)
    bridge.press("pendant", "emergency")
    bridge._connected()
    first, online, again = wire.sent
    assert json.loads(first[1])["action"] == "emergency"
    assert online == ("zigbee2mqtt/bridge/state", b'{"state":"online"}', True)
    assert again == ("zigbee2mqtt/pendant", b'{"linkquality":96}', False)


def test_a_node_retains_its_states_and_says_them_again(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(0, "radar", "", "")
    wire = wired(node, monkeypatch)
    node.switch("binary_sensor/fall")
    node.measure("sensor/breath", 16)
    node._connected()
    assert wire.sent == [
        ("radar/binary_sensor/fall/state", b"ON", True),
        ("radar/sensor/breath/state", b"16.0", True),
        ("radar/status", b"online", True),
        ("radar/binary_sensor/fall/state", b"ON", True),
        ("radar/sensor/breath/state", b"16.0", True),
    ]


async def test_everything_can_be_made_to_happen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    devices = LocalDevices(0, "", "", "radar")
    bridge, node = wired(devices._bridge, monkeypatch), wired(devices._node, monkeypatch)
    for device, action, arguments in (
        ("door", "say", {"contact": False}),
        ("sos", "press", {"how": "emergency"}),
        ("door", "reach", {"online": False}),
        ("binary_sensor/fall", "switch", {"on": True}),
        ("sensor/breath", "measure", {"value": 16}),
    ):
        await devices.act(device, action, lambda _: None, arguments)
    assert set(bridge.said()) == {"zigbee2mqtt/door", "zigbee2mqtt/sos", "zigbee2mqtt/door/availability"}
    assert [topic for topic, _, _ in node.sent] == [
        "radar/binary_sensor/fall/state",
        "radar/sensor/breath/state",
    ]
    with pytest.raises(KeyError):
        await devices.act("door", "explode", lambda _: None, {})
