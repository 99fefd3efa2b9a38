"""Whether a new version is kept, and whether the program may be replaced now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.update.calm import FORGOTTEN, OpenAlarms, hold
from edge_agent.update.trial import MOST_BOOTS, MOST_STARTS, WITHIN_S, Trial, Verdict, judge, seen
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
TRIAL = Trial("r", "2.0", "env-new", "env-old", 7, "boot-1", 1_000.0)
WAIT, KEEP, BACK = Verdict.WAIT, Verdict.KEEP, Verdict.BACK


@pytest.mark.parametrize(
    ("age_s", "boots", "starts", "committed", "verdict"),
    [
        (0, 1, 1, False, WAIT),
        (WITHIN_S - 1, 1, 1, False, WAIT),
        (WITHIN_S, 1, 1, False, BACK),
        (WITHIN_S + 9, 1, 1, True, KEEP),
        (1, MOST_BOOTS, 1, False, WAIT),
        (1, MOST_BOOTS + 1, 1, False, BACK),
        (1, MOST_BOOTS + 1, 1, True, KEEP),
        (1, 1, MOST_STARTS, False, WAIT),
        (1, 1, MOST_STARTS + 1, False, BACK),
        (-1, 1, 1, False, BACK),
    ],
)
def test_a_commit_keeps_it_and_time_starts_and_boots_bound_the_wait(
    age_s: float, boots: int, starts: int, committed: bool, verdict: Verdict
) -> None:
    trial = Trial("r", "2.0", "env-new", "env-old", 7, "boot-1", 1_000.0, boots, starts)
    assert judge(trial, 1_000.0 + age_s, committed=committed)[0] is verdict


Look = st.tuples(st.booleans(), st.floats(0, 200), st.booleans())


@given(st.lists(Look, min_size=1, max_size=60))
def test_whatever_happens_it_ends_within_the_bounds_and_never_by_keeping(
    looks: list[tuple[bool, float, bool]],
) -> None:
    """A look: whether the power failed before it, how long after the last one it is, whether at a start."""
    trial, now_s, boots, starts, waited_s = TRIAL, 1_000.0, 1, 0, 0.0
    for power_failed, later_s, starting in looks:
        now_s = later_s if power_failed else now_s + later_s
        boots, starts = boots + power_failed, starts + (starting or power_failed)
        waited_s = 0.0 if power_failed else waited_s + later_s
        boot = f"boot-{boots}"
        trial = seen(trial, boot, now_s, starting=starting or power_failed)
        verdict, _ = judge(trial, now_s, committed=False)
        over = boots > MOST_BOOTS or starts > MOST_STARTS or waited_s >= WITHIN_S
        assert (verdict is BACK) == over or abs(waited_s - WITHIN_S) < 1e-6
        if over:
            return


def test_what_was_decided_stays_decided() -> None:
    decided = Trial("r", "2.0", "env-new", "env-old", 7, "b", 0.0, back="nothing committed within 300 s")
    assert judge(decided, 1.0, committed=True) == (BACK, "nothing committed within 300 s")


def alarm(state: AlarmState, kind: AlarmKind = AlarmKind.FALL, name: str = "a", **evidence: bool) -> Alarm:
    return Alarm(AlarmId(name), kind, state, DeviceId("radar"), NOW, evidence)


@pytest.mark.parametrize(
    ("records", "is_open"),
    [
        ([], 0),
        ([alarm(AlarmState.SUSPECTED)], 1),
        ([alarm(AlarmState.SUSPECTED), alarm(AlarmState.CANCELLED)], 0),
        ([alarm(AlarmState.RAISED), alarm(AlarmState.UPDATED)], 1),
        ([alarm(AlarmState.RAISED), alarm(AlarmState.ACCEPTED)], 1),
        ([alarm(AlarmState.RAISED), alarm(AlarmState.RAISED, AlarmKind.SMOKE, "b")], 2),
        ([alarm(AlarmState.RAISED, AlarmKind.BATTERY_LOW)], 0),
        ([alarm(AlarmState.RAISED, AlarmKind.SOS, test=True)], 0),
    ],
)
def test_an_alarm_is_open_from_the_question_until_it_is_called_off(
    records: list[Alarm], is_open: int
) -> None:
    alarms = OpenAlarms()
    for record in records:
        alarms.see(record, NOW)
    again = OpenAlarms()
    again.restore(alarms.state())
    assert (alarms.count(NOW), again.count(NOW)) == (is_open, is_open)


def test_an_alarm_ends_by_the_clouds_word_and_at_last_by_itself() -> None:
    alarms = OpenAlarms()
    alarms.see(alarm(AlarmState.RAISED), NOW)
    alarms.see(alarm(AlarmState.RAISED, name="b"), NOW)
    alarms.close(AlarmId("a"))
    assert alarms.count(NOW + FORGOTTEN - timedelta(seconds=1)) == 1
    assert alarms.count(NOW - timedelta(days=9)) == 1, "the clock was set back"
    assert alarms.count(NOW + FORGOTTEN) == 0


def test_what_is_forgotten_is_not_kept_although_nobody_asks() -> None:
    alarms = OpenAlarms()
    for day in range(400):
        alarms.see(alarm(AlarmState.RAISED, name=f"of day {day}"), NOW + timedelta(days=day))
    assert len(alarms.state()) == 1


def test_a_note_that_is_none_is_ignored() -> None:
    alarms = OpenAlarms()
    notes: list[object] = [None, 7, [], {"a": "b"}]
    for note in notes:
        alarms.restore(note)
        assert alarms.count(NOW) == 0


@pytest.mark.parametrize(
    ("alarms", "online", "waiting", "words"),
    [(0, True, 0, ""), (1, True, 0, "alarm"), (0, False, 0, "broker"), (0, True, 2, "wait")],
)
def test_the_program_is_replaced_only_in_a_calm_home_that_is_heard(
    alarms: int, online: bool, waiting: int, words: str
) -> None:
    reason = hold(alarms=alarms, online=online, waiting=waiting)
    assert words in reason
    assert bool(reason) == bool(words)
