"""What is said of a home, and when."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from cloud.detect.routine.altered import altered
from cloud.detect.routine.detector import Own, see_equipment, see_hour, see_night
from cloud.detect.routine.findings import BEHAVIOUR, Kind
from cloud.detect.routine.grid import DAY_S, Ints
from cloud.detect.routine.history import History
from cloud.detect.routine.model import RoutineModel, load
from cloud.detect.routine.occupancy import Interval
from tests.unit.cloud.detect.routine.lives import MIDNIGHT, history, lived, without

DAYS = 29
LAST = DAYS - 1
ALSO = {Kind.SHIFTED_DAY: (Kind.DOES_NOT_RISE,)}
"""What else a day may be called: who begins three hours late does not rise either."""


@pytest.fixture(scope="module")
def model() -> RoutineModel:
    return load()


def at(hour: int) -> timedelta:
    return timedelta(days=LAST, hours=hour)


def with_last_day(kind: Kind) -> History:
    seconds, places = lived(DAYS)
    before = seconds < LAST * DAY_S
    day = altered(kind, (seconds[~before] - LAST * DAY_S, places[~before]), 12, np.random.default_rng(3))
    return history(*_joined(seconds[before], places[before], day), days=DAYS)


def _joined(seconds: Ints, places: Ints, day: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    seconds, places = np.append(seconds, day[0] + LAST * DAY_S), np.append(places, day[1])
    order = np.argsort(seconds, kind="stable")
    return seconds[order], places[order]


def test_nobody_stirs_in_the_morning_and_somebody_is_called_before_noon(model: RoutineModel) -> None:
    known = history(*without(*lived(DAYS), LAST * 24 + 5, LAST * 24 + 24), days=DAYS)
    found = [see_hour(known, model, Own(), MIDNIGHT + at(hour)).finding for hour in range(6, 13)]
    kinds = [one.kind for one in found if one is not None]
    assert kinds
    assert set(kinds) == {Kind.DOES_NOT_RISE}


def test_silence_from_noon_on_is_a_collapse_that_began_at_noon(model: RoutineModel) -> None:
    known = with_last_day(Kind.COLLAPSE)
    found = [see_hour(known, model, Own(), MIDNIGHT + at(hour)).finding for hour in range(13, 21)]
    first = next(one for one in found if one is not None)
    assert first.kind is Kind.COLLAPSE
    assert abs(first.onset - (MIDNIGHT + at(12))) <= timedelta(minutes=30)
    assert first.due_at > first.rests_on.until
    assert first.priority == 2


@pytest.mark.parametrize("kind", BEHAVIOUR[2:])
def test_a_day_gone_wrong_is_named_at_night(kind: Kind, model: RoutineModel) -> None:
    found = see_night(with_last_day(kind), model, Own(), MIDNIGHT + at(24)).finding
    assert found is not None
    assert found.kind in {kind, *ALSO.get(kind, ())}
    assert found.sentence == f"routine_{found.kind.value}"
    assert set(found.numbers) == {"now", "usual"}
    assert len(found.weighed) == 3


def test_a_day_like_any_other_is_not_spoken_of(model: RoutineModel) -> None:
    known = history(*lived(DAYS), days=DAYS)
    assert see_night(known, model, Own(), MIDNIGHT + at(24)).finding is None
    assert all(see_hour(known, model, Own(), MIDNIGHT + at(hour)).finding is None for hour in range(6, 25))


def test_what_comes_later_in_the_day_changes_nothing(model: RoutineModel) -> None:
    seconds, places = lived(DAYS)
    whole, cut = history(seconds, places, days=DAYS), without(seconds, places, LAST * 24 + 12, DAYS * 24)
    now = MIDNIGHT + at(12)
    assert (
        see_hour(whole, model, Own(), now).score
        == see_hour(history(*cut, days=DAYS), model, Own(), now).score
    )


def test_silent_equipment_is_one_technical_finding_and_never_one_about_the_person(
    model: RoutineModel,
) -> None:
    start, end = LAST * 24 + 8, LAST * 24 + 20
    gap = Interval(start * 3600, end * 3600)
    known = history(*without(*lived(DAYS), start, end), days=DAYS, unheard=(gap,))
    hours = [MIDNIGHT + at(hour) for hour in range(6, 25)]
    assert all(see_hour(known, model, Own(), now).finding is None for now in hours)
    assert see_night(known, model, Own(), hours[-1]).finding is None
    technical = {one.onset for now in hours for one in see_equipment(known, (gap,), now)}
    assert technical == {MIDNIGHT + at(8)}


def test_a_home_that_is_always_odd_must_be_odder_to_be_spoken_of(model: RoutineModel) -> None:
    known = with_last_day(Kind.HALF_ACTIVITY)
    score = see_night(known, model, Own(), MIDNIGHT + at(24)).score
    assert score is not None
    assert see_night(known, model, Own(night=[score] * 28), MIDNIGHT + at(24)).finding is None


def test_in_the_first_week_nothing_is_called_by_the_hour_and_a_day_without_meals_is_told(
    model: RoutineModel,
) -> None:
    seconds, places = without(*lived(3), 2 * 24 + 5, 3 * 24)
    known = history(seconds, places, days=3)
    hours = [MIDNIGHT + timedelta(days=2, hours=hour) for hour in range(6, 25)]
    assert not any(see_hour(known, model, Own(), now).finding for now in hours)
    night = see_night(known, model, Own(), MIDNIGHT + timedelta(days=3)).finding
    assert night is not None
    assert night.kind is Kind.NO_MEALS
