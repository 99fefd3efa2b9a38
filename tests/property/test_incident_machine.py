"""From any start, through any triggers at any times, the promises of an incident hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.incidents.errors import Refused
from cloud.incidents.machine import (
    FROM_HOME,
    SETTLED,
    Detail,
    Incident,
    Trigger,
    actions,
    advance,
    opened,
)
from cloud.incidents.model import IncidentState, OutcomeCode, Priority
from cloud.incidents.timers import TIMERS, Effect

START = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)
NEVER_RAISED = {IncidentState.CANCELLED_LOCAL}

pauses = st.one_of(
    st.integers(0, 120), st.integers(0, 3 * 24 * 3600), st.sampled_from([30, 60, 180, 300, 900])
).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def steps(draw: st.DrawFn) -> tuple[Trigger, timedelta, Detail]:
    detail = Detail(
        priority=draw(st.none() | st.sampled_from(Priority)),
        owner_id=draw(st.none() | st.integers(1, 9)),
        responder=draw(st.sampled_from(["", " ", "吴嫂"])),
        outcome=draw(st.none() | st.sampled_from(OutcomeCode)),
        note=draw(st.sampled_from(["", "门开着"])),
    )
    return draw(st.sampled_from(Trigger)), draw(pauses), detail


@st.composite
def openings(draw: st.DrawFn) -> Incident:
    window = draw(st.none() | st.integers(0, 60))
    until = None if window is None else START + timedelta(seconds=window)
    return opened(draw(st.sampled_from(Priority)), START, until)[0]


def _check(incident: Incident) -> None:
    assert (incident.due_at is not None) == (incident.state in TIMERS)
    assert (incident.closed_at is not None) == (incident.state in SETTLED)
    if incident.closed_at and incident.priority is Priority.LIFE and incident.state not in NEVER_RAISED:
        assert incident.outcome is not None
    if incident.state is IncidentState.EN_ROUTE:
        assert incident.responder
        assert incident.eta_at is not None
    if incident.state is IncidentState.AUTO_RESOLVED:
        assert incident.priority > Priority.URGENT


@given(openings(), st.lists(steps(), max_size=40), st.integers(-300, 3_000))
def test_invariants_hold_after_every_step(
    incident: Incident, life: list[tuple[Trigger, timedelta, Detail]], eta_s: int
) -> None:
    now = START
    _check(incident)
    for trigger, pause, detail in life:
        now += pause
        arriving = Detail(
            priority=detail.priority,
            owner_id=detail.owner_id,
            responder=detail.responder,
            eta_at=now + timedelta(seconds=eta_s),
            outcome=detail.outcome,
            note=detail.note,
        )
        try:
            after, _ = advance(incident, trigger, now, arriving)
        except Refused:
            continue
        assert after.version == incident.version + 1
        assert after.state_since >= incident.state_since
        if trigger in FROM_HOME:
            assert after.priority <= incident.priority
        _check(after)
        incident = after


@given(openings(), st.lists(steps(), max_size=20), pauses)
def test_timers_always_catch_up_after_an_outage_of_any_length(
    incident: Incident, life: list[tuple[Trigger, timedelta, Detail]], outage: timedelta
) -> None:
    now = START
    for trigger, pause, detail in life:
        now += pause
        try:
            incident, _ = advance(incident, trigger, now, detail)
        except Refused:
            continue
    now += outage
    fired = 0
    while incident.due_at is not None and incident.due_at <= now:
        incident, _ = advance(incident, Trigger.TIMER, now)
        fired += 1
        assert fired < 10, "a timer that never lies ahead would spin"


@given(openings(), st.lists(steps(), max_size=20))
def test_every_offered_action_is_one_the_table_knows(
    incident: Incident, life: list[tuple[Trigger, timedelta, Detail]]
) -> None:
    now = START
    for trigger, pause, detail in life:
        now += pause
        whole = Detail(
            owner_id=7,
            responder="x",
            eta_at=now + timedelta(minutes=5),
            outcome=OutcomeCode.A2,
            note="x",
            priority=Priority.TODAY,
        )
        offered = actions(incident)
        for action in offered:
            if (
                action is not Trigger.REOPEN
            ):  # its guard is the time that has passed, which no screen can fill in
                advance(incident, action, now, whole)
        try:
            incident, _ = advance(incident, trigger, now, detail)
        except Refused:
            continue


@given(st.sampled_from(Priority), pauses)
def test_a_raised_emergency_nobody_touches_always_sends_help(priority: Priority, late: timedelta) -> None:
    incident, effects = opened(priority, START)
    assert (Effect.TELL_FAMILY in effects) == (priority is Priority.LIFE)
    now = START + timedelta(seconds=60) + late
    wanted: list[Effect] = []
    while incident.due_at is not None and incident.due_at <= now and incident.state is IncidentState.RAISED:
        incident, step = advance(incident, Trigger.TIMER, now)
        wanted += step
    if priority is Priority.LIFE:
        assert incident.state is IncidentState.DISPATCHING
        assert wanted == [Effect.PAGE_SUPERVISOR, Effect.START_LADDER]


def test_a_timer_is_refused_before_its_time() -> None:
    incident, _ = opened(Priority.LIFE, START)
    with pytest.raises(Refused):
        advance(incident, Trigger.TIMER, START + timedelta(seconds=29, microseconds=999_999))
