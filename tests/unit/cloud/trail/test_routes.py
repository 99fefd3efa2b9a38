"""No route shows a resident to a signed-in person without an entry in the audit trail that says whose it was.

Every operation of the contract is asked by an administrator. Whoever's answer holds a mark of a resident must
have left an entry with a purpose that names the home, or all homes.
"""

from __future__ import annotations

from typing import Any, Final

import httpx
import pytest

from cloud.db import Connection
from cloud.recorder import SILENT
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.web.test_access import APART
from tests.unit.cloud.web.test_incidents import raise_alarm

METHODS: Final = ("get", "post", "put", "patch", "delete")
MARKS: Final = ("向秀英", "+8613800000001", "+8613900000002", "yellow lane")
"""Of the resident of ``yellow``."""
BODIES: Final[dict[str, dict[str, Any]]] = {
    "triageIncident": {"version": 999},
    "callEmergencyService": {"version": 999, "service": "120"},
    "noteOnIncident": {"version": 999, "note": "x"},
    "closeIncident": {"version": 999, "outcome": "C1"},
    "recordConsent": {
        "purpose": "vitals",
        "decision": "withdrawn",
        "by": "self",
        "how": "voice",
        "at": "2026-11-20T11:00:00Z",
    },
    "breakGlass": {"reason": "fell, and no answer"},
    "reviewEmergencyAccess": {"justified": True},
}
"""What an operation needs; the version of the incident is never the current one, so nothing changes."""
WITHOUT_SESSION: Final = frozenset({"signIn", "enrolGateway", "renewGateway"})
"""Operations that nobody has to sign in for; they leave no entry here."""
LAST: Final = frozenset({"signOut"})


def _operations(site: Site) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation that asks for a session."""
    paths = site.app.openapi()["paths"]
    found = [
        (method, path, described)
        for path, methods in paths.items()
        for method, described in methods.items()
        if method in METHODS and described.get("security") and described["operationId"] not in WITHOUT_SESSION
    ]
    return sorted(found, key=lambda one: one[2]["operationId"] in LAST)


async def _asked(
    browser: httpx.AsyncClient, site: Site, one: tuple[str, str, dict[str, Any]], incident: int
) -> httpx.Response:
    method, path, described = one
    ids = {"incident_id": incident, "home_id": site.town.yellow, "claim_id": 7, "gateway_id": "gw-yellow"}
    body = BODIES.get(described["operationId"], {"version": 999}) if method != "get" else None
    address = f"http://anban.test{path}".format_map(_Ids(ids))
    site.clock.turn(APART)
    return await browser.request(
        method, address, json=body, params={"after": 999} if "stream" in path else None
    )


class _Ids(dict[str, Any]):
    """An id nobody named here is a number that does not exist."""

    def __missing__(self, name: str) -> int:
        return 999_999


async def _newest(conn: Connection) -> dict[str, Any]:
    row = await (await conn.execute("select * from audit_entry order by id desc limit 1")).fetchone()
    await conn.commit()
    return row or {"id": 0}


async def test_every_answer_about_a_resident_leaves_an_entry_that_says_whose(
    site: Site, conn: Connection
) -> None:
    incident = await raise_alarm(conn, site)
    browser = await site.signed_in("admin")
    shown = set()
    for one in _operations(site):
        name = one[2]["operationId"]
        before = (await _newest(conn))["id"]
        answer = await _asked(browser, site, one, incident)
        entry = await _newest(conn)
        if name in SILENT:
            continue
        assert entry["id"] > before, f"{name} left no entry"
        assert (entry["actor"], entry["action"]) == (f"staff:{site.town.staff['admin']}", name)
        if any(mark in answer.text for mark in MARKS):
            shown.add(name)
            assert entry["purpose"], f"{name} shows a resident and does not say what for: call api.saw()"
            assert entry["homes"] is None or site.town.yellow in entry["homes"], (
                f"{name} names the wrong homes"
            )
        assert not any(mark in str(entry) for mark in MARKS)
    assert shown >= {"readSnapshot", "readIncident", "readHome", "acknowledgeIncident", "closeIncident"}


@pytest.mark.parametrize("path", ["/figures", "/tenants", "/usage?since=2026-11-01&until=2026-11-20"])
async def test_numbers_are_of_no_home(site: Site, conn: Connection, path: str) -> None:
    browser = await site.signed_in("evaluator")
    assert (await browser.get(path)).status_code == 200
    entry = await _newest(conn)
    assert (entry["purpose"], entry["homes"]) == ("figures", []), "nobody looked at anybody"


async def test_a_change_is_in_the_trail_exactly_when_it_is_in_the_table(site: Site, conn: Connection) -> None:
    incident = await raise_alarm(conn, site)
    operator = await site.signed_in("operator")
    await conn.execute("alter table audit_entry add constraint broken check (action <> 'noteOnIncident')")
    await conn.commit()
    version = (await operator.get(f"/incidents/{incident}")).json()["incident"]["version"]
    refused = await operator.post(f"/incidents/{incident}/note", json={"version": version, "note": "x"})
    assert refused.status_code >= 500
    assert (await operator.get(f"/incidents/{incident}")).json()["incident"]["version"] == version


async def test_nobody_sees_a_resident_while_the_trail_cannot_be_written(site: Site, conn: Connection) -> None:
    operator = await site.signed_in("operator")
    await conn.execute("alter table audit_entry add constraint broken check (action <> 'readHome')")
    await conn.commit()
    answer = await operator.get(f"/homes/{site.town.yellow}")
    assert answer.status_code == 503
    assert "向秀英" not in answer.text


async def test_an_auditor_reads_the_trail_page_by_page_and_only_of_the_own_tenant(
    site: Site, conn: Connection
) -> None:
    admin, operator, stranger = [await site.signed_in(who) for who in ("auditor", "operator", "stranger")]
    for browser, home in (
        (operator, site.town.yellow),
        (operator, site.town.green),
        (stranger, site.town.foreign),
    ):
        assert (await browser.get(f"/homes/{home}")).status_code == 200
    asked: dict[str, Any] = {"actor": f"staff:{site.town.staff['operator']}", "limit": 1}
    first = (await admin.get("/audit", params=asked)).json()
    second = (await admin.get("/audit", params=asked | {"cursor": first["next"]})).json()
    assert [entry["homes"] for page in (first, second) for entry in page["items"]] == [
        [site.town.green],
        [site.town.yellow],
    ]
    assert first["items"][0] | {"id": 0} == {
        "id": 0,
        "at": "2026-11-20T12:00:00Z",
        "actor": asked["actor"],
        "action": "readHome",
        "purpose": "home card",
        "homes": [site.town.green],
        "about": f"home_id={site.town.green}",
        "status": 200,
        "origin": "192.0.2.1",
    }
    whole = (await admin.get("/audit", params={"limit": 200})).json()["items"]
    assert f"staff:{site.town.staff['stranger']}" not in {entry["actor"] for entry in whole}
    about_yellow = (await admin.get("/audit", params={"home_id": site.town.yellow})).json()["items"]
    assert [site.town.green] not in [entry["homes"] for entry in about_yellow]
    assert [site.town.yellow] in [entry["homes"] for entry in about_yellow]


@pytest.mark.parametrize("query", ["cursor=x", "limit=0", "limit=201", "actor=向", "home_id=-1"])
async def test_a_wrong_question_is_refused(site: Site, query: str) -> None:
    admin = await site.signed_in("auditor")
    assert (await admin.get(f"/audit?{query}")).status_code == 422
