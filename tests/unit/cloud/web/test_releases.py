"""A release over HTTP, and its way through the rings, in a real database."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from psycopg.types.json import Jsonb

from cloud.db import Connection
from cloud.releases import store
from cloud.releases.store import CHUNK, ReleaseError
from firmware_protocols.wire.release import File, Release
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON

NAME = "anban-2.0.0-py3-none-any.whl"
CONTENT = bytes(range(251)) * 2_500
PIECES = [CONTENT[at : at + CHUNK] for at in range(0, len(CONTENT), CHUNK)]
RELEASE = Release("2.0.0", 7, (File(NAME, len(CONTENT), "0" * 64),))


async def added(conn: Connection, release: Release = RELEASE) -> None:
    async with conn.transaction():
        await store.add(conn, release, b"{}", b"s", files=[(NAME, PIECES)], now=NOON)
    await conn.commit()


async def started(conn: Connection, site: Site) -> list[str]:
    """The release goes out to the first two gateways of the town; all gateways."""
    await added(conn)
    gateways = [
        row["id"] for row in await (await conn.execute("select id from gateway order by id")).fetchall()
    ]
    async with conn.transaction():
        await conn.execute("update gateway set online = true, revoked_at = null")
        await store.start(conn, "2.0.0", NOON, pilots=gateways[:2], shares=[1.0], soak=timedelta(hours=1))
    await conn.commit()
    return gateways


async def told(conn: Connection) -> list[str]:
    found = await conn.execute("select gateway_id from command where name = 'update' and due_at is not null")
    return sorted(row["gateway_id"] for row in await found.fetchall())


async def looked(conn: Connection, after: timedelta) -> None:
    now = NOON + after
    for release in await store.due(conn, now, [], 9):
        assert await store.look_after(conn, release, now)


async def report(conn: Connection, gateway: str, runs: str, state: str) -> None:
    said = {"version": runs, "update": {"version": "2.0.0", "state": state}}
    await conn.execute("update gateway set state = %s where id = %s", (Jsonb(said), gateway))


async def row(conn: Connection) -> dict[str, object]:
    (found,) = await store.listed(conn)
    return found


@pytest.mark.parametrize("first", [0, 1, CHUNK - 1, CHUNK, CHUNK + 7, len(CONTENT) - 1])
async def test_a_file_is_handed_out_from_any_byte_on(conn: Connection, site: Site, first: int) -> None:
    await started(conn, site)
    browser = site.browser()
    headers = {"Range": f"bytes={first}-"} if first else {}
    answer = await browser.get(f"/releases/2.0.0/{NAME}", headers=headers)
    assert answer.status_code == (206 if first else 200)
    assert answer.content == CONTENT[first:]
    assert int(answer.headers["content-length"]) == len(CONTENT) - first


async def test_nothing_is_handed_out_of_a_release_that_does_not_go_out(conn: Connection, site: Site) -> None:
    browser, path = site.browser(), f"/releases/2.0.0/{NAME}"
    await added(conn)
    assert (await browser.get(path)).status_code == 404
    async with conn.transaction():
        await store.start(conn, "2.0.0", NOON)
    await conn.commit()
    assert (await browser.get(path)).status_code == 200
    assert (await browser.get(f"/releases/2.0.0/{NAME[:-4]}x.whl")).status_code == 404
    assert (await browser.get("/releases/2.0.0/..%2fx.whl")).status_code in {404, 422}
    assert (await browser.get(path, headers={"Range": f"bytes={len(CONTENT)}-"})).status_code == 416
    async with conn.transaction():
        await store.stop(conn, "2.0.0", withdraw=True)
    await conn.commit()
    assert (await browser.get(path)).status_code == 404
    assert (await (await conn.execute("select from release_chunk")).fetchone()) is None


async def test_the_pilots_come_first_and_the_others_when_they_are_well(conn: Connection, site: Site) -> None:
    gateways = await started(conn, site)
    await looked(conn, timedelta(0))
    await looked(conn, timedelta(minutes=1))
    assert await told(conn) == gateways[:2]
    for gateway in gateways[:2]:
        await report(conn, gateway, "2.0.0", "kept")
    await looked(conn, timedelta(minutes=59))
    assert await told(conn) == gateways[:2]
    await looked(conn, timedelta(hours=1))
    assert await told(conn) == gateways
    assert (await row(conn))["ring"] == 1


async def test_a_release_that_gateways_take_back_pauses_and_says_so(conn: Connection, site: Site) -> None:
    gateways = await started(conn, site)
    await looked(conn, timedelta(0))
    await report(conn, gateways[0], "2.0.0", "kept")
    await report(conn, gateways[1], "1.0.0", "back")
    await looked(conn, timedelta(minutes=1))
    assert await told(conn) == [], "what is on the way is withdrawn"
    found = await row(conn)
    assert (found["state"], found["note"]) == ("paused", "1 of 2 gateways that tried it went back")
    assert await store.due(conn, NOON + timedelta(days=9), [], 9) == []


async def test_a_version_or_serial_is_never_given_twice_and_one_release_goes_out_at_a_time(
    conn: Connection, site: Site
) -> None:
    await started(conn, site)
    with pytest.raises(ReleaseError, match=r"2\.0\.0 was added before"):
        await added(conn)
    with pytest.raises(ReleaseError, match="serial 7 must be above 7"):
        await added(conn, Release("2.1.0", 7, ()))
    await added(conn, Release("2.1.0", 8, ()))
    with pytest.raises(ReleaseError, match=r"2\.0\.0 is going out"):
        await store.start(conn, "2.1.0", NOON)
    with pytest.raises(psycopg.errors.UniqueViolation):
        await conn.execute("update release set state = 'running'")
