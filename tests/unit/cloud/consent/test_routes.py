"""Consent at a screen: what is withdrawn is gone at once, and who reads on is looked at by somebody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from cloud.db import Connection
from firmware_protocols.model import Quantity
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON
from tests.unit.cloud.web.test_incidents import raise_alarm

EARLIER = NOON - timedelta(hours=1)
WITHDRAWN = {
    "purpose": "vitals",
    "decision": "withdrawn",
    "by": "self",
    "how": "voice",
    "at": EARLIER.isoformat(),
}


@pytest.fixture
async def yellow(site: Site, conn: Connection) -> Site:
    """The home ``yellow`` with a pulse, a movement, and its resident's consents of the day of enrolment."""
    await conn.execute(
        "insert into consent (resident_id, purpose, decision, actor, by_whom, how)"
        " select 1, purpose, 'given', 'roster', 'self', 'roster'"
        " from unnest(array['monitoring', 'vitals', 'family_sharing']) as purpose"
    )
    for quantity in (Quantity.HEART_RATE, Quantity.MOTION):
        row = [EARLIER, quantity.number, 72.0]
        await conn.execute("insert into reading values (%s, 1, 1, 1, %s, 0, %s)", row)
    await conn.commit()
    return site


async def say(browser: httpx.AsyncClient, **changed: Any) -> httpx.Response:
    return await browser.post("/residents/1/consents", json=WITHDRAWN | changed)


async def quantities(browser: httpx.AsyncClient) -> set[str]:
    card = (await browser.get("/homes/1")).json()
    return {reading["quantity"] for reading in card["readings"]}


async def test_the_card_says_why_a_place_is_empty(yellow: Site) -> None:
    operator = await yellow.signed_in("operator")
    assert await quantities(operator) == {"heart_rate", "motion"}
    answer = await say(operator)
    assert answer.status_code == 201, answer.text
    vitals = next(one for one in answer.json()["purposes"] if one["purpose"] == "vitals")
    assert (vitals["allowed"], vitals["readers"]) == (False, ["admin", "caseworker", "operator"])

    card = (await operator.get("/homes/1")).json()
    assert [reading["quantity"] for reading in card["readings"]] == ["motion"]
    assert card["withheld"] == [{"purpose": "vitals", "since": "2026-11-20T11:00:00Z"}]


async def test_what_does_not_count_is_refused_with_what_is_missing(yellow: Site) -> None:
    operator = await yellow.signed_in("operator")
    answer = await say(operator, decision="given", by="guardian", by_name="儿子")
    assert (answer.status_code, answer.json()["code"]) == (422, "does_not_count")
    assert "authority" in answer.json()["detail"]
    assert (await operator.get("/residents/1/consents")).json()["purposes"][1]["allowed"] is True


async def test_a_family_without_sharing_sees_a_home_no_more(yellow: Site) -> None:
    family, operator = await yellow.signed_in("family"), await yellow.signed_in("operator")
    assert (await family.get("/homes/1")).status_code == 200
    assert (await say(operator, purpose="family_sharing")).status_code == 201
    assert (await family.get("/homes/1")).status_code == 404
    later = NOON.isoformat()
    given = {"decision": "given", "how": "paper", "text_version": "1", "at": later}
    assert (await say(operator, purpose="family_sharing", **given)).status_code == 201
    assert (await family.get("/homes/1")).status_code == 200


async def test_only_who_keeps_consents_sees_them_and_only_of_their_own(yellow: Site) -> None:
    for username, status in (("operator", 200), ("caseworker", 200), ("family", 403), ("stranger", 404)):
        browser = await yellow.signed_in(username)
        assert (await browser.get("/residents/1/consents")).status_code == status, username


