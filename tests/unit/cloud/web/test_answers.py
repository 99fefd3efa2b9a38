"""A neighbour answers from the link in the message."""

from __future__ import annotations

import base64
import hashlib
import re

import httpx
import pytest

from cloud.auth import Purpose, Scope
from cloud.db import Connection
from cloud.dispatch import ladder, page
from cloud.dispatch.ladder import Outcome
from cloud.incidents import store
from cloud.incidents.machine import Trigger
from cloud.incidents.model import OutcomeCode
from cloud.ingest.model import StoredAlarm
from cloud.notify import tokens
from cloud.notify.wording import TEMPLATES
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, GatewayId
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON

ROOT = "http://anban.test"
TOKEN = tokens.draw()
PAGE = f"{ROOT}{tokens.ANSWER_PATH}{TOKEN}"


@pytest.fixture
async def incident(site: Site, conn: Connection) -> int:
    """The neighbour of the yellow home was asked, with ``TOKEN`` in the message's link."""
    town = site.town
    alarm = Alarm(AlarmId("0" * 26), AlarmKind.SOS, AlarmState.RAISED, DeviceId("pendant"), NOON)
    stored = StoredAlarm(alarm, town.hecheng, town.yellow, GatewayId("gw-yellow"), 1, "bedroom", NOON)
    await store.attach_or_open(conn, stored, NOON)
    cursor = await conn.execute("select id, tenant_id, version from incident")
    [row] = await cursor.fetchall()
    scope = Scope((row["tenant_id"],), None, Purpose.CONSOLE)
    await store.act(conn, scope, row["id"], Trigger.DISPATCH, "staff:1", NOON, row["version"])
    assert await ladder.climb(conn, row["id"], NOON)
    cursor = await conn.execute("select id from message where template = 'ask'")
    [message] = await cursor.fetchall()
    await conn.execute(
        "insert into answer_token values (%s, %s, %s)", [tokens.digest(TOKEN), message["id"], NOON]
    )
    await conn.commit()
    return int(row["id"])


async def _state(conn: Connection, incident: int) -> tuple[str, str]:
    cursor = await conn.execute("select state, responder from incident where id = %s", [incident])
    row = await cursor.fetchone()
    await conn.rollback()
    assert row is not None
    return row["state"], row["responder"]


def _phone(site: Site) -> httpx.AsyncClient:
    """A telephone's browser: no cookie, no script, no header of ours."""
    phone = site.browser()
    del phone.headers["x-anban"]
    phone.headers["accept-language"] = "zh-CN,zh;q=0.9"
    return phone


async def test_accepting_sends_the_neighbour_on_the_way(site: Site, conn: Connection, incident: int) -> None:
    answer = await _phone(site).post(f"/answers/{TOKEN}", json={"answer": "accept"})
    assert (answer.status_code, answer.json()) == (200, {"outcome": "go", "responder": "邻居"})
    assert await _state(conn, incident) == ("en_route", "邻居")


async def test_looking_changes_nothing_and_tells_nothing_personal(
    site: Site, conn: Connection, incident: int
) -> None:
    answer = await _phone(site).get(PAGE)
    assert answer.status_code == 200
    assert "您能去看看吗" in answer.text
    assert "向秀英" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert (await _state(conn, incident))[0] == "dispatching"


async def test_the_page_itself_takes_the_answer_and_its_withdrawal(
    site: Site, conn: Connection, incident: int
) -> None:
    phone = _phone(site)
    accepted = await phone.post(PAGE, data={"answer": "accept"}, headers={"origin": "null"})
    assert "正在赶去" in accepted.text
    assert (await _state(conn, incident))[0] == "en_route"
    declined = await phone.post(PAGE, data={"answer": "decline"})
    assert "请别人去" in declined.text
    assert (await _state(conn, incident))[0] == "dispatching"


async def test_a_full_stop_that_the_telephone_took_for_a_part_of_the_link_does_no_harm(
    site: Site, incident: int
) -> None:
    for tail in ("。", ".", ")", "%0A"):
        answer = await _phone(site).post(PAGE + tail, data={"answer": "accept"})
        assert "正在赶去" in answer.text


async def test_an_answer_after_the_end_is_thanked_for(site: Site, conn: Connection, incident: int) -> None:
    cursor = await conn.execute("select version, tenant_id from incident")
    [row] = await cursor.fetchall()
    scope = Scope((row["tenant_id"],), None, Purpose.CONSOLE)
    await store.act(
        conn, scope, incident, Trigger.CLOSE, "staff:1", NOON, row["version"], outcome=OutcomeCode.C1
    )
    await conn.commit()
    answer = await _phone(site).post(PAGE, data={"answer": "accept"})
    assert "处理完毕" in answer.text
    assert "<button" not in answer.text


@pytest.mark.parametrize(
    "body", [b"", b"answer=", b"answer=perhaps", b"answer=accept&answer=decline", b"\xff"]
)
async def test_a_form_that_says_nothing_clear_is_asked_again(
    site: Site, conn: Connection, incident: int, body: bytes
) -> None:
    answer = await _phone(site).post(PAGE, content=body)
    assert "您能去看看吗" in answer.text
    assert (await _state(conn, incident))[0] == "dispatching"


async def test_an_unknown_token_answers_for_nobody(site: Site, conn: Connection, incident: int) -> None:
    phone = _phone(site)
    assert (await phone.post("/answers/guess", json={"answer": "accept"})).status_code == 404
    shown = await phone.post(f"{ROOT}{tokens.ANSWER_PATH}guess", data={"answer": "accept"})
    assert shown.status_code == 404
    assert "120" in shown.text
    assert (await _state(conn, incident))[0] == "dispatching"


@pytest.mark.parametrize(
    ("language", "lang"),
    [
        ("zh-CN", "zh-Hans"),
        ("zh-TW,zh;q=0.9", "zh-Hant"),
        ("en-GB", "en"),
        ("fr", "zh-Hans"),
        ("", "zh-Hans"),
    ],
)
async def test_the_page_speaks_the_telephones_language(site: Site, language: str, lang: str) -> None:
    answer = await _phone(site).get(PAGE, headers={"accept-language": language})
    assert f'<html lang="{lang}">' in answer.text
    assert page.WORDS[lang].accept in answer.text


async def test_the_pages_policy_allows_its_own_style_and_no_script(site: Site) -> None:
    answer = await _phone(site).get(PAGE)
    policy = answer.headers["content-security-policy"]
    style = re.search(r"<style>(.*?)</style>", answer.text)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "<script" not in answer.text


@pytest.mark.parametrize("language", sorted(TEMPLATES["ask"]))
def test_each_language_has_a_sentence_for_each_outcome(language: str) -> None:
    assert set(page.WORDS[language].outcomes) == set(Outcome)
