"""Ten thousand random stories of alarms: ``python -m benchmarks.stories [--stories N] [--seed N] [--json]``.

What this is: ``tests.property.stories`` told as often as the contract asks for, and a count of what they were
made of, because ten thousand stories in which nothing happens prove nothing. What it is not: a proof; a story
that was not drawn was not tried. The one idea: one broken promise ends the run with the story that broke it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from typing import Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.stories import TALLY, Stories

LENGTH: Final = 40
"""Steps of a story at the most, without what the clock does by itself."""


def tell(stories: int, number: int) -> float:
    """Tell so many stories and return the seconds of processor that it took.

    Raises:
        AssertionError: a promise was broken; the story is printed.
    """
    told = settings(
        max_examples=stories,
        stateful_step_count=LENGTH,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    began = time.process_time()
    run_state_machine_as_test(seed(number)(Stories), settings=told)
    return time.process_time() - began


def _lines(figures: dict[str, object]) -> str:
    return "\n".join(f"{name:>12}: {value}" for name, value in figures.items())


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.stories", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stories", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    processor_s = tell(asked.stories, asked.seed)
    figures = {**asdict(TALLY), "broken": 0, "seed": asked.seed, "processor_s": round(processor_s, 1)}
    print(json.dumps(figures) if asked.json else _lines(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
