"""From a simulated device on a pty, through the real driver and pipeline, to rules and outbox."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from edge_agent.clock import Clock
from edge_agent.configuration import parse
from edge_agent.drivers import build_all
from edge_agent.outbox import Outbox
from edge_agent.pipeline import Pipeline
from edge_agent.prompt import Announcer
from edge_agent.rules import RULES, Home, Rule, Sight
from firmware_protocols.model import (
    Alarm,
    DeviceId,
    JsonValue,
    Quality,
    Quantity,
    Reading,
)
from firmware_protocols.serial import ti_mmwave
from firmware_protocols.serial.bed_mat import State
from firmware_protocols.serial.enocean import Handle
from firmware_protocols.serial.ti_mmwave import Target
from simulators.bed_mat import Mat
from simulators.enocean_stick import EnoceanStick
from simulators.serial_devices import Cable
from tests.unit.edge_agent.household import GATEWAY, counting


class Witness:
    """A rule that looks and says nothing."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []

    def see(self, sight: Sight, now: object) -> list[Alarm]:
        if isinstance(sight, Reading):
            self.readings.append(sight)
        return []

    def tick(self, now: object) -> list[Alarm]:
        return []

    def state(self) -> JsonValue:
        return None

    def restore(self, state: JsonValue) -> None:
        return None

    def last(self, device: str) -> dict[Quantity, tuple[float | bool | None, Quality]]:
        """What a device said last of each quantity."""
        return {each.quantity: (each.value, each.quality) for each in self.readings if each.device == device}


class Gateway:
    """Drivers, pipeline, rules and outbox as the agent puts them together."""

    def __init__(self, folder: Path, lines: list[dict[str, Any]]) -> None:
        settings = parse(
            {
                "gateway": {"id": GATEWAY, "shard": 1, "data_dir": str(folder)},
                "uplink": {"host": "h", "secret": "s"},
                "serial": lines,
            }
        )
        kinds = {name: str(device.kind) for name, device in settings.devices.items()}
        home = Home(kinds, counting())
        self.witness = Witness()
        rules: dict[str, Rule] = {name: make(home) for name, make in RULES.items()}
        self.outbox = Outbox(folder / "outbox.sqlite", GATEWAY)
        self.pipeline = Pipeline(
            settings.devices, self.outbox, {**rules, "witness": self.witness}, Announcer(), Clock()
        )
        self.drivers = build_all(settings)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """All ports open."""
        tasks = [asyncio.create_task(driver.run(self.pipeline.take)) for driver in self.drivers]
        await until(lambda: all(driver.health()["open"] for driver in self.drivers))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self.outbox.close(self.pipeline.clock.now())


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not what():  # noqa: ASYNC110 - the far end is another thread
            await asyncio.sleep(0.01)


async def test_what_a_ti_radar_sees_reaches_the_rules(tmp_path: Path) -> None:
    """HEIGHT and PRESENCE are what a rule needs to find somebody on the floor."""
    line = Cable(tmp_path / "radar")
    gateway = Gateway(
        tmp_path, [{"name": "radar", "codec": "ti_people_tracking", "port": str(line.link), "baud": 921_600}]
    )
    async with gateway.running():
        line.send(
            ti_mmwave.encode(
                [
                    (ti_mmwave.TARGETS, ti_mmwave.encode_targets([Target(3, 0.3, 1.6, z=0.2)])),
                    (ti_mmwave.HEIGHTS, ti_mmwave.encode_heights({3: 0.34})),
                    (ti_mmwave.PRESENCE, ti_mmwave.encode_presence(True)),
                ]
            )
        )
        await until(lambda: Quantity.HEIGHT in gateway.witness.last("radar"))
    assert gateway.witness.last("radar") == {
        Quantity.TARGETS: (1.0, Quality.GOOD),
        Quantity.PRESENCE: (True, Quality.GOOD),
        Quantity.MOTION: (False, Quality.GOOD),
        Quantity.DISTANCE: (1.6, Quality.GOOD),
        Quantity.HEIGHT: (0.3, Quality.GOOD),
    }
    line.pull()


async def test_each_device_behind_a_stick_is_heard_and_missed_by_itself(tmp_path: Path) -> None:
    stick = EnoceanStick(tmp_path / "stick")
    gateway = Gateway(
        tmp_path,
        [
            {
                "name": "stick",
                "codec": "enocean",
                "port": str(stick.cable.link),
                "baud": 57_600,
                "device": [
                    {"address": "01825DAB", "name": "door", "kind": "door"},
                    {"address": "00298979", "name": "cord", "kind": "sos_button"},
                    {"address": "01020304", "name": "window", "kind": "window"},
                ],
            }
        ],
    )
    urgent: list[str] = []
    gateway.pipeline.appended = lambda: urgent.append("an alarm or an event")
    async with gateway.running():
        stick.show("01825DAB", closed=False)
        stick.press("00298979")
        stick.show("FFDBA5ED", closed=True)
        await until(lambda: urgent and gateway.drivers[0].health()["strangers"] == 1.0)
        assert set(gateway.pipeline.silent_s()) == {"door", "cord"}
        stick.turn("01020304", Handle.DOWN)
        await until(lambda: DeviceId("window") in gateway.pipeline.silent_s())
    assert gateway.witness.last("door") == {Quantity.OPENING: (True, Quality.GOOD)}
    assert gateway.witness.last("window") == {Quantity.OPENING: (False, Quality.GOOD)}
    assert not gateway.pipeline.refused
    stick.cable.pull()


async def test_a_bed_mat_whose_cable_is_cut_says_neither_in_bed_nor_out(tmp_path: Path) -> None:
    mat = Mat(tmp_path / "mat")
    gateway = Gateway(
        tmp_path,
        [{"name": "bed", "codec": "bed_mat", "port": str(mat.cable.link), "baud": 9_600, "kind": "bed"}],
    )
    async with gateway.running():
        for second in range(5):
            mat.feel(60, float(second))
        await until(lambda: gateway.witness.last("bed").get(Quantity.IN_BED) == (True, Quality.GOOD))
        assert gateway.witness.last("bed")[Quantity.BED_LOAD] == (60.0, Quality.GOOD)
        mat.fail(State.CABLE, 6.0)
        await until(lambda: gateway.witness.last("bed")[Quantity.PROBLEM] == (True, Quality.GOOD))
    assert gateway.witness.last("bed")[Quantity.IN_BED] == (None, Quality.NO_VALUE)
    assert gateway.witness.last("bed")[Quantity.BED_LOAD] == (None, Quality.NO_VALUE)
    mat.cable.pull()
