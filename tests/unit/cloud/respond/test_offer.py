"""Who could go to a door, from people and where they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cloud.respond.acceptance import Tally
from cloud.respond.model import Callout, Candidate, Kind, Surroundings
from cloud.respond.offer import Responder, candidates
from cloud.respond.policy import decide
from cloud.respond.travel import Mode, Point

NOW = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)
DOOR = Point(27.55, 109.95)
STREET_AWAY = Point(27.553, 109.95)
WORKER = Responder(1, Kind.WORKER, Point(27.56, 109.95), Mode.BIKE, seen_at=NOW)
VOLUNTEER = Responder(2, Kind.VOLUNTEER, STREET_AWAY, Mode.RUN)


def offered(*people: Responder, night: bool = False, factor: float = 1.0) -> list[Candidate]:
    return list(candidates(DOOR, people, NOW, night=night, factor=factor))


def seconds(person: Responder, *, night: bool = False, factor: float = 1.0) -> int:
    return round(offered(person, night=night, factor=factor)[0].travel.total_seconds())


def test_setting_out_counts_and_takes_longer_at_night_and_out_of_a_visit() -> None:
    assert (seconds(VOLUNTEER), seconds(VOLUNTEER, night=True)) == (105 + 263, 142 + 263)
    assert seconds(replace(WORKER, in_visit=True)) - seconds(WORKER) == 45


def test_slow_roads_stretch_the_way_and_not_the_setting_out() -> None:
    assert seconds(VOLUNTEER, factor=2.0) == 105 + 2 * 263 + 1


def test_a_worker_who_may_not_leave_a_visit_is_not_offered() -> None:
    assert offered(replace(WORKER, in_visit=True))[0].in_visit
    assert offered(replace(WORKER, in_visit=True, interruptible=False)) == []


def test_a_worker_who_was_not_seen_for_two_hours_is_not_where_they_were() -> None:
    assert offered(replace(WORKER, seen_at=NOW - timedelta(hours=2)))
    assert offered(replace(WORKER, seen_at=NOW - timedelta(hours=2, seconds=1))) == []


def test_who_never_comes_at_night_is_still_asked_by_day() -> None:
    sleeper = replace(VOLUNTEER, by_night=Tally(30, 0), by_day=Tally(30, 20))
    assert (len(offered(sleeper)), offered(sleeper, night=True)) == (1, [])


def test_a_volunteer_who_was_just_out_is_left_alone() -> None:
    assert offered(replace(VOLUNTEER, last_mission=NOW - timedelta(hours=3))) == []


def test_the_policy_asks_those_who_are_offered() -> None:
    callout = Callout(NOW, Surroundings.TOWN, night=False, candidates=tuple(offered(WORKER, VOLUNTEER)))
    assert {person.id for person in decide(callout, NOW).ask} == {1, 2}


def test_a_key_goes_along() -> None:
    assert [one.has_key for one in offered(replace(VOLUNTEER, has_key=True), WORKER)] == [True, False]
