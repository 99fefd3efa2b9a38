"""When a message waits, as a rule and on a database with a hand-turned clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from psycopg.types.json import Jsonb

from cloud.db import Pool, open_pool
from cloud.notify.courtesy import MOST, NEWS, USUAL, Held, Quiet, Why, chosen, hold
from tests.scenario.carriers import Carrier, Mood, carrier, notifiers
from tests.scenario.clockwork import Clockwork, clockwork
from tests.scenario.household import START, seed

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = datetime(2026, 1, 11, 3, 0, tzinfo=ZONE)
NOON = datetime(2026, 1, 11, 12, 0, tzinfo=ZONE)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.mark.parametrize("priority", [1, 2, 3])
@pytest.mark.parametrize("template", [*sorted(NEWS), "ask", "call_police"])
def test_nothing_that_is_urgent_waits_for_the_morning(priority: int, template: str) -> None:
    assert hold(template, priority, "sms", {}, NIGHT) is None


def test_news_that_can_wait_does_so_at_night_only() -> None:
    assert hold("raised", 4, "sms", {}, NIGHT) == Held(Why.QUIET, NIGHT.replace(hour=7))
    assert hold("raised", 4, "sms", {}, NOON) is None
    assert hold("ask", 4, "sms", {}, NIGHT) is None  # somebody decided to ask now


@pytest.mark.parametrize(
    ("local", "quiet", "ends"),
    [
        (time(20, 59), False, 12),
        (time(21), True, 12),
        (time(0), True, 11),
        (time(6, 59), True, 11),
        (time(7), False, 12),
    ],
)
def test_the_night_is_that_of_the_home(local: time, quiet: bool, ends: int) -> None:
    moment = datetime.combine(NOON.date(), local, ZONE)
    assert USUAL.holds(moment) == quiet
    assert USUAL.over(moment) == datetime(2026, 1, ends, 7, 0, tzinfo=ZONE)


def test_whoever_chose_hours_of_their_own_is_left_to_sleep_in_them() -> None:
    own = chosen({"quiet": ["13:00", "15:30"]})
    nap = NOON.replace(hour=14)
    assert own == Quiet(time(13), time(15, 30), 3)
    assert hold("raised", 3, "webpush", {}, nap, own) == Held(Why.QUIET, nap.replace(hour=15, minute=30))
    assert hold("raised", 4, "webpush", {}, NIGHT, own) is None
    assert hold("raised", 2, "webpush", {}, nap, own) is None
    assert chosen({}) == chosen({"quiet": None}) == USUAL


def test_what_is_not_urgent_leaves_most_of_the_day_s_texts_to_what_is() -> None:
    assert hold("raised", 4, "sms", {DAY: 9}, NOON) is None
    assert hold("raised", 4, "sms", {DAY: 10}, NOON) == Held(
        Why.BUDGET, datetime(2026, 1, 12, 7, 0, tzinfo=ZONE)
    )
    assert hold("raised", 3, "sms", {DAY: 30}, NOON) == Held(Why.BUDGET, None)
    assert hold("ask", 1, "sms", {DAY: 1_000}, NIGHT) is None  # the carrier may refuse it, not we


def test_a_telephone_that_has_just_been_called_is_reached_in_another_way() -> None:
    assert hold("ask", 3, "voice", {MINUTE: 1}, NOON) == Held(Why.BUDGET, None)
    assert hold("ask", 3, "json", {}, NOON) is None
    assert set(MOST) == {"sms", "voice"}


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database, size=4) as opened:
        yield opened


@pytest.fixture
def provider() -> Iterator[Carrier]:
    with carrier("aliyun", Mood.LYING) as served:
        yield served


@pytest.fixture
async def time_(pool: Pool, provider: Carrier) -> Clockwork:
    async with pool.connection() as conn:
        household = await seed(conn, [])
        for priority in (4, 3, 1):
            await conn.execute(
                "insert into incident (tenant_id, home_id, kind, family, priority, state, state_since,"
                " observed_at, opened_at, room)"
                " values (%s, %s, 'battery_low', %s, %s, 'raised', %s, %s, %s, '')",
                [household.tenant_id, household.home_id, f"f{priority}", priority, START, START, START],
            )
    return clockwork(pool, notifiers=notifiers(provider))


async def queue(pool: Pool, priority: int, number: str, count: int = 1, template: str = "raised") -> None:
    params = {
        "resident": "杨秀英", "kind": "battery_low", "address": "迎丰路", "room": "",
        "observed_at": START.isoformat(), "time_zone": "Asia/Shanghai", "state": "raised",
    }  # fmt: skip
    async with pool.connection() as conn:
        await conn.execute(
            "insert into message"
            " (incident_id, channel, address, locale, template, params, due_at, created_at)"
            " select id, 'sms', %s, 'zh-Hans', %s, %s, %s, %s from incident cross join generate_series(1, %s)"
            " where priority = %s",
            [f"sms:{number}", template, Jsonb(params), START, START, count, priority],
        )


async def states(pool: Pool) -> list[tuple[str, int]]:
    async with pool.connection() as conn:
        found = await conn.execute("select state, attempts from message order by id")
        return [(row["state"], row["attempts"]) for row in await found.fetchall()]


MORNING = datetime(2026, 1, 10, 23, 0, tzinfo=UTC)
"""Seven o'clock at home."""


async def test_what_can_wait_comes_in_the_morning_as_one_message(
    pool: Pool, provider: Carrier, time_: Clockwork
) -> None:
    await queue(pool, 4, "13800000001", 3)
    await queue(pool, 4, "13800000002")
    await queue(pool, 1, "13800000001")
    await time_.settle()
    assert [(each.number, each.template) for each in provider.taken] == [("13800000001", "raised")]
    assert await states(pool) == [("queued", 0)] * 4 + [("accepted", 1)]
    await time_.until(MORNING)
    assert [(each.number, each.template, each.values) for each in provider.taken[1:]] == [
        ("13800000001", "digest", {"count": "3"}),
        ("13800000002", "raised", provider.taken[2].values),
    ]
    assert [state for state, _ in await states(pool)] == [
        "accepted",
        "merged",
        "merged",
        "accepted",
        "accepted",
    ]


async def test_what_becomes_urgent_meanwhile_goes_out_at_once(
    pool: Pool, provider: Carrier, time_: Clockwork
) -> None:
    await queue(pool, 4, "13800000001", 2)
    await time_.settle()
    assert provider.taken == []
    async with pool.connection() as conn:
        await conn.execute("update incident set priority = 2 where priority = 4")
    await time_.settle()
    assert [each.template for each in provider.taken] == ["raised", "raised"]


async def test_what_is_for_today_leaves_twenty_texts_for_what_is_urgent(
    pool: Pool, provider: Carrier, time_: Clockwork
) -> None:
    await queue(pool, 3, "13800000001", 32)
    await time_.settle()
    assert len(provider.taken) == 30
    await queue(pool, 1, "13800000001")
    await queue(pool, 3, "13800000002")
    await time_.settle()
    assert [each.number for each in provider.taken[30:]] == ["13800000001", "13800000002"]
