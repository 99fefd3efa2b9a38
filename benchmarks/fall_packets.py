"""Worse packets than recorded: what becomes of a wearable's windows on the way, for ``benchmarks.falls``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from firmware_protocols.model import MotionWindow

Change = Callable[[Iterable[MotionWindow]], Iterator[MotionWindow]]


def as_sent(sent: Iterable[MotionWindow]) -> Iterator[MotionWindow]:
    """Nothing is changed."""
    yield from sent


def one_in_twenty_lost(sent: Iterable[MotionWindow]) -> Iterator[MotionWindow]:
    """Packets 10, 30, 50, … never arrive."""
    return (window for window in sent if window.counter % 20 != 10)


def twenty_hertz(sent: Iterable[MotionWindow]) -> Iterator[MotionWindow]:
    """A sensor that takes every second and third sample of five: 20 Hz, as sparse as cheap wearables send."""
    for window in sent:
        kept = tuple(s for n, s in enumerate(window.samples_mg) if n % 5 in (2, 4))
        if kept:
            yield replace(window, rate_hz=20.0, samples_mg=kept)


def four_g(sent: Iterable[MotionWindow]) -> Iterator[MotionWindow]:
    """A sensor whose full scale is ±4 g."""
    for window in sent:
        cut = np.clip(np.array(window.samples_mg), -4000, 4000).tolist()
        yield replace(window, range_g=4.0, samples_mg=tuple((x, y, z) for x, y, z in cut))


CHANGES: Final[Mapping[str, Change]] = {
    "as sent": as_sent,
    "one packet in 20 lost": one_in_twenty_lost,
    "20 Hz": twenty_hertz,
    "±4 g": four_g,
}
