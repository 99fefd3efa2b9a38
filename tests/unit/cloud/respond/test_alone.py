"""What is done for a worker who is alone at a door, on values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud.respond.alone import Care, Stay, Watch, watch

ARRIVED = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return ARRIVED + timedelta(minutes=minutes)


@pytest.mark.parametrize(("warned", "wait_min"), [(False, 30), (True, 10)])
def test_silence_is_answered_step_by_step_without_anybody_deciding(warned: bool, wait_min: int) -> None:
    stay = Stay(ARRIVED, warned=warned)
    for after_min, care, look_min in (
        (0, Care.RING, 2),
        (2, Care.RING_AGAIN, 4),
        (4, Care.SEND_COLLEAGUE, 15),
        (15, Care.CALL_POLICE, None),
    ):
        just_before = at(wait_min + after_min) - timedelta(seconds=1)
        assert watch(stay, just_before) == Watch((), at(wait_min + after_min))
        due_at = None if look_min is None else at(wait_min + look_min)
        assert watch(stay, at(wait_min + after_min)) == Watch((care,), due_at)
        stay = replace(stay, done=stay.done | {care})


def test_a_word_begins_the_wait_anew() -> None:
    assert watch(Stay(at(29)), at(31)) == Watch((), at(59))


def test_a_worker_who_calls_for_help_is_not_rung_and_help_goes_at_once() -> None:
    stay = Stay(ARRIVED, duress=True)
    assert watch(stay, at(1)) == Watch((Care.SEND_COLLEAGUE, Care.CALL_POLICE))
    assert watch(replace(stay, done=frozenset({Care.SEND_COLLEAGUE, Care.CALL_POLICE})), at(2)) == Watch()


def test_a_service_that_was_down_catches_up_in_order() -> None:
    assert watch(Stay(ARRIVED), at(120)) == Watch(tuple(Care))
