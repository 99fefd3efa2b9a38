"""The store on a real database: joining, acting, reading, and what each leaves behind."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import replace
from typing import Any

import pytest

from cloud.auth import Purpose, Scope
from cloud.db import Connection, connect
from cloud.incidents import store
from cloud.incidents.errors import Reason
from cloud.incidents.machine import ACTIONS, Trigger
from cloud.incidents.model import IncidentState, IncidentView, OutcomeCode
from cloud.incidents.script import Question
from cloud.ingest.model import StoredAlarm
from firmware_protocols.model import AlarmId, AlarmKind, AlarmState, JsonValue
from tests.scenario.household import START, Household, add_contacts, after, remember, seed

pytestmark = pytest.mark.services


@pytest.fixture
async def household(conn: Connection) -> Household:
    return await seed(conn)


async def the_incident(conn: Connection, household: Household) -> IncidentView:
    incidents = await store.open_incidents(conn, household.scope, START)
    assert len(incidents) == 1
    return incidents[0]


async def rows(conn: Connection, statement: str) -> list[dict[str, Any]]:
    return await (await conn.execute(statement)).fetchall()


async def changes(conn: Connection) -> list[dict[str, Any]]:
    """What the screens would hear of if the transaction ended here."""
    await conn.execute("set constraints all immediate")
    return await rows(conn, "select topic, body from change order by id")


async def test_a_raised_alarm_opens_an_incident_with_everything_a_screen_needs(
    conn: Connection, household: Household
) -> None:
    await store.attach_or_open(conn, household.alarm(), after(3))
    view = await the_incident(conn, household)
    assert view.state is IncidentState.RAISED
    assert (view.kind, view.priority, view.room) == ("fall", 1, "bathroom")
    assert (view.resident, view.age, view.address) == ("杨秀英", 84, "迎丰路 12 号 3 栋 402")
    assert (view.observed_at, view.opened_at, view.due_at) == (START, after(3), after(33))
    assert view.evidence == {"impact_g": 2.9}
    whole = await store.detail(conn, household.scope, view.id)
    assert [rung.name for rung in whole.ladder] == ["吴嫂", "杨叔", "石姐", "女儿"]
    assert [entry.trigger for entry in whole.timeline] == ["alarm"]
    assert (whole.resident_phone, whole.notes) == ("+867452222222", "耳背")
    assert whole.actions[0] == "ack"
    assert "close" not in whole.actions


async def test_raw_frames_stay_with_the_alarm_and_a_screen_is_told_their_number(
    conn: Connection, household: Household
) -> None:
    frames: list[Any] = [{"d": "radar", "c": "micradar", "x": "53" * 40, "a": 0.1}] * 200
    alarm = household.alarm()
    heavy = replace(
        alarm, alarm=replace(alarm.alarm, evidence={"peak_g": 3, "frames": frames, "odd": "x" * 9_000})
    )
    await store.attach_or_open(conn, heavy, START)
    assert (await the_incident(conn, household)).evidence == {"peak_g": 3, "frames": 200}
    more = replace(heavy, alarm=replace(heavy.alarm, id=AlarmId("01JA0000000000000000000002")))
    await store.attach_or_open(conn, more, after(1))
    assert all(len(json.dumps(change["body"])) < 2_000 for change in await changes(conn))


async def test_a_device_that_is_back_settles_what_nobody_took_up_unless_another_is_still_away(
    conn: Connection, household: Household
) -> None:
    lost, other = (
        household.alarm(AlarmKind.SENSOR_SILENT, alarm_id=f"01JA000000000000000000000{number}")
        for number in (1, 2)
    )
    back = [replace(one, alarm=replace(one.alarm, state=AlarmState.CANCELLED)) for one in (lost, other)]
    for second, record in enumerate((lost, other, back[0])):
        await store.attach_or_open(conn, await remember(conn, record), after(second))
    assert (await the_incident(conn, household)).state is IncidentState.RAISED
    await store.attach_or_open(conn, await remember(conn, back[1]), after(9))
    assert await store.open_incidents(conn, household.scope, START) == []


async def test_family_is_told_when_a_life_may_be_at_stake(conn: Connection, household: Household) -> None:
    await store.attach_or_open(conn, household.alarm(), START)
    messages = await rows(conn, "select template, step, channel, due_at from message")
    assert messages == [{"template": "raised", "step": 4, "channel": "json", "due_at": START}]


RECORDS = (AlarmState.SUSPECTED, AlarmState.RAISED, AlarmState.UPDATED, AlarmState.CANCELLED)


@pytest.mark.parametrize("order", list(itertools.permutations(RECORDS)))
async def test_records_of_a_raised_alarm_in_any_order_leave_one_raised_incident(
    conn: Connection, household: Household, order: tuple[AlarmState, ...]
) -> None:
    for second, state in enumerate(order):
        await store.attach_or_open(conn, await remember(conn, household.alarm(state=state)), after(second))
    view = await the_incident(conn, household)
    assert view.state is IncidentState.RAISED


@pytest.mark.parametrize("order", list(itertools.permutations((AlarmState.SUSPECTED, AlarmState.CANCELLED))))
async def test_a_suspicion_and_its_cancel_in_either_order_leave_nothing_open(
    conn: Connection, household: Household, order: tuple[AlarmState, ...]
) -> None:
    for second, state in enumerate(order):
        await store.attach_or_open(conn, await remember(conn, household.alarm(state=state)), after(second))
    assert await store.open_incidents(conn, household.scope, START) == []


async def test_a_repeated_record_changes_nothing(conn: Connection, household: Household) -> None:
    for second in range(3):
        await store.attach_or_open(conn, household.alarm(), after(second))
    view = await the_incident(conn, household)
    assert view.version == 1
    assert [change["topic"] for change in await changes(conn)] == ["inc", "home"]


async def test_a_second_alarm_joins_and_raises_the_priority_but_never_lowers_it(
    conn: Connection, household: Household
) -> None:
    still = household.alarm(AlarmKind.STILLNESS, alarm_id="01JA0000000000000000000002")
    pressed = household.alarm(AlarmKind.SOS, alarm_id="01JA0000000000000000000003")
    again = household.alarm(AlarmKind.STILLNESS, alarm_id="01JA0000000000000000000004")
    await store.attach_or_open(conn, still, START)
    assert (await the_incident(conn, household)).priority == 2
    await store.attach_or_open(conn, pressed, after(10))
    view = await the_incident(conn, household)
    assert (view.priority, view.kind, view.due_at) == (1, "sos", after(40))
    await store.attach_or_open(conn, again, after(20))
    assert (await the_incident(conn, household)).priority == 1
    links = await rows(conn, "select incident_id from incident_alarm")
    assert [link["incident_id"] for link in links] == [view.id] * 3


async def test_smoke_beside_a_fall_is_an_incident_of_its_own(conn: Connection, household: Household) -> None:
    await store.attach_or_open(conn, household.alarm(), START)
    smoke = household.alarm(AlarmKind.SMOKE, alarm_id="01JA0000000000000000000002")
    await store.attach_or_open(conn, smoke, START)
    queue = await store.open_incidents(conn, household.scope, START)
    assert [view.kind for view in queue] == ["fall", "smoke"]


async def test_smoke_is_never_asked_to_confirm(conn: Connection, household: Household) -> None:
    smoke = household.alarm(AlarmKind.SMOKE, AlarmState.SUSPECTED)
    await store.attach_or_open(conn, smoke, START)
    assert (await the_incident(conn, household)).state is IncidentState.RAISED


async def test_one_cancel_does_not_cancel_two_suspicions(conn: Connection, household: Household) -> None:
    first = household.alarm(state=AlarmState.SUSPECTED)
    second = household.alarm(state=AlarmState.SUSPECTED, alarm_id="01JA0000000000000000000002")
    await store.attach_or_open(conn, first, START)
    await store.attach_or_open(conn, second, after(1))
    await store.attach_or_open(conn, household.alarm(state=AlarmState.CANCELLED), after(2))
    view = await the_incident(conn, household)
    assert view.state is IncidentState.DETECTED
    cancel = household.alarm(state=AlarmState.CANCELLED, alarm_id="01JA0000000000000000000002")
    await store.attach_or_open(conn, cancel, after(3))
    assert await store.open_incidents(conn, household.scope, START) == []


async def test_a_new_alarm_after_the_close_opens_a_new_incident(
    conn: Connection, household: Household
) -> None:
    await store.attach_or_open(conn, household.alarm(), START)
    first = await the_incident(conn, household)
    await _close(conn, household, first.id)
    await store.attach_or_open(conn, household.alarm(alarm_id="01JA0000000000000000000002"), after(200))
    assert (await the_incident(conn, household)).id != first.id
    with pytest.raises(store.Refused) as refused:
        await store.act(conn, household.scope, first.id, Trigger.REOPEN, household.operator, after(300), 3)
    assert refused.value.reason is Reason.ANOTHER_OPEN


async def _close(conn: Connection, household: Household, incident_id: int) -> IncidentView:
    await store.act(conn, household.scope, incident_id, Trigger.ACK, household.operator, after(10), 1)
    return await store.act(
        conn,
        household.scope,
        incident_id,
        Trigger.CLOSE,
        household.operator,
        after(100),
        2,
        outcome=OutcomeCode.C1,
        note="误按",
    )


async def test_a_late_repeat_of_a_closed_alarm_opens_nothing(conn: Connection, household: Household) -> None:
    await store.attach_or_open(conn, household.alarm(), START)
    closed = await _close(conn, household, (await the_incident(conn, household)).id)
    await store.attach_or_open(conn, household.alarm(), after(200))
    await store.attach_or_open(conn, household.alarm(state=AlarmState.UPDATED), after(201))
    assert await store.open_incidents(conn, household.scope, START) == []
    assert (await store.detail(conn, household.scope, closed.id)).incident.version == closed.version


async def test_the_late_raise_of_a_handled_suspicion_does_not_raise_it_again(
    conn: Connection, household: Household
) -> None:
    await store.attach_or_open(conn, household.alarm(state=AlarmState.SUSPECTED), START)
    incident = await the_incident(conn, household)
    await store.fire(conn, incident.id, after(22))
    for version, trigger in ((2, Trigger.ACK), (3, Trigger.MONITOR)):
        await store.act(conn, household.scope, incident.id, trigger, household.operator, after(30), version)
    await store.attach_or_open(conn, household.alarm(state=AlarmState.RAISED), after(600))
    assert (await the_incident(conn, household)).state is IncidentState.MONITORING


async def test_acting_sets_owner_and_answers_with_the_new_version(
    conn: Connection, household: Household
) -> None:
    await store.attach_or_open(conn, household.alarm(), START)
    incident = await the_incident(conn, household)
    view = await store.act(conn, household.scope, incident.id, Trigger.ACK, household.operator, after(9), 1)
    assert (view.state, view.owner, view.acked_at, view.version) == ("acked", "向玉珍", after(9), 2)


async def test_the_slower_of_two_people_gets_the_current_incident(
    conn: Connection, household: Household
) -> None:
    await store.attach_or_open(conn, household.alarm(), START)
    incident = await the_incident(conn, household)
    first = await store.act(conn, household.scope, incident.id, Trigger.ACK, household.operator, after(9), 1)
    with pytest.raises(store.Conflict) as conflict:
        await store.act(conn, household.scope, incident.id, Trigger.ACK, "staff:999", after(9), 1)
    assert conflict.value.current == first


async def test_a_life_cannot_be_closed_without_an_outcome(conn: Connection, household: Household) -> None:
    await store.attach_or_open(conn, household.alarm(), START)
    incident = await the_incident(conn, household)
    await store.act(conn, household.scope, incident.id, Trigger.ACK, household.operator, after(9), 1)
    with pytest.raises(store.Refused) as refused:
        await store.act(conn, household.scope, incident.id, Trigger.CLOSE, household.operator, after(10), 2)
    assert refused.value.reason is Reason.OUTCOME_REQUIRED
    assert refused.value.current == await the_incident(conn, household)


@pytest.mark.parametrize("trigger", sorted(set(Trigger) - ACTIONS))
async def test_nobody_at_a_screen_may_play_the_clock_or_the_home(
    conn: Connection, household: Household, trigger: Trigger
) -> None:
    await store.attach_or_open(conn, household.alarm(), START)
    incident = await the_incident(conn, household)
    with pytest.raises(store.Refused) as refused:
        await store.act(conn, household.scope, incident.id, trigger, household.operator, after(99), 1)
    assert refused.value.reason is Reason.NOT_AN_ACTION


async def test_a_dispatch_that_names_a_responder_puts_them_on_the_way(
    conn: Connection, household: Household
) -> None:
    await store.attach_or_open(conn, household.alarm(), START)
    incident = await the_incident(conn, household)
    view = await store.act(
        conn,
        household.scope,
        incident.id,
        Trigger.DISPATCH,
        household.operator,
        after(10),
        1,
        responder="吴嫂",
        eta_minutes=4,
    )
    assert (view.state, view.responder, view.eta_at) == ("en_route", "吴嫂", after(250))
    assert view.due_at == after(250 + 300)


async def test_another_tenant_or_another_home_does_not_exist(conn: Connection, household: Household) -> None:
    other = await seed(conn)
    await store.attach_or_open(conn, household.alarm(), START)
    incident = await the_incident(conn, household)
    for scope in (other.scope, Scope((household.tenant_id,), (other.home_id,), Purpose.CONSOLE)):
        assert await store.open_incidents(conn, scope, START) == []
        assert household.home_id not in [home.id for home in (await store.snapshot(conn, scope, START)).homes]
        with pytest.raises(store.NotFound):
            await store.detail(conn, scope, incident.id)
        with pytest.raises(store.NotFound):
            await store.act(conn, scope, incident.id, Trigger.ACK, household.operator, after(9), 1)


async def test_old_snapshot_plus_changes_is_the_new_snapshot(conn: Connection, household: Household) -> None:
    old = await store.snapshot(conn, household.scope, START)
    await store.attach_or_open(conn, household.alarm(), START)
    incident = await the_incident(conn, household)
    await store.fire(conn, incident.id, after(61))
    await store.attach_or_open(
        conn, household.alarm(AlarmKind.DEVICE_FAULT, alarm_id="01JA0000000000000000000002"), after(62)
    )
    new = await store.snapshot(conn, household.scope, after(62))
    incidents = {view.id: view.model_dump(mode="json") for view in old.incidents}
    homes = {home.id: home.model_dump(mode="json") for home in old.homes}
    for change in await changes(conn):
        (incidents if change["topic"] == "inc" else homes)[change["body"]["id"]] = change["body"]
    assert incidents == {view.id: view.model_dump(mode="json") for view in new.incidents}
    assert homes == {home.id: home.model_dump(mode="json") for home in new.homes}
    assert [home.open_priority for home in new.homes] == [1]


async def test_a_roster_edited_later_does_not_change_a_running_ladder(
    conn: Connection, household: Household
) -> None:
    await store.attach_or_open(conn, household.alarm(), START)
    await add_contacts(conn, household.home_id, [])
    incident = await the_incident(conn, household)
    assert len((await store.detail(conn, household.scope, incident.id)).ladder) == 4


async def test_addresses_are_masked_on_screens(conn: Connection, household: Household) -> None:
    await store.attach_or_open(conn, household.alarm(), START)
    incident = await the_incident(conn, household)
    messages = (await store.detail(conn, household.scope, incident.id)).messages
    assert [message.address for message in messages] == ["json:…ble"]


async def test_an_alarm_number_that_two_homes_use_joins_neither_to_the_other(
    conn: Connection, household: Household
) -> None:
    other = await seed(conn)
    await store.attach_or_open(conn, household.alarm(), START)
    await store.attach_or_open(conn, other.alarm(state=AlarmState.CANCELLED), after(1))
    assert await store.open_incidents(conn, other.scope, START) == []
    await store.attach_or_open(conn, other.alarm(AlarmKind.SMOKE), after(2))
    assert (await the_incident(conn, other)).kind == "smoke"
    assert (await the_incident(conn, household)).version == 1


async def test_alarms_of_many_homes_in_one_transaction_never_deadlock_with_an_operator(
    database: str, conn: Connection, household: Household
) -> None:
    other = await seed(conn)
    await conn.commit()
    async with await connect(database) as second, asyncio.timeout(60):
        await store.attach_or_open(conn, household.alarm(), START)
        await store.attach_or_open(second, other.alarm(), START)
        smoke = other.alarm(AlarmKind.SMOKE, alarm_id="01JA0000000000000000000002")
        waiting = asyncio.create_task(store.attach_or_open(conn, smoke, START))
        await asyncio.sleep(0)
        await second.commit()
        await waiting
        await conn.commit()
        topics = await rows(second, "select topic from change where topic = 'inc'")
        assert len(topics) == 3
        assert await rows(second, "select * from change_draft") == []


async def test_a_message_can_be_written_for_an_incident_while_somebody_acts_on_it(
    conn: Connection, household: Household, database: str
) -> None:
    """Else a delivery that fails for good and a step on its incident wait for each other."""
    await store.attach_or_open(conn, household.alarm(), START)
    await conn.commit()
    view = await the_incident(conn, household)
    row = await store.hold(conn, view.id)
    assert row is not None
    async with await connect(database) as delivery:
        await delivery.execute("set lock_timeout = '200ms'")
        await delivery.execute(
            "insert into message (incident_id, channel, address, locale, template, created_at)"
            " values (%s, 'json', 'json://next', 'en', 'ask', %s)",
            [view.id, START],
        )


async def settle_as_false(conn: Connection, household: Household, now_s: float) -> int:
    """An operator takes the open incident and closes it at ``now_s``."""
    view = await the_incident(conn, household)
    act = (conn, household.scope, view.id)
    view = await store.act(*act, Trigger.ACK, household.operator, after(now_s), view.version)
    await store.act(
        *act, Trigger.CLOSE, household.operator, after(now_s), view.version, outcome=OutcomeCode.C2
    )
    return view.id


@pytest.mark.parametrize("repeated", [AlarmState.UPDATED, AlarmState.RAISED])
async def test_a_detector_that_still_reports_after_its_alarm_was_closed_opens_a_new_incident(
    conn: Connection, household: Household, repeated: AlarmState
) -> None:
    await store.attach_or_open(conn, household.alarm(AlarmKind.SMOKE, AlarmState.SUSPECTED), START)
    closed = await settle_as_false(conn, household, 30)
    for second in (60, 120):
        again = household.alarm(AlarmKind.SMOKE, repeated, at=after(second))
        await store.attach_or_open(conn, again, after(second))
    view = await the_incident(conn, household)
    assert (view.id > closed, view.state, view.kind) == (True, IncidentState.RAISED, "smoke")


@pytest.mark.parametrize("state", list(AlarmState))
async def test_a_record_from_before_the_end_that_comes_late_opens_nothing(
    conn: Connection, household: Household, state: AlarmState
) -> None:
    await store.attach_or_open(conn, household.alarm(AlarmKind.SMOKE), START)
    await settle_as_false(conn, household, 30)
    late = household.alarm(AlarmKind.SMOKE, state, at=after(20))
    await store.attach_or_open(conn, late, after(600))
    assert await store.open_incidents(conn, household.scope, START) == []


async def test_a_graded_alarm_says_how_urgent_it_is_and_a_lesser_one_does_not_hide_it(
    conn: Connection, household: Household
) -> None:
    def vitals(number: int, priority: int) -> StoredAlarm:
        stored = household.alarm(AlarmKind.VITALS, alarm_id=f"01JA000000000000000000010{number}")
        return replace(stored, alarm=replace(stored.alarm, evidence={"priority": priority}))

    await store.attach_or_open(conn, vitals(1, 3), START)
    assert (await the_incident(conn, household)).priority == 3
    await store.attach_or_open(conn, vitals(2, 1), after(60))
    await store.attach_or_open(conn, vitals(3, 3), after(120))
    view = await the_incident(conn, household)
    assert (view.priority, view.evidence) == (1, {"priority": 1})


@pytest.mark.parametrize("said", [0, 5, "1", None, 2.5])
async def test_an_impossible_priority_is_the_kinds_own(
    conn: Connection, household: Household, said: JsonValue
) -> None:
    stored = household.alarm(AlarmKind.VITALS)
    await store.attach_or_open(
        conn, replace(stored, alarm=replace(stored.alarm, evidence={"priority": said})), START
    )
    assert (await the_incident(conn, household)).priority == 2


async def test_an_answer_of_the_first_call_is_kept_and_danger_holds_though_the_call_breaks_off(
    conn: Connection, household: Household
) -> None:
    await store.attach_or_open(conn, household.alarm(AlarmKind.STILLNESS), START)
    incident = await the_incident(conn, household)
    for version, trigger in enumerate((Trigger.ACK, Trigger.VOICE), start=1):
        await store.act(conn, household.scope, incident.id, trigger, household.operator, after(9), version)
    told = store.ActDetail(question=Question.BREATHING, yes=True)
    view = await store.act(
        conn, household.scope, incident.id, Trigger.REPLY, household.operator, after(40), 3, **told
    )
    assert (view.state, view.priority, view.due_at) == (IncidentState.VOICE, 1, after(100))
    entry = (await store.detail(conn, household.scope, incident.id)).timeline[-1]
    assert entry.actor == household.operator
    assert entry.detail == {"question": "breathing", "yes": True, "effects": ["tell_family"]}
