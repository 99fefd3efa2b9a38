"""Whoever asked not to be told is not told, and nobody falls silent without the centre's knowing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from cloud import notify
from cloud.db import Connection, Pool
from cloud.incidents.store import attach_or_open
from cloud.ingest.model import StoredAlarm
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, GatewayId
from tests.scenario.clockwork import clockwork
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON

NOBODY_THERE = "json://127.0.0.1:1/daughter"
NEIGHBOUR = "json://127.0.0.1:1/neighbour"
DUTY = "json://127.0.0.1:1/duty"
DAY_H = 24


@dataclass(frozen=True)
class Home:
    """The yellow home: its daughter follows it, and stands in its care circle by the same name."""

    site: Site
    conn: Connection
    pool: Pool
    daughter: httpx.AsyncClient

    @classmethod
    async def of(cls, site: Site, conn: Connection, pool: Pool) -> Home:
        home, daughter = site.town.yellow, await site.signed_in("family")
        who = (await daughter.get("/session")).json()["name"]
        await conn.execute("delete from contact where home_id = %s", [home])
        await conn.execute(
            "insert into contact (home_id, rank, name, relation, has_key, channels) values"
            " (%s, 1, %s, 'family', true, %s), (%s, 2, '吴嫂', 'neighbour', true, %s)",
            [home, who, [NOBODY_THERE], home, [NEIGHBOUR]],
        )
        await conn.execute("update tenant set duty_channels = %s", [[DUTY]])
        await conn.commit()
        return cls(site, conn, pool, daughter)

    async def hush(self, *kinds: str) -> dict[str, Any]:
        asked = {"kinds": list(kinds), "reason": "night shifts", "hours": DAY_H}
        answer = await self.daughter.put(f"/family/homes/{self.site.town.yellow}/hush", json=asked)
        assert answer.status_code == 200, answer.text
        (said,) = answer.json()["hushes"]
        return dict(said)

    async def alarm(self, kind: AlarmKind, at: datetime = NOON, number: int = 1) -> None:
        town = self.site.town
        alarm = AlarmId(f"01JD{number:022d}")
        said = Alarm(alarm, kind, AlarmState.RAISED, DeviceId("pendant"), at)
        stored = StoredAlarm(said, town.hecheng, town.yellow, GatewayId("gw-yellow"), 1, "bathroom", at)
        await attach_or_open(self.conn, stored, at)
        await self.conn.execute(
            "update incident set state = 'dispatching', due_at = null where state <> 'closed'"
        )
        await self.conn.execute(
            "insert into escalation (incident_id, due_at) select id, %s from incident"
            " on conflict (incident_id) do update set due_at = excluded.due_at",
            [at],
        )
        await self.conn.commit()

    async def told(self, until: datetime) -> list[tuple[str, str]]:
        """To whom which message was queued by then, in order."""
        await clockwork(self.pool, NOON, notify.build({})).until(until)
        await self.conn.rollback()
        rows = await self.conn.execute(
            "select address, template, state from message where state <> 'withdrawn' order by id"
        )
        return [(row["address"].rpartition("/")[2], row["template"]) for row in await rows.fetchall()]


@pytest.fixture
async def home(site: Site, conn: Connection, pool: Pool) -> Home:
    return await Home.of(site, conn, pool)


async def test_whoever_asked_not_to_be_told_is_neither_told_nor_asked_and_the_next_is(home: Home) -> None:
    said = await home.hush()
    assert (said["in_circle"], said["alone"]) == (True, False)
    await home.alarm(AlarmKind.NOT_EATING)
    told = await home.told(NOON + timedelta(minutes=1))
    assert ("neighbour", "ask") in told
    assert "daughter" not in {who for who, _ in told}


async def test_of_a_life_everybody_hears(home: Home) -> None:
    await home.hush()
    await home.alarm(AlarmKind.SOS)
    assert ("daughter", "ask") in await home.told(NOON + timedelta(seconds=1))


async def test_of_another_kind_they_still_hear_and_after_the_end_of_all(home: Home) -> None:
    await home.hush("not_eating")
    await home.alarm(AlarmKind.NOT_EATING)
    await home.alarm(AlarmKind.BATTERY_LOW, number=2)
    rows = await home.conn.execute(
        "select kind, is_hushed(i.id, c.id, null, %s) as now, is_hushed(i.id, c.id, null, %s) as later"
        " from incident i join contact c on c.relation = 'family' order by i.id",
        [NOON, NOON + timedelta(hours=DAY_H)],
    )
    found = {row["kind"]: (row["now"], row["later"]) for row in await rows.fetchall()}
    assert found == {"not_eating": (True, False), "battery_low": (False, False)}


async def test_what_waits_already_is_withdrawn(home: Home) -> None:
    await home.alarm(AlarmKind.NOT_EATING)
    await home.conn.execute(
        "insert into message (incident_id, step, channel, address, locale, template, due_at, created_at)"
        " select id, 1, 'json', %s, 'zh-Hans', 'raised', %s, %s from incident",
        [NOBODY_THERE, NOON + timedelta(hours=8), NOON],
    )
    await home.conn.commit()
    await home.hush()
    rows = await home.conn.execute("select state, detail from receipt")
    assert [(row["state"], row["detail"]) for row in await rows.fetchall()] == [("withdrawn", "hushed")]


async def test_when_nobody_is_left_to_tell_the_centre_hears_at_once(home: Home) -> None:
    await home.conn.execute("update contact set retired_at = %s where relation = 'neighbour'", [NOON])
    await home.conn.commit()
    assert (await home.hush())["alone"]
    assert await home.told(NOON) == [("duty", "alone")]


async def test_when_nobody_is_left_to_tell_of_one_kind_the_centre_hears_too(home: Home) -> None:
    await home.conn.execute(
        "insert into hush (staff_id, home_id, contacts, kinds, reason, since, until)"
        " select s.id, c.home_id, array[c.id], '{not_eating}', 'at sea', %s, %s"
        " from contact c, staff s where c.name = '吴嫂' and c.home_id = %s order by s.id limit 1",
        [NOON, NOON + timedelta(days=1), home.site.town.yellow],
    )
    await home.conn.commit()
    assert not (await home.hush("routine"))["alone"]
    assert (await home.hush())["alone"]


async def test_whoever_was_asked_before_they_fell_silent_is_asked_again_when_it_is_about_a_life(
    home: Home,
) -> None:
    await home.alarm(AlarmKind.NOT_EATING)
    assert ("daughter", "ask") in await home.told(NOON)
    await home.hush()
    told = await home.told(NOON)
    assert (("daughter", "ask") in told, ("neighbour", "ask") in told) == (False, True)
    await home.conn.execute("update incident set priority = 1")
    await home.conn.execute("update escalation set due_at = %s", [NOON])
    await home.conn.commit()
    assert ("daughter", "ask") in await home.told(NOON)


async def test_it_is_asked_with_a_reason_and_an_end_and_ends_at_once(home: Home) -> None:
    path = f"/family/homes/{home.site.town.yellow}/hush"
    for wrong in ({"reason": "", "hours": 1}, {"reason": "x"}, {"reason": "x", "hours": 90 * 24 + 1}):
        assert (await home.daughter.put(path, json=wrong)).status_code == 422
    await home.hush()
    await home.hush("routine")
    assert len((await home.daughter.get("/family/hushes")).json()["hushes"]) == 1
    assert (await home.daughter.delete(path)).status_code == 204
    assert (await home.daughter.delete(path)).status_code == 404
    assert (await home.daughter.get("/family/hushes")).json() == {"hushes": []}
