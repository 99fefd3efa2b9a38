"""Who goes now, on values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud.respond.model import Ask, Callout, Candidate, Kind, Orders, Said, Step, Surroundings, Trip
from cloud.respond.policy import OPEN_FOR, accountable, carry_out, decide, is_late

START = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def somebody(number: int, kind: Kind, minutes: float, metres: float = 300.0) -> Candidate:
    return Candidate(number, kind, timedelta(minutes=minutes), metres)


def worker(number: int, minutes: float) -> Candidate:
    return somebody(number, Kind.WORKER, minutes, 5_000.0)


WORKERS = (worker(1, 6), worker(2, 8), worker(3, 12))
NEIGHBOURS = tuple(somebody(10 + number, Kind.NEIGHBOUR, 3 + number) for number in range(8))


def callout(*people: Candidate, night: bool = False) -> Callout:
    return Callout(START, Surroundings.TOWN, night, people)


def asked(orders: Orders) -> list[int]:
    return [person.id for person in orders.ask]


def looked(before: Callout, second: float) -> Callout:
    """The callout after one look."""
    return carry_out(before, decide(before, at(second)), at(second))


def answered(before: Callout, number: int, answer: Said | Trip) -> Callout:
    asks = (replace(ask, answer=answer) if ask.who.id == number else ask for ask in before.asks)
    return replace(before, asks=tuple(asks))


def says_yes(before: Callout, number: int, second: float, *, moved: float | None = None) -> Callout:
    """``moved``: the second at which they set out, if they have."""
    who = next(ask.who for ask in before.asks if ask.who.id == number)
    there = at(second) + who.travel
    trip = Trip(at(second), there, there, moved_at=None if moved is None else at(moved))
    return answered(before, number, trip)


def arrives(before: Callout, number: int, second: float) -> Callout:
    trip = next(ask.answer for ask in before.asks if ask.who.id == number)
    assert isinstance(trip, Trip)
    return answered(before, number, replace(trip, arrived_at=at(second)))


def test_one_worker_and_five_local_people_are_asked_at_once_the_soonest_there() -> None:
    orders = decide(callout(*reversed(WORKERS + NEIGHBOURS)), START)
    assert asked(orders) == [1, 10, 11, 12, 13, 14]
    assert orders.due_at == at(20)


def test_silence_adds_a_local_person_every_20_s_and_a_worker_after_45_s_and_takes_nobody_away() -> None:
    one = looked(callout(*WORKERS, *NEIGHBOURS), 0)
    for second, more in ((20, [15]), (40, [16]), (45, [2]), (60, [17]), (90, [3])):
        orders = decide(one, at(second))
        assert (second, asked(orders), orders.relieve) == (second, more, ())
        one = carry_out(one, orders, at(second))


def test_a_no_is_replaced_at_once() -> None:
    one = looked(callout(*WORKERS, *NEIGHBOURS), 0)
    assert asked(decide(answered(answered(one, 1, Said.NO), 11, Said.NO), at(5))) == [2, 15]


def test_a_worker_on_the_way_ends_the_search_for_workers_and_not_for_local_people() -> None:
    one = says_yes(looked(callout(*WORKERS, *NEIGHBOURS), 0), 1, 10, moved=30)
    assert asked(decide(one, at(50))) == [15]


def test_a_worker_who_was_asked_first_may_still_overtake_one_who_was_asked_later() -> None:
    one = looked(looked(callout(*WORKERS), 0), 45)
    slow = says_yes(one, 2, 60, moved=60)
    assert decide(slow, at(60)).relieve == (), "the first would be there two minutes sooner"
    assert decide(slow, at(181)).relieve == (1,), "and now no sooner"
    both = says_yes(slow, 1, 70, moved=70)
    assert decide(both, at(70)).relieve == (2,)


def test_one_worker_and_two_local_people_are_let_go_there_everybody_else_is_relieved() -> None:
    one = looked(callout(*WORKERS, *NEIGHBOURS), 0)
    for number in (1, 12, 11, 10):
        one = says_yes(one, number, 10, moved=10)
    assert set(decide(one, at(10)).relieve) == {12, 13, 14}


def test_once_a_worker_is_there_everybody_on_the_way_may_turn_round() -> None:
    one = says_yes(says_yes(looked(callout(*WORKERS, *NEIGHBOURS), 0), 1, 5, moved=5), 14, 5, moved=5)
    there = arrives(one, 1, 100)
    orders = decide(there, at(100))
    assert (set(orders.relieve), orders.ask, orders.due_at) == ({10, 11, 12, 13, 14}, (), None)


@pytest.mark.parametrize(("night", "patience_s"), [(False, 120), (True, 180)])
def test_who_does_not_set_out_is_telephoned_once_and_another_is_asked_as_well(
    night: bool,
    patience_s: int,
) -> None:
    one = says_yes(looked(callout(*WORKERS, night=night), 0), 1, 10)
    assert decide(one, at(10 + patience_s - 1)) == Orders(due_at=at(10 + patience_s))
    late = decide(one, at(10 + patience_s))
    assert (late.telephone, asked(late), late.relieve) == ((1,), [2], ())
    assert decide(carry_out(one, late, at(10 + patience_s)), at(10 + patience_s)).telephone == ()


def test_who_slips_by_three_minutes_is_kept_until_another_is_surely_no_later() -> None:
    one = says_yes(looked(callout(*WORKERS), 0), 1, 0, moved=10)
    trip = one.asks[0].answer
    assert isinstance(trip, Trip)
    slipping = answered(one, 1, replace(trip, expected_at=at(6 * 60 + 180)))
    assert asked(decide(slipping, at(20))) == [2]
    helped = says_yes(looked(slipping, 20), 2, 30, moved=40)
    assert decide(helped, at(40)).relieve == (1,), "who is there at 8:30 is sooner than who is at 9:00"


def test_who_turns_back_is_replaced_and_who_was_relieved_can_be_asked_again() -> None:
    one = says_yes(looked(looked(callout(*WORKERS[:2]), 0), 45), 1, 50, moved=50)
    alone = carry_out(one, decide(one, at(50)), at(50))
    assert [ask.answer for ask in alone.asks if ask.who.id == 2] == [Said.RELIEVED]
    assert asked(decide(answered(alone, 1, Said.NO), at(100))) == [2]


def test_nobody_on_the_way_widens_the_circle_after_3_min_and_calls_an_ambulance_after_5_min() -> None:
    far = somebody(30, Kind.VOLUNTEER, 9, metres=1_900)
    one = looked(callout(*WORKERS[:1], far), 0)
    orders = decide(one, at(180))
    assert (orders.steps, asked(orders)) == ((Step.WIDEN, Step.PHONE), [30])
    last = decide(carry_out(one, orders, at(180)), at(300))
    assert last.steps == (Step.DUTY_OFFICER, Step.AMBULANCE)


def test_with_nobody_left_to_ask_nobody_waits_for_the_clock() -> None:
    assert decide(callout(), START).steps == tuple(Step)
    far = somebody(30, Kind.VOLUNTEER, 9, metres=1_900)
    orders = decide(callout(far), START)
    assert (orders.steps, asked(orders)) == ((Step.WIDEN, Step.PHONE, Step.DUTY_OFFICER), [30])


def test_a_neighbour_at_the_door_needs_no_ambulance_and_still_a_worker() -> None:
    one = looked(callout(*WORKERS[:1], *NEIGHBOURS), 0)
    there = arrives(says_yes(one, 10, 5, moved=5), 10, 150)
    orders = decide(there, at(180))
    assert (orders.steps, orders.ask) == ((Step.PHONE,), ())
    assert decide(carry_out(there, orders, at(180)), at(300)).steps == (Step.DUTY_OFFICER,)
    alone = arrives(says_yes(looked(callout(*NEIGHBOURS), 0), 10, 5, moved=5), 10, 150)
    assert alone.done == {Step.PHONE, Step.DUTY_OFFICER}, "with no worker on duty nobody waits for the clock"


def test_family_far_away_and_neighbours_out_of_reach_are_not_sent() -> None:
    daughter, cousin = somebody(1, Kind.FAMILY, 11), somebody(2, Kind.NEIGHBOUR, 5, metres=1_001)
    assert asked(decide(callout(worker(3, 5), daughter, cousin), START)) == [3]
    rural = replace(callout(worker(3, 5), daughter, cousin), surroundings=Surroundings.RURAL)
    assert asked(decide(rural, START)) == [3, 2]


def test_who_has_not_answered_for_240_s_is_asked_no_longer_and_is_welcome_all_the_same() -> None:
    one = looked(callout(worker(1, 6)), 0)
    after = OPEN_FOR.total_seconds() + 30
    assert decide(says_yes(one, 1, after, moved=after), at(after)).steps == ()


def test_when_everybody_asked_has_been_silent_for_240_s_the_ambulance_is_not_waited_for() -> None:
    one = looked(looked(callout(worker(1, 6)), 0), 180)
    assert decide(one, at(181)) == Orders(due_at=at(240))
    assert decide(one, at(240)).steps == (Step.DUTY_OFFICER, Step.AMBULANCE)


def test_looks_again_when_a_yes_would_come_too_late_to_overtake() -> None:
    slow = says_yes(looked(looked(callout(worker(1, 7), worker(2, 8)), 0), 45), 2, 60, moved=60)
    assert decide(slow, at(60)).due_at == at(120), "seven minutes before the other is there at 9:00"


def test_looks_again_when_somebody_should_be_there_and_when_they_are_three_minutes_late() -> None:
    one = says_yes(looked(callout(worker(1, 6)), 0), 1, 0, moved=0)
    assert decide(one, at(300)).due_at == at(360)
    assert decide(one, at(360)).due_at == at(540)


def test_of_two_who_are_there_at_the_same_moment_one_goes_on() -> None:
    one = looked(looked(callout(worker(1, 6), worker(2, 6)), 0), 45)
    both = says_yes(says_yes(one, 1, 50, moved=50), 2, 50, moved=50)
    assert decide(both, at(50)).relieve == (2,)


def with_key(person: Candidate) -> Candidate:
    return replace(person, has_key=True)


def test_the_nearest_key_is_among_the_first_who_are_asked() -> None:
    far, farther = with_key(somebody(30, Kind.NEIGHBOUR, 14)), with_key(somebody(31, Kind.NEIGHBOUR, 15))
    orders = decide(callout(*WORKERS, *NEIGHBOURS, farther, far), START)
    assert asked(orders) == [1, 30, 10, 11, 12, 13]
    near = callout(*WORKERS, with_key(NEIGHBOURS[0]), *NEIGHBOURS[1:], far)
    assert asked(decide(near, START)) == [1, 10, 11, 12, 13, 14], "who is near has one already"


def test_one_key_on_the_way_is_enough() -> None:
    near, far = with_key(NEIGHBOURS[0]), with_key(somebody(30, Kind.NEIGHBOUR, 14))
    one = says_yes(looked(callout(near, *NEIGHBOURS[1:], far), 0), 10, 10)
    assert asked(decide(one, at(130))) == [15], "who is late; the key is not asked for twice"


def test_no_more_than_twenty_local_people_and_ten_workers_are_asked() -> None:
    crowd = [somebody(number, Kind.VOLUNTEER, 5) for number in range(100, 140)]
    one = looked(callout(*(worker(number, 5) for number in range(20)), *crowd), 0)
    for second in range(0, 600, 5):
        one = looked(one, second)
    workers = [ask for ask in one.asks if ask.who.kind is Kind.WORKER]
    assert (len(workers), len(one.asks)) == (10, 30)


def test_who_brings_the_only_key_goes_on_although_enough_others_are_there_before() -> None:
    far = with_key(somebody(30, Kind.NEIGHBOUR, 14))
    one = looked(callout(*WORKERS, *NEIGHBOURS, far), 0)
    for number in (1, 10, 11, 30):
        one = says_yes(one, number, 10, moved=10)
    assert set(decide(one, at(10)).relieve) == {12, 13}
    assert 30 not in decide(arrives(one, 1, 300), at(300)).relieve, "a worker stands before a locked door"


def test_one_answers_for_the_resident_and_a_worker_does_before_a_local_person() -> None:
    one = looked(looked(callout(*WORKERS, *NEIGHBOURS), 0), 45)
    assert accountable(one, at(50)) is None, "the operator does"
    who = []
    for number in (11, 10, 2, 1):
        one = says_yes(one, number, 50, moved=50)
        answers = accountable(one, at(50))
        who += [answers and answers.who.id]
    assert who == [11, 10, 2, 1]
    there = accountable(arrives(one, 2, 60), at(60))
    assert there is not None
    assert there.who.id == 2


def test_who_does_not_move_answers_for_nobody_while_another_does() -> None:
    one = looked(looked(callout(*WORKERS), 0), 45)
    one = says_yes(says_yes(one, 1, 50), 2, 50, moved=60)
    soon, later = accountable(one, at(60)), accountable(one, at(170))
    assert soon is not None
    assert later is not None
    assert (soon.who.id, later.who.id) == (1, 2)


def test_an_arrival_is_never_late() -> None:
    trip = Trip(START, at(60), at(60), arrived_at=at(600))
    assert not is_late(callout(), trip, at(900))
    assert Ask(worker(1, 1), START, trip).on_site
