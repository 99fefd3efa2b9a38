"""The hourly try of each channel: who hears of its silence, and when it speaks again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from cloud import worker
from cloud.db import Pool, open_pool
from cloud.dispatch import reports
from cloud.metrics import SILENT_CHANNEL
from cloud.notify import deliver
from cloud.notify.probe import by_channel
from cloud.notify.reports import read
from cloud.settings import ConfigError
from tests.scenario.carriers import Carrier, Mood, carrier, notifiers
from tests.scenario.clockwork import Clockwork
from tests.scenario.household import after, seed
from tests.scenario.webhook import Webhook, webhook

OWN = "sms:+8613900000000"


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database, size=4) as opened:
        yield opened


@pytest.fixture
def provider() -> Iterator[Carrier]:
    with carrier("aliyun") as served:
        yield served


@pytest.fixture
def duty() -> Iterator[Webhook]:
    with webhook() as served:
        yield served


@pytest.fixture
async def time(pool: Pool, provider: Carrier, duty: Webhook) -> Clockwork:
    async with pool.connection() as conn:
        await seed(conn, [], duty=[duty.address("duty"), "sms:+8613911111111"])
    post = deliver.Post(notifiers(provider), "https://anban.example")
    jobs = [job for job in worker.jobs(pool, post, probes=[OWN]) if job.name in {"messages", "probes"}]
    return Clockwork(pool, tuple(jobs))


async def turn(time: Clockwork, *minutes: int) -> None:
    """Let the workers look at each of these times."""
    for minute in minutes:
        time.now = after(60 * minute)
        await time.settle()


async def word(pool: Pool, provider: Carrier, time: Clockwork) -> None:
    async with pool.connection() as conn:
        for report in read("aliyun-sms", provider.report(provider.texts("probe")[-1])):
            assert await reports.take(conn, "aliyun-sms", report, time.now)


def silent() -> float:
    return float(SILENT_CHANNEL.labels("sms")._value.get())


async def test_a_channel_that_works_is_tried_once_an_hour_and_nobody_hears_of_it(
    pool: Pool, provider: Carrier, duty: Webhook, time: Clockwork
) -> None:
    for hour in range(3):
        await turn(time, 60 * hour)
        await word(pool, provider, time)
        await turn(time, 60 * hour + 10, 60 * hour + 59)
    assert [message.number for message in provider.taken] == ["13900000000"] * 3
    assert duty.seen == []
    assert silent() == 0


async def test_a_channel_that_swallows_everything_is_told_by_another(
    pool: Pool, provider: Carrier, duty: Webhook, time: Clockwork
) -> None:
    provider.mood = Mood.LYING
    await turn(time, 0, 10)
    (told,) = duty.texts("duty")
    assert "sms" in told
    assert provider.texts("channel") == []  # not by the one that is silent
    assert silent() == 1
    await turn(time, 15, 25, 30, 40)
    assert len(duty.texts("duty")) == 1
    await word(pool, provider, time)
    await turn(time, 60, 75)
    assert silent() == 0


@pytest.mark.parametrize("mood", [Mood.DOWN, Mood.BUSY])
async def test_one_failure_is_looked_at_again_and_two_are_silence(
    provider: Carrier, duty: Webhook, time: Clockwork, mood: Mood
) -> None:
    provider.mood = mood
    await turn(time, 0)
    assert duty.texts("duty") == []
    await turn(time, 5)
    assert len(duty.texts("duty")) == 1
    await turn(time, *range(10, 5 + 6 * 60, 5))
    assert len(duty.texts("duty")) == 1
    await turn(time, 5 + 6 * 60)
    assert len(duty.texts("duty")) == 2


def test_a_probe_needs_a_channel_and_one_is_enough() -> None:
    with pytest.raises(ConfigError, match="no channel voice"):
        by_channel(["voice:+861"], {})
    with pytest.raises(ConfigError, match="twice"):
        by_channel([OWN, OWN], dict.fromkeys(["sms"]))  # type: ignore[arg-type] # none is called
