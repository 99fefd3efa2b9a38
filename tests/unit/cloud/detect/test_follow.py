"""What follows from a look, step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from cloud.detect.vitals.follow import Ask, Before, End, Raise, State, steps
from cloud.detect.vitals.model import Rule
from cloud.incidents.model import Priority
from firmware_protocols.model import Quantity
from tests.unit.cloud.detect.measuring import NOW, days, looked, sample

LOW = sample(Quantity.SPO2, 88)
ASKED = Before(
    1,
    Rule.NEWS2_SINGLE,
    Quantity.SPO2,
    State.ASKED,
    None,
    NOW - timedelta(minutes=5),
    NOW - timedelta(minutes=5),
    NOW + timedelta(minutes=10),
)
TOLD = replace(ASKED, state=State.RAISED, priority=Priority.URGENT, due_at=None)


def test_the_first_is_asked_for_again() -> None:
    (ask,) = steps(looked(LOW), [], NOW)
    assert isinstance(ask, Ask)
    assert ask.due_at == NOW + timedelta(minutes=15)


def test_the_same_sample_is_asked_for_once() -> None:
    asked = replace(ASKED, at=NOW, state=State.UNANSWERED, due_at=None)
    assert steps(looked(LOW), [asked], NOW) == []


def test_the_second_one_that_agrees_is_told_and_ends_the_request() -> None:
    end, told = steps(looked(LOW, sample(Quantity.SPO2, 89, minutes_ago=5)), [ASKED], NOW)
    assert isinstance(end, End)
    assert end.state is State.CONFIRMED
    assert isinstance(told, Raise)
    assert told.priority is Priority.URGENT


def test_the_second_one_that_does_not_agree_ends_it_quietly() -> None:
    better = looked(sample(Quantity.SPO2, 96), sample(Quantity.SPO2, 89, minutes_ago=5))
    assert steps(better, [ASKED], NOW) == [End(ASKED, State.CLEARED)]


def test_silence_after_a_grave_one_is_told_when_its_time_is_over() -> None:
    judged = looked(sample(Quantity.SPO2, 89, minutes_ago=20))
    late = replace(ASKED, at=NOW - timedelta(minutes=20), due_at=NOW)
    assert steps(judged, [late], NOW) == [End(late, State.UNANSWERED, Priority.TODAY)]
    assert steps(judged, [replace(late, due_at=NOW + timedelta(seconds=1))], NOW) == []


def test_silence_after_an_emergency_is_urgent() -> None:
    late = replace(ASKED, rule=Rule.NEWS2_EMERGENCY, due_at=NOW)
    assert steps(looked(), [late], NOW) == [End(late, State.UNANSWERED, Priority.URGENT)]


def test_silence_after_a_cuff_that_sat_loose_calls_nobody() -> None:
    late = replace(ASKED, rule=Rule.UNUSABLE, due_at=NOW)
    assert steps(looked(), [late], NOW) == [End(late, State.UNANSWERED, None)]


def test_what_was_told_of_late_is_not_told_again_until_it_has_cooled_down() -> None:
    judged = looked(LOW, sample(Quantity.SPO2, 89, minutes_ago=5))
    assert steps(judged, [TOLD], NOW) == []
    assert len(steps(judged, [replace(TOLD, found_at=NOW - timedelta(hours=4))], NOW)) == 1


def test_something_graver_does_not_wait_for_that() -> None:
    judged = looked(LOW, sample(Quantity.SPO2, 89, minutes_ago=5))
    (told,) = steps(judged, [replace(TOLD, priority=Priority.TODAY)], NOW)
    assert isinstance(told, Raise)


def test_a_mean_that_is_known_does_not_hide_what_is_measured_today() -> None:
    mean = replace(TOLD, rule=Rule.PRESSURE_MEAN, quantity=Quantity.SYSTOLIC, priority=Priority.PLAN)
    today = looked(sample(Quantity.SYSTOLIC, 166), sample(Quantity.SYSTOLIC, 168, minutes_ago=5))
    assert [type(step) for step in steps(today, [mean], NOW)] == [Raise]
    again = looked(sample(Quantity.SYSTOLIC, 138), past=days(Quantity.SYSTOLIC, [138] * 6))
    assert steps(again, [mean], NOW) == []


def test_something_graver_is_asked_for_at_once_though_a_loose_cuff_still_waits() -> None:
    waits = replace(ASKED, rule=Rule.UNUSABLE)
    end, ask = steps(looked(LOW), [waits], NOW)
    assert end == End(waits, State.CLEARED)
    assert isinstance(ask, Ask)
    assert ask.finding.rule is Rule.NEWS2_SINGLE


def test_a_second_measurement_that_cannot_be_used_does_not_clear_the_first() -> None:
    cold = looked(LOW, sample(Quantity.PULSE_AMPLITUDE, 0.1), sample(Quantity.SPO2, 85, minutes_ago=5))
    assert steps(cold, [ASKED], NOW) == []
    late = replace(ASKED, due_at=NOW)
    assert steps(cold, [late], NOW)[0] == End(late, State.UNANSWERED, Priority.TODAY)
