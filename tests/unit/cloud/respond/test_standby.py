"""Where free units wait, on values alone."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.respond.standby import Demand, choose, cover, moves


def place(weight: float, *posts: int) -> Demand:
    return Demand(weight, frozenset(posts))


VALLEY = (place(50, 0), place(30, 1), place(20, 1, 2))


def test_a_place_out_of_reach_is_not_covered_and_a_second_unit_counts_less() -> None:
    assert cover(VALLEY, [0], away=0) == pytest.approx(0.5)
    assert cover(VALLEY, [0], away=0.2) == pytest.approx(0.4)
    assert cover(VALLEY, [0, 0], away=0.2) == pytest.approx(0.48)
    assert cover((), [0], away=0.2) == 0


def test_units_that_are_never_away_spread_and_busy_ones_stand_double_where_most_live() -> None:
    assert choose(VALLEY, 3, 2, away=0.0) == (0, 1)
    assert choose((place(90, 0), place(10, 1)), 2, 2, away=0.5) == (0, 0)


def test_a_first_choice_is_taken_back_when_two_others_do_better() -> None:
    """The middle covers most alone; two outer posts cover all."""
    ring = (place(3, 0), place(4, 0, 1), place(4, 1, 2), place(3, 2))
    assert choose(ring, 3, 1, away=0) == (1,)
    assert choose(ring, 3, 2, away=0) == (0, 2)


DEMANDS = st.lists(
    st.builds(Demand, st.integers(1, 9).map(float), st.frozensets(st.integers(0, 4))), min_size=1, max_size=8
)


@given(demands=DEMANDS, units=st.integers(0, 3), away=st.sampled_from([0.0, 0.1, 0.5]))
def test_never_covers_less_than_the_greedy_bound_of_the_best_there_is(
    demands: list[Demand], units: int, away: float
) -> None:
    """Greedy choice of a submodular cover reaches 1 - 1/e of the best (Nemhauser, Wolsey, Fisher 1978)."""
    best = max(cover(demands, held, away) for held in combinations_with_replacement(range(5), units))
    found = cover(demands, choose(demands, 5, units, away), away)
    assert 0.632 * best <= found + 1e-9 <= best + 2e-9


def test_whoever_is_at_a_post_stays_and_the_nearest_drives() -> None:
    minutes = {(1, 7): 0, (1, 8): 9, (2, 7): 1, (2, 8): 12, (3, 7): 5, (3, 8): 20}
    travel = {pair: timedelta(minutes=number) for pair, number in minutes.items()}
    assert moves([1, 2, 3], [7, 8], travel) == {1: 7, 2: 8}
    assert moves([1, 2, 3], [7, 7], travel) == {1: 7, 2: 7}


@pytest.mark.parametrize(("posts", "away"), [(0, 0.1), (3, 1.0), (3, -0.1)])
def test_says_what_cannot_be(posts: int, away: float) -> None:
    with pytest.raises(ValueError, match=r"posts, .* of the time away"):
        choose(VALLEY, posts, 1, away)
