"""The card of a trained fall model: what it is, for people, written by the training itself.

What this is: one page of Markdown from what the model file holds. What it is not: a measurement; it repeats
what the training saw and names the command that measures. The one idea: nobody types a figure, so a card
cannot say something else than its model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from edge_agent.falls.around import AFTER, BEFORE
from edge_agent.falls.candidates import FLOOR_G, RATE_HZ
from edge_agent.falls.features import FEATURES
from edge_agent.falls.model import FallModel
from edge_agent.falls.sensors import NOISE_G, RANGES_G, RATES_HZ

_Z: Final = 1.959964
"""Normal quantile of a two-sided 95 % interval."""


def wilson(successes: int, of: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a share; (0, 1) of nothing."""
    if of == 0:
        return 0.0, 1.0
    share = successes / of
    middle = (share + _Z * _Z / (2 * of)) / (1 + _Z * _Z / of)
    half = _Z * math.sqrt(share * (1 - share) / of + _Z * _Z / (4 * of * of)) / (1 + _Z * _Z / of)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def write(path: Path, model: FallModel) -> None:
    """Write the card of ``model`` to ``path``."""
    path.write_text(text(model), encoding="utf-8")


def text(model: FallModel) -> str:
    """The card of ``model``."""
    made: Mapping[str, Any] = model.training
    found, falls = made["falls_found"], made["falls"]
    wrong, activities = made["activities_taken_for_falls"], made["activities"]
    return f"""# Fall model `{model.version}`

Written by `anban train falls --seed {made["seed"]}`; do not edit.

| | |
|---|---|
| worn at | {model.position} |
| learnt from | {"; ".join(model.sources)} |
| people, falls, activities | {made["people"]}, {falls}, {activities} ({made["activity_h"]} h of activity) |
| candidates | {made["candidates"]:,} peaks of {FLOOR_G:g} g or more |
| made of them | {made["retold"]:,} more: for other sensors, at other tempos, activities in a row |
| sensor | {model.rate_hz} Hz, ±{model.range_g:g} g |
| shown again as | {_listed(RATES_HZ)} Hz; ±{_listed(RANGES_G)} g; noise {NOISE_G:g} g; any angle; cut short |
| looks at | {BEFORE / RATE_HZ:g} s before a peak, {AFTER / RATE_HZ:g} s after |
| numbers | {len(model.features)} |
| judges | {len(model.forest.roots)} trees together, {len(model.networks)} networks |
| a fall from | a calibrated probability of {model.threshold:g} |

## While it was made
People in {made["groups_of_people"]} groups, each judged by a model of the others; the calibration was fitted
to these same answers, so they flatter a little. `python -m benchmarks.falls` measures without that.

| | |
|---|---|
| falls found | {_share(found, falls)} |
| activities left alone | {_share(activities - wrong, activities)} |
| Brier score (0 is perfect) | {made["brier"]:g} |
| calibration | slope {made["slope"]:.3f}, offset {made["offset"]:+.3f} on log-odds |

## What decides
Share of what all splits of the trees gained; the networks do not say.

| feature | | share |
|---|---|---|
{_features(made["weighs_most"])}

## Use
For: a sign of a fall, about which the resident is asked before anybody is called. Not for: a diagnosis; a
decision without a person; a sensor worn elsewhere. Every fall it learnt from was acted, on mats, by people
who knew; falls whose peak stays below {FLOOR_G:g} g are never looked at.
"""


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


def _share(part: int, of: int) -> str:
    low, high = wilson(part, of)
    return f"{part} of {of}: {part / of:.4f} [{low:.3f}, {high:.3f}]"


def _features(weights: Mapping[str, float]) -> str:
    return "\n".join(f"| `{name}` | {FEATURES[name]} | {share:.3f} |" for name, share in weights.items())
