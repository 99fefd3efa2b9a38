"""How a visit went, from what was said in any order; clocks that are wrong, and doors that are near."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.respond.travel import Point
from cloud.visits.duty import Way
from cloud.visits.forms.table import VisitKind
from cloud.visits.records.clock import OLDEST, TOLERATED, Told, believed
from cloud.visits.records.fold import Conflict, Event, File, Plan, Sort, fold
from cloud.visits.records.place import How, Place, sign

NOON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
MEAL: Final = Plan(VisitKind.SERVICE)
ANNA, BERTA = 1, 2


def event(number: int, sort: Sort, minute: float, who: int = ANNA, **body: Any) -> Event:
    return Event(number, sort, NOON + timedelta(minutes=minute), who, body)


SERVED: Final = (
    event(1, Sort.ARRIVE, 0, how="tag"),
    event(2, Sort.ANSWERS, 20, answers={"seen": True, "done": ["meals"]}),
    event(3, Sort.DEPART, 25, how="place"),
)


@pytest.mark.parametrize("order", list(permutations(SERVED)))
def test_the_order_of_arrival_changes_nothing(order: tuple[Event, ...]) -> None:
    record = fold(MEAL, order, [File.SIGNATURE])
    assert record == fold(MEAL, SERVED, [File.SIGNATURE])
    assert record.complete
    assert record.served is not None
    assert record.served.ended_at - record.served.began_at == timedelta(minutes=25)


def test_what_is_missing_is_named_and_nothing_is_refused() -> None:
    record = fold(MEAL, SERVED[:1], [])
    assert (record.began_at, record.ended_at, record.faults) == (NOON, None, ("form: not filled",))
    record = fold(MEAL, SERVED, [])
    assert record.faults == ("signature: missing",)
    assert not record.complete


def test_the_form_may_come_from_somebody_who_never_said_that_they_arrived() -> None:
    record = fold(MEAL, SERVED[1:2], [File.VOICE])
    assert (record.began_at, record.by_id, record.arrival) == (NOON + timedelta(minutes=20), ANNA, None)
    assert record.served is None


def test_the_last_form_counts_and_a_conflict_is_named_only_between_two_people() -> None:
    mine = event(4, Sort.ANSWERS, 30, answers={"seen": True, "done": []})
    record = fold(MEAL, (*SERVED, mine), [])
    assert record.filled.answers["done"] == ()
    assert record.conflicts == ()
    hers = event(4, Sort.ANSWERS, 10, BERTA, answers={"seen": False, "why_not": "out"})
    record = fold(MEAL, (*SERVED, hers), [])
    assert record.filled.answers["done"] == ("meals",)
    assert record.conflicts == (Conflict.TWO_FORMS,)


@pytest.mark.parametrize(
    ("plan", "events", "conflict"),
    [
        (Plan(VisitKind.SERVICE, cancelled=True), SERVED, Conflict.CANCELLED),
        (Plan(VisitKind.SERVICE, staff=frozenset({BERTA})), SERVED, Conflict.OTHER_PERSON),
        (MEAL, (SERVED[0], event(3, Sort.DEPART, -5, how="tag")), Conflict.BACKWARDS),
        (MEAL, (SERVED[0], event(3, Sort.DEPART, 721, how="tag")), Conflict.TOO_LONG),
        (MEAL, (Event(1, Sort.ARRIVE, NOON, ANNA, {"how": "tag"}, off_s=-300),), Conflict.CLOCK),
        (MEAL, (event(1, Sort.ARRIVE, 0, how="tag", unsure=True),), Conflict.UNSURE_TIME),
    ],
)
def test_what_cannot_be_is_named(plan: Plan, events: tuple[Event, ...], conflict: Conflict) -> None:
    assert fold(plan, events, []).conflicts == (conflict,)


def test_a_note_on_a_cancelled_visit_is_no_visit() -> None:
    record = fold(Plan(VisitKind.REGULAR, cancelled=True), [event(1, Sort.NOTE, 0, words="snow")], [])
    assert (record.began_at, record.conflicts) == (None, ())


def test_a_signed_assessment_is_the_signature_of_its_visit() -> None:
    said = (
        event(1, Sort.ARRIVE, 0, how="tag"),
        event(2, Sort.ANSWERS, 1, answers={"seen": True, "informant": "self"}),
    )
    assert fold(Plan(VisitKind.ASSESSMENT), said, [], signed=True).complete
    assert set(fold(Plan(VisitKind.ASSESSMENT), said, []).faults) == {
        "second_signature: missing",
        "signature: missing",
    }


def test_on_the_telephone_nobody_shows_where_they_are() -> None:
    plan = Plan(VisitKind.SERVICE, Way.PHONE)
    assert fold(plan, SERVED[1:2], []).complete


@given(
    happened=st.timedeltas(timedelta(), OLDEST),
    travelled=st.timedeltas(timedelta(), timedelta(seconds=90)),
    off=st.timedeltas(timedelta(days=-20_000), timedelta(days=20_000)),
)
def test_a_steady_clock_that_is_wrong_is_put_right_to_the_time_of_sending(
    happened: timedelta, travelled: timedelta, off: timedelta
) -> None:
    """Whatever the device says the year is; what the message took is all that is lost."""
    truth = NOON - happened - travelled
    told = Told(truth + off, NOON - travelled + off, NOON)
    when = believed(told)
    assert when.sure
    assert abs(when.at - truth) <= TOLERATED + travelled
    assert when.at <= NOON


@pytest.mark.parametrize("waited", [timedelta(seconds=-1), OLDEST + timedelta(seconds=1)])
def test_a_clock_that_was_set_meanwhile_is_not_believed(waited: timedelta) -> None:
    when = believed(Told(NOON - waited, NOON, NOON))
    assert (when.at, when.sure) == (NOON, False)


HOME: Final = Point(27.56, 109.99)


@pytest.mark.parametrize(
    ("north", "accuracy_m", "how"),
    [(0.0, 20, How.PLACE), (0.00089, 20, How.PLACE), (0.00091, 20, How.SAID), (0.0, 101, How.SAID)],
)
def test_a_place_counts_within_a_hundred_metres_and_when_it_is_certain(
    north: float, accuracy_m: float, how: How
) -> None:
    shown = sign(HOME, Place(Point(HOME.latitude + north, HOME.longitude), accuracy_m), tag=False)
    assert shown.how is how


def test_a_tag_counts_wherever_the_satellites_put_somebody() -> None:
    far = Place(Point(28.0, 109.99), 10)
    shown = sign(HOME, far, tag=True)
    assert (shown.how, shown.distance_m) == (How.TAG, 48_926)
    assert sign(None, None, tag=False).how is How.SAID
