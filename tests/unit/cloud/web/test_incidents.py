"""The queue and a person's answers over HTTP, against the real machine and database."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any, Final

import httpx
import pytest

from cloud.db import Connection
from cloud.incidents import routes, store
from cloud.ingest.model import StoredAlarm
from cloud.once import KEPT, forget_answers
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, GatewayId
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON

_numbers: Final = count(1)


async def raise_alarm(
    conn: Connection, site: Site, home: str = "yellow", kind: AlarmKind = AlarmKind.SOS
) -> int:
    """An alarm of ``home`` opens an incident; returns its number."""
    town = site.town
    tenant = town.zhongfang if home == "foreign" else town.hecheng
    alarm_id = AlarmId(f"{next(_numbers):026d}")
    alarm = Alarm(alarm_id, kind, AlarmState.RAISED, DeviceId("pendant"), NOON)
    home_id = getattr(town, home)
    stored = StoredAlarm(alarm, tenant, home_id, GatewayId(f"gw-{home}"), 1, "bedroom", NOON)
    await store.attach_or_open(conn, stored, NOON)
    cursor = await conn.execute("select incident_id from incident_alarm where alarm_id = %s", [alarm_id])
    row = await cursor.fetchone()
    await conn.commit()
    assert row is not None
    return int(row["incident_id"])


async def _steps(conn: Connection, incident: int, trigger: str) -> int:
    cursor = await conn.execute(
        "select count(*) as n from incident_event where incident_id = %s and trigger = %s",
        [incident, trigger],
    )
    row = await cursor.fetchone()
    await conn.rollback()
    assert row is not None
    return int(row["n"])


async def _act(browser: httpx.AsyncClient, incident: int, action: str, **body: Any) -> httpx.Response:
    return await browser.post(f"/incidents/{incident}/{action}", json={"version": 1} | body)


async def test_a_large_snapshot_is_packed_for_whoever_takes_that_and_says_the_same(
    site: Site, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await raise_alarm(conn, site)
    browser = await site.signed_in("operator")
    small = await browser.get("/snapshot")
    monkeypatch.setattr(routes, "PACKED_FROM", 1)
    packed = await browser.get("/snapshot")
    plain = await browser.get("/snapshot", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in {**small.headers, **plain.headers}
    assert packed.json() == plain.json() == small.json()


async def test_an_alarm_appears_in_the_snapshot_and_leaves_it_when_closed(
    site: Site, conn: Connection
) -> None:
    browser = await site.signed_in("operator")
    before = (await browser.get("/snapshot")).json()
    incident = await raise_alarm(conn, site)
    shown = (await browser.get("/snapshot")).json()
    assert before["incidents"] == []
    assert shown["seq"] > before["seq"]
    assert [(i["id"], i["resident"], i["home_id"]) for i in shown["incidents"]] == [
        (incident, "向秀英", site.town.yellow)
    ]
    view = (await _act(browser, incident, "ack")).json()
    assert (view["state"], view["owner"]) == ("acked", "operator 某")
    closed = await _act(browser, incident, "close", version=view["version"], outcome="C1", note="误按")
    assert closed.status_code == 200
    assert (await browser.get("/snapshot")).json()["incidents"] == []


async def test_the_pane_tells_the_story_and_what_may_be_done_now(site: Site, conn: Connection) -> None:
    browser = await site.signed_in("operator")
    incident = await raise_alarm(conn, site)
    await _act(browser, incident, "ack")
    pane = (await browser.get(f"/incidents/{incident}")).json()
    assert [step["trigger"] for step in pane["timeline"]] == ["alarm", "ack"]
    assert [rung["name"] for rung in pane["ladder"]] == ["邻居"]
    assert "dispatch" in pane["actions"]
    assert pane["notes"] == "hard of hearing"


async def test_whoever_comes_second_gets_what_the_first_one_did(site: Site, conn: Connection) -> None:
    first, second = await site.signed_in("operator"), await site.signed_in("caseworker")
    incident = await raise_alarm(conn, site)
    answers = await asyncio.gather(_act(first, incident, "ack"), _act(second, incident, "ack"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert lost.json()["code"] == "conflict"
    assert lost.json()["current"] == won.json()


async def test_a_step_the_state_does_not_allow_says_why_and_shows_the_incident(
    site: Site, conn: Connection
) -> None:
    browser = await site.signed_in("operator")
    incident = await raise_alarm(conn, site)
    answer = await _act(browser, incident, "arrive")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_in_state")
    assert answer.json()["current"]["id"] == incident


async def test_a_repeated_command_is_done_once_and_answered_alike(site: Site, conn: Connection) -> None:
    browser = await site.signed_in("operator")
    incident = await raise_alarm(conn, site)
    browser.headers["Idempotency-Key"] = "k-1"
    first = await _act(browser, incident, "note", note="on the phone")
    again = await _act(browser, incident, "note", note="on the phone")
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert await _steps(conn, incident, "note") == 1


async def test_of_parallel_repeats_one_is_done_and_the_others_hear_that_it_runs(
    site: Site, conn: Connection
) -> None:
    browser = await site.signed_in("operator")
    incident = await raise_alarm(conn, site)
    browser.headers["Idempotency-Key"] = "k-1"
    answers = await asyncio.gather(*(_act(browser, incident, "note", note="x") for _ in range(5)))
    done = [answer for answer in answers if answer.status_code == 200]
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert len(done) + len(waiting) == 5
    assert len({answer.content for answer in done}) == 1
    assert {(answer.json()["code"], answer.headers["Retry-After"]) for answer in waiting} <= {
        ("in_progress", "1")
    }
    assert await _steps(conn, incident, "note") == 1


async def test_a_key_used_for_another_command_is_refused(site: Site, conn: Connection) -> None:
    browser = await site.signed_in("operator")
    incident = await raise_alarm(conn, site)
    browser.headers["Idempotency-Key"] = "k-1"
    await _act(browser, incident, "note", note="one")
    answer = await _act(browser, incident, "note", note="two", version=2)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")


async def test_another_persons_key_is_their_own(site: Site, conn: Connection) -> None:
    incident = await raise_alarm(conn, site)
    for version, who in enumerate(("operator", "admin"), start=1):
        browser = await site.signed_in(who)
        browser.headers["Idempotency-Key"] = "k-1"
        assert (await _act(browser, incident, "note", note=who, version=version)).status_code == 200
    assert await _steps(conn, incident, "note") == 2


async def test_a_refused_command_leaves_its_key_free(site: Site, conn: Connection) -> None:
    browser = await site.signed_in("operator")
    incident = await raise_alarm(conn, site)
    browser.headers["Idempotency-Key"] = "k-1"
    assert (await _act(browser, incident, "ack", version=7)).status_code == 409
    assert (await _act(browser, incident, "ack")).status_code == 200


async def test_old_keys_are_forgotten_and_young_ones_kept(site: Site, conn: Connection) -> None:
    browser = await site.signed_in("operator")
    incident = await raise_alarm(conn, site)
    await browser.post(f"/incidents/{incident}/ack", json={"version": 1}, headers={"Idempotency-Key": "k-1"})
    for at, kept in ((NOON, 1), (NOON + KEPT, 0)):
        await forget_answers(conn, at)
        cursor = await conn.execute("select count(*) as n from idempotency")
        assert await cursor.fetchone() == {"n": kept}


@pytest.mark.parametrize(
    ("who", "home"), [("operator", "foreign"), ("stranger", "yellow"), ("caseworker", "green")]
)
async def test_an_incident_out_of_scope_can_be_neither_seen_nor_touched(
    site: Site, conn: Connection, who: str, home: str
) -> None:
    browser = await site.signed_in(who)
    incident = await raise_alarm(conn, site, home)
    assert (await browser.get(f"/incidents/{incident}")).status_code == 404
    hidden = await _act(browser, incident, "ack")
    absent = await _act(browser, 999_999, "ack")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content
    shown = (await browser.get("/snapshot")).json()
    assert incident not in [view["id"] for view in shown["incidents"]]
    assert getattr(site.town, home) not in [view["id"] for view in shown["homes"]]
    assert await _steps(conn, incident, "ack") == 0


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("ack", {"version": 0}),
        ("ack", {"version": 2**31}),
        ("ack", {"version": 1, "note": "not part of it"}),
        ("ack", {}),
        ("triage", {"version": 1, "priority": 6}),
        ("dispatch", {"version": 1, "responder": "x", "eta_minutes": 0}),
        ("dispatch", {"version": 1, "responder": "x" * 101}),
        ("emergency", {"version": 1, "service": "911"}),
        ("note", {"version": 1, "note": ""}),
        ("note", {"version": 1, "note": "a\u0000b"}),
        ("close", {"version": 1}),
        ("close", {"version": 1, "outcome": "Z9"}),
    ],
)
async def test_a_malformed_answer_is_refused_before_anything_happens(
    site: Site, conn: Connection, action: str, body: dict[str, Any]
) -> None:
    browser = await site.signed_in("operator")
    incident = await raise_alarm(conn, site)
    assert (await browser.post(f"/incidents/{incident}/{action}", json=body)).status_code == 422
    assert (await browser.get(f"/incidents/{incident}")).json()["incident"]["version"] == 1


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 129])
async def test_a_malformed_key_is_refused(site: Site, conn: Connection, key: str) -> None:
    browser = await site.signed_in("operator")
    incident = await raise_alarm(conn, site)
    headers = {b"Idempotency-Key": key.encode()}
    answer = await browser.post(f"/incidents/{incident}/ack", json={"version": 1}, headers=headers)
    assert answer.status_code == 422


async def test_unusual_text_survives_unchanged(site: Site, conn: Connection) -> None:
    browser = await site.signed_in("operator")
    incident = await raise_alarm(conn, site)
    note = "𠮷野家 <script>alert(1)</script>\n侗语 \u202e 'quoted' %(x)s {y}"
    assert (await _act(browser, incident, "note", note=note)).json()["note"] == note
