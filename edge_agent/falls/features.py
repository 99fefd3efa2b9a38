"""What a peak looked like: numbers that do not change when the sensor is turned on the body.

What this is: pure, vectorised arithmetic on a 7-second context around each candidate. What it is not: tied to
a model; the trained file names the features it wants. The one idea: only magnitudes, angles between two
moments of the same sensor, and components along or across *its own* gravity are used, so a pendant worn
upside down gives the same numbers. All accelerations in g, all times in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from edge_agent.falls.around import BEFORE, angle, cut, jerk, mean
from edge_agent.falls.candidates import RATE_HZ, Floats
from edge_agent.falls.posture import POSTURE, posture

LIGHT_G: Final = 0.8
"""Below this the body is giving way."""
HEAVY_G: Final = 1.5
STEP_G: Final = 1.15
"""Each step lifts the magnitude above this once."""
LEAN_G: Final = 0.5
"""A component across gravity that upright walking rarely reaches."""

MAGNITUDE_STEPS_S: Final = tuple(round(-1 + 0.1 * step, 1) for step in range(20))
"""Starts of the 0.1-s steps in which the magnitude's course around the peak is told."""
ALONG_STEPS_S: Final = tuple(round(-1 + 0.2 * step, 1) for step in range(10))
"""Starts of the 0.2-s steps in which the course of the component along earlier gravity is told."""

FEATURES: Final[Mapping[str, str]] = {
    "peak": "magnitude of the peak",
    "second": "highest magnitude more than 0.3 s away from the peak, 3 s before to 2 s after",
    "dip": "lowest 60-ms mean in the last second before the peak (free fall tends to 0)",
    "dip_to_peak_s": "time from that dip to the peak",
    "rise": "peak minus dip",
    "light_s": "time below 0.8 g in the 1.5 s before the peak",
    "lost_speed": "integral of (1 g - magnitude), where positive, over the 1.5 s before the peak (g·s)",
    "heavy_s": "time above 1.5 g within 0.5 s of the peak",
    "width_s": "time above half of the peak's excess over 1 g within 0.5 s of the peak",
    "impact_energy": "mean squared deviation from 1 g within 0.5 s of the peak",
    "jerk_peak": "largest change between neighbouring samples within 0.3 s of the peak (g per sample)",
    "jerk_impact": "mean change between neighbouring samples within 0.5 s of the peak",
    "jerk_fall": "mean change between neighbouring samples from 1.5 to 0.3 s before the peak",
    "jerk_before": "mean change between neighbouring samples from 3 to 1.5 s before the peak",
    "jerk_settle": "mean change between neighbouring samples from 0.4 to 1 s after the peak",
    "jerk_after": "mean change between neighbouring samples from 1 to 2 s after the peak",
    "std_before": "spread of the magnitude from 3 to 1.5 s before the peak",
    "std_fall": "spread of the magnitude from 1.5 to 0.3 s before the peak",
    "std_settle": "spread of the magnitude from 0.4 to 1 s after the peak",
    "std_after": "spread of the magnitude from 1 to 2 s after the peak",
    "mean_fall": "mean magnitude from 1 to 0.1 s before the peak",
    "mean_after": "mean magnitude from 1 to 2 s after the peak",
    "top_before": "highest magnitude from 3 to 1 s before the peak",
    "top_after": "highest magnitude from 1 to 2 s after the peak",
    "bottom_after": "lowest magnitude from 0.2 to 2 s after the peak",
    "steps_before": "upward crossings of 1.15 g from 3 to 0.5 s before the peak",
    "steps_after": "upward crossings of 1.15 g from 0.5 to 2 s after the peak",
    "turn_total": "angle between the means 3 to 1.5 s before and 1.25 to 2 s after the peak (degrees)",
    "turn_late": "angle between the means 1 to 0.3 s before and 1.25 to 2 s after the peak (degrees)",
    "turn_early": "angle between the means 3 to 1.5 s before and 0.6 to 0.2 s before the peak (degrees)",
    "turn_settle": "angle between the means 0.3 to 0.8 s after and 1.25 to 2 s after the peak (degrees)",
    "turn_impact": "angle between the means 3 to 1.5 s before and 0.3 to 0.8 s after the peak (degrees)",
    "turn_peak": "angle between the mean 3 to 1.5 s before the peak and the peak itself (degrees)",
    "path": "summed angle between consecutive 0.2-s means from 1.5 s before to 1 s after the peak (degrees)",
    "along_peak": "largest component along earlier gravity within 0.3 s of the peak",
    "along_dip": "smallest component along earlier gravity in the last second before the peak",
    "across_peak": "largest component across earlier gravity within 0.3 s of the peak",
    "across_fall": "mean component across earlier gravity from 1 to 0.1 s before the peak",
    "lean_rise_s": "time in the last second with more than 0.5 g across earlier gravity",
    "spread_strong": "spread of the acceleration within 0.5 s of the peak in its strongest direction",
    "spread_middle": "spread in the next strongest direction across it",
    "spread_weak": "spread in the remaining direction (near 0: a movement in one plane)",
    "wander_after": "square root of the summed variance of the three axes from 1 to 2 s after the peak",
    "wander_before": "square root of the summed variance of the three axes from 3 to 1.5 s before the peak",
    "quiet_std": "spread of the magnitude from 3 to 2 s before the peak",
    "quiet_jerk": "mean change between neighbouring samples from 3 to 2 s before the peak",
    "quiet_top": "highest magnitude from 3 to 2 s before the peak",
    "turn_begin": "angle between the means 3 to 1.5 s and 2 to 1 s before the peak (degrees)",
    "speed_top": "largest change of velocity from 1 s before to 1 s after the peak, gravity taken off (g·s)",
    "speed_peak": "change of velocity from 1 s before the peak to it, gravity taken off (g·s)",
    "push": "integral of the magnitude within 0.3 s of the peak (g·s)",
    "slow_top": "highest of the 0.1-s means of the magnitude within 1 s of the peak",
    "slow_bottom": "lowest of the 0.1-s means of the magnitude within 1 s of the peak",
    "slow_dip": "lowest of the 0.1-s means of the magnitude in the last second before the peak",
    "slow_top_s": "when the highest of the 0.1-s means begins (s after the peak)",
    "slow_bottom_s": "when the lowest of the 0.1-s means begins (s after the peak)",
    **POSTURE,
    **{
        f"magnitude_{at:+.1f}": f"mean magnitude for 0.1 s from {at:+.1f} s of the peak"
        for at in MAGNITUDE_STEPS_S
    },
    **{
        f"along_{at:+.1f}": f"mean along earlier gravity for 0.2 s from {at:+.1f} s of the peak"
        for at in ALONG_STEPS_S
    },
}
NAMES: Final = tuple(FEATURES)


