"""What became of the body: posture and stillness in the seconds before a peak and after it.

What this is: the features that tell somebody who stays down from somebody who lands and goes on. What it is
not: the impact itself (``features.py``). The one idea: a fall ends one posture and begins another, in which
there is calm; how hard it was depends on the floor and the sensor, this does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from edge_agent.falls.around import angle, cut, jerk, mean, sliding_mean
from edge_agent.falls.candidates import Floats

CALM_S: Final = 0.6
"""Length of the quietest and the loudest stretches looked for."""
STEP_S: Final = 0.25
"""Length of the steps along which the course of the posture is followed."""

POSTURE: Final[Mapping[str, str]] = {
    "turn_end": "angle between the means 3 to 1.5 s before and 2 to 3 s after the peak (degrees)",
    "turn_whole": "angle between the means 4 to 3 s before and 2 to 3 s after the peak (degrees)",
    "turn_drop": "angle between the means 0.5 to 0.1 s before and 2 to 3 s after the peak (degrees)",
    "turn_rest": "angle between the means 0.3 to 0.8 s and 2 to 3 s after the peak (degrees)",
    "turn_still": "angle between the means 1.25 to 2 s and 2 to 3 s after the peak (degrees)",
    "turn_earlier": "angle between the means 4 to 3 s and 3 to 1.5 s before the peak (degrees)",
    "path_after": "summed angle between consecutive 0.25-s means from 0.5 to 3 s after the peak (degrees)",
    "path_after_most": "largest angle between such means from 0.5 to 3 s after the peak (degrees)",
    "path_before": "summed angle between consecutive 0.25-s means from 4 to 0.5 s before the peak (degrees)",
    "path_before_most": "largest angle between such means from 4 to 0.5 s before the peak (degrees)",
    "calm_after": "least mean change between neighbouring samples over 0.6 s, 0.3 to 3 s after the peak",
    "loud_after": "greatest mean change between neighbouring samples over 0.6 s, 0.3 to 3 s after the peak",
    "calm_before": "least mean change between neighbouring samples over 0.6 s, 4 to 0.3 s before the peak",
    "jerk_end": "mean change between neighbouring samples from 2 to 3 s after the peak",
    "jerk_end_most": "largest change between neighbouring samples from 2 to 3 s after the peak",
    "std_end": "spread of the magnitude from 2 to 3 s after the peak",
    "wander_end": "square root of the summed variance of the three axes from 2 to 3 s after the peak",
    "top_soon": "highest magnitude from 0.3 to 1 s after the peak",
    "top_end": "highest magnitude from 2 to 3 s after the peak",
    "top_later": "highest magnitude from 1 to 3 s after the peak",
}


def posture(context: Floats, magnitude: Floats) -> dict[str, Floats]:
    """The features of ``POSTURE`` by name, one number per context."""
    return {**_turns(context), **_calm(context), **_end(context, magnitude)}


def _turns(context: Floats) -> dict[str, Floats]:
    before, end = mean(context, -3, -1.5), mean(context, 2, 3)
    after_steps, before_steps = _step_angles(context, 0.5, 3), _step_angles(context, -4, -0.5)
    return {
        "turn_end": angle(before, end),
        "turn_whole": angle(mean(context, -4, -3), end),
        "turn_drop": angle(mean(context, -0.5, -0.1), end),
        "turn_rest": angle(mean(context, 0.3, 0.8), end),
        "turn_still": angle(mean(context, 1.25, 2), end),
        "turn_earlier": angle(mean(context, -4, -3), before),
        "path_after": after_steps.sum(axis=1),
        "path_after_most": after_steps.max(axis=1),
        "path_before": before_steps.sum(axis=1),
        "path_before_most": before_steps.max(axis=1),
    }


def _step_angles(context: Floats, start_s: float, stop_s: float) -> Floats:
    starts = np.arange(start_s, stop_s, STEP_S)
    steps = np.stack([mean(context, start, start + STEP_S) for start in starts], axis=1)
    return angle(steps[:, 1:], steps[:, :-1])


def _calm(context: Floats) -> dict[str, Floats]:
    change = jerk(context)
    after = sliding_mean(cut(change, 0.3, 3), CALM_S)
    return {
        "calm_after": after.min(axis=1),
        "loud_after": after.max(axis=1),
        "calm_before": sliding_mean(cut(change, -4, -0.3), CALM_S).min(axis=1),
        "jerk_end": mean(change, 2, 3),
        "jerk_end_most": cut(change, 2, 3).max(axis=1),
    }


def _end(context: Floats, magnitude: Floats) -> dict[str, Floats]:
    return {
        "std_end": cut(magnitude, 2, 3).std(axis=1),
        "wander_end": np.sqrt(cut(context, 2, 3).var(axis=1).sum(axis=1)),
        "top_soon": cut(magnitude, 0.3, 1).max(axis=1),
        "top_end": cut(magnitude, 2, 3).max(axis=1),
        "top_later": cut(magnitude, 1, 3).max(axis=1),
    }
