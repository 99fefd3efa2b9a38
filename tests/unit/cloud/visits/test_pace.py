"""How long a search goes on."""

from __future__ import annotations

import time

from cloud.visits.pace import slices

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
