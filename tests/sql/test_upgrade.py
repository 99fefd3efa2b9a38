"""A county of the time before the platform grew (migration 0008) is brought to today: every row is there with
what it said, and people see it and go on with it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import pytest

from cloud.audit import audit_at
from cloud.db import open_pool, roles
from cloud.db.migrate import migrate
from cloud.settings import Settings
from cloud.web import create_app
from tests.conftest import Server
from tests.unit.cloud.town import PASSWORD, PASSWORD_HASH

BEFORE: Final = "0008_enrolment"
FILL: Final = (
    Path(__file__).with_name("before.sql").read_text(encoding="utf-8").replace(":hash", PASSWORD_HASH)
)
LET_GO: Final[dict[str, list[Any]]] = {"idempotency": []}
"""Answers kept for a command that is sent again within hours; 0018 keeps them in another shape."""
NOW: Final = datetime(2026, 5, 1, 3, 0, 30, tzinfo=UTC)
EMPTIED: Final = frozenset({"change_draft"})
"""Empty then and now whenever nobody is in a transaction."""


@pytest.fixture
def old(postgres: Server) -> Iterator[str]:
    """The database as it was."""
    dsn = postgres.create(None)
    migrate(dsn, last=BEFORE)
    with psycopg.connect(dsn) as conn:
        conn.execute(FILL.encode())
    yield dsn
    postgres.drop(dsn)


Rows = dict[str, list[dict[str, Any]]]


def contents(dsn: str, of: Rows | None = None) -> Rows:
    """Every row of every table, by table; ``of``: of its tables only, and the columns that its rows have."""
    found: Rows = {}
    with psycopg.connect(dsn) as conn:
        tables = of or [
            row[0]
            for row in conn.execute(
                "select relname from pg_class where relkind in ('r', 'p') and not relispartition"
                " and relnamespace = 'public'::regnamespace and relname !~ 'yoyo'"
            )
        ]
        for table in tables:
            rows = [row[0] for row in conn.execute(f'select to_jsonb(t) from "{table}" t'.encode())]
            if of:
                rows = [{key: row.get(key) for key in of[table][0]} for row in rows]
            found[table] = sorted(rows, key=lambda row: sorted(str(item) for item in row.items()))
    return found


def test_every_row_of_every_table_says_what_it_said(old: str) -> None:
    before = contents(old)
    assert {table for table, rows in before.items() if not rows} == EMPTIED
    before = {table: rows for table, rows in before.items() if rows}
    migrate(old)
    after = contents(old, before)
    assert {table: rows for table, rows in after.items() if rows != before[table]} == LET_GO


@pytest.fixture
async def browser(old: str, postgres: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A browser before the upgraded county."""
    migrate(old)
    async with (
        open_pool(postgres.as_role(old, roles.SERVICE), size=4) as service,
        open_pool(postgres.as_role(old, roles.API), size=4) as pool,
    ):
        app = create_app(Settings(), pool, service, clock=lambda: NOW)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        address = "http://anban.test/api/v1"
        async with httpx.AsyncClient(
            transport=transport, base_url=address, headers={"X-Anban": "1"}
        ) as client:
            yield client


async def sign_in(browser: httpx.AsyncClient, username: str) -> None:
    answer = await browser.post("/session", json={"username": username, "password": PASSWORD})
    assert answer.status_code == 200, answer.text


async def get(browser: httpx.AsyncClient, path: str) -> Any:
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_operator_sees_the_open_incident_its_story_and_the_home_and_takes_it(
    browser: httpx.AsyncClient, old: str
) -> None:
    await sign_in(browser, "op1")
    snapshot = await get(browser, "/snapshot")
    (incident,) = snapshot["incidents"]
    assert (incident["kind"], incident["state"], incident["resident"]) == ("sos", "raised", "向秀英")
    assert {home["address"]: home["online"] for home in snapshot["homes"]} == {
        "城北路1号": True,
        "城北路2号": False,
    }
    detail = await get(browser, f"/incidents/{incident['id']}")
    told = str(detail)
    assert "向小妹" in told
    card = str(await get(browser, f"/homes/{incident['home_id']}"))
    parts = ("向秀英", "hard of hearing", "+8613900000001", "pendant", "61.5")
    assert [part for part in parts if part not in card] == []
    history = await get(browser, "/incidents")
    assert {one["outcome"] for one in history["items"]} == {None, "A2"}
    answer = await browser.post(f"/incidents/{incident['id']}/ack", json={"version": incident["version"]})
    assert answer.status_code == 200, answer.text
    assert (await audit_at(old)).off == ()


async def test_administrators_of_then_are_led_to_a_second_factor_and_the_others_come_in(
    browser: httpx.AsyncClient,
) -> None:
    for username in ("case1", "sister", "eva"):
        await sign_in(browser, username)
    answer = await browser.post("/session", json={"username": "boss", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    assert "second_factor" in answer.text
