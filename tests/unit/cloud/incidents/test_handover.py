"""One shift tells the next: written, read back, signed by both."""

from __future__ import annotations

from datetime import timedelta

from cloud.db import Connection
from cloud.incidents import handover
from firmware_protocols.model import AlarmKind
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON
from tests.unit.cloud.web.test_incidents import raise_alarm


async def test_a_shift_is_taken_by_somebody_else_who_has_read_what_is_open(
    site: Site, conn: Connection
) -> None:
    goes, comes = await site.signed_in("operator"), await site.signed_in("supervisor")
    incident = await raise_alarm(conn, site)
    given = await goes.post("/shift/handovers", json={"note": "坨院街道停电，供电所 21 点来"})
    assert given.status_code == 201, given.text
    number = given.json()["id"]
    take = f"/shift/handovers/{number}/take"
    own = await goes.post(take, json={"read": [incident]})
    assert (own.status_code, own.json()["code"]) == (409, "own_handover")
    unread = await comes.post(take, json={"read": []})
    assert (unread.status_code, unread.json()["code"]) == (409, "not_read_back")
    waiting = (await comes.get("/shift")).json()
    assert [one["id"] for one in waiting["open"]] == [incident]
    taken = (await comes.post(take, json={"read": [incident]})).json()
    assert (taken["given_by"], taken["taken_by"]) == ("operator 某", "supervisor 某")
    after = (await goes.get("/shift")).json()
    assert after["waiting"] is None
    assert [one["id"] for one in after["past"]] == [number]
    assert (await comes.post(take, json={"read": [incident]})).status_code == 404


async def test_what_was_closed_meanwhile_need_not_be_read_back(site: Site, conn: Connection) -> None:
    goes, comes = await site.signed_in("operator"), await site.signed_in("supervisor")
    incident = await raise_alarm(conn, site)
    number = (await goes.post("/shift/handovers", json={"note": ""})).json()["id"]
    await goes.post(f"/incidents/{incident}/ack", json={"version": 1})
    await goes.post(f"/incidents/{incident}/close", json={"version": 2, "outcome": "C1"})
    assert (await comes.post(f"/shift/handovers/{number}/take", json={"read": []})).status_code == 200


async def test_a_second_one_takes_the_place_of_the_first(site: Site) -> None:
    goes = await site.signed_in("operator")
    first = (await goes.post("/shift/handovers", json={"note": "one"})).json()
    second = (await goes.post("/shift/handovers", json={"note": "two"})).json()
    shift = (await goes.get("/shift")).json()
    assert shift["waiting"]["id"] == second["id"]
    assert shift["past"][0]["id"] == first["id"]
    assert shift["past"][0]["withdrawn_at"] is not None


async def test_old_words_are_forgotten(site: Site, conn: Connection) -> None:
    goes = await site.signed_in("operator")
    await goes.post("/shift/handovers", json={"note": "one"})
    await handover.forget(conn, NOON + handover.KEPT)
    await conn.commit()
    assert (await goes.get("/shift")).json()["waiting"] is not None
    await handover.forget(conn, NOON + handover.KEPT + timedelta(seconds=1))
    await conn.commit()
    assert (await goes.get("/shift")).json()["waiting"] is None


async def test_the_worklist_holds_what_equipment_needs_and_no_fall(site: Site, conn: Connection) -> None:
    await raise_alarm(conn, site, "yellow", AlarmKind.BATTERY_LOW)
    await raise_alarm(conn, site, "green", AlarmKind.FALL)
    await conn.execute("update gateway set online = false where id = 'gw-green'")
    await conn.execute("update device set last_at = null where gateway_id = 'gw-foreign'")
    await conn.execute("update device set last_at = null where gateway_id = 'gw-green'")
    await conn.commit()
    operator = await site.signed_in("operator")
    work = (await operator.get("/devices/worklist")).json()
    assert {(one["problem"], one["resident"]) for one in work["items"]} == {
        ("battery_low", "向秀英"), ("gateway_away", "杨再兴"), ("never_heard", "杨再兴"),
    }  # fmt: skip
    assert work["total"] == 3
    only = (await operator.get("/devices/worklist", params={"problem": "gateway_away"})).json()
    assert [one["device"] for one in only["items"]] == ["gw-green"]
