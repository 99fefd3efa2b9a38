"""The second path, decided: which alarms are texted, to whom, how often, and what ends it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.incidents.kinds import KINDS
from cloud.incidents.model import Priority
from edge_agent.frozen import Key
from edge_agent.recipients import CENTRE, Recipients, is_acceptance, is_from, planned, words_to_contact
from edge_agent.rules import InForce
from edge_agent.second_path import LOST_S, ROUNDS, SecondPath, Sender, Text, Unsettled
from firmware_protocols.model import TECHNICAL, Alarm, AlarmId, AlarmKind, AlarmState, DeviceId
from firmware_protocols.serial.sms_text import checked_segment
from firmware_protocols.wire.plan import Phones, Plan
from firmware_protocols.wire.sms import check, key_of, parse
from firmware_protocols.wire.topics import Lane
from tests.unit.edge_agent.household import BUTTON, GATEWAY, NOON, PENDANT, after, home, press

ANNA, BEN, CENTRE_NUMBER = "+8613800138000", "+4915112345678", "+8613900139000"
RECIPIENTS = Recipients(CENTRE_NUMBER, (ANNA, BEN), "向奶奶")
KEY = key_of("secret of gw-1 0123456789")

OF_THE_CLOUD = {
    AlarmKind.ROUTINE,
    AlarmKind.NOT_UP,
    AlarmKind.NOT_RETURNED,
    AlarmKind.BATHROOM_LONG,
    AlarmKind.NOT_EATING,
    AlarmKind.NO_USUAL_USE,
    AlarmKind.NOT_WORN,
    AlarmKind.GATEWAY_SILENT,
    AlarmKind.AREA_OUTAGE,
}
"""What no gateway raises, so none texts it."""


def path(recipients: Recipients = RECIPIENTS, now: datetime = NOON) -> SecondPath:
    numbers = count(1)
    ids = replace(home(), new_id=lambda: AlarmId(f"01T{next(numbers):023d}"))
    return SecondPath(recipients, Sender(GATEWAY, KEY), ids, now)


def alarm(number: int = 1, kind: AlarmKind = AlarmKind.SOS, state: AlarmState = AlarmState.RAISED) -> Alarm:
    return Alarm(AlarmId(f"01J{number:023d}"), kind, state, PENDANT, NOON, {"press": "long"})


def stored(*alarms: Alarm, at: datetime = NOON) -> list[Unsettled]:
    return [
        Unsettled(Key("e1", Lane.ALARM, number), at, (one,)) for number, one in enumerate(alarms, start=1)
    ]


def calling(*alarms: Alarm, recipients: Recipients = RECIPIENTS) -> SecondPath:
    """A path that has just taken these up, 10 s after they were stored."""
    made = path(recipients)
    made.look(stored(*(alarms or (alarm(),))), after(10), whole=True)
    return made


def send_all(made: SecondPath, now: datetime) -> list[Text]:
    """Send whatever is to be sent at ``now``; all of it succeeds."""
    sent: list[Text] = []
    while text := made.next_text(now):
        made.trying(now)
        made.sent(text, now)
        sent.append(text)
    return sent


def roles(texts: Sequence[Text]) -> list[str]:
    return [text.role for text in texts]


# -- which, and when -----------------------------------------------------------------------------------


def test_an_alarm_that_is_committed_within_ten_seconds_is_never_texted() -> None:
    made = path()
    for seconds in range(10):
        made.look(stored(alarm()), after(seconds), whole=True)
        assert made.next_text(after(seconds)) is None
    made.look([], after(10), whole=True)
    assert send_all(made, after(600)) == []


def test_after_ten_seconds_the_centre_is_texted_first_and_then_both_contacts() -> None:
    assert roles(send_all(calling(), after(10))) == [CENTRE, "contact 1", "contact 2"]


def test_the_plan_says_whom_to_text_and_the_technicians_numbers_hold_without_it() -> None:
    around = replace(home(), in_force=InForce(Plan()))
    made = SecondPath(RECIPIENTS, Sender(GATEWAY, KEY), around, NOON)
    around.in_force.plan = Plan(version=1, phones=Phones(centre="+8674512345", contacts=("+8613800000000",)))
    made.tick(NOON)
    made.look(stored(alarm()), after(10), whole=True)
    texts = send_all(made, after(10))
    assert [text.number for text in texts] == ["+8674512345", "+8613800000000"]
    around.in_force.plan = Plan(version=2)
    made.tick(after(11))
    assert made.recipients == RECIPIENTS


def test_contacts_of_a_plan_are_not_asked_about_somebody_without_a_name() -> None:
    nameless = Recipients(CENTRE_NUMBER)
    assert planned(nameless, Phones(contacts=(ANNA,)), NOON) == nameless


def test_a_plan_that_names_nobody_silences_the_technicians_contacts_too_amid_a_call() -> None:
    around = replace(home(), in_force=InForce(Plan()))
    made = SecondPath(RECIPIENTS, Sender(GATEWAY, KEY), around, NOON)
    made.look(stored(alarm()), after(10), whole=True)
    first = made.next_text(after(10))
    assert first is not None
    assert first.role == CENTRE
    around.in_force.plan = Plan(version=1, phones=Phones(contacts=()))
    made.tick(after(11))
    assert roles(send_all(made, after(11))) == [CENTRE]


def test_a_consent_that_runs_out_while_the_network_is_gone_ends_the_texts_to_contacts() -> None:
    until = after(60)
    around = replace(home(), in_force=InForce(Plan(version=1, phones=Phones(until=int(until.timestamp())))))
    made = SecondPath(RECIPIENTS, Sender(GATEWAY, KEY), around, NOON)
    made.look(stored(alarm()), after(10), whole=True)
    assert roles(send_all(made, after(10))) == [CENTRE, "contact 1", "contact 2"]
    made.tick(until)
    assert set(roles(send_all(made, after(600)))) == {CENTRE}


def test_a_commit_that_comes_before_the_first_text_ends_the_call() -> None:
    made = calling()
    made.look([], after(12), whole=True)
    assert send_all(made, after(12)) == []


def test_a_commit_that_comes_after_the_first_text_stops_nothing() -> None:
    made = calling()
    text = made.next_text(after(10))
    assert text is not None
    made.sent(text, after(10))
    made.look([], after(12), whole=True)
    assert roles(send_all(made, after(12))) == ["contact 1", "contact 2"]


def test_what_is_only_a_part_of_the_outbox_proves_no_commit() -> None:
    made = calling()
    made.look([], after(12), whole=False)
    assert roles(send_all(made, after(12))) == [CENTRE, "contact 1", "contact 2"]


@pytest.mark.parametrize("kind", sorted(set(AlarmKind) - OF_THE_CLOUD))
def test_exactly_the_kinds_that_the_cloud_sends_people_for_are_texted(kind: AlarmKind) -> None:
    texted = bool(send_all(calling(alarm(kind=kind)), after(10)))
    assert texted == (KINDS[kind].priority <= Priority.URGENT)
    assert texted == (kind not in TECHNICAL)


@pytest.mark.parametrize(("priority", "texted"), [(1, True), (2, True), (3, False), (4, False)])
def test_what_says_itself_that_it_can_wait_waits_for_the_network(priority: int, texted: bool) -> None:
    late = replace(alarm(kind=AlarmKind.MEDICINE), evidence={"priority": priority})
    assert bool(send_all(calling(late), after(10))) is texted


@pytest.mark.parametrize("state", sorted(set(AlarmState) - {AlarmState.RAISED}))
def test_only_a_raised_alarm_is_texted(state: AlarmState) -> None:
    assert send_all(calling(alarm(state=state)), after(10)) == []


def test_a_test_of_the_network_is_not_texted() -> None:
    assert send_all(calling(replace(alarm(), evidence={"test": True})), after(10)) == []


def test_a_clock_set_back_texts_rather_early_than_never() -> None:
    made = path()
    made.look(stored(alarm(), at=after(3600)), NOON, whole=True)
    assert roles(send_all(made, NOON)) == [CENTRE, "contact 1", "contact 2"]


def test_a_clock_set_forward_by_weeks_texts_all_the_same() -> None:
    made = path()
    made.look(stored(alarm()), NOON + timedelta(weeks=3), whole=True)
    assert len(send_all(made, NOON + timedelta(weeks=3))) >= 3


# -- what is said --------------------------------------------------------------------------------------


def test_the_centre_reads_a_signed_text_that_names_the_alarm() -> None:
    (text, *_) = send_all(calling(), after(10))
    said = check(parse(text.words), KEY)
    assert (said.gateway, said.alarm, said.kind, said.state) == (GATEWAY, alarm().id, "sos", "raised")
    assert (said.device, said.observed_at, said.copy, said.test) == (PENDANT, NOON, 1, False)
    assert text.number == CENTRE_NUMBER


def test_a_contact_reads_a_name_and_a_time_in_their_own_zone_and_no_condition() -> None:
    made = calling(alarm(kind=AlarmKind.FALL))
    (_, text, _) = send_all(made, after(10))
    assert text.words == "向奶奶 20:00 呼叫求助。若您能前往查看，请回复1。"


@pytest.mark.parametrize("locale", ["zh-Hans", "zh-Hant", "en"])
def test_the_longest_name_fits_one_segment_in_chinese(locale: str) -> None:
    checked_segment(words_to_contact(replace(RECIPIENTS, name="向" * 20, locale=locale), NOON))


# -- how often -----------------------------------------------------------------------------------------


def test_rounds_are_repeated_ever_more_slowly_and_end_after_the_last() -> None:
    made = calling(recipients=replace(RECIPIENTS, hourly=60))
    at = [
        minute
        for minute in range(60 * 48)
        if any(text.call == alarm().id for text in send_all(made, after(10 + 60 * minute)))
    ]
    assert at[:8] == [0, 1, 3, 7, 15, 31, 63, 123]
    assert len(at) == ROUNDS
    assert made.calls == ()


def test_each_round_is_a_text_of_its_own_so_that_none_looks_like_a_replay() -> None:
    made = calling()
    first, second = send_all(made, after(10))[0], send_all(made, after(80))[0]
    assert (check(parse(first.words), KEY).copy, check(parse(second.words), KEY).copy) == (1, 2)


def test_a_refused_text_is_tried_again_with_growing_waits_and_holds_up_nobody_else() -> None:
    made = calling()
    tried: list[float] = []
    for second in range(10, 70):
        while text := made.next_text(after(second)):
            made.trying(after(second))
            if text.role == CENTRE:
                tried.append(second)
                made.failed(text, after(second), certain=False)
            else:
                made.sent(text, after(second))
    assert tried == [10, 15, 25, 45]  # doubled


def test_a_text_that_certainly_never_left_costs_nothing() -> None:
    made = calling(recipients=replace(RECIPIENTS, hourly=4))
    for second in range(10, 3000):
        if text := made.next_text(after(second)):
            made.trying(after(second))
            made.failed(text, after(second), certain=True)
    assert made.figures(after(3000))["sms/tried_last_hour"] == 0
    assert len(send_all(made, after(3300))) == 3


def test_a_call_to_the_centre_proves_the_path_and_one_that_failed_has_it_tested() -> None:
    made = calling()
    send_all(made, after(10))
    assert made.figures(after(3610))["sms/tested_h"] == 1.0
    made.settle(alarm().id)
    assert made.next_text(after(3 * 3600)) is None, "no test is due"
    made = calling()
    text = made.next_text(after(10))
    assert text is not None
    made.failed(text, after(10), certain=True)
    assert made.figures(after(10))["sms/test_failed"] == 1
    made.settle(alarm().id)
    again = made.next_text(after(3611))
    assert again is not None
    assert again.test


def test_while_no_text_can_be_sent_no_round_is_used_up() -> None:
    made = calling()
    for hour in range(48):
        text = made.next_text(after(3600 * hour + 10))
        assert text is not None
        made.failed(text, after(3600 * hour + 10), certain=False)
    sent = send_all(made, after(3600 * 48))
    assert check(parse(sent[0].words), KEY).copy == 1


def test_an_hour_has_no_more_texts_than_the_card_shall_pay_and_the_centre_comes_first() -> None:
    made = calling(*(alarm(number) for number in range(1, 31)), recipients=replace(RECIPIENTS, hourly=6))
    assert roles(send_all(made, after(10))) == [CENTRE] * 6
    assert send_all(made, after(3000)) == []
    assert roles(send_all(made, after(3611))) == [CENTRE] * 6


def test_a_sensor_that_is_stuck_for_a_day_costs_five_hours_of_texts() -> None:
    made = path(replace(RECIPIENTS, hourly=6))
    sent = 0
    for five_minutes in range(12 * 24):
        now = after(300 * five_minutes)
        made.look(stored(alarm(five_minutes), at=now - timedelta(seconds=10)), now, whole=False)
        sent += len(send_all(made, now))
    assert sent == 30


def test_whoever_is_no_longer_to_be_texted_is_not_waited_for() -> None:
    made = calling()
    assert made.next_text(after(10)) is not None
    made.text_to(replace(RECIPIENTS, contacts=(BEN,)))
    assert roles(send_all(made, after(10))) == [CENTRE, "contact 1"]
    assert len(made.heard(BEN, "1")) == 1
    assert made.calls == ()


def test_repeats_leave_room_for_a_new_call() -> None:
    made = calling(recipients=replace(RECIPIENTS, hourly=8))
    for second in range(10, 1800, 10):
        send_all(made, after(second))
    made.look([*stored(alarm(2), at=after(1790))], after(1800), whole=False)
    assert [text.call for text in send_all(made, after(1800))] == [alarm(2).id] * 3


# -- what ends it --------------------------------------------------------------------------------------


def test_a_yes_of_somebody_we_texted_ends_the_repeats_and_is_recorded() -> None:
    made = calling()
    send_all(made, after(10))
    (record,) = made.heard(ANNA, "收到！")
    assert (record.id, record.state, record.evidence["by"]) == (
        alarm().id, AlarmState.ACCEPTED, "text of contact 1",
    )  # fmt: skip
    assert send_all(made, after(3600 * 5)) == [] or made.calls == ()


def test_a_yes_in_the_middle_of_the_first_round_still_lets_the_others_know() -> None:
    made = calling()
    for _ in range(2):
        text = made.next_text(after(10))
        assert text is not None
        made.sent(text, after(10))
    assert len(made.heard(ANNA, "1")) == 1
    assert roles(send_all(made, after(20))) == ["contact 2"]
    assert made.calls == ()


@pytest.mark.parametrize(
    ("sender", "words"),
    [(ANNA, "which one?"), (ANNA, ""), ("+8613700137000", "1"), ("10086", "1"), ("BANK", "ok"), ("", "1")],
)
def test_anything_else_ends_nothing(sender: str, words: str) -> None:
    made = calling()
    send_all(made, after(10))
    assert made.heard(sender, words) == []
    assert len(send_all(made, after(80))) == 3


def test_a_yes_counts_from_whoever_was_texted_and_a_commit_before_any_text_went_out_ends_the_call() -> None:
    made = calling()
    text = made.next_text(after(10))
    assert text is not None
    made.sent(text, after(10))
    assert made.heard(ANNA, "1") == [], "only the centre knows of it"
    made = calling()
    text = made.next_text(after(10))
    assert text is not None
    made.failed(text, after(10), certain=True)
    made.look([], after(12), whole=True)
    assert made.calls == ()


def test_a_yes_to_nothing_is_nothing() -> None:
    assert path().heard(ANNA, "1") == []
    assert calling().heard(ANNA, "1") == [], "nobody was texted yet"


def test_the_cloud_s_word_ends_everything_at_once_and_it_does_not_begin_again() -> None:
    made = calling()
    made.settle(alarm().id)
    made.look(stored(alarm()), after(12), whole=True)
    assert send_all(made, after(12)) == []


def test_a_word_that_comes_before_the_ten_seconds_are_over_counts_too() -> None:
    made = path()
    made.settle(alarm().id)
    made.look(stored(alarm()), after(10), whole=True)
    assert send_all(made, after(10)) == []


def test_the_button_at_home_ends_the_repeats_and_a_help_button_does_not() -> None:
    made = calling()
    send_all(made, after(10))
    assert made.see(press(PENDANT), after(20)) == []
    (record,) = made.see(press(BUTTON), after(20))
    assert (record.state, record.evidence["by"]) == (AlarmState.UPDATED, f"button {BUTTON}")
    assert made.calls == ()


@pytest.mark.parametrize("words", ["1", " 1 ", "１", "OK", "ok.", "Yes!", "收到", "好的", "我去", "知道了。"])
def test_a_yes_is_understood_however_it_is_written(words: str) -> None:
    assert is_acceptance(words)


@pytest.mark.parametrize("words", ["", "no", "11", "不去", "1?no", "who is this", "\x1b", "o k o k"])
def test_a_no_or_a_question_is_no_yes(words: str) -> None:
    assert not is_acceptance(words)


@pytest.mark.parametrize("sender", [ANNA, "13800138000", "8613800138000", "008613800138000"])
def test_a_number_is_known_however_the_network_shows_it(sender: str) -> None:
    assert is_from(sender, ANNA)


@pytest.mark.parametrize("sender", ["", "+", "138000", "+13800138000", "+8613800138001", "ANNA", "0"])
def test_another_number_is_not(sender: str) -> None:
    assert not is_from(sender, ANNA)


# -- what is recorded ----------------------------------------------------------------------------------


def test_each_text_is_a_record_of_the_same_alarm_at_its_own_time() -> None:
    made = calling()
    text = made.next_text(after(10))
    assert text is not None
    (record,) = made.sent(text, after(14))
    assert record.actions == ("sms",)
    assert (record.id, record.state, record.observed_at) == (alarm().id, AlarmState.UPDATED, NOON)
    assert record.evidence == {
        "press": "long", "sms_to": "centre", "sms_round": 1, "sms_at": after(14).isoformat(),
    }  # fmt: skip


# -- over a restart ------------------------------------------------------------------------------------


def restarted(made: SecondPath, now: datetime) -> SecondPath:
    again = path(made.recipients, now)
    again.restore(json.loads(json.dumps(made.state())))
    return again


def test_a_restart_goes_on_where_it_stopped() -> None:
    made = calling()
    text = made.next_text(after(10))
    assert text is not None
    made.sent(text, after(10))
    made = restarted(made, after(20))
    made.look(stored(alarm()), after(20), whole=True)
    assert roles(send_all(made, after(20))) == ["contact 1", "contact 2"]
    made = restarted(made, after(30))
    assert send_all(made, after(30)) == []
    assert roles(send_all(made, after(75))) == [CENTRE, "contact 1", "contact 2"]


def test_restarts_cannot_exceed_the_hour() -> None:
    made = calling(*(alarm(number) for number in range(1, 31)), recipients=replace(RECIPIENTS, hourly=6))
    tried = 0
    for second in range(10, 60):
        if made.next_text(after(second)):
            made.trying(after(second))
            tried += 1
        made = restarted(made, after(second))  # killed with the text in the modem
    assert tried == 6


@pytest.mark.parametrize("note", [None, [], "x", {"calls": 1}, {"calls": [{}]}, {"calls": [], "known": None}])
def test_an_older_program_s_note_is_ignored(note: object) -> None:
    made = path()
    made.restore(note)  # type: ignore[arg-type]  # whatever a file may hold
    made.look(stored(alarm()), after(10), whole=True)
    assert len(send_all(made, after(10))) == 3


# -- the path itself -----------------------------------------------------------------------------------


def proven(made: SecondPath, hours: Sequence[float], succeed: Callable[[Text], bool]) -> list[float]:
    found: list[float] = []
    for hour in hours:
        now = after(3600 * hour)
        if text := made.next_text(now):
            assert text.test
            assert check(parse(text.words), KEY).test
            made.trying(now)
            found.append(hour)
            if succeed(text):
                made.sent(text, now)
            else:
                made.failed(text, now, certain=False)
    return found


def test_the_path_is_tested_an_hour_after_the_start_and_every_thirty_days() -> None:
    made = path()
    hours = [hour / 2 for hour in range(48 * 65)]
    assert proven(made, hours, lambda _text: True) == [1.0, 721.0, 1441.0]
    assert made.figures(after(3600 * 1442))["sms/tested_h"] == 1.0


def test_a_restart_tests_again_unless_it_was_done_within_the_day() -> None:
    made = path()
    proven(made, [1], lambda _text: True)
    assert restarted(made, after(3600 * 20)).next_text(after(3600 * 22)) is None
    later = restarted(made, after(3600 * 30)).next_text(after(3600 * 31))
    assert later is not None
    assert later.test


def test_a_failed_test_is_repeated_within_the_hour_and_shown() -> None:
    made = path()
    assert proven(made, [1, 1.5, 2, 2.5, 3], lambda _text: False) == [1, 2, 3]
    figures = made.figures(after(3 * 3600))
    assert figures["sms/test_failed"] == 1
    assert "sms/tested_h" not in figures


def test_a_call_goes_before_a_test() -> None:
    made = calling()
    assert [text.test for text in send_all(made, after(3600 + 60))] == [False, False, False]


def test_a_path_without_a_centre_has_nothing_to_test() -> None:
    assert path(replace(RECIPIENTS, centre="")).next_text(after(7200)) is None


def test_a_path_that_is_lost_for_long_is_a_fault_once_and_its_return_ends_it() -> None:
    made = path()
    told = []
    for minute in range(200):
        told += made.watch(usable=False, elapsed_s=60.0 * minute, now=after(60 * minute))
    (fault,) = told
    assert (fault.kind, fault.state, fault.device) == (
        AlarmKind.DEVICE_FAULT, AlarmState.RAISED, DeviceId("gateway"),
    )  # fmt: skip
    assert fault.observed_at == after(LOST_S)
    made = restarted(made, after(13_000))
    assert made.watch(usable=False, elapsed_s=5_000.0, now=after(18_000)) == [], "told before the restart"
    (end,) = made.watch(usable=True, elapsed_s=5_001.0, now=after(18_001))
    assert (end.id, end.state) == (fault.id, AlarmState.CANCELLED)
    assert made.watch(usable=True, elapsed_s=5_002.0, now=after(18_002)) == []


# -- whatever happens ----------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["look", "text", "fail", "yes", "settle", "restart", "back"]), st.integers(1, 4000)
    ),
    max_size=60,
)


@given(STEPS)
def test_whatever_happens_an_hour_never_has_more_texts_than_allowed(steps: list[tuple[str, int]]) -> None:
    made, now, tries = path(), NOON, list[datetime]()
    for number, (step, seconds) in enumerate(steps):
        now += timedelta(seconds=seconds)
        match step:
            case "look":
                made.look(stored(alarm(number), at=now - timedelta(seconds=10)), now, whole=False)
            case "yes":
                made.heard(BEN, "1")
            case "settle":
                made.settle(alarm(max(number - 1, 0)).id)
            case "restart":
                made = restarted(made, now)
            case _:
                for _ in range(20):
                    if (text := made.next_text(now)) is None:
                        break
                    made.trying(now)
                    tries.append(now)
                    if step == "fail":
                        made.failed(text, now, certain=False)
                    else:
                        made.sent(text, now)
    for at in tries:
        assert sum(at <= other < at + timedelta(hours=1) for other in tries) <= RECIPIENTS.hourly


def test_figures_are_numbers_for_the_heartbeat() -> None:
    made = calling()
    assert made.figures(after(10)) == {"sms/calls": 1.0, "sms/tried_last_hour": 0.0, "sms/test_failed": 0.0}
