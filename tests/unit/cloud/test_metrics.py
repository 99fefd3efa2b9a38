"""What a process counts: loops that stand still, and labels that cannot grow."""

from __future__ import annotations

import re
from typing import Final

from prometheus_client import generate_latest

from cloud import metrics, standing
from cloud.metrics import OTHER, REGISTRY, Loops, known

LABELS: Final = frozenset(
    [
        "fate",
        "kind",
        "outcome",
        "job",
        "channel",
        "provider",
        "word",
        "method",
        "route",
        "status",
        "lane",
        "loop",
        "state",
        "queue",
        "priority",
        "reason",
        "disk",
        "le",
        "quantile",
    ]
)


class Wheel:
    """A clock that a test turns."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_loop_is_late_when_it_did_not_come_round_in_time() -> None:
    wheel = Wheel()
    loops = Loops(wheel)
    loops.expect("timers", within_s=30)
    loops.expect("messages", within_s=60)
    wheel.now = 31
    assert loops.late() == ["timers"]
    loops.turned("timers")
    assert loops.late() == []


def test_a_loop_that_was_told_to_end_is_not_late() -> None:
    wheel = Wheel()
    loops = Loops(wheel)
    loops.expect("store", within_s=30)
    loops.forget("store")
    loops.turned("store")
    wheel.now = 100
    assert loops.late() == []


def test_ages_and_limits_are_told_for_each_loop() -> None:
    wheel = Wheel()
    loops = Loops(wheel)
    loops.expect("timers", within_s=30)
    wheel.now = 12
    told = {(family.name, family.samples[0].value) for family in loops.collect()}
    assert told == {("anban_loop_age_seconds", 12.0), ("anban_loop_limit_seconds", 30.0)}


def test_what_is_not_on_the_list_gets_one_label_together() -> None:
    assert known("sms", {"sms", "ntfy"}) == "sms"
    assert known("zz9-plural", {"sms", "ntfy"}) == OTHER


def test_no_metric_has_a_label_for_a_person_a_home_or_a_gateway() -> None:
    """Those that are declared, whoever has counted by them so far, and those that are told when asked."""
    declared = {label for metric in vars(metrics).values() for label in getattr(metric, "_labelnames", ())}
    asked = {label for question in standing.QUESTIONS for label in question.labels}
    shown = set(re.findall(r'[{,](\w+)="', generate_latest(REGISTRY).decode()))
    assert declared | asked | shown <= LABELS
