"""Signing in through a real identity provider over HTTP, and everything that must not let anybody in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from cloud import oidc
from cloud.db import Connection, Pool
from cloud.oidc_routes import provider
from cloud.settings import Oidc, Settings, Web
from cloud.throttle import MAX_ATTEMPTS
from cloud.web import create_app
from tests.unit.cloud.auth.provider import CLIENT, KEY_BITS, SECRET, Idp, serve
from tests.unit.cloud.conftest import Site, TurnedClock
from tests.unit.cloud.town import Town

CLOCK = TurnedClock()


@pytest.fixture(scope="module")
def served() -> Iterator[Idp]:
    idp = Idp(CLOCK)
    with serve(idp):
        yield idp


@pytest.fixture
def idp(served: Idp) -> Idp:
    served.claims, served.changed, served.forged, served.down = {"sub": "u-1"}, {}, None, False
    return served


def settings(idp: Idp, **more: Any) -> Settings:
    return Settings(
        web=Web(public_url="http://anban.test"),
        oidc=Oidc(issuer=idp.address, client_id=CLIENT, client_secret=SECRET, **more),
    )


@pytest.fixture
async def elsewhere(idp: Idp, api_pool: Pool, pool: Pool, town: Town) -> AsyncIterator[Site]:
    """The town behind the provider, where ``operator`` is ``u-1``."""
    made = Site(create_app(settings(idp), api_pool, pool, clock=CLOCK), CLOCK, town)
    admin = await made.signed_in("admin")
    assert (
        await admin.put(f"/staff/{town.staff['operator']}/identity", json={"value": "u-1"})
    ).status_code == 204
    yield made
    for client in made.clients:
        await client.aclose()


async def there(browser: httpx.AsyncClient) -> str:
    """Go to the provider and come back with its answer; the address that it sends the browser to."""
    start = await browser.get("/session/oidc")
    assert start.status_code == 303, start.text
    async with httpx.AsyncClient(timeout=60) as outside:
        return str((await outside.get(start.headers["location"])).headers["location"])


async def test_whoever_was_written_down_comes_in(elsewhere: Site) -> None:
    browser = elsewhere.browser()
    back = await browser.get(await there(browser))
    assert (back.status_code, back.headers["location"]) == (303, "/console/")
    assert (await browser.get("/session")).json()["name"] == "operator 某"
    assert (await browser.get("/session/oidc/ways")).json() == {"oidc": "OpenID"}


async def test_nobody_is_made_an_account(elsewhere: Site, idp: Idp, conn: Connection) -> None:
    idp.claims = {"sub": "u-2", "email": "operator@example.org", "preferred_username": "operator"}
    browser = elsewhere.browser()
    answer = await browser.get(await there(browser))
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")
    assert (await browser.get("/session")).status_code == 401


@pytest.mark.parametrize("claim", ["iss", "aud", "nonce", "exp", "sub"])
async def test_a_token_that_is_not_for_us_now_lets_nobody_in(elsewhere: Site, idp: Idp, claim: str) -> None:
    idp.changed = {claim: 1 if claim == "exp" else "other"}
    browser = elsewhere.browser()
    assert (await browser.get(await there(browser))).status_code == 401


async def test_a_token_that_somebody_else_signed_lets_nobody_in(elsewhere: Site, idp: Idp) -> None:
    idp.forged = RSAKey.generate_key(KEY_BITS, {"kid": "first"})
    browser = elsewhere.browser()
    assert (await browser.get(await there(browser))).status_code == 401


async def test_a_key_that_was_changed_meanwhile_is_fetched(
    elsewhere: Site, idp: Idp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "AGAIN_S", 0.0)
    for _ in range(2):
        browser = elsewhere.browser()
        assert (await browser.get(await there(browser))).status_code == 303
        idp.rotate()


async def test_the_answer_is_worth_nothing_twice_or_in_another_browser(elsewhere: Site) -> None:
    browser, thief = elsewhere.browser(), elsewhere.browser()
    back = await there(browser)
    assert (await thief.get(back)).status_code == 401
    assert (await browser.get(back)).status_code == 303
    again = elsewhere.browser()
    again.cookies.update(browser.cookies)
    assert (await again.get(back)).status_code == 401


async def test_an_answer_that_comes_too_late_is_refused(elsewhere: Site) -> None:
    browser = elsewhere.browser()
    back = await there(browser)
    elsewhere.clock.turn(oidc.START_LIFE)
    assert (await browser.get(back)).status_code == 401


async def test_a_verifier_that_does_not_fit_gets_no_token(elsewhere: Site, conn: Connection) -> None:
    browser = elsewhere.browser()
    back = await there(browser)
    await conn.execute("update oidc_start set verifier = repeat('x', 64)")
    await conn.commit()
    assert (await browser.get(back)).status_code == 401


async def test_while_the_provider_is_away_passwords_still_let_people_in(
    idp: Idp, api_pool: Pool, pool: Pool, town: Town
) -> None:
    idp.down = True
    site = Site(create_app(settings(idp), api_pool, pool, clock=CLOCK), CLOCK, town)
    answer = await site.browser().get("/session/oidc")
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
    assert (await (await site.signed_in("operator")).get("/session")).status_code == 200


@pytest.mark.parametrize(
    ("verified", "found"), [(True, True), (False, False), ("true", False), (None, False)]
)
async def test_an_email_address_counts_only_when_it_is_verified(
    conn: Connection, town: Town, verified: object, found: bool
) -> None:
    ours = Oidc(issuer="https://idp.example", client_id=CLIENT, claim="email")
    assert await oidc.write_down(conn, ours, town.staff["operator"], "op@example.org")
    claims = {"sub": "x", "email": "op@example.org", "email_verified": verified}
    assert (await oidc.whose(conn, ours, claims) == town.staff["operator"]) is found


def test_two_factors_are_believed_when_the_provider_says_so() -> None:
    ours = Oidc(issuer="https://idp.example")
    assert oidc.two_factors(ours, {"amr": ["pwd", "mfa"]})
    assert not oidc.two_factors(ours, {"amr": ["pwd"]})
    assert not oidc.two_factors(ours, {"amr": "mfa"})


async def test_without_a_provider_there_is_no_such_way(site: Site) -> None:
    browser = site.browser()
    assert (await browser.get("/session/oidc")).status_code == 404
    assert (await browser.get("/session/oidc/ways")).json() == {"oidc": None}


async def test_a_browser_that_is_not_let_in_lands_on_the_sign_in_which_says_why(
    elsewhere: Site, idp: Idp
) -> None:
    page = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    idp.claims = {"sub": "nobody"}
    browser = elsewhere.browser()
    refused = await browser.get(await there(browser), headers=page)
    assert (refused.status_code, refused.headers["location"]) == (303, "/console/?sign_in=sign_in_refused")
    elsewhere.app.state.oidc, idp.down = provider(settings(idp)), True
    away = await browser.get("/session/oidc", headers=page)
    assert (away.status_code, away.headers["location"]) == (303, "/console/?sign_in=provider_unavailable")


async def test_a_whole_centre_signs_in_behind_one_address(elsewhere: Site) -> None:
    for _ in range(2 * MAX_ATTEMPTS):
        browser = elsewhere.browser()
        assert (await browser.get(await there(browser))).status_code == 303
