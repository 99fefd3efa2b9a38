"""A provider hands over a text: the token is the whole proof of who calls, the MAC of what is said."""

from __future__ import annotations

import httpx
import pytest

from cloud.db import Connection, Pool
from cloud.settings import Settings, Sms
from cloud.web import API, create_app
from firmware_protocols.model import AlarmId, AlarmKind, AlarmState, DeviceId, GatewayId
from firmware_protocols.wire import sms as wire
from tests.unit.cloud.conftest import Site, TurnedClock
from tests.unit.cloud.town import NOON

TOKEN = "t0ken-of-the-provider-0123456789"
KEY = wire.key_of("secret of the yellow gateway")
TEXT = wire.encode(
    wire.Sms(
        GatewayId("gw-yellow"),
        AlarmId("0" * 26),
        AlarmKind.SOS,
        AlarmState.RAISED,
        DeviceId("pendant"),
        NOON,
    ),
    KEY,
)


def provider(site: Site, pool: Pool, sms: Sms) -> httpx.AsyncClient:
    """The provider's machine: it sends no header of ours."""
    app = create_app(Settings(sms=sms), pool, pool, clock=TurnedClock())
    transport = httpx.ASGITransport(app, client=("192.0.2.9", 50_000), raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url=f"http://anban.test{API}")
    site.clients.append(client)
    return client


@pytest.fixture
async def calls(site: Site, pool: Pool, conn: Connection) -> httpx.AsyncClient:
    await conn.execute("update gateway set sms_key = %s where id = 'gw-yellow'", [KEY])
    await conn.commit()
    return provider(site, pool, Sms(token=TOKEN))


async def opened(conn: Connection) -> int:
    row = await (await conn.execute("select count(*) as n from incident")).fetchone()
    await conn.rollback()
    assert row is not None
    return int(row["n"])


async def test_a_text_of_a_provider_opens_the_incident(calls: httpx.AsyncClient, conn: Connection) -> None:
    answer = await calls.post(f"/texts/{TOKEN}", json={"text": TEXT, "from": "+861", "more": [1]})
    assert answer.status_code == 204
    assert await opened(conn) == 1


async def test_a_form_serves_too_and_the_field_has_the_provider_s_name(
    site: Site, pool: Pool, calls: httpx.AsyncClient, conn: Connection
) -> None:
    other = provider(site, pool, Sms(token=TOKEN, text_field="Body"))
    assert (await other.post(f"/texts/{TOKEN}", data={"Body": TEXT, "From": "+861"})).status_code == 204
    assert await opened(conn) == 1
    assert calls is not other


async def test_a_text_that_is_not_believed_is_taken_all_the_same(
    calls: httpx.AsyncClient, conn: Connection
) -> None:
    assert (await calls.post(f"/texts/{TOKEN}", json={"text": "hello"})).status_code == 204
    assert await opened(conn) == 0
    row = await (await conn.execute("select reason from quarantine")).fetchone()
    assert row == {"reason": "the text is not an alarm"}


async def test_a_wrong_token_is_no_address(calls: httpx.AsyncClient, conn: Connection) -> None:
    for token in ("", "x", "x" * 32, TOKEN[:-1] + "x", TOKEN + "x", "%00" * 24):
        answer = await calls.post(f"/texts/{token}", json={"text": TEXT})
        assert answer.status_code in {404, 405, 422}, token
    assert await opened(conn) == 0


async def test_without_a_token_in_the_settings_there_is_no_address(
    site: Site, pool: Pool, calls: httpx.AsyncClient, conn: Connection
) -> None:
    closed = provider(site, pool, Sms())
    for token in (TOKEN, "-" * 24):
        assert (await closed.post(f"/texts/{token}", json={"text": TEXT})).status_code == 404
    assert await opened(conn) == 0
    assert calls is not closed


async def test_a_body_without_a_text_is_one_clear_answer(calls: httpx.AsyncClient) -> None:
    bodies = (b"", b"{}", b"[]", b'{"text": 7}', b'{"text": ""}', b"\xff\xfe", b"[" * 50_000, b'{"text": "x"')
    for body in bodies:
        answer = await calls.post(
            f"/texts/{TOKEN}", content=body, headers={"content-type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "no_text"), body


async def test_a_body_that_is_too_large_is_not_read(calls: httpx.AsyncClient) -> None:
    answer = await calls.post(f"/texts/{TOKEN}", content=b"x" * 70_000)
    assert answer.status_code == 413


async def test_text_that_the_database_cannot_hold_is_taken(
    calls: httpx.AsyncClient, conn: Connection
) -> None:
    answer = await calls.post(f"/texts/{TOKEN}", content=b'{"text": "\\u0000 x"}')
    assert answer.status_code == 204
    assert await opened(conn) == 0
