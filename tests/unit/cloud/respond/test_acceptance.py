"""Who is spared an alert, on values alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.respond.acceptance import Tally, is_spared, rate
from cloud.respond.model import Kind

NOW = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)
NEW = Tally()


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def spared(
    kind: Kind, tally: Tally = NEW, *, alerts: tuple[float, ...] = (), mission: float | None = None
) -> bool:
    """``alerts`` and ``mission``: hours ago."""
    last = None if mission is None else hours_ago(mission)
    return is_spared(kind, tally, alerts=[hours_ago(one) for one in alerts], last_mission=last, now=NOW)


def test_nobody_is_known_until_they_were_asked_and_is_taken_for_their_kind() -> None:
    assert rate(Kind.VOLUNTEER, Tally()) == pytest.approx(0.3)
    assert rate(Kind.VOLUNTEER, Tally(10, 10)) == pytest.approx(0.65)


def test_a_volunteer_who_never_answers_is_dropped_after_21_alerts_and_not_after_20() -> None:
    assert not spared(Kind.VOLUNTEER, Tally(20, 0))
    assert spared(Kind.VOLUNTEER, Tally(21, 0))


def test_staff_on_duty_are_always_asked() -> None:
    assert not spared(Kind.WORKER, Tally(500, 0), alerts=(1, 1, 1), mission=1)


def test_a_volunteer_rests_twelve_hours_after_a_mission() -> None:
    assert spared(Kind.VOLUNTEER, mission=11.9)
    assert not spared(Kind.VOLUNTEER, mission=12)


def test_a_volunteer_is_alerted_twice_a_day_at_most_and_family_as_often_as_there_is_need() -> None:
    assert not spared(Kind.VOLUNTEER, alerts=(1, 25))
    assert spared(Kind.VOLUNTEER, alerts=(1, 23))
    assert not spared(Kind.FAMILY, alerts=(1, 2, 3))


@given(kind=st.sampled_from(Kind), asked=st.integers(0, 500), data=st.data())
def test_a_yes_never_makes_the_next_one_less_likely_nor_a_no_more(
    kind: Kind,
    asked: int,
    data: st.DataObject,
) -> None:
    accepted = data.draw(st.integers(0, asked))
    now = rate(kind, Tally(asked, accepted))
    assert rate(kind, Tally(asked + 1, accepted)) < now < rate(kind, Tally(asked + 1, accepted + 1)) < 1


def test_more_answers_than_questions_cannot_be() -> None:
    with pytest.raises(ValueError, match="2 of 1 cannot be"):
        Tally(1, 2)
