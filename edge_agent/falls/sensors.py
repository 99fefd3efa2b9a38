"""The same movement as another sensor would have felt it.

What this is: training material for sensors nobody recorded with: slower, of a smaller range, noisier, worn at
another angle, with a link that came late or broke early. What it is not: part of the gateway's work. The one
idea: a model that has only seen one sensor learns that sensor; each example is therefore shown a second time
as a sensor drawn at random would give it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from edge_agent.falls.around import AFTER, BEFORE
from edge_agent.falls.candidates import RATE_HZ, Floats
from edge_agent.falls.resample import Resampler

RATES_HZ: Final = (20.0, 25.0, 32.0, 40.0, 50.0)
"""Rates of the sensors drawn. Faster ones are averaged to 50 Hz, which the recordings are already."""
RANGES_G: Final = (2.0, 4.0, 8.0, 16.0)
NOISE_G: Final = 0.01
"""Standard deviation of the noise added to each axis: several times that of a common accelerometer."""
CUT_SHARE: Final = 0.5
"""Share of the contexts whose link came less than 4 s before the peak, and of those whose link broke less
than 3 s after it: a body may lie on its sensor."""
SHORTEST_S: Final = (0.5, 0.8)
"""What is received at least before the peak, and after it; the rest is held, as the gateway holds it."""
SHIFT_S: Final = 0.1
"""How far a slower sensor may move the highest sample; the peak is looked for again within it."""


def as_others(context: Floats, seed: int) -> Floats:
    """Each of the contexts (see ``around.contexts``) as felt by another sensor, drawn at random."""
    draw = np.random.default_rng(seed)
    turned = np.einsum("nlk,nkj->nlj", context, np.linalg.qr(draw.normal(size=(len(context), 3, 3)))[0])
    noisy = turned + draw.normal(0, NOISE_G, turned.shape)
    range_g = draw.choice(RANGES_G, len(context))[:, None, None]
    clipped = np.clip(noisy, -range_g, range_g)
    rate_hz = draw.choice(RATES_HZ, len(context))
    phase = draw.random(len(context))
    slow = [_slower(*one) for one in zip(clipped, rate_hz, phase, strict=True)]
    return _at_peak(np.stack(slow)) if slow else context


def cut_short(context: Floats, seed: int) -> Floats:
    """The contexts as received when, drawn at random, the link came late or broke early: the outermost
    sample is held, as the gateway holds it.
    """
    draw, count = np.random.default_rng(seed), len(context)
    before, after = (
        np.where(
            draw.random(count) < CUT_SHARE,
            np.rint(draw.uniform(least_s, most / RATE_HZ, count) * RATE_HZ).astype(np.intp),
            most,
        )
        for least_s, most in zip(SHORTEST_S, (BEFORE, AFTER), strict=True)
    )
    received = np.clip(
        np.arange(context.shape[1])[None, :], (BEFORE - before)[:, None], (BEFORE + after)[:, None]
    )
    return np.take_along_axis(context, received[:, :, None], axis=1)


def _slower(context: Floats, rate_hz: float, phase: float) -> Floats:
    """One context taken at ``rate_hz``, then brought back to 50 Hz as the gateway does it."""
    step = RATE_HZ / rate_hz
    taken = np.arange(phase * step, len(context) - 1, step)
    low = taken.astype(np.intp)
    share = (taken - low)[:, None]
    again = Resampler(rate_hz).feed(context[low] * (1 - share) + context[low + 1] * share)
    late = round(taken[0])
    edges = (late, max(len(context) - late - len(again), 0))
    return np.pad(again, (edges, (0, 0)), mode="edge")[: len(context)]


def _at_peak(context: Floats) -> Floats:
    """The contexts moved so that the highest sample near the peak is at its place again."""
    reach = round(SHIFT_S * RATE_HZ)
    near = context[:, BEFORE - reach : BEFORE + reach + 1]
    moved = np.einsum("nlk,nlk->nl", near, near).argmax(axis=1) - reach
    places = np.clip(np.arange(context.shape[1])[None, :] + moved[:, None], 0, context.shape[1] - 1)
    return np.take_along_axis(context, places[:, :, None], axis=1)
