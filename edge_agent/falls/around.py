"""The seconds around a peak: how they are cut out of a stream, and the few operations on them.

What this is: the one definition of what a judgement may look at. What it is not: the judgement's numbers
(``features.py``, ``posture.py``). The one idea: time is counted from the peak, in seconds, so that every
feature says in its own words which part of the surroundings it means.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from edge_agent.falls.candidates import RATE_HZ, Floats, Indices

BEFORE: Final = 4 * RATE_HZ
"""Samples of context before a peak: enough to know the posture that the fall ends."""
AFTER: Final = 3 * RATE_HZ
"""Samples needed after a peak before it can be judged: the impact window, part of every alarm's latency.

Two seconds cannot tell somebody who lies from somebody who is getting up again.
"""


def contexts(acc_g: Floats, at: Indices) -> Floats:
    """The ``(len(at), BEFORE + 1 + AFTER, 3)`` surroundings of the samples ``at`` of ``acc_g`` (N×3, 50 Hz,
    in g).

    Beyond either end the outermost sample is held, as at the start of a stream.
    """
    offsets = np.arange(-BEFORE, AFTER + 1)
    rows = np.clip(np.asarray(at)[:, None] + offsets[None, :], 0, len(acc_g) - 1)
    return np.asarray(acc_g[rows], dtype=np.float64)


def cut(values: Floats, start_s: float, stop_s: float) -> Floats:
    """The part of ``values`` (time on axis 1) from ``start_s`` to ``stop_s`` relative to the peak, both
    included.
    """
    return values[:, BEFORE + round(start_s * RATE_HZ) : BEFORE + round(stop_s * RATE_HZ) + 1]


def mean(values: Floats, start_s: float, stop_s: float) -> Floats:
    """The mean of that part, one per context."""
    average: Floats = cut(values, start_s, stop_s).mean(axis=1)
    return average


def sliding_mean(values: Floats, length_s: float) -> Floats:
    """The means of all stretches of ``length_s`` within ``values`` (contexts × time)."""
    length = round(length_s * RATE_HZ)
    sums = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    means: Floats = (sums[:, length:] - sums[:, :-length]) / length
    return means


def jerk(context: Floats) -> Floats:
    """The change between neighbouring samples (g per sample), contexts × time."""
    step = np.diff(context, axis=1, prepend=context[:, :1])
    change: Floats = np.sqrt(np.einsum("nlk,nlk->nl", step, step))
    return change


def angle(one: Floats, other: Floats) -> Floats:
    """Angle between vectors on the last axis in degrees; 90 where either has no length."""
    norms: Floats = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    cosine = np.einsum("...k,...k->...", one, other) / np.where(norms > 0, norms, 1)
    turned: Floats = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return turned