async def test_whoever_breaks_the_glass_reads_on_and_is_reviewed_by_another(
    yellow: Site, conn: Connection
) -> None:
    incident = await raise_alarm(conn, yellow)
    operator = await yellow.signed_in("operator")
    await say(operator)
    caseworker = await yellow.signed_in("caseworker")
    answer = await caseworker.post(f"/incidents/{incident}/emergency-access", json={"reason": "unconscious"})
    assert answer.status_code == 201, answer.text
    assert await quantities(caseworker) == {"heart_rate", "motion"}
    assert await quantities(operator) == {"motion"}, "only who broke it"

    admin = await yellow.signed_in("admin")
    (waiting,) = (await admin.get("/emergency-access")).json()["items"]
    assert (waiting["reason"], waiting["incident_id"]) == ("unconscious", incident)
    review = f"/emergency-access/{waiting['id']}/review"
    assert (await admin.post(review, json={"justified": True})).status_code == 204
    assert (await admin.get("/emergency-access", params={"reviewed": False})).json()["items"] == []
    (reviewed,) = (await admin.get("/emergency-access")).json()["items"]
    assert (reviewed["justified"], reviewed["overdue"]) == (True, False), "it stays to be seen"
    assert (await admin.post(review, json={"justified": False})).json()["code"] == "already_reviewed"

    yellow.clock.turn(timedelta(hours=1))
    caseworker = await yellow.signed_in("caseworker")
    assert await quantities(caseworker) == {"motion"}, "it ends by itself"


async def test_who_stands_before_a_door_that_is_not_theirs_sees_that_home_for_the_emergency(
    site: Site, conn: Connection
) -> None:
    """A responder is sent to a home that is not assigned to them: that one opens, and no other."""
    incident = await raise_alarm(conn, site, home="green")
    foreign = await raise_alarm(conn, site, home="foreign")
    responder = await site.signed_in("responder")
    why = {"reason": "sent there, nobody answers"}
    assert (await responder.get(f"/homes/{site.town.green}")).status_code == 404
    opened = await responder.post(f"/incidents/{incident}/emergency-access", json=why)
    assert opened.status_code == 201, opened.text
    card = (await responder.get(f"/homes/{site.town.green}")).json()
    assert (card["opened"], card["resident"]["phone"]) == (True, "+8613800000001")
    assert card["resident"]["notes"] == "hard of hearing"
    assert (await responder.get(f"/homes/{site.town.yellow}")).status_code == 404
    assert (await responder.post(f"/incidents/{foreign}/emergency-access", json=why)).status_code == 404
    rows = await conn.execute(
        "select purpose, homes from audit_entry where action = 'readHome' and status = 200"
    )
    assert [(row["purpose"], row["homes"]) for row in await rows.fetchall()] == [
        ("emergency", [site.town.green])
    ]
    site.clock.turn(timedelta(hours=1))
    responder = await site.signed_in("responder")
    assert (await responder.get(f"/homes/{site.town.green}")).status_code == 404


async def test_a_token_gets_nothing_from_what_its_maker_has_broken(yellow: Site, conn: Connection) -> None:
    incident = await raise_alarm(conn, yellow)
    admin = await yellow.signed_in("admin")
    await say(admin)
    drawn = await admin.post("/tokens", json={"name": "portal", "permissions": ["read_home"]})
    opened = await admin.post(f"/incidents/{incident}/emergency-access", json={"reason": "unconscious"})
    assert opened.status_code == 201
    service = yellow.browser()
    service.headers["Authorization"] = f"Bearer {drawn.json()['token']}"
    assert await quantities(admin) == {"heart_rate", "motion"}
    assert await quantities(service) == {"motion"}


async def test_nobody_reviews_themselves_and_no_closed_incident_is_an_emergency(
    yellow: Site, conn: Connection
) -> None:
    incident = await raise_alarm(conn, yellow)
    admin = await yellow.signed_in("admin")
    why = {"reason": "unconscious"}
    opened = (await admin.post(f"/incidents/{incident}/emergency-access", json=why)).json()
    own = await admin.post(f"/emergency-access/{opened['id']}/review", json={"justified": True})
    assert own.json()["code"] == "own_access"
    assert len((await admin.get("/emergency-access")).json()["items"]) == 1

    await conn.execute("update incident set closed_at = now()")
    await conn.commit()
    answer = await admin.post(f"/incidents/{incident}/emergency-access", json=why)
    assert answer.json()["code"] == "incident_closed"
    family = await yellow.signed_in("family")
    assert (await family.post(f"/incidents/{incident}/emergency-access", json=why)).status_code == 403
