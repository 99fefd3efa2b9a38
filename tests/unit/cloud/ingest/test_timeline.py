"""Where the times of an unset clock belong, decided without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cloud.ingest.timeline import UNMOVED, Anchored, Mark, Timeline, judge

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR, FORTNIGHT = timedelta(hours=1), timedelta(days=14)


def line(boot: str, first: int, last: int, *, at: datetime = NOON, lasts: timedelta = HOUR) -> Timeline:
    """Readings ``first`` to ``last`` of a boot that believed to begin a minute before ``at``."""
    began = at - timedelta(minutes=1)
    return Timeline(1, "e1", "t", boot, began, first, last, at, at + lasts)


def anchor(boot: str, began: datetime, bulk: int, *, after: timedelta = HOUR) -> Anchored:
    """The boot that truly began at ``began``; its clock was set ``after`` that, before reading ``bulk``."""
    return Anchored(boot, began, began + after, "e1", {"a": 1, "t": bulk})


def test_a_boot_that_is_anchored_moves_by_what_its_clock_was_wrong() -> None:
    woke = line("b1", 10, 20, at=NOON - FORTNIGHT)
    truth = anchor("b1", woke.believed_at + FORTNIGHT, 21)
    assert judge(woke, [truth]) == (FORTNIGHT, Mark.ANCHORED)


def test_a_boot_stays_open_while_nothing_later_is_known() -> None:
    assert judge(line("b2", 10, 20), [anchor("b1", NOON - FORTNIGHT, 5)]) == (UNMOVED, Mark.OPEN)


def test_a_boot_that_never_synchronised_stays_where_it_fits_and_is_marked() -> None:
    around = [anchor("b1", NOON - FORTNIGHT, 5), anchor("b3", NOON + FORTNIGHT, 21)]
    assert judge(line("b2", 10, 20), around) == (UNMOVED, Mark.ESTIMATED)


def test_a_boot_that_woke_before_the_last_one_ended_is_moved_behind_it() -> None:
    before = anchor("b1", NOON, 5)
    moved, mark = judge(line("b2", 10, 20), [before, anchor("b3", NOON + FORTNIGHT, 21)])
    assert (moved, mark) == (before.anchored_at - NOON, Mark.ESTIMATED)


def test_a_boot_that_ran_into_the_next_one_is_moved_before_it() -> None:
    after = anchor("b3", NOON, 21)
    assert judge(line("b2", 10, 20), [after]) == (-HOUR, Mark.ESTIMATED)


def test_an_anchor_of_another_outbox_says_nothing_of_the_order() -> None:
    foreign = Anchored("b3", NOON, NOON, "e2", {"a": 1, "t": 21})
    assert judge(line("b2", 10, 20), [foreign]) == (UNMOVED, Mark.OPEN)


@given(woke_h=st.integers(-1000, 1000), lasted_h=st.integers(0, 100), gap_h=st.integers(0, 2000))
def test_an_estimate_never_ends_behind_the_next_boot_and_keeps_its_length(
    woke_h: int, lasted_h: int, gap_h: int
) -> None:
    before, after = anchor("b1", NOON, 5), anchor("b3", NOON + HOUR + gap_h * HOUR, 21)
    found = line("b2", 10, 20, at=NOON + woke_h * HOUR, lasts=lasted_h * HOUR)
    shift, mark = judge(found, [before, after])
    assert mark is Mark.ESTIMATED
    assert found.last_at + shift <= after.booted_at
    fits = found.last_at - found.first_at <= after.booted_at - before.anchored_at
    assert not fits or found.first_at + shift >= before.anchored_at
