"""Who chooses does not judge: numbers are chosen by calls and lies of other homes than they are judged on."""

from __future__ import annotations

from benchmarks import lies, margins
from benchmarks.lies import GRID, Known, Silence
from benchmarks.situations import HOUR

HALL = "hall/night"
LIVED = ({HALL: 60},) * 27 + ({HALL: 200},)


def silence(lasted_h: float, clock_h: float = 23.0) -> Silence:
    return Silence(0, LIVED, HALL, clock_h * HOUR, lasted_h * HOUR)


def home(*lasted_h: float, lie_h: float = 12.0) -> Known:
    """A week in a home with such silences, and a lie."""
    return Known("made", 1.0, tuple(map(silence, lasted_h)), (silence(lie_h),), 0, 0)


def test_the_plan_waits_half_an_hour_by_night_and_what_is_usual_lengthens_it() -> None:
    assert silence(8).wait_s(None) == 1_800
    assert silence(8, clock_h=9).wait_s(None) == 2_700
    assert silence(8, clock_h=21.75).wait_s(None) == 1_800, "half an hour later it is night"
    assert silence(8).wait_s((14, 1.5)) == 90 * 60


def test_the_numbers_that_find_most_lies_within_the_budget_are_chosen() -> None:
    quiet, noisy = home(1.0), home(*[2.2] * 8)
    assert lies.choose([quiet]) == (14, 1.5)
    every, factor = lies.choose([noisy])
    assert not lies.called(noisy.lived, (every, factor))


def test_no_home_is_judged_by_numbers_that_it_helped_to_choose() -> None:
    homes = [home(*[2.2] * 8), *[home(1.0)] * 5]
    rules = lies.crossed(homes)
    assert rules[0] == (14, 1.5), "the others are quiet"
    assert rules[1] in GRID
    assert rules[1] != (14, 1.5), "one of the others is not"


def test_a_margin_is_the_soonest_that_keeps_its_budget_on_the_other_homes() -> None:
    def lived(*calls: int) -> margins.Lived:
        by_margin = dict(zip(margins.MARGINS, calls, strict=True))
        return margins.Lived(10.0, {"not_returned": by_margin}, {})

    homes = [lived(90, 90, 90, 90, 90, 0), *[lived(5, 4, 3, 2, 1, 0)] * 5]
    assert margins.choose("not_returned", homes[1:]) == 60
    assert margins.crossed("not_returned", homes) == [60, 240, 240, 240, 240, 240]
