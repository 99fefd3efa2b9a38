"""Invented movements for the tests: rest, steps, a fall, as 50-Hz samples in milli-g."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.falls.candidates import Floats
from firmware_protocols.model import DeviceId, MotionWindow

START: Final = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
DEVICE: Final = DeviceId("pendant")
IMPACT_S: Final = 6.0


def fall(seconds: float = 12.0, seed: int = 7) -> Floats:
    """Standing, half a second of falling, about 6 g at ``IMPACT_S``, lying still on the side; N×3 in g."""
    noise = np.random.default_rng(seed)
    samples = np.tile([0.0, 0.0, 1.0], (round(seconds * 50), 1))
    impact = round(IMPACT_S * 50)
    samples[impact - 25 : impact] *= np.linspace(0.9, 0.2, 25)[:, None]
    samples[impact : impact + 4] = [[4.0, 1.0, 4.5], [2.5, 0.5, 2.0], [1.0, 0.2, 1.5], [1.8, 0.1, 0.4]]
    samples[impact + 4 :] = [1.0, 0.0, 0.0]
    return np.round(samples + noise.normal(0, 0.02, samples.shape), 3)


def walk(seconds: float = 12.0, seed: int = 3) -> Floats:
    """Steps of about 1.6 g twice a second; N×3 in g."""
    noise = np.random.default_rng(seed)
    time = np.arange(round(seconds * 50)) / 50
    up = 1 + 0.6 * np.sin(2 * np.pi * 2 * time) ** 5
    samples = np.column_stack([0.1 * np.sin(2 * np.pi * time), np.zeros_like(time), up])
    return np.round(samples + noise.normal(0, 0.03, samples.shape), 3)


def rotated(samples: Floats, seed: int = 1) -> Floats:
    """The same movement felt by a sensor mounted at a random angle."""
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    felt: Floats = samples @ turn.T
    return felt


def packets(
    samples: Floats,
    *,
    size: int = 25,
    rate_hz: float = 50.0,
    range_g: float = 16.0,
    counter: int = 0,
    start: datetime = START,
    device: DeviceId = DEVICE,
) -> Iterator[MotionWindow]:
    """``samples`` as a wearable sends them; the first sample is taken at ``start``."""
    whole: NDArray[np.int64] = np.rint(np.clip(samples, -range_g, range_g) * 1000).astype(np.int64)
    for number, first in enumerate(range(0, len(whole), size)):
        part = whole[first : first + size].tolist()
        yield MotionWindow(
            device=device,
            observed_at=start + timedelta(seconds=(first + len(part) - 1) / rate_hz),
            counter=(counter + number) % 65536,
            rate_hz=rate_hz,
            range_g=range_g,
            samples_mg=tuple((x, y, z) for x, y, z in part),
        )
