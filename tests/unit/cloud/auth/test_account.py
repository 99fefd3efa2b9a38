"""Sessions, passwords and tokens: seen and ended by whom they belong to, and by administrators."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from cloud.db import Connection
from cloud.sessions import FIRST_LOCK, FREE_ATTEMPTS
from cloud.throttle import BURST, MAX_ATTEMPTS, RATE
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON, PASSWORD

GOOD = {"username": "operator", "password": PASSWORD}
WRONG = GOOD | {"password": "wrong"}


async def test_one_sees_where_one_is_signed_in_and_ends_it(site: Site) -> None:
    here, there = await site.signed_in("operator"), await site.signed_in("operator")
    listed = (await here.get("/account/sessions")).json()["sessions"]
    assert [(one["current"], one["origin"]) for one in listed] == [(False, "192.0.2.1"), (True, "192.0.2.1")]
    assert (await here.delete(f"/account/sessions/{listed[0]['id']}")).status_code == 204
    assert (await there.get("/session")).status_code == 401
    assert (await here.get("/session")).status_code == 200


async def test_one_signs_out_everywhere_else_at_once(site: Site) -> None:
    here, *elsewhere = [await site.signed_in("operator") for _ in range(4)]
    family = await site.signed_in("family")
    assert (await here.delete("/account/sessions")).status_code == 204
    assert [(await one.get("/session")).status_code for one in elsewhere] == [401, 401, 401]
    assert [(await one.get("/session")).status_code for one in (here, family)] == [200, 200]


async def test_nobody_ends_the_session_of_somebody_else(site: Site) -> None:
    operator, family = await site.signed_in("operator"), await site.signed_in("family")
    (theirs,) = (await family.get("/account/sessions")).json()["sessions"]
    assert (await operator.delete(f"/account/sessions/{theirs['id']}")).status_code == 404
    assert (await family.get("/session")).status_code == 200


async def test_an_administrator_signs_a_person_out_everywhere_in_the_own_tenant_only(site: Site) -> None:
    admin, operator, stranger = [await site.signed_in(who) for who in ("admin", "operator", "stranger")]
    assert (await admin.delete(f"/staff/{site.town.staff['operator']}/sessions")).status_code == 204
    assert (await admin.delete(f"/staff/{site.town.staff['stranger']}/sessions")).status_code == 404
    assert (await operator.get("/session")).status_code == 401
    assert (await stranger.get("/session")).status_code == 200


async def test_a_new_password_ends_the_other_sessions(site: Site) -> None:
    here, there = await site.signed_in("operator"), await site.signed_in("operator")
    refused = await here.post("/account/password", json={"old": "wrong", "new": "a new password"})
    assert (refused.status_code, refused.json()["code"]) == (403, "password_refused")
    short = await here.post("/account/password", json={"old": PASSWORD, "new": "short"})
    assert short.status_code == 422
    assert "short" not in short.text.replace("too_short", "")
    assert (
        await here.post("/account/password", json={"old": PASSWORD, "new": "a new password"})
    ).status_code == 204
    assert (await here.get("/session")).status_code == 200
    assert (await there.get("/session")).status_code == 401
    assert (await site.browser().post("/session", json=GOOD)).status_code == 401
    renewed = GOOD | {"password": "a new password"}
    assert (await site.browser().post("/session", json=renewed)).status_code == 200


async def test_a_stranger_who_guesses_does_not_shut_the_operator_out_of_their_own_browser(site: Site) -> None:
    """At 3 a.m. somebody outside, or a broken script behind the same address, tries every name."""
    own = await site.signed_in("operator")
    await own.delete("/session")
    guesser = site.browser("192.0.2.1")
    for _ in range(MAX_ATTEMPTS):
        await guesser.post("/session", json=WRONG)
    assert (await guesser.post("/session", json=GOOD)).status_code == 429  # the whole address waits
    assert (
        await site.browser("192.0.2.9").post("/session", json=GOOD)
    ).status_code == 401  # the account, too
    assert (await own.post("/session", json=GOOD)).status_code == 200


async def test_a_known_browser_has_a_lock_of_its_own(site: Site) -> None:
    own, elsewhere = await site.signed_in("operator"), site.browser("192.0.2.9")
    for _ in range(FREE_ATTEMPTS):
        assert (await own.post("/session", json=WRONG)).status_code == 401
    assert (await own.post("/session", json=GOOD)).status_code == 401
    assert (await elsewhere.post("/session", json=GOOD)).status_code == 200
    site.clock.turn(FIRST_LOCK)
    assert (await own.post("/session", json=GOOD)).status_code == 200


async def test_a_browser_is_known_for_who_signed_in_there_and_for_nobody_else(site: Site) -> None:
    own = await site.signed_in("operator")
    stranger = site.browser("192.0.2.66")
    for _ in range(FREE_ATTEMPTS):
        await stranger.post("/session", json={"username": "admin", "password": "wrong"})
    answer = await own.post("/session", json={"username": "admin", "password": PASSWORD})
    assert answer.status_code == 401


async def test_a_bad_sign_in_leaves_an_entry_without_the_name_that_was_typed(
    site: Site, conn: Connection
) -> None:
    await site.browser("192.0.2.5").post("/session", json=WRONG)
    await site.browser("192.0.2.5").post("/session", json={"username": "my own password", "password": "x"})
    cursor = await conn.execute(
        "select actor, status, origin, e::text as whole from audit_entry e order by id"
    )
    rows = await cursor.fetchall()
    assert [(row["actor"], row["status"], row["origin"]) for row in rows] == [
        (f"staff:{site.town.staff['operator']}", 401, "192.0.2.5"),
        ("", 401, "192.0.2.5"),
    ]
    assert "password" not in str(rows)


async def test_a_service_reads_with_its_token_what_it_was_allowed_and_nothing_else(site: Site) -> None:
    admin, auditor = await site.signed_in("admin"), await site.signed_in("auditor")
    service = site.browser("198.51.100.7")
    drawn = await admin.post("/tokens", json={"name": "clinic", "permissions": ["read_home"], "days": 30})
    service.headers["Authorization"] = f"Bearer {drawn.json()['token']}"
    assert (await service.get(f"/homes/{site.town.yellow}")).json()["resident"]["phone"] == "**********0001"
    assert (await service.get(f"/homes/{site.town.foreign}")).status_code == 404
    for path in ("/snapshot", "/tokens", "/audit"):
        assert (await service.get(path)).status_code == 403
    (entry,) = (
        await auditor.get("/audit", params={"actor": f"token:{drawn.json()['id']}", "limit": 1})
    ).json()["items"]
    assert entry["origin"] == "198.51.100.7"
    (listed,) = (await admin.get("/tokens")).json()["tokens"]
    assert (listed["used_at"], "token" in listed) == ("2026-11-20T12:00:00Z", False)


@pytest.mark.parametrize("end", ["revoke", "expire"])
async def test_a_token_ends_at_once(site: Site, end: str) -> None:
    admin, service = await site.signed_in("admin"), site.browser()
    drawn = (
        await admin.post("/tokens", json={"name": "x", "permissions": ["read_figures"], "days": 1})
    ).json()
    service.headers["Authorization"] = f"Bearer {drawn['token']}"
    assert (await service.get("/session")).status_code == 200
    if end == "revoke":
        assert (await admin.delete(f"/tokens/{drawn['id']}")).status_code == 204
    else:
        site.clock.turn(timedelta(days=1))
    assert (await service.get("/session")).status_code == 401


async def test_a_token_is_drawn_once_and_a_repeat_learns_which_one_to_revoke(site: Site) -> None:
    admin = await site.signed_in("admin")
    key = {"Idempotency-Key": "1"}  # it could be guessed: what is kept under it must not sign in
    asked = {"name": "clinic", "permissions": ["read_home"], "days": 365}
    drawn = (await admin.post("/tokens", json=asked, headers=key)).json()
    again = await admin.post("/tokens", json=asked, headers=key)
    assert (again.status_code, again.json()["code"]) == (409, "shown_once")
    assert f"Token {drawn['id']} was shown once" in again.json()["detail"]
    assert drawn["token"] not in again.text
    assert [one["id"] for one in (await admin.get("/tokens")).json()["tokens"]] == [drawn["id"]]
    other = await admin.post("/tokens", json={**asked, "name": "another"}, headers=key)
    assert other.json()["code"] == "key_reused"
    assert (await admin.post("/tokens", json=asked)).json()["id"] != drawn["id"], (
        "without a key it is another"
    )


@pytest.mark.parametrize("permission", ["handle_incident", "administer"])
async def test_no_service_acts_or_administers(site: Site, permission: str) -> None:
    admin = await site.signed_in("admin")
    refused = await admin.post("/tokens", json={"name": "x", "permissions": [permission]})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_for_services")


OWN_SIGN_IN: Final = (
    ("POST", "/account/second-factor", None),
    ("POST", "/account/second-factor/proof", {"code": "123456"}),
    ("POST", "/session/second-factor", {"code": "123456"}),
    ("GET", "/account/sessions", None),
    ("DELETE", "/account/sessions/1", None),
    ("POST", "/account/password", {"old": PASSWORD, "new": "another horse 电池"}),
    ("DELETE", "/session", None),
)


async def test_a_service_does_not_touch_the_sign_in_of_whoever_drew_its_token(
    site: Site, conn: Connection
) -> None:
    """With an authenticator of its own making a service would sign in as that administrator."""
    admin, service = await site.signed_in("admin"), site.browser()
    drawn = await admin.post("/tokens", json={"name": "clinic", "permissions": ["read_home"], "days": 30})
    service.headers["Authorization"] = f"Bearer {drawn.json()['token']}"
    for method, path, body in OWN_SIGN_IN:
        refused = await service.request(method, path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_for_services"), path
    found = await (await conn.execute("select count(*) as n from second_factor")).fetchone()
    assert found == {"n": 0}
    assert len((await admin.get("/account/sessions")).json()["sessions"]) == 1


async def test_a_bearer_that_is_nothing_does_not_fall_back_to_the_cookie(site: Site) -> None:
    operator = await site.signed_in("operator")
    assert (await operator.get("/session", headers={"Authorization": "Bearer anban_x"})).status_code == 401


async def test_one_session_cannot_take_the_machine_for_itself(site: Site) -> None:
    ill, well = await site.signed_in("operator"), await site.signed_in("operator")
    answers = [(await ill.get("/session")).status_code for _ in range(int(BURST) + 1)]
    assert answers == [200] * int(BURST) + [429]
    assert (await well.get("/session")).status_code == 200
    site.clock.turn(timedelta(seconds=1 / RATE))
    assert (await ill.get("/session")).status_code == 200
    assert site.clock.now > NOON
