"""What radars of each family say of one and the same room, in their own bytes.

What this is: the far end's words, pure. What it is not: the cable (``serial_devices``). The one idea: a
``Scene`` is what there is to be seen; each radar tells of it what its kind can, with the jitter of its kind.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from firmware_protocols.serial import ld2410, ld2450, micradar, tinyframe

JITTER_M: Final = 0.08
"""How far the distance of somebody who sits still wanders from report to report, standard deviation. [D]"""
JITTER_RATE: Final = 0.6
"""The same for a breathing or heart rate, per minute. [D]"""


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to be seen: at most one person, ``distance_m`` from the radar."""

    present: bool = True
    moving: bool = False
    fallen: bool = False
    distance_m: float = 2.0
    breaths: float = 15.0
    beats: float = 70.0


Speaker = Callable[[Scene, random.Random], bytes]
"""One report of a scene."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model of radar: how it speaks, and how often (reports per second)."""

    speak: Speaker
    rate_hz: float


def _micradar(scene: Scene, _rng: random.Random) -> bytes:
    movement = micradar.Movement.ACTIVE if scene.moving else micradar.Movement.STILL
    return (
        micradar.encode_heartbeat()
        + micradar.encode_presence(scene.present)
        + micradar.encode_movement(movement if scene.present else micradar.Movement.NONE)
        + micradar.encode_fall(scene.fallen)
    )


def _fall(scene: Scene, _rng: random.Random) -> bytes:
    return tinyframe.encode_presence(scene.present) + tinyframe.encode_fall(scene.fallen)


def _vitals(scene: Scene, rng: random.Random) -> bytes:
    """Rates come only of somebody who keeps still."""
    told = scene.present and not scene.moving
    return (
        tinyframe.encode_phases(rng.uniform(-4, 4), rng.uniform(-1, 1), rng.uniform(-1, 1))
        + tinyframe.encode_breathing_rate(_rate(scene.breaths, rng) if told else 0.0)
        + tinyframe.encode_heart_rate(_rate(scene.beats, rng) if told else 0.0)
        + tinyframe.encode_distance(100 * _distance(scene, rng) if scene.present else None)
    )


def _vitals_and_presence(scene: Scene, rng: random.Random) -> bytes:
    return tinyframe.encode_presence(scene.present, width=2) + _vitals(scene, rng)


def _ld2410(scene: Scene, rng: random.Random) -> bytes:
    centimetres = round(100 * _distance(scene, rng))
    if not scene.present:
        report = ld2410.Report(ld2410.Target.NOBODY)
    elif scene.moving:
        energy = rng.randrange(40, 101)
        report = ld2410.Report(ld2410.Target.MOVING, moving_cm=centimetres, moving_energy=energy)
    else:
        energy = rng.randrange(20, 61)
        report = ld2410.Report(ld2410.Target.STILL, still_cm=centimetres, still_energy=energy)
    return ld2410.encode(report)


def _ld2450(scene: Scene, rng: random.Random) -> bytes:
    if not scene.present:
        return ld2450.encode(())
    speed = rng.choice((-48, -32, 32, 48)) if scene.moving else 0
    return ld2450.encode((ld2450.Track(0, round(1000 * _distance(scene, rng)), speed, 360),))


def _distance(scene: Scene, rng: random.Random) -> float:
    return max(0.3, rng.gauss(scene.distance_m, JITTER_M))


def _rate(per_minute: float, rng: random.Random) -> float:
    return max(1.0, rng.gauss(per_minute, JITTER_RATE))


MODELS: Final[Mapping[str, Model]] = {
    "micradar": Model(_micradar, 0.1),
    "mr60fda2": Model(_fall, 1.0),
    "mr60bha2": Model(_vitals_and_presence, 10.0),
    "ld6002": Model(_vitals, 10.0),
    "ld6002c": Model(_fall, 1.0),
    "ld2410": Model(_ld2410, 10.0),
    "ld2450": Model(_ld2450, 10.0),
}
"""Serial codec to the radar that speaks it."""
