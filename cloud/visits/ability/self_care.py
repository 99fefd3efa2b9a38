"""Whether somebody without kin or means (特困人员) looks after themselves: six yes-or-no items. Pure.

What this is: the second form, beside GB/T 42195, that decides where they are cared for. What it is not:
the same scale: there a walk has five grades, here it is met or not. Items and bounds: K, from the ministry's
rules for recognising 特困人员; to be confirmed against the official copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

HALF: Final = 1
FULL: Final = 4
"""Least items not met for half and for full care."""


class Task(StrEnum):
    """What is asked."""

    EATING = "eating"
    DRESSING = "dressing"
    GETTING_UP = "getting_up"
    TOILETING = "toileting"
    WALKING_INDOORS = "walking_indoors"
    BATHING = "bathing"


class Care(StrEnum):
    """全自理, 半护理, 全护理."""

    NONE = "none"
    HALF = "half"
    FULL = "full"


class Unanswered(ValueError):  # noqa: N818 - a noun with fields
    """``tasks`` were not answered."""

    def __init__(self, tasks: tuple[Task, ...]) -> None:
        super().__init__("not answered: " + ", ".join(tasks))
        self.tasks = tasks


def care_of(met: Mapping[Task, bool]) -> Care:
    """Which care somebody needs who does the tasks as ``met`` says.

    Raises:
        Unanswered: a task is missing.
    """
    missing = tuple(task for task in Task if task not in met)
    if missing:
        raise Unanswered(missing)
    not_met = sum(not met[task] for task in Task)
    if not_met >= FULL:
        return Care.FULL
    return Care.HALF if not_met >= HALF else Care.NONE
