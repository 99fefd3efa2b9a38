"""Days of visits for the tests: one drawn by hand, and random ones."""

from __future__ import annotations

from hypothesis import strategies as st

from cloud.visits.model import (
    TOGETHER,
    Day,
    Gap,
    Lunch,
    Part,
    Plan,
    Route,
    Stop,
    Visit,
    VisitId,
    Window,
    Worker,
    WorkerId,
)

CARE, BATH = "care", "bath"
AN, BO = WorkerId("an"), WorkerId("bo")
MEAL, BATHED, TALK = VisitId("meal"), VisitId("bathed"), VisitId("talk")


def line(places: int, step_min: float = 10.0) -> list[list[float]]:
    """Places on one road, ``step_min`` apart."""
    return [[abs(here - there) * step_min for there in range(places)] for here in range(places)]


DAY = Day(
    visits=(
        Visit(MEAL, 1, (Part(20, frozenset({CARE})),), (Window(600, 630),)),
        Visit(BATHED, 2, (Part(40, frozenset({CARE})), Part(40, frozenset({BATH}))), (Window(660, 780),)),
        Visit(TALK, 3, (Part(30),), (Window(480, 540), Window(840, 900)), must=False),
    ),
    workers=(
        Worker(AN, 0, 0, frozenset({CARE}), 480, 1020, Lunch()),
        Worker(BO, 0, 0, frozenset({CARE, BATH}), 480, 1020, Lunch()),
    ),
    travel={"": line(4)},
)
"""10 minutes from place to place. An rests after the bath, Bo before it."""

PLAN = Plan(
    {
        AN: Route((Stop(MEAL, 600), Stop(BATHED, 740, 0)), 660),
        BO: Route((Stop(BATHED, 740, 1), Stop(TALK, 840)), 660),
    }
)
"""A plan of ``DAY`` that can be done."""


@st.composite
def days(draw: st.DrawFn) -> Day:
    """A few visits on a road, some of two, some skilled, with one window or two; shifts and rests."""
    skills = st.frozensets(st.sampled_from([CARE, BATH]), max_size=1)
    places = draw(st.integers(2, 6))
    where = st.integers(0, places - 1)
    starts = st.integers(480, 900)

    def windows() -> tuple[Window, ...]:
        open_min = draw(starts)
        first = Window(open_min, open_min + draw(st.integers(0, 240)))
        later = first.due_min + draw(st.integers(1, 120))
        return (first, Window(later, later + 60)) if draw(st.booleans()) else (first,)

    def visit(number: int) -> Visit:
        parts = tuple(Part(draw(st.integers(5, 60)), draw(skills)) for _ in range(draw(st.integers(1, 2))))
        least = draw(st.integers(0, 60))
        gap = draw(st.sampled_from([TOGETHER, Gap(least, least + 30)]))
        return Visit(VisitId(f"v{number}"), draw(where), parts, windows(), gap=gap, soft=draw(st.booleans()))

    def worker(number: int) -> Worker:
        return Worker(
            WorkerId(f"w{number}"),
            draw(where),
            draw(where),
            draw(st.frozensets(st.sampled_from([CARE, BATH]))),
            draw(st.integers(400, 600)),
            draw(st.integers(700, 1100)),
            draw(st.none() | st.builds(Lunch, st.integers(20, 60), st.just(660), st.integers(660, 810))),
        )

    return Day(
        tuple(visit(one) for one in range(draw(st.integers(1, 7)))),
        tuple(worker(one) for one in range(draw(st.integers(1, 4)))),
        {"": line(places, draw(st.integers(1, 20)))},
    )
