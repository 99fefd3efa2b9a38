"""What an accelerometer on the body feels, from a small physical model: rest, walking, a fall.

What this is: sequences of (x, y, z) in milli-g at a given rate, seeded. What it is not: recordings; none are
shipped, and no detector is tuned on these. The one idea: an accelerometer measures gravity less acceleration,
so free fall reads zero, ground contact reads a damped ringing, and lying reads gravity along another axis.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import Final

Sample = tuple[int, int, int]

RATE_HZ: Final = 50.0
RANGE_G: Final = 16.0
G: Final = 1_000.0
"""Milli-g in one g."""
_NOISE_MG: Final = 12.0
"""Sensor noise and tremor, one standard deviation."""
_STEP_HZ: Final = 1.7
"""Steps per second of a slow walk."""


def rest(seconds: float, rng: random.Random, *, lying: bool = False) -> Iterator[Sample]:
    """Sitting or standing (gravity along y), or ``lying`` (gravity along z)."""
    angle = math.pi / 2 if lying else 0.0
    for _ in range(round(seconds * RATE_HZ)):
        yield _felt(G, angle, rng)


def walk(seconds: float, rng: random.Random) -> Iterator[Sample]:
    """Slow walking: the trunk rises and falls once per step, with a sharper heel strike."""
    for index in range(round(seconds * RATE_HZ)):
        phase = 2 * math.pi * _STEP_HZ * index / RATE_HZ
        yield _felt(G + 180 * math.sin(phase) + 90 * math.sin(2 * phase), 0.06 * math.sin(phase / 2), rng)


def fall(rng: random.Random, *, still_s: float = 12.0) -> Iterator[Sample]:
    """A forward or sideways fall: loss of balance, descent, impact, then lying still for ``still_s``.

    The body turns like an inverted pendulum of about 0.9 m: the descent lasts some 0.6 s, in which the
    reading drops towards 0.3 g, and ends at about 4 m/s; the trunk's soft tissue rings at about 9 Hz.
    """
    yield from walk(1.5, rng)
    descent_s = rng.uniform(0.5, 0.7)
    steps = round(descent_s * RATE_HZ)
    for index in range(steps):
        done = (index + 1) / steps
        yield _felt(G * (1 - 0.7 * done**2), math.pi / 2 * done**2, rng)
    peak_g, ringing_hz, damping = rng.uniform(4.2, 6.5), rng.uniform(8, 10), rng.uniform(7, 10)
    for index in range(round(0.8 * RATE_HZ)):
        t = index / RATE_HZ
        blow = G * peak_g * math.exp(-damping * t) * math.cos(2 * math.pi * ringing_hz * t)
        yield _felt(G + blow, math.pi / 2 + 0.2 * math.exp(-3 * t) * math.sin(12 * t), rng)
    yield from rest(still_s, rng, lying=True)


def _felt(along_mg: float, angle: float, rng: random.Random) -> Sample:
    """``along_mg`` felt along an axis turned by ``angle`` from upright (y) to lying (z), with noise."""
    clip = RANGE_G * G
    axes = (0.05 * along_mg, along_mg * math.cos(angle), along_mg * math.sin(angle))
    x, y, z = (round(max(-clip, min(clip, axis + rng.gauss(0, _NOISE_MG)))) for axis in axes)
    return x, y, z
