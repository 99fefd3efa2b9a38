"""What watches a process: who may read the metrics, and how things stand in the database."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from cloud.db import Connection, Pool, open_pool
from cloud.settings import ConfigError, Operations, parse
from cloud.standing import QUESTIONS, Standing
from cloud.watch import allowed, create_app
from tests.unit.cloud.town import NOON, Town

TOKEN = "a-token-for-the-scraper-0123456789"
INSIDE = Operations(metrics_from=("10.1.0.0/16", "::1/128"))
WITH_TOKEN = Operations(metrics_from=(), metrics_token=TOKEN)


@pytest.mark.parametrize(
    ("operations", "address", "header", "may"),
    [
        (INSIDE, "10.1.2.3", "", True),
        (INSIDE, "::1", "", True),
        (INSIDE, "10.2.0.1", "", False),
        (INSIDE, "no address", "", False),
        (INSIDE, "", "", False),
        (INSIDE, "10.2.0.1", "Bearer ", False),
        (WITH_TOKEN, "192.0.2.9", f"Bearer {TOKEN}", True),
        (WITH_TOKEN, "192.0.2.9", f"bearer {TOKEN}", True),
        (WITH_TOKEN, "192.0.2.9", f"Bearer {TOKEN}x", False),
        (WITH_TOKEN, "192.0.2.9", TOKEN, False),
        (WITH_TOKEN, "127.0.0.1", "Bearer 向", False),
    ],
)
def test_metrics_are_for_configured_networks_or_the_token(
    operations: Operations, address: str, header: str, may: bool
) -> None:
    assert allowed(operations, address, header) is may


@pytest.mark.parametrize(
    "wrong",
    [
        {"listen": "9464"},
        {"listen": "127.0.0.1:99999"},
        {"metrics_from": ["10.1.2.3/8"]},
        {"metrics_token": "x"},
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        parse({"operations": wrong})


async def _well() -> str:
    return ""


@pytest.fixture
async def watcher(pool: Pool, town: Town) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody inside who watches a worker over the founded town."""
    app = create_app(INSIDE, pool, {"database": _well}, Standing(pool, lambda: NOON))
    transport = httpx.ASGITransport(app, client=("10.1.2.3", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://anban.test") as client:
        yield client


async def test_how_things_stand_is_told_in_numbers(watcher: httpx.AsyncClient, conn: Connection) -> None:
    await conn.execute(
        "insert into incident (tenant_id, home_id, kind, family, priority, state, state_since, observed_at,"
        " opened_at, due_at) select tenant_id, id, 'gas', 'hazard', 1, 'NEW', %(at)s, %(at)s, %(at)s, %(at)s"
        " from home order by id limit 1",
        {"at": NOON - timedelta(seconds=90)},
    )
    await conn.execute(
        "insert into backup_run (name, started_at, finished_at, bytes) values ('x', %(at)s, %(at)s, 1)",
        {"at": NOON - timedelta(hours=2)},
    )
    await conn.commit()
    text = (await watcher.get("/metrics")).text
    assert 'anban_incidents_open{priority="1"} 1.0' in text
    assert 'anban_incidents_open{priority="2"} 0.0' in text
    assert 'anban_incidents_oldest_seconds{priority="1"} 90.0' in text
    assert "anban_incidents_unanswered_seconds 90.0" in text
    assert 'anban_overdue_seconds{queue="timers"} 90.0' in text
    assert 'anban_overdue_seconds{queue="messages"} 0.0' in text
    assert "anban_backup_age_seconds 7200.0" in text
    assert "anban_standing_answered 1.0" in text
    assert "anban_database_pool_connections" in text


@pytest.mark.parametrize(
    ("leases", "unheard", "held"),
    [
        ([], 3, 0),
        ([(0, 127, "a", 60), (128, 255, "b", 60)], 0, 2),
        ([(0, 127, "a", -1), (128, 255, "b", 60)], 3, 1),
        ([(0, 127, None, None), (128, 255, "b", 60)], 3, 1),
        ([(2, 255, "a", 60)], 3, 1),
        ([(1, 1, "a", 60), (2, 255, None, None)], 0, 1),
    ],
    ids=[
        "none was ever started",
        "all is held",
        "one ran out",
        "one was given up",
        "not told of it",
        "hers is held",
    ],
)
async def test_whoever_has_a_shard_that_no_living_ingest_holds_is_unheard(
    watcher: httpx.AsyncClient,
    conn: Connection,
    leases: list[tuple[int, int, str | None, int | None]],
    unheard: int,
    held: int,
) -> None:
    """All three gateways of the town have shard 1."""
    for lease in leases:
        await conn.execute(
            "insert into ingest_lease (first_shard, last_shard, owner, expires_at)"
            " values (%s, %s, %s, clock_timestamp() + make_interval(secs => %s))",
            lease,
        )
    await conn.commit()
    text = (await watcher.get("/metrics")).text
    assert f"anban_gateways_unheard {unheard:.1f}" in text
    assert f'anban_ingest_ranges{{state="held"}} {held:.1f}' in text
    assert f'anban_ingest_ranges{{state="free"}} {len(leases) - held:.1f}' in text


async def test_every_question_has_an_answer(watcher: httpx.AsyncClient) -> None:
    text = (await watcher.get("/metrics")).text
    unanswered = [
        one.metric for one in QUESTIONS if not re.search(rf"^{one.metric}[{{ ]", text, re.MULTILINE)
    ]
    assert unanswered == ["anban_backup_age_seconds"], "only what never was has no number"


async def test_without_the_database_metrics_still_come_and_say_so() -> None:
    async with open_pool("host=127.0.0.1 port=1 dbname=none", wait_s=1) as away:
        app = create_app(INSIDE, away, {}, Standing(away, lambda: NOON))
        transport = httpx.ASGITransport(app, client=("10.1.2.3", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://anban.test") as client:
            text = (await client.get("/metrics", timeout=60)).text
    assert "anban_standing_answered 0.0" in text
    assert "anban_incidents_open" not in text, "no number is better than an old one"
    assert "anban_ingest_commit_seconds_count" in text


async def test_ten_scrapers_ask_the_database_once(pool: Pool) -> None:
    asked = 0

    def clock():  # type: ignore[no-untyped-def]
        nonlocal asked
        asked += 1
        return NOON

    standing = Standing(pool, clock)
    await asyncio.gather(*(standing.families() for _ in range(10)))
    assert asked == len(QUESTIONS)


async def test_readiness_names_what_is_wrong_and_health_does_not_care(pool: Pool) -> None:
    async def broken() -> str:
        return "stand still: timers"

    app = create_app(INSIDE, pool, {"database": _well, "loops": broken})
    transport = httpx.ASGITransport(app, client=("192.0.2.1", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://anban.test") as client:
        assert (await client.get("/health")).status_code == 200
        answer = await client.get("/ready")
        assert (answer.status_code, answer.json()["detail"]) == (503, "loops stand still: timers")
        assert (await client.get("/metrics")).status_code == 403
