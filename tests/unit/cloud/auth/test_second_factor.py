"""The second factor over HTTP: enrolled, asked for, good for one sign-in, and no way around the lock."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pyotp
import pytest

from cloud.db import Connection, Pool, open_pool, roles
from cloud.second_factor import CODES, NEXT_LIFE, STEP_S, step_of
from cloud.sessions import FREE_ATTEMPTS, HALF_LIFE
from cloud.settings import Settings
from cloud.web import create_app
from tests.conftest import Server
from tests.unit.cloud.conftest import Site, TurnedClock
from tests.unit.cloud.town import NOON, PASSWORD, Town

STEP = timedelta(seconds=STEP_S)
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The key of RFC 6238, appendix B ("12345678901234567890"), in base 32."""


@pytest.mark.parametrize(
    ("seconds", "code"), [(1_234_567_890, "005924"), (1_111_111_109, "081804"), (2_000_000_000, "279037")]
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    at = NOON.fromtimestamp(seconds, NOON.tzinfo)
    assert step_of(RFC_SECRET, code, at) == seconds // STEP_S
    assert step_of(RFC_SECRET, code, at + STEP) == step_of(RFC_SECRET, code, at - STEP) == seconds // STEP_S
    assert step_of(RFC_SECRET, code, at + 2 * STEP) is None


@pytest.fixture
async def strict(site: Site, conn: Connection) -> Site:
    """A town whose administrators need two factors."""
    await conn.execute("update tenant set second_factor_roles = '{admin}'")
    await conn.commit()
    return site


async def first_step(site: Site, username: str = "admin", address: str = "192.0.2.1") -> httpx.AsyncClient:
    browser = site.browser(address)
    answer = await browser.post("/session", json={"username": username, "password": PASSWORD})
    assert answer.status_code == 200
    return browser


def code(site: Site, secret: str, off: int = 0) -> str:
    return pyotp.TOTP(secret).at(for_time=int(site.clock.now.timestamp()), counter_offset=off)


async def enrolled(site: Site, username: str = "admin") -> tuple[httpx.AsyncClient, str, list[str]]:
    """A browser signed in with a fresh authenticator, its secret, and the recovery codes."""
    browser = await first_step(site, username)
    new = (await browser.post("/account/second-factor")).json()
    proof = await browser.post("/account/second-factor/proof", json={"code": code(site, new["secret"])})
    assert proof.status_code == 200, proof.text
    site.clock.turn(STEP)
    return browser, new["secret"], proof.json()["recovery_codes"]


async def test_an_administrator_without_one_can_only_enrol_it(strict: Site) -> None:
    browser = await first_step(strict)
    me = (await browser.get("/session")).json()
    assert (me["second_factor"], me["permissions"]) == ("missing", [])
    for path in ("/snapshot", "/claims", "/audit", "/account/sessions", f"/homes/{strict.town.yellow}"):
        refused = await browser.get(path)
        assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_missing")
    new = (await browser.post("/account/second-factor")).json()
    assert new["address"].startswith("otpauth://totp/Anban:admin?secret=")
    assert new["qr"].startswith("data:image/svg+xml")
    proof = await browser.post("/account/second-factor/proof", json={"code": code(strict, new["secret"])})
    assert (proof.json()["me"]["second_factor"], len(proof.json()["recovery_codes"])) == ("done", CODES)
    assert (await browser.get("/snapshot")).status_code == 200


async def test_an_operator_needs_none_unless_the_tenant_says_so(strict: Site, conn: Connection) -> None:
    operator = await first_step(strict, "operator")
    assert (await operator.get("/snapshot")).status_code == 200
    await conn.execute("update tenant set second_factor_roles = '{admin,operator}'")
    await conn.commit()
    assert (await operator.get("/snapshot")).json()["code"] == "second_factor_missing"


async def test_whoever_has_one_is_asked_for_it_whatever_their_role(site: Site) -> None:
    await enrolled(site, "operator")
    browser = await first_step(site, "operator")
    refused = await browser.get("/snapshot")
    assert refused.json()["code"] == "second_factor_owed"


async def test_a_code_signs_in_once_and_the_session_changes_its_token(strict: Site) -> None:
    _, secret, _ = await enrolled(strict)
    browser, thief = await first_step(strict), await first_step(strict)
    before = dict(browser.cookies)
    shown = code(strict, secret)
    me = await browser.post("/session/second-factor", json={"code": shown})
    assert me.json()["second_factor"] == "done"
    assert browser.cookies["anban"] != before["anban"]
    again = await thief.post("/session/second-factor", json={"code": shown})
    assert (again.status_code, again.json()["code"]) == (403, "second_factor_refused")
    assert (await thief.get("/snapshot")).status_code == 403


async def test_a_clock_one_step_off_is_forgiven_but_an_older_code_than_the_last_is_not(strict: Site) -> None:
    _, secret, _ = await enrolled(strict)
    strict.clock.turn(5 * STEP)
    browser = await first_step(strict)
    assert (
        await browser.post("/session/second-factor", json={"code": code(strict, secret, 1)})
    ).status_code == 200
    browser = await first_step(strict)
    for off in (-2, -1, 0, 1, 2):
        assert (
            await browser.post("/session/second-factor", json={"code": code(strict, secret, off)})
        ).status_code == 403


async def test_a_recovery_code_signs_in_once_however_it_is_typed(strict: Site) -> None:
    _, _, codes = await enrolled(strict)
    browser = await first_step(strict)
    typed = codes[0].upper().replace("-", " ")
    assert (await browser.post("/session/second-factor", json={"code": typed})).status_code == 200
    assert (await browser.get("/account/sessions")).json()["recovery_codes_left"] == CODES - 1
    browser = await first_step(strict)
    assert (await browser.post("/session/second-factor", json={"code": codes[0]})).status_code == 403
    assert (await browser.post("/session/second-factor", json={"code": codes[1]})).status_code == 200


async def test_wrong_codes_lock_the_account_like_wrong_passwords(strict: Site) -> None:
    _, secret, _ = await enrolled(strict)
    browser = await first_step(strict)
    for _ in range(FREE_ATTEMPTS):
        assert (await browser.post("/session/second-factor", json={"code": "000000"})).status_code == 403
    assert (
        await browser.post("/session/second-factor", json={"code": code(strict, secret)})
    ).status_code == 403
    another = strict.browser("192.0.2.77")
    answer = await another.post("/session", json={"username": "admin", "password": PASSWORD})
    assert answer.status_code == 401


async def test_a_half_session_ends_by_itself(strict: Site) -> None:
    _, secret, _ = await enrolled(strict)
    browser = await first_step(strict)
    strict.clock.turn(HALF_LIFE)
    assert (
        await browser.post("/session/second-factor", json={"code": code(strict, secret)})
    ).status_code == 401


async def test_enrolling_ends_the_sessions_that_were_opened_with_less(site: Site) -> None:
    other = await first_step(site, "operator")
    await enrolled(site, "operator")
    assert (await other.get("/session")).status_code == 401


async def test_one_in_force_is_not_replaced_by_whoever_sits_at_an_open_screen(strict: Site) -> None:
    browser, _, _ = await enrolled(strict)
    refused = await browser.post("/account/second-factor")
    assert (refused.status_code, refused.json()["code"]) == (409, "second_factor_exists")
    half = await first_step(strict)
    assert (await half.post("/account/second-factor")).status_code == 409


async def test_an_administrator_takes_a_lost_one_away_but_not_their_own(
    strict: Site, conn: Connection
) -> None:
    admin, _, _ = await enrolled(strict)
    operator, _, _ = await enrolled(strict, "operator")
    staff: dict[str, Any] = strict.town.staff
    assert (await admin.delete(f"/staff/{staff['stranger']}/second-factor")).status_code == 404
    assert (await admin.delete(f"/staff/{staff['admin']}/second-factor")).json()["code"] == "oneself"
    assert (await admin.delete(f"/staff/{staff['operator']}/second-factor")).status_code == 204
    assert (await operator.get("/session")).status_code == 401
    assert (await (await first_step(strict, "operator")).get("/snapshot")).status_code == 200


async def test_the_database_holds_neither_the_recovery_codes_nor_their_plain_hash(
    strict: Site, conn: Connection
) -> None:
    _, _, codes = await enrolled(strict)
    rows = await (await conn.execute("select recovery_code::text as row from recovery_code")).fetchall()
    assert len(rows) == CODES
    assert not [one for one in codes if one in str(rows) or one.replace("-", "") in str(rows)]


async def test_whoever_shows_a_code_gets_a_new_authenticator_and_the_old_one_counts_until_it_is_proved(
    strict: Site,
) -> None:
    browser, old, codes = await enrolled(strict)
    for shown in (None, {"code": "000000"}):
        refused = await browser.post("/account/second-factor", json=shown)
        assert refused.status_code == (409 if shown is None else 403)
    new = (await browser.post("/account/second-factor", json={"code": code(strict, old)})).json()["secret"]
    strict.clock.turn(STEP)
    other = await first_step(strict)
    shown_old = {"code": code(strict, old)}
    assert (await other.post("/session/second-factor", json=shown_old)).status_code == 200
    proof = await browser.post("/account/second-factor/proof", json={"code": code(strict, new)})
    assert len(proof.json()["recovery_codes"]) == CODES
    assert (await other.get("/session")).status_code == 401
    strict.clock.turn(STEP)
    for gone in (code(strict, old), codes[0]):
        half = await first_step(strict)
        assert (await half.post("/session/second-factor", json={"code": gone})).status_code == 403
    half = await first_step(strict)
    assert (await half.post("/session/second-factor", json={"code": code(strict, new)})).status_code == 200


async def test_a_recovery_code_is_enough_to_replace_a_lost_authenticator(strict: Site) -> None:
    browser, _, codes = await enrolled(strict)
    new = (await browser.post("/account/second-factor", json={"code": codes[0]})).json()["secret"]
    proof = await browser.post("/account/second-factor/proof", json={"code": code(strict, new)})
    assert proof.status_code == 200
    state = (await browser.get("/account/sessions")).json()
    assert (state["second_factor_since"], state["recovery_codes_left"]) == ("2026-11-20T12:00:30Z", CODES)


async def test_a_replacement_that_is_proved_too_late_or_by_a_half_session_is_none(strict: Site) -> None:
    browser, old, _ = await enrolled(strict)
    new = (await browser.post("/account/second-factor", json={"code": code(strict, old)})).json()["secret"]
    strict.clock.turn(STEP)
    half = await first_step(strict)
    taken = await half.post("/account/second-factor/proof", json={"code": code(strict, new)})
    assert taken.status_code == 403
    strict.clock.turn(NEXT_LIFE)
    late = await browser.post("/account/second-factor/proof", json={"code": code(strict, new)})
    assert late.status_code == 403


async def test_a_shift_that_signs_in_at_once_waits_for_no_connection(
    api_pool: Pool, postgres: Server, database: str, town: Town
) -> None:
    """Nobody asks the pool for a second connection while they hold one: two are enough for four people."""
    who, clock = ("admin", "supervisor", "operator", "caseworker"), TurnedClock()
    async with open_pool(postgres.as_role(database, roles.SERVICE), size=2, wait_s=5) as small:
        site = Site(create_app(Settings(), api_pool, small, clock=clock), clock, town)
        secrets = {name: (await enrolled(site, name))[1] for name in who}
        browsers = {name: await first_step(site, name) for name in who}
        answers = await asyncio.gather(
            *(
                browser.post("/session/second-factor", json={"code": code(site, secrets[name])})
                for name, browser in browsers.items()
            )
        )
    assert [answer.status_code for answer in answers] == [200] * 4