def measure(context: Floats) -> dict[str, Floats]:
    """All features by name; each is an array with one number per context."""
    magnitude = np.sqrt(np.einsum("nlk,nlk->nl", context, context))
    return {
        **_fall_and_impact(magnitude),
        **_surroundings(context, magnitude),
        **_turns(context),
        **_components(context),
        **_course(context, magnitude),
        **posture(context, magnitude),
    }


def _fall_and_impact(magnitude: Floats) -> dict[str, Floats]:
    peak = magnitude[:, BEFORE]
    fall, impact = cut(magnitude, -1.5, 0), cut(magnitude, -0.5, 0.5)
    last = cut(magnitude, -1.04, -0.02)
    smooth = (last[:, :-2] + last[:, 1:-1] + last[:, 2:]) / 3
    dip = smooth.min(axis=1)
    elsewhere = np.maximum(cut(magnitude, -3, -0.32).max(axis=1), cut(magnitude, 0.32, 2).max(axis=1))
    excess = 1 + (peak - 1)[:, None] / 2
    return {
        "peak": peak,
        "second": elsewhere,
        "dip": dip,
        "dip_to_peak_s": (smooth.shape[1] + 1 - smooth.argmin(axis=1)) / RATE_HZ,
        "rise": peak - dip,
        "light_s": (fall < LIGHT_G).sum(axis=1) / RATE_HZ,
        "lost_speed": np.maximum(1 - fall, 0).sum(axis=1) / RATE_HZ,
        "heavy_s": (impact > HEAVY_G).sum(axis=1) / RATE_HZ,
        "width_s": (impact > excess).sum(axis=1) / RATE_HZ,
        "impact_energy": ((impact - 1) ** 2).mean(axis=1),
    }


def _surroundings(context: Floats, magnitude: Floats) -> dict[str, Floats]:
    change = jerk(context)
    up = np.zeros(magnitude.shape)
    up[:, 1:] = (magnitude[:, 1:] >= STEP_G) & (magnitude[:, :-1] < STEP_G)
    return {
        "jerk_peak": cut(change, -0.3, 0.3).max(axis=1),
        "jerk_impact": cut(change, -0.5, 0.5).mean(axis=1),
        "jerk_fall": cut(change, -1.5, -0.3).mean(axis=1),
        "jerk_before": cut(change, -3, -1.5).mean(axis=1),
        "jerk_settle": cut(change, 0.4, 1).mean(axis=1),
        "jerk_after": cut(change, 1, 2).mean(axis=1),
        "quiet_jerk": cut(change, -3, -2).mean(axis=1),
        "quiet_std": cut(magnitude, -3, -2).std(axis=1),
        "quiet_top": cut(magnitude, -3, -2).max(axis=1),
        "std_before": cut(magnitude, -3, -1.5).std(axis=1),
        "std_fall": cut(magnitude, -1.5, -0.3).std(axis=1),
        "std_settle": cut(magnitude, 0.4, 1).std(axis=1),
        "std_after": cut(magnitude, 1, 2).std(axis=1),
        "mean_fall": cut(magnitude, -1, -0.1).mean(axis=1),
        "mean_after": cut(magnitude, 1, 2).mean(axis=1),
        "top_before": cut(magnitude, -3, -1).max(axis=1),
        "top_after": cut(magnitude, 1, 2).max(axis=1),
        "bottom_after": cut(magnitude, 0.2, 2).min(axis=1),
        "steps_before": cut(up, -3, -0.5).sum(axis=1),
        "steps_after": cut(up, 0.5, 2).sum(axis=1),
    }


