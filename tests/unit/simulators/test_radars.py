"""Simulated radars speak the real bytes: read back by the real codecs, over a real pty."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.drivers import Incoming
from edge_agent.drivers.serial_port import SerialPort
from edge_agent.settings import SerialSettings
from edge_agent.supervise import supervise
from firmware_protocols.codec import Frame
from firmware_protocols.model import DeviceId, Event, EventKind, Observation, Quantity, Reading
from firmware_protocols.registry import CODECS, FRAMERS
from simulators.radars import MODELS, Scene
from simulators.serial_devices import Radar

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
VITAL = {"mr60bha2", "ld6002"}
FALLS = {"micradar", "mr60fda2", "ld6002c"}


def heard(codec: str, scene: Scene) -> list[Observation]:
    """What the codec reads of one report of ``scene``; each byte of it belongs to a frame."""
    framer = FRAMERS[codec]()
    frames = framer.feed(MODELS[codec].speak(scene, random.Random(1)))
    assert frames
    assert framer.discarded == 0
    decoded = [CODECS[codec].decode(Frame(DeviceId("radar"), frame, NOW)) for frame in frames]
    return [observation for each in decoded for observation in each.observations]


def values(codec: str, scene: Scene) -> dict[Quantity, float | bool | None]:
    return {o.quantity: o.value for o in heard(codec, scene) if isinstance(o, Reading)}


@pytest.mark.parametrize("codec", MODELS)
def test_a_radar_says_whether_somebody_is_there_as_far_as_its_kind_can(codec: str) -> None:
    here, gone = values(codec, Scene()), values(codec, Scene(present=False))
    if codec == "ld6002":
        assert here[Quantity.DISTANCE]
        assert gone[Quantity.DISTANCE] is None
    else:
        assert (here[Quantity.PRESENCE], gone[Quantity.PRESENCE]) == (True, False)


@pytest.mark.parametrize("codec", sorted(VITAL))
def test_rates_come_of_somebody_who_keeps_still(codec: str) -> None:
    still, moving = values(codec, Scene(breaths=15, beats=70)), values(codec, Scene(moving=True))
    assert still[Quantity.RESPIRATION_RATE] == pytest.approx(15, abs=3)
    assert still[Quantity.HEART_RATE] == pytest.approx(70, abs=3)
    assert moving[Quantity.RESPIRATION_RATE] is moving[Quantity.HEART_RATE] is None


@pytest.mark.parametrize("codec", sorted(FALLS))
def test_a_fall_is_an_event(codec: str) -> None:
    assert any(
        isinstance(o, Event) and o.kind is EventKind.FALL_SUSPECTED for o in heard(codec, Scene(fallen=True))
    )
    assert values(codec, Scene())[Quantity.FALL_STATE] is False


@pytest.mark.parametrize("codec", ["ld2410", "ld2450"])
def test_presence_radars_tell_motion_and_distance(codec: str) -> None:
    assert values(codec, Scene(moving=True))[Quantity.MOTION] is True
    assert values(codec, Scene(distance_m=3.0))[Quantity.DISTANCE] == pytest.approx(3.0, abs=0.5)


def test_every_serial_radar_can_be_simulated() -> None:
    assert set(MODELS) <= set(FRAMERS)
    assert set(MODELS) >= VITAL | FALLS | {"ld2410", "ld2450"}


@pytest.mark.parametrize("codec", ["mr60bha2", "ld2410"])
async def test_an_agents_driver_hears_it_through_a_cable_that_is_pulled_and_plugged(
    codec: str, tmp_path: Path
) -> None:
    radar = Radar(tmp_path / "ttyRADAR", codec)
    driver = SerialPort(SerialSettings("radar", codec, str(radar.link)))
    frames: list[Incoming] = []
    task = asyncio.create_task(
        supervise(driver.name, lambda: driver.run(frames.append), first_s=0.01, most_s=0.05)
    )
    async with asyncio.timeout(60):
        for opening in (1, 2):
            while driver.health()["openings"] < opening:  # noqa: ASYNC110 - a thread opens it
                await asyncio.sleep(0.01)
            radar.look(Scene())
            while not frames:  # noqa: ASYNC110 - a thread reads it
                await asyncio.sleep(0.01)
            frames.clear()
            if opening == 1:
                radar.cable.pull()
                radar.see(True, False)  # nobody is connected: lost
                radar.cable.plug()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    radar.close()
    assert not radar.link.exists()
    assert driver.health()["discarded"] == 0
