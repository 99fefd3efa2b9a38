"""Compiles the search of a day's plan and keeps what was compiled: ``python -m cloud.visits.precompile``.

What this is: a step of setting up, for a machine that should not compile at its first plan. What it is not:
needed; whoever plans first compiles (20 s). The one idea: both searches are made to run once, on the smallest
days that need them.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from cloud.visits.anneal import plan
from cloud.visits.cost import Weights
from cloud.visits.model import Day, Lunch, Part, Visit, VisitId, Window, Worker, WorkerId

_TRAVEL: Final = {"": [[0.0, 10.0], [10.0, 0.0]]}
_PLAIN: Final = Day(
    visits=(Visit(VisitId("one"), 1, (Part(30),), (Window(480, 900),)),),
    workers=(Worker(WorkerId("an"), 0, 0),),
    travel=_TRAVEL,
)
_WITH_LUNCH: Final = replace(_PLAIN, workers=(replace(_PLAIN.workers[0], lunch=Lunch()),))
"""A rest is what only the annealer knows of."""


def main() -> None:
    """Plan both days, and say how long it took."""
    began = time.monotonic()
    for day in (_PLAIN, _WITH_LUNCH):
        plan(day, Weights(), steps=1)
    print(f"the search of a day's plan is compiled ({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    main()