def _turns(context: Floats) -> dict[str, Floats]:
    before, after, settle = mean(context, -3, -1.5), mean(context, 1.25, 2), mean(context, 0.3, 0.8)
    steps = np.stack([mean(context, -1.5 + 0.2 * k, -1.3 + 0.2 * k) for k in range(13)], axis=1)
    return {
        "turn_total": angle(before, after),
        "turn_late": angle(mean(context, -1, -0.3), after),
        "turn_begin": angle(before, mean(context, -2, -1)),
        "turn_early": angle(before, mean(context, -0.6, -0.2)),
        "turn_settle": angle(settle, after),
        "turn_impact": angle(before, settle),
        "turn_peak": angle(before, context[:, BEFORE]),
        "path": angle(steps[:, 1:], steps[:, :-1]).sum(axis=1),
    }


def _components(context: Floats) -> dict[str, Floats]:
    gravity = cut(context, -3, -1.5).mean(axis=1)
    length = np.linalg.norm(gravity, axis=1, keepdims=True)
    down = gravity / np.where(length > 0, length, 1)
    along = np.einsum("nlk,nk->nl", context, down)
    rest = context - along[:, :, None] * down[:, None, :]
    across = np.sqrt(np.einsum("nlk,nlk->nl", rest, rest))
    impact = cut(context, -0.5, 0.5)
    impact = impact - impact.mean(axis=1, keepdims=True)
    covariance = np.einsum("nlk,nlj->nkj", impact, impact) / impact.shape[1]
    spread = np.sqrt(np.maximum(np.linalg.eigvalsh(covariance), 0))
    return {
        "along_peak": cut(along, -0.3, 0.3).max(axis=1),
        "along_dip": cut(along, -1, 0).min(axis=1),
        "across_peak": cut(across, -0.3, 0.3).max(axis=1),
        "across_fall": cut(across, -1, -0.1).mean(axis=1),
        "lean_rise_s": (cut(across, -1, 0) > LEAN_G).sum(axis=1) / RATE_HZ,
        "spread_strong": spread[:, 2],
        "spread_middle": spread[:, 1],
        "spread_weak": spread[:, 0],
        "wander_after": np.sqrt(cut(context, 1, 2).var(axis=1).sum(axis=1)),
        "wander_before": np.sqrt(cut(context, -3, -1.5).var(axis=1).sum(axis=1)),
    }


def _course(context: Floats, magnitude: Floats) -> dict[str, Floats]:
    gravity = cut(context, -2, -1).mean(axis=1)
    length = np.linalg.norm(gravity, axis=1, keepdims=True)
    down = gravity / np.where(length > 0, length, 1)
    along = np.einsum("nlk,nk->nl", context, down)
    speed = np.cumsum(cut(context, -1, 1) - down[:, None, :], axis=1) / RATE_HZ
    fast = np.linalg.norm(speed, axis=2)
    slow = np.column_stack([cut(magnitude, at, at + 0.1).mean(axis=1) for at in MAGNITUDE_STEPS_S])
    drift = np.column_stack([cut(along, at, at + 0.2).mean(axis=1) for at in ALONG_STEPS_S])
    starts = np.array(MAGNITUDE_STEPS_S)
    return {
        "speed_top": fast.max(axis=1),
        "speed_peak": fast[:, RATE_HZ],
        "push": cut(magnitude, -0.3, 0.3).sum(axis=1) / RATE_HZ,
        "slow_top": slow.max(axis=1),
        "slow_bottom": slow.min(axis=1),
        "slow_dip": slow[:, starts < 0].min(axis=1),
        "slow_top_s": starts[slow.argmax(axis=1)],
        "slow_bottom_s": starts[slow.argmin(axis=1)],
        **{f"magnitude_{at:+.1f}": slow[:, step] for step, at in enumerate(MAGNITUDE_STEPS_S)},
        **{f"along_{at:+.1f}": drift[:, step] for step, at in enumerate(ALONG_STEPS_S)},
    }
