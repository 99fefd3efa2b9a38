"""The agent with a TI radar, an EnOcean stick and a bed mat on ptys; the cloud hears them all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_protocols.model import AlarmKind, AlarmState, Quantity, Reading
from firmware_protocols.serial.ti_mmwave import Target
from simulators.bed_mat import Mat
from simulators.enocean_stick import EnoceanStick
from simulators.ti_radar import TiRadar
from tests.scenario.edge_home import House, house, until

pytestmark = pytest.mark.services

LINES = """
[[serial]]
name = "radar-living"
codec = "ti_vitals"
port = "{folder}/radar-data"
baud = 921600
cli_port = "{folder}/radar-cli"
cli_file = "{folder}/radar.cfg"
[[serial]]
name = "stick"
codec = "enocean"
port = "{folder}/stick"
baud = 57600
[[serial.device]]
address = "01825DAB"
name = "door-front"
kind = "door"
[[serial.device]]
address = "00298979"
name = "cord-bath"
kind = "sos_button"
[[serial]]
name = "bed"
codec = "bed_mat"
port = "{folder}/mat"
baud = 9600
kind = "bed"
"""
TEXT = "sensorStop\nflushCfg\nchannelCfg 15 7 0\nsensorStart\n"


class Street:
    """The far ends of three cables; the radar lives on a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.radar = TiRadar(folder, "radar")
        self.stick = EnoceanStick(folder / "stick")
        self.mat = Mat(folder / "mat")
        (folder / "radar.cfg").write_text(TEXT)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def _live(self) -> None:
        self._task = self._loop.create_task(self.radar.run())
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            self._loop.close()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(10)
        self.radar.unplug()
        self.stick.cable.pull()
        self.mat.cable.pull()


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    street = Street(tmp_path)
    yield street
    street.close()


@pytest.fixture
def home(tmp_path: Path, street: Street) -> Iterator[House]:
    with house(tmp_path, "nats", extra=LINES.format(folder=tmp_path)) as built:
        yield built


def last(home: House, device: str) -> dict[Quantity, Reading]:
    """What the cloud has stored of a device, newest of each quantity."""
    readings = sorted(home.cloud.readings(), key=lambda reading: reading.observed_at)
    return {reading.quantity: reading for reading in readings if reading.device == device}


def values(home: House, device: str) -> dict[Quantity, float | bool | None]:
    return {quantity: reading.value for quantity, reading in last(home, device).items()}


def test_three_families_reach_the_cloud_and_a_pulled_cord_calls_for_help(home: House, street: Street) -> None:
    street.radar.people = (Target(1, 0.3, 1.6, z=0.2),)
    street.radar.tops_m = {1: 0.34}
    street.radar.rates = (58.0, 14.0)
    home.agent.start()
    until(lambda: home.agent.said().count("serial port open") == 4)
    for second in range(5):
        street.mat.feel(60, float(second))
    street.stick.show("01825DAB", closed=False)
    street.stick.show("FFDBA5ED", closed=True)
    street.stick.press("00298979")
    until(home.cloud.alarms)
    (alarm,) = home.cloud.alarms()
    assert (alarm.kind, alarm.state, alarm.device) == (AlarmKind.SOS, AlarmState.RAISED, "cord-bath")
    until(lambda: Quantity.RESPIRATION_RATE in values(home, "radar-living"))
    assert street.radar.heard == TEXT.splitlines()
    assert values(home, "radar-living") == {
        Quantity.TARGETS: 1.0,
        Quantity.PRESENCE: True,
        Quantity.MOTION: False,
        Quantity.DISTANCE: 1.6,
        Quantity.HEIGHT: 0.3,
        Quantity.HEART_RATE: 58.0,
        Quantity.RESPIRATION_RATE: 14.0,
    }
    until(lambda: values(home, "bed").get(Quantity.IN_BED) is True)
    assert values(home, "door-front") == {Quantity.OPENING: True}
    until(lambda: {"door-front", "cord-bath", "bed"} <= set(home.cloud.states[-1].devices))
    assert "stick" not in home.cloud.states[-1].devices
