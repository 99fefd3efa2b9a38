"""How many visits of somebody called away others have to make in any case."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from benchmarks.visits_least import least_moved
from cloud.visits.mend import Away
from cloud.visits.model import Day, Lunch, Part, Plan, Route, Stop, Visit, VisitId, Window, Worker, WorkerId

AN: Final = WorkerId("an")
HOME, NEAR, FAR = range(3)
DAY: Final = Day(
    (
        Visit(VisitId("first"), NEAR, (Part(30),), (Window(480, 520),)),
        Visit(VisitId("early"), NEAR, (Part(30),), (Window(480, 600),)),
        Visit(VisitId("late"), FAR, (Part(30),), (Window(600, 700),)),
    ),
    (Worker(AN, HOME, HOME, close_min=760),),
    {"": [[0, 10, 20], [10, 0, 10], [20, 10, 0]]},
)
RUNNING: Final = Plan(
    {AN: Route((Stop(VisitId("first"), 490), Stop(VisitId("early"), 530), Stop(VisitId("late"), 600)))}
)


@pytest.mark.parametrize(
    ("back_min", "late_min", "least"),
    [
        (560, 0, 0),
        (590, 0, 0),
        (591, 0, 1),  # whoever is due at 600 is ten minutes away
        (591, 5, 0),
        (690, 0, 2),
        (float("inf"), 0, 2),  # what was begun before they were called stays theirs
    ],
)
def test_others_make_what_is_due_before_somebody_is_back(
    back_min: float, late_min: float, least: int
) -> None:
    away = Away(back_min, HOME)
    assert least_moved(DAY, RUNNING, AN, away, now_min=500, late_min=late_min) == least


def test_a_rest_that_is_owed_takes_its_time() -> None:
    resting = replace(DAY, workers=(replace(DAY.workers[0], lunch=Lunch(60, 600, 660)),))
    away = Away(590, HOME)
    assert least_moved(resting, RUNNING, AN, away, now_min=500, late_min=0) == 0
    hurried = replace(resting, workers=(replace(resting.workers[0], close_min=740),))
    assert least_moved(hurried, RUNNING, AN, away, now_min=500, late_min=0) == 1
