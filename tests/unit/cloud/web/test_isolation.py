"""Every operation, asked by each role of one tenant with the ids of another: nothing gets out."""

from __future__ import annotations

from typing import Any, Final

import pytest

from cloud import stream
from cloud.auth import Role
from cloud.db import Connection
from tests.sql.intruder import MARKS
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.web.test_incidents import raise_alarm

METHODS: Final = ("get", "post", "put", "delete")
LEAVES: Final = frozenset({"signOut", "signIn"})
"""Operations that would end the browser's own session."""
ROLES: Final = tuple(role for role in Role if role not in {Role.ADMIN, Role.SERVICE})
"""An administrator's ways are attacked in the tests of the register; a service has no password."""


async def test_no_role_reaches_what_is_foreign(
    site: Site, conn: Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stream, "LIFE_S", 0.0)
    incident = await raise_alarm(conn, site, home="foreign")
    ids = {
        "incident_id": incident,
        "home_id": site.town.foreign,
        "gateway_id": "gw-foreign",
        "code": "zhongfang",
    }
    before, attempts = await _foreign(conn, site), 0
    for role in ROLES:
        browser = await site.signed_in(role.value)
        for path, methods in site.app.openapi()["paths"].items():
            for method, described in methods.items():
                if method not in METHODS or described["operationId"] in LEAVES:
                    continue
                address = f"http://anban.test{path}".format_map(_Ids(ids, site.town.foreign))
                asked: dict[str, Any] = {"home_id": site.town.foreign, "after": 0} if method == "get" else {}
                body = None if method == "get" else {"version": 1, "home_id": site.town.foreign}
                answer = await browser.request(method, address, params=asked, json=body)
                attempts += 1
                assert not [mark for mark in MARKS if mark in answer.text], (role, method, path)
    with capsys.disabled():
        print(f"\nisolation: {attempts} requests by {len(ROLES)} roles, 0 got through")
    assert await _foreign(conn, site) == before


class _Ids(dict[str, Any]):
    """Whatever else has a number is asked for by the foreign home's."""

    def __init__(self, known: dict[str, Any], number: int) -> None:
        super().__init__(known)
        self._number = number

    def __missing__(self, name: str) -> int:
        return self._number


async def _foreign(conn: Connection, site: Site) -> list[dict[str, Any]]:
    rows = await conn.execute(
        "select h::text, i::text, (select count(*) from incident_event where incident_id = i.id) as steps"
        " from home h left join incident i on i.home_id = h.id where h.id = %s",
        [site.town.foreign],
    )
    found = await rows.fetchall()
    await conn.rollback()
    return found
