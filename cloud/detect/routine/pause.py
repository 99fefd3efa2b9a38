"""The pause that is going on now, beside the pauses of usual days: what the hourly model weighs.

What this is: arithmetic on one day up to one time. What it is not: a decision; and nothing after that time is
looked at. The one idea: a silence matters by how much usually happens in exactly those hours.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from cloud.detect.routine.grid import DOORS, HOUR, SLOTS, Bools, Floats, Ints
from cloud.detect.routine.measures import WAKING

HOURS: Final = tuple(range(6, 25))
"""Full local hours at which is looked."""
FEATURES: Final = (
    "pause", "log_pause", "expected", "root_expected", "rarity", "beyond_longest", "beyond_high", "so_far",
    "since_waking", "after_door", "after_door_expected", "hour", "late", "liveliness", "rarity_expected",
)  # fmt: skip


def features(past: Floats, days: Floats, hour: int) -> Floats:
    """(m, FEATURES) of the days (m, 96, 8) at ``hour`` (6 to 24) beside the usual days (n, 96, 8)."""
    end = hour * HOUR
    usual, active = past.sum(axis=2) > 0, days.sum(axis=2) > 0
    last = last_active(active, end)
    pause = (end - 1 - last).astype(np.float64)
    run = np.concatenate([np.zeros((len(usual), 1)), np.cumsum(usual, axis=1)], axis=1)
    expected = run[:, end].mean() - run[:, last + 1].mean(axis=0)
    as_quiet = (run[:, [end]] == run[:, last + 1]).sum(axis=0)
    rarity = -np.log((as_quiet + 0.5) / (len(usual) + 1))
    own = end - 1 - last_active(usual, end)
    so_far = _ratio(active[:, :end].sum(axis=1), np.median(run[:, end]))
    waking = _ratio(active[:, WAKING:end].sum(axis=1), np.median(run[:, end] - run[:, WAKING]))
    door = _after_door(days, last)
    columns: list[Floats] = [
        pause / HOUR, np.log1p(pause), expected, np.sqrt(expected), rarity, (pause - own.max()) / HOUR,
        (pause - np.percentile(own, 90)) / HOUR, so_far, waking, door, door * np.sqrt(expected),
        np.full(len(days), hour / 24), np.full(len(days), max(hour - 20, 0) / 4),
        np.full(len(days), usual.mean()), rarity * np.sqrt(expected),
    ]  # fmt: skip
    return np.stack(columns, axis=1)


def last_active(active: Bools, end: int) -> Ints:
    """The last active slot before ``end`` of each row; -1 where there is none."""
    back = active[:, :end][:, ::-1]
    at: Ints = np.where(back.any(axis=1), end - 1 - back.argmax(axis=1), -1).astype(np.int64)
    return at


def _ratio(now: Ints, usual: float) -> Floats:
    ratio: Floats = np.log((now + 1) / (usual + 1))
    return ratio


def _after_door(days: Floats, last: Ints) -> Floats:
    doors = days[:, :, DOORS].sum(axis=2) > 0
    moved: Floats = (doors[np.arange(len(days)), np.clip(last, 0, SLOTS - 1)] & (last >= 0)).astype(
        np.float64
    )
    return moved
