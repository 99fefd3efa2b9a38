"""Is the new version kept? A pure answer from what has been seen of it, so that it survives every reboot.

The one idea: a new version is kept for one reason only, a batch made after the switch that the cloud has
committed. Time, starts and boots are bounds on the wait for it: a version that hangs runs out of time, one
that crashes out of starts, one that takes the machine down out of boots.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

WITHIN_S: Final = 300.0
"""How long a new version may take in one boot until the cloud has committed a batch of it."""
MOST_STARTS: Final = 5
"""[D] Starts of the agent: its service manager waits 5 s between two, so one that crashes at once is back in
half a minute.
"""
MOST_BOOTS: Final = 3
"""[D] Boots of the machine: power is cut by people too, but seldom three times in a few minutes."""


class Trial(msgspec.Struct, frozen=True):
    """A switch that is not decided. ``id``: of the request. ``env``, ``before``: folders of the new and the
    old program. ``since_s``: age of the boot when the trial began in it, s. ``back``: why it is taken back,
    once that is decided.
    """

    id: str
    version: str
    env: str
    before: str
    serial: int
    boot: str
    since_s: float
    boots: int = 1
    starts: int = 0
    back: str = ""


class Verdict(StrEnum):
    """What is to be done about a trial."""

    WAIT = "wait"
    KEEP = "keep"
    BACK = "back"


def seen(trial: Trial, boot: str, now_s: float, *, starting: bool) -> Trial:
    """``trial`` as of now: ``now_s`` is the age of the boot ``boot``; ``starting``: the agent is about to."""
    if boot != trial.boot:
        trial = msgspec.structs.replace(trial, boot=boot, since_s=now_s, boots=trial.boots + 1)
    return msgspec.structs.replace(trial, starts=trial.starts + 1) if starting else trial


def judge(trial: Trial, now_s: float, *, committed: bool, within_s: float = WITHIN_S) -> tuple[Verdict, str]:
    """The verdict, and the reason for going back. ``committed``: the cloud has committed a batch of it."""
    if trial.back:
        return Verdict.BACK, trial.back
    if committed:
        return Verdict.KEEP, ""
    if trial.boots > MOST_BOOTS:
        return Verdict.BACK, f"{trial.boots} boots and nothing committed"
    if trial.starts > MOST_STARTS:
        return Verdict.BACK, f"ended {trial.starts - 1} times and nothing committed"
    waited_s = now_s - trial.since_s
    if waited_s >= within_s or waited_s < 0:
        return Verdict.BACK, f"nothing committed within {within_s:.0f} s"
    return Verdict.WAIT, ""
