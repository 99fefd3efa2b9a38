"""Long lists page by page, and many commands in one request."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from cloud.cursors import MAX_LIMIT
from cloud.db import Connection
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.web.test_incidents import raise_alarm


async def numbers(browser: httpx.AsyncClient, **asked: Any) -> list[int]:
    """All incidents, page by page, in the order they come."""
    found: list[int] = []
    cursor: str | None = None
    while True:
        params = asked | ({"cursor": cursor} if cursor else {})
        answer = await browser.get("/incidents", params=params)
        assert answer.status_code == 200, answer.text
        found += [item["id"] for item in answer.json()["items"]]
        cursor = answer.json()["next"]
        if cursor is None:
            return found


async def test_history_is_read_page_by_page_newest_first(site: Site, conn: Connection) -> None:
    browser = await site.signed_in("operator")
    opened = [await _closed(browser, conn, site) for _ in range(5)]
    await raise_alarm(conn, site, "foreign")
    assert await numbers(browser, limit=2) == opened[::-1]
    assert await numbers(browser) == opened[::-1]


async def test_a_page_neither_repeats_nor_skips_when_incidents_are_opened_meanwhile(
    site: Site, conn: Connection
) -> None:
    browser = await site.signed_in("operator")
    opened = [await _closed(browser, conn, site) for _ in range(4)]
    first = (await browser.get("/incidents", params={"limit": 2})).json()
    await _closed(browser, conn, site)
    second = (await browser.get("/incidents", params={"limit": 2, "cursor": first["next"]})).json()
    assert [item["id"] for item in first["items"] + second["items"]] == opened[::-1]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"open": True}, 1),
        ({"open": False}, 1),
        ({"outcome": "C1"}, 1),
        ({"state": "raised"}, 1),
        ({"kind": "sos"}, 2),
        ({"kind": "fall"}, 0),
        ({"priority": 1}, 2),
        ({"home_id": 1}, 2),
        ({"home_id": 2}, 0),
        ({"opened_from": "2026-11-20T12:00:00Z"}, 2),
        ({"opened_before": "2026-11-20T12:00:00Z"}, 0),
        ({"opened_before": "2026-11-20T20:00:01+08:00"}, 2),
    ],
)
async def test_filters_narrow_the_history(
    site: Site, conn: Connection, asked: dict[str, Any], found: int
) -> None:
    browser = await site.signed_in("operator")
    await _closed(browser, conn, site)
    await raise_alarm(conn, site)
    assert len(await numbers(browser, **asked)) == found


async def test_a_cursor_serves_only_the_list_the_filters_and_the_reader_it_was_made_for(
    site: Site, conn: Connection
) -> None:
    operator, caseworker = await site.signed_in("operator"), await site.signed_in("caseworker")
    for _ in range(2):
        await _closed(operator, conn, site)
    cursor = (await operator.get("/incidents", params={"limit": 1})).json()["next"]
    for browser, asked in ((operator, {"open": False}), (caseworker, {})):
        answer = await browser.get("/incidents", params={"cursor": cursor} | asked)
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "äöü", "AAAA", "%00", base64.urlsafe_b64encode(b"0" * 12 + b'["2026",1]').decode(),
     base64.urlsafe_b64encode(b"0" * 12 + b'["2026-11-20T12:00:00Z",1]').decode(), "A" * 257],
)  # fmt: skip
async def test_a_damaged_cursor_is_refused(site: Site, cursor: str) -> None:
    browser = await site.signed_in("operator")
    assert (await browser.get("/incidents", params={"cursor": cursor})).status_code == 422


@pytest.mark.parametrize(
    "asked",
    [{"limit": 0}, {"limit": MAX_LIMIT + 1}, {"limit": "x"}, {"state": "sleeping"},
     {"opened_from": "2026-11-20"}, {"home_id": 2**31}, {"unknown": 1}],
)  # fmt: skip
async def test_a_filter_that_cannot_be_is_refused(site: Site, asked: dict[str, Any]) -> None:
    browser = await site.signed_in("operator")
    assert (await browser.get("/incidents", params=asked)).status_code == 422


async def test_each_of_many_commands_is_answered_for_itself(site: Site, conn: Connection) -> None:
    browser = await site.signed_in("operator")
    yellow, green = await raise_alarm(conn, site, "yellow"), await raise_alarm(conn, site, "green")
    foreign = await raise_alarm(conn, site, "foreign")
    answer = await browser.post("/incidents/actions", json={"actions": [
        {"action": "ack", "incident_id": yellow, "version": 1},
        {"action": "ack", "incident_id": yellow, "version": 1},
        {"action": "arrive", "incident_id": green, "version": 1},
        {"action": "ack", "incident_id": foreign, "version": 1},
        {"action": "note", "incident_id": green, "version": 1, "note": "called"},
    ]})  # fmt: skip
    assert answer.status_code == 200
    said = answer.json()["answers"]
    assert [(each["status"], (each["problem"] or {}).get("code")) for each in said] == [
        (200, None), (409, "conflict"), (409, "not_in_state"), (404, "not_found"), (200, None)
    ]  # fmt: skip
    assert said[0]["incident"]["state"] == "acked"
    assert said[1]["problem"]["current"] == said[0]["incident"]


async def test_many_commands_repeated_with_their_key_are_done_once(site: Site, conn: Connection) -> None:
    browser = await site.signed_in("operator")
    incident = await raise_alarm(conn, site)
    both = [
        {"action": "note", "incident_id": incident, "version": version, "note": "x"} for version in (1, 2)
    ]
    browser.headers["Idempotency-Key"] = "k-1"
    cut_off = await browser.post("/incidents/actions", json={"actions": both[:1]})
    whole = await browser.post("/incidents/actions", json={"actions": both})
    again = await browser.post("/incidents/actions", json={"actions": both})
    assert whole.json()["answers"][0] == cut_off.json()["answers"][0]
    assert again.json() == whole.json()
    assert [each["status"] for each in whole.json()["answers"]] == [200, 200]
    timeline = (await browser.get(f"/incidents/{incident}")).json()["timeline"]
    assert [step["trigger"] for step in timeline].count("note") == 2


async def test_a_repeat_shows_no_item_of_a_home_that_was_taken_away_meanwhile(
    site: Site, conn: Connection
) -> None:
    browser = await site.signed_in("caseworker")
    incident = await raise_alarm(conn, site)
    browser.headers["Idempotency-Key"] = "k-1"
    actions = {"actions": [{"incident_id": incident, "action": "ack", "version": 1}]}
    first = await browser.post("/incidents/actions", json=actions)
    assert [one["status"] for one in first.json()["answers"]] == [200]
    await conn.execute("delete from staff_home where staff_id = %s", [site.town.staff["caseworker"]])
    await conn.commit()
    again = (await browser.post("/incidents/actions", json=actions)).json()["answers"]
    assert [
        (one["status"], one["problem"]["code"], "incident" in one and one["incident"]) for one in again
    ] == [(422, "key_reused", None)]


@pytest.mark.parametrize(
    "actions",
    [
        [],
        [{"action": "ack", "incident_id": 1, "version": 1}] * 101,
        [{"action": "sing", "incident_id": 1, "version": 1}],
        [{"action": "close", "incident_id": 1, "version": 1}],
        [{"action": "ack", "incident_id": 0, "version": 1}],
        [{"action": "ack", "incident_id": 1, "version": 1, "note": "not part of it"}],
    ],
)
async def test_a_malformed_list_of_commands_is_refused_whole(site: Site, actions: list[Any]) -> None:
    browser = await site.signed_in("operator")
    answer = await browser.post("/incidents/actions", content=json.dumps({"actions": actions}),
                                headers={"Content-Type": "application/json"})  # fmt: skip
    assert answer.status_code == 422


async def _closed(browser: httpx.AsyncClient, conn: Connection, site: Site) -> int:
    """An incident that came and went."""
    incident = await raise_alarm(conn, site)
    acted = await browser.post(f"/incidents/{incident}/ack", json={"version": 1})
    body = {"version": acted.json()["version"], "outcome": "C1"}
    assert (await browser.post(f"/incidents/{incident}/close", json=body)).status_code == 200
    return incident
