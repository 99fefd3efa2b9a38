"""A script of what happens, read from a TOML file: at which second, in which home, what.

The one idea: a scenario says only what a device or a person does; what follows from it is the product's work.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final

DEMO: Final = resources.files("simulators").joinpath("scenarios", "demo.toml")
"""What the demonstration shows."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens, ``at_s`` seconds after the system is up; ``say`` tells it in words."""

    at_s: float
    home: str
    do: str
    say: str
    arguments: Mapping[str, Any]


def read(file: Traversable) -> tuple[Step, ...]:
    """Return the steps of a scenario, by time.

    Raises:
        ValueError: it cannot be read, is not TOML, or a step lacks a field; the message names the file.
    """
    try:
        steps = [
            Step(float(each["at_s"]), each["home"], each["do"], each["say"], each.get("with", {}))
            for each in tomllib.loads(file.read_text(encoding="utf-8"))["step"]
        ]
    except KeyError as missing:
        raise ValueError(f"{file} is no scenario: a step lacks {missing}") from missing
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} is no scenario: {error}") from error
    return tuple(sorted(steps, key=lambda step: step.at_s))
