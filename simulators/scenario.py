"""A script of what happens, read from ``scenarios/NAME.toml``: at which second, in which home, what.

The one idea: a scenario says only what a device or a person does; what follows from it is the product's work.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens, ``at_s`` seconds after the system is up; ``say`` tells it in words."""

    at_s: float
    home: str
    do: str
    say: str
    arguments: Mapping[str, Any]


def read(name: str) -> tuple[Step, ...]:
    """Return the steps of a scenario, by time.

    Raises:
        FileNotFoundError: there is no such scenario.
        KeyError: a step lacks a field.
    """
    text = resources.files("simulators").joinpath("scenarios", f"{name}.toml").read_text(encoding="utf-8")
    steps = [
        Step(float(each["at_s"]), each["home"], each["do"], each["say"], each.get("with", {}))
        for each in tomllib.loads(text)["step"]
    ]
    return tuple(sorted(steps, key=lambda step: step.at_s))
