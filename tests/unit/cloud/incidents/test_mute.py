"""What a mute hushes, and what it never does, on values alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cloud.incidents.kinds import KINDS, Family
from cloud.incidents.model import Priority
from cloud.incidents.mute import RULES, Heard, Mute, Why, heard, too_long
from firmware_protocols.model import AlarmKind

NOON = datetime(2026, 1, 10, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
IN_HOSPITAL = Mute(Why.HOSPITAL, NOON - HOUR, NOON + HOUR)
AT_WORK = Mute(Why.WORKS, NOON - HOUR, NOON + HOUR)


def test_who_is_in_hospital_is_not_missed_at_breakfast() -> None:
    assert heard(AlarmKind.NOT_UP, Priority.URGENT, [IN_HOSPITAL], NOON) == Heard(Priority.INFO, Why.HOSPITAL)


@pytest.mark.parametrize("kind", [AlarmKind.SOS, AlarmKind.FALL, AlarmKind.LONG_LIE, AlarmKind.BATHROOM_LONG])
def test_whoever_is_there_after_all_is_heard(kind: AlarmKind) -> None:
    said = KINDS[kind].priority
    assert heard(kind, said, [IN_HOSPITAL, AT_WORK], NOON) == Heard(said)


@pytest.mark.parametrize("why", Why)
@pytest.mark.parametrize("kind", AlarmKind)
def test_no_reason_mutes_a_life(why: Why, kind: AlarmKind) -> None:
    mute = Mute(why, NOON - HOUR, NOON + HOUR)
    assert heard(kind, Priority.LIFE, [mute], NOON) == Heard(Priority.LIFE)


@pytest.mark.parametrize("why", Why)
def test_no_reason_mutes_what_burns_or_floods(why: Why) -> None:
    assert not any(KINDS[kind].family in {Family.HAZARD, Family.WATER} for kind in RULES[why].kinds)


def test_a_gateway_that_falls_silent_over_an_open_question_is_heard_in_spite_of_works() -> None:
    assert heard(AlarmKind.GATEWAY_SILENT, Priority.TODAY, [AT_WORK], NOON).muted is Why.WORKS
    assert heard(AlarmKind.GATEWAY_SILENT, Priority.URGENT, [AT_WORK], NOON).muted is None


@pytest.mark.parametrize(
    ("mute", "muted"),
    [
        (Mute(Why.AWAY, NOON, NOON + HOUR), True),
        (Mute(Why.AWAY, NOON - HOUR, NOON), False),
        (Mute(Why.AWAY, NOON + HOUR, NOON + 2 * HOUR), False),
        (Mute(Why.AWAY, NOON - HOUR, NOON + HOUR, ended_at=NOON), False),
        (Mute(Why.AWAY, NOON - HOUR, NOON + HOUR, ended_at=NOON + HOUR), True),
    ],
)
def test_a_mute_holds_from_its_beginning_until_before_its_end(mute: Mute, *, muted: bool) -> None:
    assert (heard(AlarmKind.STILLNESS, Priority.URGENT, [mute], NOON).muted is Why.AWAY) is muted


def test_works_end_on_the_same_day() -> None:
    assert not too_long(Why.WORKS, NOON, NOON + 8 * HOUR)
    assert too_long(Why.WORKS, NOON, NOON + 9 * HOUR)
