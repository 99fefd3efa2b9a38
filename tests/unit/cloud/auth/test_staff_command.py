"""The last administrator has lost telephone and password: the way back from the machine itself."""

from __future__ import annotations

from datetime import timedelta

import httpx
import psycopg
import pytest

from cloud import audit, staff_command, trail
from cloud.__main__ import main
from cloud.db import Connection
from cloud.staff_command import LIFE
from cloud.trail import store
from tests.unit.cloud.auth.test_second_factor import code, enrolled, first_step
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import PASSWORD

MINE = "my own new password"


async def reset(site: Site, conn: Connection, username: str = "admin", *, enable: bool = False) -> str:
    """The one-time password of ``username``."""
    async with conn.transaction():
        password = await staff_command.reset(conn, username, site.clock.now, enable=enable)
    await conn.commit()
    return password


async def signed_in_with(site: Site, password: str, username: str = "admin") -> httpx.AsyncClient:
    browser = site.browser()
    answer = await browser.post("/session", json={"username": username, "password": password})
    assert answer.status_code == 200, answer.text
    return browser


async def strict(conn: Connection) -> None:
    await conn.execute("update tenant set second_factor_roles = '{admin}'")
    await conn.commit()


async def test_all_that_was_signed_in_ends_and_neither_the_old_password_nor_the_old_factor_is_asked_for(
    site: Site, conn: Connection
) -> None:
    browser, _, _ = await enrolled(site)
    password = await reset(site, conn)
    assert (await browser.get("/session")).status_code == 401
    old = await site.browser().post("/session", json={"username": "admin", "password": PASSWORD})
    assert old.status_code == 401
    me = await (await signed_in_with(site, password)).get("/session")
    assert (me.json()["one_time"], me.json()["second_factor"]) == (True, "not_needed")


async def test_a_one_time_password_is_good_for_choosing_another_one_and_nothing_else(
    site: Site, conn: Connection
) -> None:
    await strict(conn)
    password = await reset(site, conn)
    browser = await signed_in_with(site, password)
    assert (await browser.get("/session")).json()["permissions"] == []
    asked = {
        "/snapshot": browser.get("/snapshot"),
        "/tokens": browser.get("/tokens"),
        "/account/sessions": browser.get("/account/sessions"),
        "/account/second-factor": browser.post("/account/second-factor"),
    }
    refused = {path: await answer for path, answer in asked.items()}
    assert {answer.json()["code"] for answer in refused.values()} == {"password_one_time"}
    same = await browser.post("/account/password", json={"old": password, "new": password})
    assert (same.status_code, same.json()["fields"][0]["rule"]) == (422, "unchanged")
    chosen = await browser.post("/account/password", json={"old": password, "new": MINE})
    assert chosen.status_code == 204
    me = (await browser.get("/session")).json()
    assert (me["one_time"], me["second_factor"]) == (False, "missing")
    new = (await browser.post("/account/second-factor")).json()
    proof = await browser.post("/account/second-factor/proof", json={"code": code(site, new["secret"])})
    assert proof.status_code == 200
    assert (await browser.get("/snapshot")).status_code == 200
    assert (
        await site.browser().post("/session", json={"username": "admin", "password": password})
    ).status_code == 401


async def test_it_is_no_password_any_more_after_its_time(site: Site, conn: Connection) -> None:
    password = await reset(site, conn)
    site.clock.turn(LIFE)
    late = await site.browser().post("/session", json={"username": "admin", "password": password})
    assert late.status_code == 401


async def test_a_session_that_does_not_choose_ends_by_itself(site: Site, conn: Connection) -> None:
    browser = await signed_in_with(site, await reset(site, conn))
    site.clock.turn(timedelta(minutes=10))
    assert (await browser.get("/session")).status_code == 401


async def test_a_stolen_password_does_not_choose_another_one_before_the_second_factor(site: Site) -> None:
    await enrolled(site)
    thief = await first_step(site)
    refused = await thief.post("/account/password", json={"old": PASSWORD, "new": MINE})
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_owed")


async def test_an_account_out_of_use_comes_back_only_when_that_is_said(site: Site, conn: Connection) -> None:
    await conn.execute("update staff set disabled_at = now() where username = 'admin'")
    await conn.commit()
    with pytest.raises(staff_command.StaffError, match="--enable"):
        await reset(site, conn)
    await conn.rollback()
    await signed_in_with(site, await reset(site, conn, enable=True))


async def test_the_trail_says_so_in_its_chain_and_quotes_nothing(site: Site, conn: Connection) -> None:
    password = await reset(site, conn)
    assert await trail.seal(conn) == 1
    entries = [entry async for _, entry in store.links(conn) if entry is not None]
    told = [(entry.actor, entry.action, entry.about, entry.tenant_id) for entry in entries]
    assert told == [("console", "staffReset", f"staff_id={site.town.staff['admin']}", site.town.hecheng)]
    assert password not in str(entries)


def test_the_command_prints_the_password_once_and_the_chain_holds(
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with psycopg.connect(database) as conn:
        conn.execute("insert into division values ('431202000000', '鹤城区', null)")
        conn.execute(
            "insert into tenant (code, name, division_code) values ('hecheng', '鹤城区', '431202000000')"
        )
        conn.execute(
            "insert into staff (tenant_id, username, password_hash, role, name) "
            "select id, 'boss', 'x', 'admin', '某' from tenant"
        )
    monkeypatch.setenv("ANBAN_DATABASE_DSN", database)
    assert main(["staff", "list", "--role", "admin"]) == 0
    assert capsys.readouterr().out == "hecheng admin boss\n"
    assert main(["staff", "reset", "boss"]) == 0
    shown = capsys.readouterr()
    assert len(shown.out.strip()) == 19
    assert shown.out.strip() not in shown.err
    assert main(["staff", "reset", "nobody"]) == 2
    assert "nobody is called nobody" in capsys.readouterr().err
    assert audit.main(["log", "--dsn", database]) == 0
