"""The family's page through the API: what is shared, what is not, and who looked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from psycopg.types.json import Jsonb

from cloud.auth import Purpose as Reason
from cloud.auth import Scope
from cloud.consent import effect, store
from cloud.consent.decide import By, Decision, Entry, How
from cloud.consent.purposes import Purpose
from cloud.db import Connection
from cloud.incidents.store import attach_or_open
from cloud.ingest.model import StoredAlarm
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, GatewayId, Quantity
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON

MINUTE = timedelta(minutes=1)
ALARM = AlarmId("01JD0000000000000000000001")


@pytest.fixture
async def shared(site: Site, conn: Connection) -> Site:
    """The yellow home: what is agreed to at enrolment, a number for the centre, a kitchen sensor."""
    await effect.load(conn, site.town.yellow, ())
    await conn.execute("update tenant set phone = '0745-2712345' where id = %s", [site.town.hecheng])
    await conn.execute("update gateway set state_at = %s", [NOON - MINUTE])
    await conn.execute(
        "insert into device (gateway_id, name, kind, room) values"
        " ('gw-yellow', 'pir-kitchen', 'motion', 'kitchen'),"
        " ('gw-yellow', 'cuff', 'blood_pressure', '')"
    )
    await conn.commit()
    return site


async def says(conn: Connection, site: Site, device: str, quantity: Quantity, at: datetime) -> None:
    """One reading of a device of the yellow home."""
    await conn.execute(
        "insert into reading (observed_at, tenant_id, home_id, device_id, quantity, quality, value)"
        " select %s, %s, %s, id, %s, 0, 1 from device where name = %s",
        [at, site.town.hecheng, site.town.yellow, quantity.number, device],
    )


async def withdraw(conn: Connection, site: Site, purpose: Purpose) -> None:
    no = Entry(purpose, Decision.WITHDRAWN, By.SELF, How.VOICE, NOON, "")
    scope = Scope((site.town.hecheng,), None, Reason.CARE)
    await store.record(conn, scope, store.Said(1, no, "staff:1"), NOON)
    await conn.commit()


async def press(conn: Connection, site: Site, kind: AlarmKind = AlarmKind.SOS) -> None:
    alarm = Alarm(ALARM, kind, AlarmState.RAISED, DeviceId("pendant"), NOON)
    stored = StoredAlarm(
        alarm, site.town.hecheng, site.town.yellow, GatewayId("gw-yellow"), 1, "bedroom", NOON
    )
    await attach_or_open(conn, stored, NOON)
    await conn.commit()


async def page(browser: httpx.AsyncClient, site: Site) -> dict[str, Any]:
    answer = await browser.get(f"/family/homes/{site.town.yellow}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_daughter_sees_one_sentence_and_the_day(shared: Site, conn: Connection) -> None:
    await says(conn, shared, "pir-kitchen", Quantity.MOTION, NOON - 13 * timedelta(hours=1))  # 7:00 at home
    await says(conn, shared, "cuff", Quantity.SYSTOLIC, NOON - timedelta(hours=12, minutes=52))
    await conn.commit()
    family = await shared.signed_in("family")
    assert (await family.get("/family")).json() == {
        "homes": [{"home_id": shared.town.yellow, "resident": "向秀英"}],
        "withdrawn": [],
    }
    found = await page(family, shared)
    assert found["status"]["level"] == "calm"
    assert found["status"]["sentence"]["zh-Hans"] == "7:00起床，最近一次活动在7:05。"
    assert [(one["what"], one["text"]["en"]) for one in found["today"]] == [
        ("up", "Got up"),
        ("meal", "In the kitchen, breakfast time"),
        ("measured", "Measured blood pressure"),
    ]
    assert (found["phone"], found["centre_phone"]) == ("+8613800000001", "0745-2712345")
    assert found["circle"][0]["phone"] == "**********0002"


async def test_help_is_followed_from_the_button_to_the_end(shared: Site, conn: Connection) -> None:
    await press(conn, shared)
    family, operator = await shared.signed_in("family"), await shared.signed_in("operator")
    before = await page(family, shared)
    assert (before["status"]["level"], before["status"]["headline"]["zh-Hans"]) == ("help", "需要帮助")
    number = before["incidents"][0]["id"]
    for action, detail in (
        ("ack", {}),
        ("dispatch", {"responder": "杨秀英", "eta_minutes": 5}),
        ("arrive", {}),
        ("close", {"outcome": "A2", "note": "hip, ambulance not needed"}),
    ):
        version = (await operator.get(f"/incidents/{number}")).json()["incident"]["version"]
        answer = await operator.post(f"/incidents/{number}/{action}", json={"version": version} | detail)
        assert answer.status_code == 200, answer.text
    after = await page(family, shared)
    told = after["incidents"][0]
    assert after["status"]["level"] == "calm"
    assert told["title"]["en"] == "a call for help"
    assert [step["text"]["zh-Hans"] for step in told["steps"]] == [
        "发现：求助", "值班员接手", "已派人前往", "已有人到达", "已处理：得到了帮助",
    ]  # fmt: skip
    assert "hip" not in str(after)


async def test_who_withdraws_from_the_family_is_seen_no_more_and_the_page_says_so(
    shared: Site, conn: Connection
) -> None:
    family = await shared.signed_in("family")
    await page(family, shared)
    await withdraw(conn, shared, Purpose.FAMILY)
    followed = (await family.get("/family")).json()
    assert followed["homes"] == []
    assert [(one["home_id"], one["since"]) for one in followed["withdrawn"]] == [
        (shared.town.yellow, NOON.isoformat().replace("+00:00", "Z"))
    ]
    assert "向秀英" not in str(followed)
    assert (await family.get(f"/family/homes/{shared.town.yellow}")).status_code == 404


async def test_who_keeps_their_days_or_their_body_to_themselves_does(shared: Site, conn: Connection) -> None:
    await says(conn, shared, "pir-kitchen", Quantity.MOTION, NOON - 13 * timedelta(hours=1))
    await says(conn, shared, "cuff", Quantity.SYSTOLIC, NOON - timedelta(hours=12, minutes=52))
    await press(conn, shared, AlarmKind.VITALS)
    await withdraw(conn, shared, Purpose.VITALS)
    family = await shared.signed_in("family")
    found = await page(family, shared)
    assert [one["what"] for one in found["today"]] == ["up", "meal"]
    assert found["incidents"][0]["title"]["en"] == "something they do not share"
    await withdraw(conn, shared, Purpose.MONITORING)
    found = await page(family, shared)
    assert found["today"] == []
    said = {one["purpose"]: (one["allowed"], one["asked"]) for one in found["shared"]}
    assert said["monitoring"] == (False, True)
    assert said["family_sharing"] == (True, True)
    assert said["camera"] == (False, False)


async def test_another_home_does_not_exist(shared: Site) -> None:
    family = await shared.signed_in("family")
    for home in (shared.town.green, shared.town.foreign, 9_999):
        assert (await family.get(f"/family/homes/{home}")).status_code == 404


async def test_whoever_looked_is_named_by_day(shared: Site) -> None:
    operator, family = await shared.signed_in("operator"), await shared.signed_in("family")
    for _ in range(2):
        await operator.get(f"/homes/{shared.town.yellow}")
    await operator.get(f"/homes/{shared.town.green}")
    await page(family, shared)
    looks = (await page(family, shared))["looks"]
    assert [(one["name"], one["role"], one["n"], one["own"]) for one in looks] == [
        ("operator 某", "operator", 2, False),
        ("family 某", "family", 1, True),
    ]


async def test_a_home_that_fell_silent_says_since_when(shared: Site, conn: Connection) -> None:
    await conn.execute("update gateway set state_at = %s, online = false", [NOON - timedelta(hours=2)])
    await conn.commit()
    found = await page(await shared.signed_in("family"), shared)
    assert found["status"]["level"] == "unknown"
    assert found["status"]["sentence"]["zh-Hans"] == "最后一次消息在17:59，连不上时服务中心会收到通知。"


async def test_a_death_is_not_told_by_a_page(shared: Site, conn: Connection) -> None:
    await press(conn, shared)
    await conn.execute("update incident set state = 'closed', closed_at = %s, outcome = 'F1'", [NOON])
    await conn.execute(
        "insert into incident_event select id, 99, %s, 'staff:1', 'close', 'acked', 'closed', %s"
        " from incident",
        [NOON, Jsonb({})],
    )
    await conn.commit()
    found = await page(await shared.signed_in("family"), shared)
    assert found["incidents"][0]["steps"][-1]["text"]["zh-Hans"] == "已处理：工作人员会与您联系"
