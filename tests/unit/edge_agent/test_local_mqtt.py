"""The rows between the network thread and the event loop, and what is said without a broker."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import pytest

from edge_agent.__main__ import main
from edge_agent.drivers import DriverError, Incoming
from edge_agent.drivers import local_mqtt as module
from edge_agent.drivers.local_mqtt import ROW, LocalMqtt, Rows
from edge_agent.settings import LocalDeviceSettings, LocalMqttSettings
from firmware_protocols.codec import Frame
from firmware_protocols.model import DeviceId
from tests.unit.edge_agent.household import NOON

HALL, SOS, DOOR = map(DeviceId, ("hall", "sos", "door"))


def message(device: DeviceId, number: int) -> Incoming:
    return Incoming("zigbee2mqtt", Frame(device, b"%d" % number, NOON))


def rounds(rows: Rows) -> list[list[tuple[str, int]]]:
    """What each round brings until nothing waits."""
    found = []
    while once := rows.round():
        found.append([(str(incoming.frame.device), int(incoming.frame.payload)) for incoming in once])
    return found


def quiet() -> None:
    """Nobody waits for these rows."""


def test_each_round_brings_one_message_of_each_topic_in_order() -> None:
    rows = Rows(quiet)
    for number in range(3):
        rows.put(HALL, message(HALL, number))
    rows.put(SOS, message(SOS, 0))
    rows.put(DOOR, message(DOOR, 0))
    assert rounds(rows) == [[("hall", 0), ("sos", 0), ("door", 0)], [("hall", 1)], [("hall", 2)]]
    assert rows.round() == []


def test_a_full_row_keeps_what_came_first_and_how_things_stand_now() -> None:
    rows = Rows(quiet)
    kept = [rows.put(HALL, message(HALL, number)) for number in range(1000)]
    rows.put(SOS, message(SOS, 0))
    assert kept == [True] * ROW + [False] * (1000 - ROW)
    first, *later = rounds(rows)
    assert first == [("hall", 0), ("sos", 0)], "a press does not wait behind another topic's flood"
    assert later == [[("hall", number)] for number in (*range(1, ROW - 1), 999)]


def test_the_bell_rings_only_when_nothing_waited() -> None:
    rung: list[bool] = []
    rows = Rows(lambda: rung.append(True))
    for number in range(100):
        rows.put(HALL, message(HALL, number))
    assert len(rung) == 1
    rounds(rows)
    rows.put(SOS, message(SOS, 0))
    assert len(rung) == 2


def test_between_two_threads_every_message_is_served_or_owned_up_to() -> None:
    bell = threading.Event()
    rows, sent, gave_way = Rows(bell.set), 20_000, [0]

    def fill() -> None:
        for number in range(sent):
            gave_way[0] += not rows.put(f"topic{number % 7}", message(HALL, number))
        rows.put(SOS, message(SOS, 0))

    thread = threading.Thread(target=fill)
    thread.start()
    served, latest = 0, list[tuple[str, int]]()
    while ("sos", 0) not in latest:  # the last one that is put
        assert bell.wait(60), "something waits and nobody rang"
        bell.clear()
        latest = [each for found in rounds(rows) for each in found]
        served += len(latest)
    thread.join()
    assert served - 1 + gave_way[0] == sent


async def test_a_broker_that_accepts_and_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frozen broker's kernel still accepts connections."""
    monkeypatch.setattr(module, "CONNECT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        driver = LocalMqtt(LocalMqttSettings(port=mute.getsockname()[1]))
        with pytest.raises(DriverError, match="does not answer"):
            async with asyncio.timeout(60):
                await driver.run(lambda _incoming: None)
    counts = {"messages", "retained", "unknown", "too_large", "dropped"}
    assert set(driver.health()) == {"connected", "fault"} | counts
    assert set(driver.health().values()) == {0.0}


NONSENSE = {
    "a topic longer than its message": b"\x30\x02\xff\xff",
    "a message without a topic": b"\x30\x00",
    "an answer to nothing": b"\x90\x00",
    "a kind that does not exist": b"\xf0\x00",
    "a message of 256 MB that never comes": b"\x30\xff\xff\xff\x7f" + bytes(100),
    "no MQTT": bytes(range(256)),
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE)
async def test_a_broker_that_speaks_nonsense_is_left(nonsense: bytes) -> None:
    """What it said before on a topic that is no UTF-8, or nobody's, is counted."""

    async def lie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"\x20\x02\x00\x00")  # welcome
        subscribe = await reader.read(1000)
        writer.write(b"\x90\x05" + subscribe[2:4] + b"\x01\x01\x01")  # all three topics
        writer.write(b"\x30\x05\x00\x02\xff\xfex" + b"\x30\x04\x00\x01ax" + nonsense)
        writer.close()

    server = await asyncio.start_server(lie, "127.0.0.1", 0)
    device = LocalDeviceSettings("door", "zigbee2mqtt", "zigbee2mqtt/door")
    driver = LocalMqtt(LocalMqttSettings(port=server.sockets[0].getsockname()[1], device=(device,)))
    delivered: list[Incoming] = []
    async with server:
        with pytest.raises(DriverError, match="is lost: the connection was closed"):
            async with asyncio.timeout(60):
                await driver.run(delivered.append)
    assert delivered == []
    assert driver.health()["unknown"] == 2


CONFIG = """
[gateway]
id = "gw-1"
shard = 3
data_dir = "{folder}"
[uplink]
host = "127.0.0.1"
secret = "s"
[local_mqtt]
port = {port}
[[local_mqtt.device]]
name = "door"
kind = "door"
room = "hall"
codec = "zigbee2mqtt"
topic = "zigbee2mqtt/door"
"""


def checked(folder: Path, port: int) -> int:
    file = folder / "edge.toml"
    file.write_text(CONFIG.format(folder=folder, port=port))
    return main(["check", "--config", str(file)])


def test_check_names_the_homes_broker_and_its_devices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert checked(tmp_path, port) == 0
    out = capsys.readouterr().out
    assert f"ok   broker in the home 127.0.0.1:{port} without TLS" in out
    assert "door door in hall" in out
    assert "drivers: local_mqtt" in out


def test_check_fails_for_a_broker_that_does_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens
        port = closed.getsockname()[1]
        assert checked(tmp_path, port) == 2
    assert f"BAD  broker in the home 127.0.0.1:{port} does not answer" in capsys.readouterr().out
