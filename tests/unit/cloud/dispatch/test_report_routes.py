"""Providers call back: who they are, what they say twice, and what they say too soon."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest
from psycopg.types.json import Jsonb

from cloud.db import Connection, Pool
from cloud.notify import tokens
from cloud.settings import Notify, Settings
from cloud.web import API, create_app
from tests.unit.cloud.conftest import Site, TurnedClock
from tests.unit.cloud.town import NOON, Town

TOKEN = "t0ken-of-the-providers-0123456789"
JSON = {"Content-Type": "application/json"}
REPORT = [{"biz_id": "9006^0", "success": True, "err_code": "DELIVERED"}]


@pytest.fixture
def provider(site: Site, pool: Pool) -> httpx.AsyncClient:
    """A provider's machine: it sends no header of ours."""
    app = create_app(Settings(notify=Notify(reports_token=TOKEN)), pool, pool, clock=TurnedClock())
    transport = httpx.ASGITransport(app, client=("192.0.2.9", 50_000), raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url=f"http://anban.test{API}")
    site.clients.append(client)
    return client


@pytest.fixture
async def message(town: Town, conn: Connection) -> int:
    """A text message about nothing in particular that its provider accepted."""
    del town
    row = await (
        await conn.execute(
            "insert into message"
            " (channel, address, locale, template, params, state, attempts, expect_at, created_at)"
            " values ('sms', 'sms:+861380', 'zh-Hans', 'raised', %s, 'accepted', 1, %s, %s) returning id",
            [Jsonb({}), NOON + timedelta(seconds=30), NOON],
        )
    ).fetchone()
    assert row is not None
    await conn.execute(
        "insert into receipt (message_id, at, state, detail, provider, reference)"
        " values (%s, %s, 'accepted', '9006^0', 'aliyun-sms', '9006^0')",
        [row["id"], NOON],
    )
    await conn.commit()
    return int(row["id"])


async def look(conn: Connection, message: int) -> tuple[str, bool, list[str]]:
    """Its state, whether word of it is awaited, and what its receipts say."""
    found = await (
        await conn.execute("select state, expect_at from message where id = %s", [message])
    ).fetchone()
    receipts = await (
        await conn.execute("select state from receipt where message_id = %s order by ctid", [message])
    ).fetchall()
    await conn.rollback()
    assert found is not None
    return found["state"], found["expect_at"] is not None, [row["state"] for row in receipts]


async def test_what_a_provider_says_is_kept_once_and_thanked_for_each_time(
    provider: httpx.AsyncClient, conn: Connection, message: int
) -> None:
    for _ in range(3):
        answer = await provider.post(f"/receipts/aliyun-sms/{TOKEN}", json=REPORT)
        assert (answer.status_code, answer.json()) == (200, {"code": 0, "msg": "OK"})
    assert await look(conn, message) == ("delivered", False, ["accepted", "delivered"])


async def test_a_failure_after_the_delivery_is_kept_and_takes_nothing_back(
    provider: httpx.AsyncClient, conn: Connection, message: int
) -> None:
    await provider.post(f"/receipts/aliyun-sms/{TOKEN}", json=REPORT)
    await provider.post(f"/receipts/aliyun-sms/{TOKEN}", json=[REPORT[0] | {"success": False}])
    assert await look(conn, message) == ("delivered", False, ["accepted", "delivered", "undelivered"])


async def test_a_report_that_overtakes_its_own_answer_is_asked_for_again(
    provider: httpx.AsyncClient, conn: Connection, message: int
) -> None:
    both = [*REPORT, REPORT[0] | {"biz_id": "not-yet"}]
    answer = await provider.post(f"/receipts/aliyun-sms/{TOKEN}", json=both)
    assert (answer.status_code, answer.json()["code"]) == (503, "unknown_message")
    assert (await look(conn, message))[0] == "delivered"


@pytest.mark.parametrize("path", ["aliyun-sms/guess-guess-guess-guess-guess", f"carrier-pigeon/{TOKEN}"])
async def test_without_the_secret_nobody_is_a_provider(
    provider: httpx.AsyncClient, conn: Connection, message: int, path: str
) -> None:
    assert (await provider.post(f"/receipts/{path}", json=REPORT)).status_code == 404
    assert (await look(conn, message))[0] == "accepted"


async def test_without_configuration_there_is_no_such_address(site: Site) -> None:
    assert (await site.browser().post(f"/receipts/aliyun-sms/{TOKEN}", json=REPORT)).status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"[1]", b'[{"biz_id": 1}]', b"[" * 5_000])
async def test_what_no_provider_says_is_refused(
    provider: httpx.AsyncClient, message: int, body: bytes
) -> None:
    del message
    answer = await provider.post(f"/receipts/aliyun-sms/{TOKEN}", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_report")


TEXT = {"phone_number": "13812345678", "content": "1", "send_time": "2026-11-20 20:00:00", "sequence_id": 7}


async def test_a_text_that_somebody_sent_back_is_thanked_for_whoever_it_is_from(
    provider: httpx.AsyncClient, message: int
) -> None:
    del message
    for _ in range(2):
        answer = await provider.post(f"/replies/aliyun-sms/{TOKEN}", json=[TEXT])
        assert (answer.status_code, answer.json()) == (200, {"code": 0, "msg": "OK"})
    assert (await provider.post(f"/replies/aliyun-sms/{TOKEN}", json=[{}])).status_code == 422
    for path in (f"aliyun-voice/{TOKEN}", "aliyun-sms/guess-guess-guess-guess-guess"):
        assert (await provider.post(f"/replies/{path}", json=[TEXT])).status_code == 404


async def test_a_number_of_another_provider_is_not_this_one_s(
    provider: httpx.AsyncClient, conn: Connection, message: int
) -> None:
    body = json.dumps([{"sid": "9006^0", "report_status": "SUCCESS"}])
    answer = await provider.post(f"/receipts/tencent-sms/{TOKEN}", content=body, headers=JSON)
    assert answer.status_code == 503
    assert (await look(conn, message))[0] == "accepted"


async def test_whoever_opens_the_link_has_read_it_and_is_still_waited_for(
    provider: httpx.AsyncClient, site: Site, conn: Connection, message: int
) -> None:
    """A program that looks at links may have been it, so word of the delivery is awaited all the same."""
    await conn.execute(
        "insert into answer_token values (%s, %s, %s)", [tokens.digest("a-token"), message, NOON]
    )
    await conn.commit()
    page = site.browser()
    page.base_url = httpx.URL("http://anban.test")
    for _ in range(2):
        assert (await page.get("/a/a-token")).status_code == 200
    assert await look(conn, message) == ("read", True, ["accepted", "read"])
