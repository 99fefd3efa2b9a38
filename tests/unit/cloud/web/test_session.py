"""Signing in and out over HTTP."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import httpx
import pytest

from cloud import passwords
from cloud.access import COOKIE, SECURE_COOKIE
from cloud.auth import PERMISSIONS, Role
from cloud.db import Pool
from cloud.sessions import IDLE, LIFETIME
from cloud.settings import Settings, Web
from cloud.throttle import MAX_ATTEMPTS, WINDOW
from cloud.web import create_app
from tests.unit.cloud.conftest import Site, TurnedClock
from tests.unit.cloud.town import NOON, PASSWORD, Town

WRONG = {"username": "operator", "password": "wrong"}


async def test_signing_in_says_who_one_is_and_what_one_may_do(site: Site) -> None:
    browser = site.browser()
    answer = await browser.post("/session", json={"username": "operator", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json() == {
        "name": "operator 某",
        "role": "operator",
        "locale": "zh-Hans",
        "permissions": sorted(PERMISSIONS[Role.OPERATOR]),
        "expires_at": (NOON + LIFETIME).isoformat().replace("+00:00", "Z"),
        "second_factor": "not_needed",
        "one_time": False,
    }
    assert (await browser.get("/session")).json() == answer.json()


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    answer = await site.browser().post("/session", json={"username": "operator", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(f"{COOKIE}=")
    for attribute in ("httponly", "samesite=strict", "path=/", "max-age=43200"):
        assert attribute in cookie
    assert "secure" not in cookie
    assert "domain" not in cookie


async def test_behind_https_the_cookie_is_secure_and_bound_to_the_host(
    pool: Pool, api_pool: Pool, town: Town
) -> None:
    settings = Settings(web=Web(public_url="https://anban.example"))
    transport = httpx.ASGITransport(create_app(settings, api_pool, pool, clock=TurnedClock()))
    async with httpx.AsyncClient(
        transport=transport, base_url="https://anban.example/api/v1", headers={"X-Anban": "1"}
    ) as browser:
        answer = await browser.post("/session", json={"username": "operator", "password": PASSWORD})
        assert answer.headers["set-cookie"].startswith(f"{SECURE_COOKIE}=")
        assert "Secure" in answer.headers["set-cookie"]
        assert "max-age" in answer.headers["strict-transport-security"]
        assert (await browser.get("/session")).status_code == 200


async def test_a_refusal_does_not_tell_a_wrong_password_from_an_unknown_or_a_locked_name(site: Site) -> None:
    browser = site.browser()
    wrong = await browser.post("/session", json=WRONG)
    unknown = await browser.post("/session", json=WRONG | {"username": "nobody"})
    for _ in range(5):
        await browser.post("/session", json=WRONG)
    locked = await browser.post("/session", json=WRONG | {"password": PASSWORD})
    assert wrong.status_code == unknown.status_code == locked.status_code == 401
    assert wrong.content == unknown.content == locked.content
    assert "set-cookie" not in wrong.headers


async def test_one_address_is_slowed_down_and_another_is_not(site: Site) -> None:
    guesser, neighbour = site.browser("192.0.2.66"), site.browser("192.0.2.67")
    for number in range(MAX_ATTEMPTS):
        await guesser.post("/session", json=WRONG | {"username": f"name-{number}"})
    refused = await guesser.post("/session", json={"username": "operator", "password": PASSWORD})
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) == WINDOW.total_seconds()
    good = {"username": "operator", "password": PASSWORD}
    assert (await neighbour.post("/session", json=good)).status_code == 200
    site.clock.turn(WINDOW)
    assert (await guesser.post("/session", json=good)).status_code == 200


async def test_signing_out_ends_the_session_even_for_a_copied_cookie(site: Site) -> None:
    browser = await site.signed_in("operator")
    thief = site.browser()
    thief.cookies.update(browser.cookies)
    assert (await thief.get("/session")).status_code == 200
    answer = await browser.delete("/session")
    assert answer.status_code == 204
    assert answer.content == b""
    assert COOKIE not in browser.cookies
    assert (await thief.get("/session")).status_code == 401
    assert (await browser.delete("/session")).status_code == 401


async def test_signing_in_again_ends_the_earlier_session_of_this_browser(site: Site) -> None:
    browser = await site.signed_in("operator")
    copy = site.browser()
    copy.cookies.update(browser.cookies)
    await browser.post("/session", json={"username": "admin", "password": PASSWORD})
    assert (await browser.get("/session")).json()["role"] == "admin"
    assert (await copy.get("/session")).status_code == 401


async def test_an_idle_session_is_over(site: Site) -> None:
    browser = await site.signed_in("operator")
    site.clock.turn(IDLE - timedelta(seconds=1))
    assert (await browser.get("/session")).status_code == 200
    site.clock.turn(IDLE)
    answer = await browser.get("/session")
    assert answer.status_code == 401
    assert answer.json()["code"] == "signed_out"


@pytest.mark.parametrize("cookie", ["", "x", "a" * 4_000, "%00", "' or 1=1"])
async def test_a_made_up_cookie_signs_nobody_in(site: Site, cookie: str) -> None:
    answer = await site.browser().get("/session", headers={"cookie": f"{COOKIE}={cookie}"})
    assert answer.status_code == 401


async def test_who_was_told_to_come_again_has_used_up_no_attempt(site: Site) -> None:
    right = {"username": "operator", "password": PASSWORD}
    with ExitStack() as places:
        for _ in range(passwords.QUEUE):
            places.enter_context(passwords.lane(known=False).place())
        told = [await site.browser().post("/session", json=right) for _ in range(MAX_ATTEMPTS + 1)]
    assert {answer.status_code for answer in told} == {503}
    assert (await site.browser().post("/session", json=right)).status_code == 200


async def test_what_somebody_wrote_is_not_taken_from_whoever_signed_in_after_them(
    site: Site, town: Town
) -> None:
    """Two tabs of one browser send the session of whoever came last."""
    browser = await site.signed_in("operator")
    own = {"X-Anban-As": str(town.staff["operator"])}
    assert (await browser.get("/session", headers=own)).status_code == 200
    refused = await browser.get("/session", headers={"X-Anban-As": str(town.staff["admin"])})
    assert (refused.status_code, refused.json()["code"]) == (401, "somebody_else")
