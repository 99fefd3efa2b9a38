"""Every operation, asked by everybody of one tenant with the things of another: nothing is shown or changed.

The same request succeeds when it names one's own things, so a refusal is about whose they are and not about
the form. The number of requests is printed; an operation without an order fails.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from cloud import stream
from cloud.auth import CITY_ROLES, PERMISSIONS, Permission, Principal, Purpose, PurposeError, Role
from cloud.db import Connection
from cloud.web import API
from tests.unit.cloud import town as towns
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON
from tests.unit.cloud.web.orders import BY_SECRET, FIXED, ORDERS, Things
from tests.unit.cloud.web.world import CONTRACT, METHODS, RESTRICTED, Operation, World, opened

pytestmark = pytest.mark.timeout(600)  # some thousand requests: a busy machine takes minutes

MARKS: Final = ("石金花", "hidden")
"""Words that stand only in what is another tenant's."""
OF_A_HOME: Final = frozenset({"home", "incident", "resident", "gateway"})
ANSWERED: Final = {
    "readDivisionRecord": "places are nobody's",
    "readAuditTrail": "it tells what one's own people have asked for, whosever it was",
}
"""Why an operation answers 200 although it names what is another's."""
ASKED: Final[dict[str, dict[str, str | int]]] = {"listReportRows": {"indicator": "coverage"}}
"""What a list must be told beside a place in it."""
LEADERS: Final = frozenset(r.value for r in Role if Permission.LEAD_VISITS in PERMISSIONS[r])
THEIR_ENTRIES: Final = ("石金花", '"actor":"hidden')
"""Marks in the trail, which holds the ids that the attack itself has asked for."""


