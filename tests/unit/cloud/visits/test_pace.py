"""How long a search goes on."""

from __future__ import annotations

import time

import pytest

from cloud.visits.pace import ENOUGH, STARTS, rounds, slices

ENDLESS = 10**12


def test_a_search_of_so_many_moves_is_cut_into_slices() -> None:
    assert list(slices(10, 4)) == [(4, 0, 0.4), (4, 0.4, 0.8), (2, 0.8, 1)]


def test_a_search_without_moves_makes_none() -> None:
    assert list(slices(0, 4)) == []


def test_a_clock_ends_a_search_that_has_moves_left_and_cools_it_by_its_time() -> None:
    begun_s, shares = time.process_time(), list[float]()
    for _, share, _ in slices(ENDLESS, 4, cpu_s=0.02):
        shares.append(share)
        sum(range(1_000))
    assert time.process_time() - begun_s >= 0.02
    assert shares == sorted(shares)
    assert shares[0] == 0 < shares[-1] < 1


def test_moves_end_a_search_that_has_time_left() -> None:
    assert [moves for moves, _, _ in slices(10, 4, cpu_s=3_600)] == [4, 4, 2]


def test_a_search_with_few_moves_for_its_visits_begins_once_and_has_them_all() -> None:
    assert rounds(260, 20_000 * 260) == [(1, 1.0)]


def test_a_search_without_visits_begins_once() -> None:
    assert len(rounds(0, 0)) == 1


@pytest.mark.parametrize("cpu_s", [3.0, 30.0, 3_600.0])
def test_of_several_beginnings_the_better_half_goes_on_until_one_is_left(cpu_s: float) -> None:
    turns = rounds(75, ENDLESS, cpu_s)
    assert [turn.tours for turn in turns] == [turns[0].tours >> halved for halved in range(len(turns))]
    assert (turns[0].tours > 1, turns[-1].tours) == (True, 1)
    assert sum(turn.tours * turn.share for turn in turns) == pytest.approx(1)


@pytest.mark.parametrize("visits", [10, 75, 300])
def test_no_beginning_is_too_short_to_be_judged(visits: int) -> None:
    for moves in (100_000, 10**6, 10**7, 10**8):
        some, share = rounds(visits, moves)[0]
        assert some <= STARTS
        assert some == 1 or moves * share >= ENOUGH * visits
