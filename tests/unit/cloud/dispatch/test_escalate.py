"""Who is asked next, on values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.dispatch.escalate import ACCEPT_WITHIN, PARALLEL, Ladder, Rung, RungState, next_rung, tasked
from cloud.incidents.model import Priority

START = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def ladder(*rungs: Rung, priority: Priority = Priority.LIFE) -> Ladder:
    return Ladder(priority, rungs)


def neighbour(step: int, state: RungState = RungState.WAITING, asked_s: float | None = None) -> Rung:
    return Rung(step, "neighbour", False, state=state, asked_at=None if asked_s is None else at(asked_s))


def test_two_are_asked_at_once_where_a_life_is_at_stake() -> None:
    plan = next_rung(ladder(neighbour(1), neighbour(2), neighbour(3)), START)
    assert (plan.ask, plan.give_up, plan.due_at) == ((1, 2), (), at(60))


def test_one_is_asked_otherwise_and_has_more_time() -> None:
    plan = next_rung(ladder(neighbour(1), neighbour(2), priority=Priority.URGENT), START)
    assert (plan.ask, plan.due_at) == ((1,), at(180))


def test_a_decline_is_filled_up_and_the_other_keeps_their_time() -> None:
    rungs = (
        neighbour(1, RungState.DECLINED, 0),
        neighbour(2, RungState.ASKED, 0),
        neighbour(3),
        neighbour(4),
    )
    plan = next_rung(ladder(*rungs), at(20))
    assert (plan.ask, plan.give_up, plan.due_at) == ((3,), (), at(60))


def test_who_does_not_answer_in_time_is_passed() -> None:
    plan = next_rung(ladder(neighbour(1, RungState.ASKED, 0), neighbour(2)), at(60))
    assert (plan.ask, plan.give_up, plan.due_at) == ((2,), (1,), at(120))


def test_who_cannot_be_reached_is_passed_at_once() -> None:
    lost = replace(neighbour(1, RungState.ASKED, 0), reachable=False)
    mute = replace(neighbour(2), reachable=False)
    assert next_rung(ladder(lost, mute, neighbour(3)), at(1)).ask == (3,)


def test_the_end_is_when_nobody_is_left_to_ask_or_to_wait_for() -> None:
    assert next_rung(ladder(neighbour(1, RungState.ASKED, 0)), at(59)).due_at == at(60)
    assert next_rung(ladder(neighbour(1, RungState.ASKED, 0)), at(60)).due_at is None
    assert next_rung(ladder(), START).due_at is None


def test_family_without_a_key_is_told_not_sent() -> None:
    daughter, son = Rung(1, "family", False), Rung(2, "family", True)
    assert tasked(ladder(daughter, son, neighbour(3))) == (son, neighbour(3))


def test_a_far_family_is_better_than_nobody() -> None:
    daughter = Rung(1, "family", False)
    assert next_rung(ladder(daughter), START).ask == (1,)


@pytest.mark.parametrize("priority", Priority)
def test_volunteers_are_spared_what_may_end_badly(priority: Priority) -> None:
    volunteer = Rung(1, "volunteer", False)
    sent = volunteer in tasked(ladder(volunteer, neighbour(2), priority=priority))
    assert sent == (priority > Priority.URGENT)


def test_a_rung_asked_at_an_unknown_time_is_an_error_not_a_guess() -> None:
    with pytest.raises(ValueError, match="rung 1"):
        next_rung(ladder(neighbour(1, RungState.ASKED)), START)


@given(
    st.sampled_from(Priority),
    st.lists(
        st.tuples(st.sampled_from(["neighbour", "family", "volunteer"]), st.booleans(), st.booleans()),
        max_size=8,
    ),
    st.lists(st.integers(0, 4_000), max_size=30),
)
def test_climbing_asks_everyone_once_in_order_and_comes_to_an_end(
    priority: Priority, people: list[tuple[str, bool, bool]], pauses: list[int]
) -> None:
    state = Ladder(
        priority, tuple(Rung(step, relation, key, ok) for step, (relation, key, ok) in enumerate(people, 1))
    )
    now, asked = START, list[int]()
    for pause in [*pauses, *[4_000] * 10]:
        plan = next_rung(state, now)
        asked += plan.ask
        after = dict.fromkeys(plan.give_up, RungState.PASSED) | dict.fromkeys(plan.ask, RungState.ASKED)
        state = replace(
            state,
            rungs=tuple(
                replace(
                    rung,
                    state=after.get(rung.step, rung.state),
                    asked_at=now if rung.step in plan.ask else rung.asked_at,
                )
                for rung in state.rungs
            ),
        )
        waiting = sum(rung.state is RungState.ASKED for rung in state.rungs)
        assert waiting <= PARALLEL.get(priority, 1)
        assert (plan.due_at is None) == (waiting == 0)
        assert plan.due_at is None or now < plan.due_at <= now + ACCEPT_WITHIN[priority]
        now += timedelta(seconds=pause)
    assert asked == [rung.step for rung in tasked(state) if rung.reachable]
