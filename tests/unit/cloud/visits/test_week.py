"""Each open duty is given a day of the week ahead: none overfull, none late, each with its reason."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.visits.week import SLACK, Because, Booked, Chosen, Owed, choose, overfull_min

ANYBODY, NURSE = frozenset[str](), frozenset({"nursing"})
FREE = (0.0,) * 8
HOUR = 60.0


def owed(key: object, last: int, need: frozenset[str] = ANYBODY, **more: object) -> Owed:
    """An hour for somebody who is visited every month."""
    return Owed(str(key), HOUR, (need,), last, 30.0, FREE, **more)  # type: ignore[arg-type]


def rooms(hours: float, *, nurse_hours: float = 0.0, days: int = 8) -> list[dict[frozenset[str], float]]:
    """Hours that are given away on each day, beside what is kept for emergencies."""
    return [{ANYBODY: hours * HOUR / SLACK, NURSE: nurse_hours * HOUR / SLACK} for _ in range(days)]


def test_a_visit_is_made_late_enough_and_a_day_before_the_last_one() -> None:
    found = choose([owed("monthly", 5), owed("due today", 0)], rooms(8))
    assert found == {"monthly": Chosen(4, Because.DUE), "due today": Chosen(0, Because.DUE)}


def test_where_a_day_is_full_somebody_comes_sooner_and_nobody_late() -> None:
    found = choose([owed(number, 2) for number in range(6)], rooms(2))
    assert Counter(one.day for one in found.values()) == {0: 2, 1: 2, 2: 2}
    assert {one.because for one in found.values()} == {Because.DUE, Because.ROOM}


def test_who_can_wait_makes_room_for_whoever_cannot() -> None:
    waits, cannot = owed("waits", 2), [owed("a", 1), owed("b", 1)]
    found = choose([waits, *cannot], rooms(1))
    assert found["waits"].day == 2
    assert sorted(one.day for one in found.values()) == [0, 1, 2]


def test_what_does_not_fit_takes_what_was_kept_before_it_comes_late() -> None:
    week = [{ANYBODY: 6 * HOUR}, {ANYBODY: 6 * HOUR}]  # five of six hours are given away
    assert {one.day for one in choose([owed(number, 0) for number in range(6)], week).values()} == {0}
    late = choose([owed(number, 0) for number in range(7)], week)
    assert Counter(late.values()) == {Chosen(0, Because.DUE): 6, Chosen(1, Because.LATE): 1}


def test_a_day_is_kept_with_its_reason_until_there_is_one_against_it() -> None:
    before = Chosen(2, Because.NEAR)
    kept = owed("kept", 5, kept=before)
    assert choose([kept], rooms(1))["kept"] == before
    full = [Booked(2, HOUR, (ANYBODY,))]
    assert choose([kept], rooms(1), full)["kept"] == Chosen(4, Because.ROOM)


def test_however_many_skills_are_asked_for_no_day_asks_too_much_of_one() -> None:
    """Of 26 skills there are 67 million sets."""
    skills = [frozenset({f"skill_{letter}"}) for letter in "abcdefghijklmnopqrstuvwxyz"]
    week = [dict.fromkeys(skills, HOUR / SLACK)] * 3
    asked = [owed((number, *skill), 2, skill) for skill in skills for number in range(2)]
    days = {key: one.day for key, one in choose(asked, week).items()}
    assert not overfull_min(asked, week, days, SLACK).any()


def test_somebody_is_seen_on_the_day_on_which_somebody_is_in_the_village() -> None:
    ways = (30.0, 30.0, 2.0, 30.0, 30.0, 30.0, 30.0, 30.0)
    one = Owed("far", HOUR, (ANYBODY,), 5, 30.0, ways)
    assert choose([one], rooms(8)) == {"far": Chosen(2, Because.NEAR)}


def test_after_something_has_happened_sooner_is_better() -> None:
    assert choose([owed("trend", 6, sooner=True)], rooms(8))["trend"] == Chosen(0, Because.SOONER)


def test_the_nurses_hours_are_kept_for_what_only_they_do() -> None:
    needs = [owed("nurse", 0, NURSE), owed("anybody", 0), owed("anybody else", 1)]
    found = choose(needs, rooms(1, nurse_hours=1))
    assert (
        overfull_min(needs, rooms(1, nurse_hours=1), {k: c.day for k, c in found.items()}, SLACK).max() == 0
    )
    both = choose([owed("one", 0, NURSE), owed("other", 1, NURSE)], rooms(9, nurse_hours=1))
    assert {one.day for one in both.values()} == {0, 1}


def test_an_overdue_crowd_is_spread_over_the_days_and_not_left_on_the_first() -> None:
    found = choose([owed(number, -3) for number in range(8)], [{ANYBODY: 4 * HOUR}] * 3)
    assert Counter(found.values()) == {Chosen(0, Because.OVERDUE): 4, Chosen(1, Because.LATE): 4}


def test_without_anybody_at_work_everybody_has_a_day_all_the_same() -> None:
    found = choose([owed("a", 0), owed("b", 3)], [{}] * 8)
    assert found.keys() == {"a", "b"}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-2, 9), st.booleans(), st.booleans()), max_size=40),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), min_size=8, max_size=8),
)
def test_nobody_is_forgotten_and_late_only_where_all_days_until_then_are_full(
    drawn: list[tuple[int, bool, bool]], hours: list[tuple[int, int]]
) -> None:
    asked = [
        owed(n, last, NURSE if nurse else ANYBODY, sooner=sooner)
        for n, (last, nurse, sooner) in enumerate(drawn)
    ]
    week = [{ANYBODY: anybody * HOUR, NURSE: nurses * HOUR} for anybody, nurses in hours]
    found = choose(asked, week)
    assert found.keys() == {one.key for one in asked}
    assert found == choose(asked, week)
    for one in asked:
        if found[one.key].day > max(one.last, 0):
            _moved_back_is_overfull(one, asked, week, {key: chosen.day for key, chosen in found.items()})


def _moved_back_is_overfull(
    one: Owed, asked: list[Owed], week: list[dict[frozenset[str], float]], days: dict[object, int]
) -> None:
    """One that comes late would not fit into any day on which it is not late."""
    for day in range(max(one.last, 0) + 1):
        assert overfull_min(asked, week, days | {one.key: day}, 1.0)[day] > 0
