"""The lanes: what shares a transaction, and what is another range's."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from cloud.ingest.batch import Limits
from cloud.ingest.inbox import Inbox
from cloud.ingest.lanes import group, shard_of
from cloud.ingest.model import Delivery, Message
from cloud.ingest.way import RightOfWay

NOW = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)


def delivery(number: int) -> Delivery:
    return Delivery(f"anban/1/3/gw-a{number}/t", b"counts as one row", NOW)


async def sizes(waiting: int, limits: Limits) -> list[int]:
    """How many messages each group has when ``waiting`` are there already."""
    inbox, groups = Inbox(), asyncio.Queue[list[Message]](1)
    for number in range(waiting):
        inbox.put(delivery(number))
    grouping = asyncio.create_task(group(inbox, limits, groups, RightOfWay()))
    found: list[int] = []
    async with asyncio.timeout(60):
        while sum(found) < waiting:
            found.append(len(await groups.get()))
    grouping.cancel()
    return found


async def test_who_is_behind_works_in_full_groups_however_short_the_wait() -> None:
    assert await sizes(500, Limits(rows=200, wait_s=0.0)) == [200, 200, 100]


async def test_what_comes_alone_goes_after_its_wait() -> None:
    assert await sizes(1, Limits(rows=40, wait_s=0.01)) == [1]


async def test_what_comes_during_the_look_wakes_the_loop_again() -> None:
    inbox = Inbox()
    for number in range(3):
        inbox.put(delivery(number))
    await inbox.wait()
    assert len(list(inbox.take(2))) == 2
    await asyncio.wait_for(inbox.wait(), 60)
    assert len(list(inbox.take(2))) == 1
    assert len(inbox) == 0


def test_a_look_ends_with_the_message_that_is_too_large_for_it() -> None:
    inbox = Inbox()
    for number in range(9):
        inbox.put(delivery(number))
    size = len(delivery(0).payload)
    assert [len(list(inbox.take(5, size * most))) for most in (2, 1.5, 100)] == [2, 2, 5]


def test_the_topic_says_whose_shard_it_is_and_one_that_says_nothing_is_anybody_s() -> None:
    assert shard_of("anban/1/200/gw-a/r", 7) == 200
    assert shard_of("anban/1/999/gw-a/r", 7) == 7
