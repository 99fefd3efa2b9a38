"""Consents over time: the two ways to ask agree, and nothing that travels can withhold a call for help."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cloud.consent.decide import Decision, Record, allowed, spans
from cloud.consent.purposes import PURPOSES, Purpose
from firmware_protocols.model import DeviceId, Event, EventKind, MotionWindow, Quantity, Reading
from firmware_protocols.wire.withheld import SAFETY, Withheld

START = datetime(2026, 1, 1, tzinfo=UTC)
_HOURS = st.integers(0, 20).map(lambda hours: START + timedelta(hours=hours))
_RECORDS = st.lists(
    st.builds(
        Record,
        st.sampled_from([Purpose.VITALS, Purpose.CAMERA]),
        st.sampled_from(Decision),
        st.none() | _HOURS,
        st.none() | _HOURS,
    ).filter(lambda one: one.valid_until is None or one.at is None or one.at < one.valid_until),
    max_size=8,
)
_NAMES = st.lists(st.sampled_from([*Quantity, *EventKind, "radar", "pendant", "smoke", "motion"])).map(tuple)


@given(_RECORDS, _HOURS)
def test_what_is_allowed_now_and_what_was_allowed_then_is_one_answer(
    records: list[Record], at: datetime
) -> None:
    found = spans(Purpose.VITALS, records)
    assert allowed(Purpose.VITALS, records, at) is not any(span.holds(at) for span in found)


@given(_RECORDS)
def test_spans_come_in_order_and_apart(records: list[Record]) -> None:
    found = spans(Purpose.VITALS, records)
    ends = [span.until for span in found[:-1]]
    assert None not in ends, "only the last one may not have ended"
    pairs = zip(ends, found[1:], strict=True)
    assert all(end is not None and after.since is not None and end < after.since for end, after in pairs)


@given(st.sampled_from(Purpose), _HOURS)
def test_without_a_word_nothing_is_allowed(purpose: Purpose, at: datetime) -> None:
    assert not allowed(purpose, [], at)


@given(_NAMES, _NAMES, _NAMES, st.sampled_from(sorted(SAFETY)))
def test_no_plan_withholds_a_call_for_help(
    kinds: tuple[str, ...], quantities: tuple[str, ...], events: tuple[str, ...], what: Quantity | EventKind
) -> None:
    withheld = Withheld(kinds=kinds, quantities=quantities, events=events)
    device = DeviceId("x")
    said = (
        Reading(device, what, True, START)
        if isinstance(what, Quantity)
        else Event(device, what, "press", START)
    )
    assert not any(withheld.hides(said, kind) for kind in (*kinds, "pendant"))
    assert not withheld.hides(MotionWindow(device, START, 0, 50, 8, ((0, 0, 1000),)), "wearable")


def test_every_purpose_has_terms_and_no_datum_serves_two() -> None:
    assert set(PURPOSES) == set(Purpose)
    for part in ("kinds", "quantities", "events", "alarms"):
        named = [name for spec in PURPOSES.values() for name in getattr(spec, part)]
        assert len(named) == len(set(named)), part


def test_no_purpose_covers_what_saves_lives() -> None:
    covered = {name for spec in PURPOSES.values() for name in (*spec.quantities, *spec.events)}
    assert not covered & SAFETY
