"""The rules of an incident, one by one, on values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.incidents.diagram import PAGE, renew
from cloud.incidents.errors import Reason, Refused
from cloud.incidents.kinds import CANCEL_TRANSIT, KINDS, LONGEST_CONFIRM, confirm_until
from cloud.incidents.machine import Detail, Incident, Trigger, actions, advance, opened
from cloud.incidents.model import IncidentState, OutcomeCode, Priority
from cloud.incidents.timers import ARRIVE_WITHIN, TIMERS, Effect
from cloud.incidents.transitions import ACTIONS, ENTERING, SETTLED, TRANSITIONS
from firmware_protocols.model import AlarmKind

START = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)
WHOLE = Detail(
    owner_id=7, responder="吴嫂", eta_at=START + timedelta(days=1), outcome=OutcomeCode.A2, note="门开着"
)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def raised(priority: Priority = Priority.LIFE) -> Incident:
    return opened(priority, START)[0]


def walk(incident: Incident, *triggers: Trigger, seconds: float = 1) -> Incident:
    for trigger in triggers:
        incident, _ = advance(incident, trigger, at(seconds), WHOLE)
    return incident


def test_every_alarm_kind_has_a_family_and_a_priority() -> None:
    assert set(KINDS) == set(AlarmKind)


def test_every_state_is_reached_and_every_unsettled_one_has_a_timer() -> None:
    targets = {move.to for moves in TRANSITIONS.values() for move in moves}
    targets |= {
        mark.to for timers in TIMERS.values() for timer in timers.values() for mark in timer.marks if mark.to
    }
    assert targets == set(IncidentState)
    assert set(IncidentState) - SETTLED <= set(TIMERS)


@pytest.mark.parametrize("state", TIMERS)
def test_every_timer_rises_and_ends_in_a_move_or_repeats(state: IncidentState) -> None:
    assert set(TIMERS[state]) == set(Priority)
    for timer in TIMERS[state].values():
        moments = [mark.at(START, "Asia/Shanghai") for mark in timer.marks]
        assert moments == sorted(set(moments))
        assert all(mark.to is None for mark in timer.marks[:-1])
        assert (timer.marks[-1].to is None) == (timer.every is not None)


def test_docs_show_the_tables_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert renew(page) == page, "run: python -m cloud.incidents.diagram"
    assert "stateDiagram-v2" in page


def test_an_acknowledged_life_that_nobody_moves_on_is_raised_again() -> None:
    incident = walk(raised(), Trigger.ACK, seconds=5)
    assert (incident.owner_id, incident.acked_at) == (7, at(5))
    reminded, effects = advance(incident, Trigger.TIMER, at(65))
    assert (reminded.state, effects) == (IncidentState.ACKED, (Effect.REMIND_OWNER,))
    again, effects = advance(reminded, Trigger.TIMER, at(185))
    assert (again.state, again.owner_id, again.acked_at) == (IncidentState.RAISED, None, at(5))
    assert again.due_at == at(185 + 30)


def test_a_note_shows_that_the_owner_is_at_work() -> None:
    incident = walk(raised(), Trigger.ACK, seconds=5)
    noted, _ = advance(incident, Trigger.NOTE, at(50), WHOLE)
    assert (noted.due_at, noted.note) == (at(110), "门开着")


def test_silence_on_the_line_sends_help() -> None:
    incident = walk(raised(), Trigger.ACK, Trigger.VOICE)
    silent, effects = advance(incident, Trigger.TIMER, at(61))
    assert (silent.state, effects) == (IncidentState.DISPATCHING, (Effect.START_LADDER,))


def test_arrival_overdue_by_five_minutes_asks_the_next() -> None:
    on_the_way, _ = advance(raised(), Trigger.ACCEPT, at(1), replace(WHOLE, eta_at=at(600)))
    assert on_the_way.due_at == at(900)
    with pytest.raises(Refused):
        advance(on_the_way, Trigger.TIMER, at(899))
    overdue, effects = advance(on_the_way, Trigger.TIMER, at(900))
    assert (overdue.state, overdue.responder, overdue.eta_at) == (IncidentState.DISPATCHING, "", None)
    assert Effect.START_LADDER in effects


def test_a_promise_that_is_moved_moves_the_clock_and_tells_the_home_nothing_new() -> None:
    on_the_way, said = advance(raised(), Trigger.ACCEPT, at(1), replace(WHOLE, eta_at=at(600)))
    assert Effect.TELL_HOME_COMING in said
    put_off, said = advance(on_the_way, Trigger.ACCEPT, at(60), replace(WHOLE, eta_at=at(2_400)))
    assert (put_off.eta_at, put_off.due_at, said) == (at(2_400), at(2_400 + 300), ())
    _, said = advance(put_off, Trigger.ACCEPT, at(90), replace(WHOLE, responder="li", eta_at=at(300)))
    assert Effect.TELL_HOME_COMING in said


def test_once_inside_nobody_asks_about_the_door_any_more() -> None:
    at_the_door = walk(raised(), Trigger.ACCEPT, Trigger.ARRIVE)
    asked, effects = advance(at_the_door, Trigger.TIMER, at(301))
    assert effects == (Effect.CHECK_ENTRY,)
    assert asked.due_at == at(1 + 1800)
    inside, _ = advance(at_the_door, Trigger.ENTER, at(60))
    assert inside.due_at == at(60 + 1800)
    called, effects = advance(inside, Trigger.TIMER, at(60 + 1800))
    assert (effects, called.due_at) == ((Effect.CALL_RESPONDER,), at(60 + 3600))


def test_a_watched_resident_is_looked_after_until_the_morning() -> None:
    incident = walk(raised(), Trigger.ACK, Trigger.MONITOR, seconds=0)
    wanted = []
    while incident.state is IncidentState.MONITORING:
        assert incident.due_at is not None
        wanted.append(incident.due_at - START)
        incident, _ = advance(incident, Trigger.TIMER, incident.due_at)
    assert wanted[:2] == [timedelta(minutes=15), timedelta(hours=2)]
    assert len(wanted) == 3
    assert incident.state is IncidentState.RAISED


@pytest.mark.parametrize(
    ("zone", "watched_since", "looked_after"),
    [
        ("Asia/Shanghai", "2026-01-11 03:00", "2026-01-11 08:00"),
        ("Asia/Shanghai", "2026-01-11 05:59", "2026-01-11 08:00"),
        ("Asia/Shanghai", "2026-01-11 06:00", "2026-01-12 08:00"),
        ("Asia/Shanghai", "2026-01-11 21:00", "2026-01-12 08:00"),
        ("Europe/London", "2026-03-28 22:00", "2026-03-29 08:00"),
    ],
)
def test_the_morning_is_that_of_the_home(zone: str, watched_since: str, looked_after: str) -> None:
    local = ZoneInfo(zone)
    since, until = (
        datetime.fromisoformat(one).replace(tzinfo=local).astimezone(UTC)
        for one in (watched_since, looked_after)
    )
    incident = Incident(Priority.LIFE, IncidentState.ON_SITE, since, None, zone=zone)
    incident, _ = advance(incident, Trigger.MONITOR, since)
    for _ in range(2):
        assert incident.due_at is not None
        incident, _ = advance(incident, Trigger.TIMER, incident.due_at)
    assert incident.due_at == until


def test_the_end_of_the_ladder_is_the_emergency_services_only_where_it_is_urgent() -> None:
    for priority in Priority:
        sent = walk(raised(priority), Trigger.DISPATCH)
        ended, effects = advance(sent, Trigger.LADDER_ENDED, at(2))
        if priority <= Priority.URGENT:
            assert ended.state is IncidentState.EMERGENCY_SERVICES
            assert Effect.PAGE_SUPERVISOR in effects
        else:
            assert ended.state is IncidentState.RAISED


def test_a_fault_that_heals_itself_clears_unless_someone_took_it_on() -> None:
    fault = raised(Priority.TODAY)
    assert walk(fault, Trigger.CANCEL).state is IncidentState.AUTO_RESOLVED
    taken = walk(fault, Trigger.ACK)
    reminded, _ = advance(taken, Trigger.TIMER, at(61))
    idle, _ = advance(reminded, Trigger.TIMER, at(3601))
    assert idle.state is IncidentState.RAISED
    assert walk(idle, Trigger.CANCEL, seconds=4000).state is IncidentState.RAISED


def test_pressing_i_am_fine_after_the_raise_does_not_close_a_life() -> None:
    assert walk(raised(), Trigger.CANCEL).state is IncidentState.RAISED


@pytest.mark.parametrize("state", [IncidentState.TRIAGED, IncidentState.MONITORING, IncidentState.OUTCOME])
@pytest.mark.parametrize("trigger", [Trigger.ALARM, Trigger.SUSPECT])
def test_a_new_alarm_calls_back_whoever_thought_it_was_over(state: IncidentState, trigger: Trigger) -> None:
    calm = replace(raised(), state=state, due_at=at(9_999))
    assert walk(calm, trigger).state is IncidentState.RAISED


def test_a_second_suspicion_never_prolongs_the_first() -> None:
    first, _ = opened(Priority.URGENT, START, at(20))
    later, _ = advance(first, Trigger.SUSPECT, at(5), Detail(Priority.LIFE, at(25)))
    assert (later.due_at, later.priority) == (at(20), Priority.LIFE)
    sooner, _ = advance(first, Trigger.SUSPECT, at(5), Detail(Priority.URGENT, at(10)))
    assert sooner.due_at == at(10)


def test_a_higher_priority_starts_its_own_clock() -> None:
    waiting = raised(Priority.TODAY)
    urgent, effects = advance(waiting, Trigger.ALARM, at(600), Detail(Priority.LIFE))
    assert (urgent.priority, urgent.due_at, effects) == (Priority.LIFE, at(630), (Effect.TELL_FAMILY,))


def test_the_operator_may_lower_a_priority_at_triage() -> None:
    incident = walk(raised(), Trigger.ACK)
    calmed, _ = advance(incident, Trigger.TRIAGE, at(9), Detail(priority=Priority.TODAY))
    assert calmed.priority is Priority.TODAY


def test_triage_cannot_turn_a_call_into_mere_information_that_ends_by_itself() -> None:
    incident = walk(raised(), Trigger.ACK)
    with pytest.raises(Refused) as refused:
        advance(incident, Trigger.TRIAGE, at(9), Detail(priority=Priority.INFO))
    assert refused.value.reason is Reason.OUTCOME_REQUIRED


@pytest.mark.parametrize(
    ("trigger", "missing", "reason"),
    [
        (Trigger.CLOSE, replace(WHOLE, outcome=None), Reason.OUTCOME_REQUIRED),
        (Trigger.NOTE, replace(WHOLE, note="  "), Reason.NOTE_REQUIRED),
        (Trigger.ACCEPT, replace(WHOLE, responder=" "), Reason.RESPONDER_REQUIRED),
        (Trigger.ACCEPT, replace(WHOLE, eta_at=at(1)), Reason.ARRIVAL_REQUIRED),
        (Trigger.REOPEN, WHOLE, Reason.NOT_IN_STATE),
    ],
)
def test_a_refusal_says_what_is_missing(trigger: Trigger, missing: Detail, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        advance(walk(raised(), Trigger.ACK), trigger, at(2), missing)
    assert refused.value.reason is reason


def test_a_closed_incident_may_be_reopened_for_a_day() -> None:
    closed = walk(raised(), Trigger.ACK, Trigger.CLOSE)
    assert (closed.state, closed.closed_at, closed.outcome) == (IncidentState.RESOLVED, at(1), OutcomeCode.A2)
    again, effects = advance(closed, Trigger.REOPEN, at(24 * 3600))
    assert (again.state, again.closed_at, again.outcome) == (IncidentState.RAISED, None, None)
    assert Effect.TELL_FAMILY in effects
    with pytest.raises(Refused) as refused:
        advance(closed, Trigger.REOPEN, at(24 * 3600 + 2))
    assert refused.value.reason is Reason.REOPEN_TOO_LATE


def test_a_death_is_followed_by_silence() -> None:
    incident = walk(raised(), Trigger.ACK)
    _, effects = advance(incident, Trigger.CLOSE, at(2), replace(WHOLE, outcome=OutcomeCode.F1))
    assert Effect.WITHDRAW_MESSAGES in effects
    assert Effect.TELL_OUTCOME not in effects


def test_actions_offered_follow_the_state() -> None:
    assert actions(raised()) == [Trigger.ACK, Trigger.DISPATCH, Trigger.EMERGENCY, Trigger.NOTE]
    assert Trigger.CLOSE in actions(walk(raised(), Trigger.ACK))
    assert actions(walk(raised(), Trigger.ACK, Trigger.CLOSE)) == [
        Trigger.NOTE,
        Trigger.CLOSE,
        Trigger.FOLLOW_UP,
        Trigger.REOPEN,
    ]


def test_arrival_is_expected_sooner_the_more_urgent_it_is() -> None:
    expected = [ARRIVE_WITHIN[priority] for priority in Priority]
    assert expected == sorted(expected)


@pytest.mark.parametrize(
    ("observed_s", "confirm_s", "window_s"),
    [
        (0, 20, 20),  # all clocks agree
        (-7_200, 20, 0),  # an outage ago, or a clock two hours slow
        (7_200, 20, 20),  # a clock two hours fast
        (0, 1e9, 60),  # a gateway out of its mind
        (0, -5, 0),
    ],
)
def test_the_cancel_window_cannot_be_stretched(observed_s: float, confirm_s: float, window_s: float) -> None:
    assert confirm_until(at(observed_s), confirm_s, START) == at(window_s) + CANCEL_TRANSIT
    assert timedelta(seconds=window_s) <= LONGEST_CONFIRM


CALLS = (Trigger.ALARM, Trigger.SUSPECT)
SOS = Detail(priority=Priority.LIFE)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("last", [Trigger.ARRIVE, Trigger.EMERGENCY])
def test_a_call_at_an_incident_that_was_never_closed_is_raised_and_not_swallowed(
    call: Trigger, last: Trigger
) -> None:
    forgotten = walk(raised(), Trigger.DISPATCH, last)
    soon, _ = advance(forgotten, call, at(29 * 60), SOS)
    assert soon.state is forgotten.state, "they are there, or called a moment ago"
    late, effects = advance(soon, call, at(31 * 60), SOS)
    assert (late.state, late.owner_id, late.due_at) == (IncidentState.RAISED, None, at(31 * 60 + 30))
    assert Effect.RENEW_LADDER in effects


def test_no_ladder_begins_anew_while_questions_of_the_old_one_may_still_go_out() -> None:
    """Whoever is put back into the line would be asked now, out of turn, and then a second time."""
    asked_for = [move.effects for moves in TRANSITIONS.values() for move in moves] + list(ENTERING.values())
    renewing = [effects for effects in asked_for if Effect.RENEW_LADDER in effects]
    assert renewing
    for effects in renewing:
        assert effects.index(Effect.STOP_LADDER) < effects.index(Effect.RENEW_LADDER)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("last", [Trigger.ACCEPT, Trigger.ARRIVE, Trigger.EMERGENCY])
def test_a_call_for_life_is_raised_whoever_has_promised_to_come_for_less(
    call: Trigger, last: Trigger
) -> None:
    promised = walk(raised(Priority.URGENT), Trigger.DISPATCH, last)
    after, effects = advance(promised, call, at(60), SOS)
    assert (after.state, after.priority, after.due_at) == (IncidentState.RAISED, Priority.LIFE, at(90))
    assert Effect.TELL_FAMILY in effects


def test_a_call_for_life_hurries_a_ladder_that_climbs_for_less() -> None:
    climbing = walk(raised(Priority.URGENT), Trigger.DISPATCH)
    after, effects = advance(climbing, Trigger.ALARM, at(60), SOS)
    assert after.state is IncidentState.DISPATCHING
    assert Effect.START_LADDER in effects


def test_what_a_person_may_do_never_depends_on_more_than_the_state() -> None:
    assert all(len(moves) == 1 for (_, trigger), moves in TRANSITIONS.items() if trigger in ACTIONS), (
        "actions() lists a trigger wherever the table has it"
    )


def test_silence_on_the_line_is_dealt_with_as_if_a_life_were_at_stake() -> None:
    speaking = walk(raised(Priority.URGENT), Trigger.ACK, Trigger.VOICE)
    silent, effects = advance(speaking, Trigger.TIMER, at(61))
    assert (silent.state, silent.priority) == (IncidentState.DISPATCHING, Priority.LIFE)
    assert effects == (Effect.START_LADDER, Effect.TELL_FAMILY)


def test_equipment_that_is_well_again_settles_no_life() -> None:
    silent = replace(raised(), technical=True)
    assert walk(silent, Trigger.CANCEL).state is IncidentState.RAISED
    calm = replace(raised(Priority.URGENT), technical=True)
    assert walk(calm, Trigger.CANCEL).state is IncidentState.AUTO_RESOLVED


def test_a_more_urgent_alarm_never_puts_a_page_off() -> None:
    paged_in_a_second, _ = advance(
        raised(Priority.URGENT), Trigger.ALARM, at(119), Detail(priority=Priority.LIFE)
    )
    assert paged_in_a_second.due_at == at(120)
    paged, effects = advance(paged_in_a_second, Trigger.TIMER, at(120))
    assert (effects, paged.due_at) == ((Effect.PAGE_SUPERVISOR,), at(119 + 60))


@pytest.mark.parametrize("trigger", [Trigger.ALARM, Trigger.UPDATE])
def test_word_that_it_is_worse_is_not_left_with_somebody_who_is_due_in_days(trigger: Trigger) -> None:
    days = Detail(responder="吴嫂", eta_at=START + timedelta(days=7))
    on_the_way, _ = advance(raised(Priority.PLAN), Trigger.ACCEPT, at(1), days)
    worse, _ = advance(on_the_way, trigger, at(60), Detail(priority=Priority.LIFE))
    assert (worse.state, worse.due_at) == (IncidentState.RAISED, at(60 + 30))


def test_the_services_are_told_of_a_second_alarm() -> None:
    called = walk(raised(), Trigger.EMERGENCY)
    _, effects = advance(called, Trigger.ALARM, at(60), Detail(priority=Priority.LIFE))
    assert effects == (Effect.TELL_SERVICES,)


def test_a_line_on_which_somebody_answers_is_not_silent() -> None:
    speaking = walk(raised(Priority.URGENT), Trigger.ACK, Trigger.VOICE)
    answered, _ = advance(speaking, Trigger.REPLY, at(50))
    assert (answered.state, answered.due_at) == (IncidentState.VOICE, at(50 + 60))


def test_an_answer_that_means_danger_raises_at_once_and_no_answer_lowers() -> None:
    speaking = walk(raised(Priority.URGENT), Trigger.ACK, Trigger.VOICE)
    danger, effects = advance(speaking, Trigger.REPLY, at(10), Detail(priority=Priority.LIFE))
    assert (danger.priority, effects) == (Priority.LIFE, (Effect.TELL_FAMILY,))
    assert danger.due_at == at(10 + 60)
    well, _ = advance(danger, Trigger.REPLY, at(20), Detail(priority=Priority.PLAN))
    assert well.priority is Priority.LIFE