@pytest.fixture
async def world(
    site: Site, conn: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """Two tenants; streams end at once."""
    monkeypatch.setattr(stream, "LIFE_S", 0.0)
    async with opened(site, conn, tmp_path) as made:
        yield made


def test_every_operation_has_an_order() -> None:
    known = {
        described["operationId"]
        for methods in CONTRACT["paths"].values()
        for method, described in methods.items()
        if method in METHODS
    }
    assert known == set(ORDERS) | set(BY_SECRET)
    assert not set(ORDERS) & set(BY_SECRET)


async def test_everybody_does_with_their_own_what_is_refused_with_anothers(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The control: without it a refusal might be about the form of the request."""
    requests, failed, done = 0, [], set()
    for who, may, standing in await world.everybody():
        own = await world.things()
        for operation in sorted(world.operations, key=lambda one: one.method != "get"):
            if not may(operation):
                continue
            if operation.method != "get":  # a read leaves them as they were
                own = await world.things(order=operation.order)
            browser, named = standing, own
            if operation.order.oneself:
                browser, named = await world.somebody(who, own)
            answer = await world.ask(browser, operation.request(named))
            requests += 1
            if _did(operation, answer, named):
                done.add(operation.id)
            elif operation.order.led and who not in LEADERS:
                assert answer.status_code == 404, f"{operation.id} as {who}"
            else:
                failed.append(f"{operation.id} as {who}: {answer.status_code} {answer.text[:200]}")
    with capsys.disabled():
        print(f"\nisolation, control: {requests} requests with one's own things, {len(failed)} refused")
    assert failed == []
    assert done == set(ORDERS)


def _did(operation: Operation, answer: httpx.Response, own: Things) -> bool:
    """Whether it did its work; a list holds something, a stream tells of the own incident."""
    if not answer.is_success:
        return False
    if operation.id == "followChanges":
        return own.key in answer.text
    if operation.order.sentence:
        return not operation.order.sentence(answer.json())
    return not operation.order.filled or bool(answer.json()[operation.order.filled])


async def test_nobody_reaches_what_is_another_tenants(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    own, theirs = await world.things(), await world.things(hidden=True)
    before, attempts, through = await world.state(theirs), 0, []
    everybody = await world.everybody()
    for who, may, browser in everybody:
        for operation in world.operations:
            everything = [("all", operation.request(theirs))]  # who may not at all gets no further with less
            for thing, asked in operation.attacks(own, theirs) if may(operation) else everything:
                answer = await world.ask(browser, asked)
                attempts += 1
                if wrong := _wrong(operation, answer, thing, asked, may=may(operation)):
                    through.append(f"{operation.id} with their {thing} as {who}: {wrong}")
    with capsys.disabled():
        print(f"\nisolation: {attempts} requests by {len(everybody)} askers, {len(through)} got through")
    assert through == []
    assert await world.state(theirs) == before
    assert attempts >= 900


def _wrong(
    operation: Operation, answer: httpx.Response, thing: str, asked: dict[str, Any], *, may: bool
) -> str:
    """What is wrong with the answer to an attack; empty: it was refused exactly as it must be."""
    told = f"{answer.status_code} {answer.text[:200]}"
    marks = THEIR_ENTRIES if operation.id == "readAuditTrail" else MARKS
    if shown := [mark for mark in marks if mark in answer.text and mark not in str(asked)]:
        return f"{told} shows {shown}"
    if not may:
        return "" if answer.status_code == 403 else told
    if operation.order.sentence:
        return "" if answer.is_success and operation.order.sentence(answer.json()) else told
    if thing == "none" or operation.id in ANSWERED:
        return "" if answer.status_code == 200 else told
    if operation.order.filled:
        return "" if answer.is_success and not answer.json()[operation.order.filled] else told
    return "" if answer.status_code == operation.order.refused.get(thing, 404) else told


async def test_whoever_sees_only_their_own_homes_reaches_no_other_of_the_tenant(world: World) -> None:
    own, other = await world.things(), await world.things(assigned=False)
    before, through = await world.state(other), []
    for role in RESTRICTED:
        browser = await world.site.signed_in(role.value)
        for operation in world.operations:
            if role not in operation.roles or operation.id == "breakGlass":  # that is what the glass is for
                continue
            attacks = [*operation.attacks(own, other)]
            if not OF_A_HOME.intersection(thing for thing, _ in attacks):
                continue
            for thing, asked in attacks:
                if thing in OF_A_HOME or thing == "all":
                    answer = await world.ask(browser, asked)
                    wrong = _wrong(operation, answer, thing, asked, may=True)
                    through += [f"{operation.id} with another's {thing} as {role}: {wrong}"] if wrong else []
    assert through == []
    assert await world.state(other) == before


async def test_anothers_idempotency_key_gives_neither_their_answer_nor_their_command(world: World) -> None:
    theirs = await world.things(hidden=True)
    stranger, operator = await world.site.signed_in("stranger"), await world.site.signed_in("operator")
    for browser in (stranger, operator):
        browser.headers["Idempotency-Key"] = "0123456789abcdef"
    note = {"version": 1, "note": "hidden note"}
    assert (await stranger.post(f"/incidents/{theirs.incident}/note", json=note)).status_code == 200
    again = await operator.post(f"/incidents/{theirs.incident}/note", json=note)
    assert again.status_code == 404
    assert "hidden" not in again.text


async def test_anothers_cursor_is_refused_by_every_list(world: World) -> None:
    """Each list with pages, by somebody of each tenant who may read it."""
    pairs: dict[Role, tuple[httpx.AsyncClient, httpx.AsyncClient]] = {}
    for role in (Role.ADMIN, Role.OPERATOR, Role.AUDITOR):
        await towns.person(world.conn, world.site.town.zhongfang, f"their-{role}", role)
        await world.conn.commit()
        pairs[role] = (await world.site.signed_in(role.value), await world.site.signed_in(f"their-{role}"))
    things = [await world.things(hidden=hidden) for hidden in (False, True, False, True)]
    homes = [one.home for one in things[:2]]
    paths, tried = CONTRACT["paths"], 0
    for operation in world.operations:
        names = {one["name"] for one in paths[operation.path][operation.method].get("parameters", [])}
        if "cursor" not in names or operation.id == "listTenantRecords":  # there one sees a single tenant
            continue
        own, theirs = pairs[min(operation.roles & set(pairs))]
        here, there = (operation.address.format_map({**FIXED, "home_id": home}) for home in homes)
        one: dict[str, str | int] = {"limit": 1, **ASKED.get(operation.id, {})}
        following = {**one, "cursor": (await theirs.get(there, params=one)).json()["next"]}
        assert (await theirs.get(there, params=following)).status_code == 200, operation.id
        refused = await own.get(here, params=following)
        assert (refused.status_code, refused.json()["code"]) == (422, "cursor_invalid"), operation.id
        tried += 1
    assert tried >= 10


async def test_no_place_in_the_log_shows_what_is_anothers(world: World) -> None:
    """Before the process's memory begins, where the log is read, and within it."""
    early = [await world.things(hidden=hidden) for hidden in (True, False, True)]
    remembered = await world.read_log()
    late = [await world.things(hidden=hidden) for hidden in (True, False, True)]
    operator = await world.site.signed_in("operator")
    for place, own in ((0, early[1]), (1, early[1]), (remembered, late[1])):
        for where in ({"params": {"after": place}}, {"headers": {"Last-Event-ID": str(place)}}):
            asked = {"method": "get", "url": f"http://anban.test{API}/stream", **where}
            answer = await world.ask(operator, asked)
            assert own.key in answer.text
            assert not [mark for mark in MARKS if mark in answer.text]


async def test_a_link_answers_for_its_own_message_only(world: World) -> None:
    own, theirs = await world.things(), await world.things(hidden=True)
    for things, token in ((own, "own-token"), (theirs, "their-token")):
        await world.conn.execute(
            "insert into answer_token select sha256(%s::text::bytea), max(id), %s from message"
            " where incident_id = %s",
            [token, NOON, things.incident],
        )
    await world.conn.commit()
    before, anybody = await world.state(theirs), world.site.browser()
    for guess in (
        sha256(b"their-token").hexdigest(),
        "their-toke",
        str(theirs.incident),
        "%25",
        "_______-token",
    ):
        refused = await anybody.post(f"/answers/{guess}", json={"answer": "accept"})
        assert refused.status_code in {404, 422}, guess
    taken = await anybody.post("/answers/own-token", json={"answer": "accept"})
    assert (taken.status_code, taken.json()["outcome"]) == (200, "go")
    assert await world.state(theirs) == before


@pytest.mark.parametrize("role", list(Role))
def test_no_purpose_reaches_beyond_the_tenant(role: Role) -> None:
    """But for the figures of those below, for the roles of a city; and these reach no home."""
    city = role in CITY_ROLES
    who = Principal(1, 7, role, "", "en", (3,) if role in RESTRICTED else None, below=(8, 9) if city else ())
    for purpose in Purpose:
        try:
            scope = who.scope(purpose)
        except PurposeError:
            continue
        if scope.tenants != (7,):
            assert (city, scope.tenants, scope.homes, purpose) == (True, (7, 8, 9), (), Purpose.FIGURES)
