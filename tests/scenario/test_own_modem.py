"""No internet, no provider: the question goes out by our own modem, and the answer comes back by it.

A modem on a pty, a network between telephones, a real database and a provider of calls; the clock of the
incidents is turned by hand, the modem's own is not.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from cloud.db import Pool, open_pool
from cloud.dispatch import by_modem, ladder
from cloud.incidents import store
from cloud.notify import modem as queue
from cloud.notify.sms_modem import ModemSms
from cloud.sealed import NO_KEYS
from cloud.settings import Sms
from cloud.texts import modem as centre
from cloud.texts import sending
from cloud.texts.sending import Desk
from firmware_protocols.serial.at import Timeouts
from simulators import modem as phones
from simulators.modem import Conditions, Modem
from tests.scenario.carriers import Carrier, carrier, notifiers
from tests.scenario.clockwork import Clockwork, clockwork
from tests.scenario.household import Contact, Household, after, seed

pytestmark = pytest.mark.services

CENTRE, NEIGHBOUR = "+8613900139000", "+8613812345678"
ASKED = 60
"""When the ladder begins, s after the alarm: nobody has taken it."""
DESK = Desk(NO_KEYS, by_modem.hearing(NO_KEYS), by_modem.tell)


@dataclass
class Night:
    """A home, its neighbour's telephone, the alarm centre's modem, and a provider of calls."""

    pool: Pool
    household: Household
    modem: Modem
    air: phones.Carrier
    calls: Carrier
    time: Clockwork

    async def alarm(self) -> None:
        async with self.pool.connection() as conn:
            await store.attach_or_open(conn, self.household.alarm(), after(0))
        await self.time.until(after(ASKED))

    async def state(self, table: str) -> str:
        where = " where template = 'ask' and channel = 'sms'" if table == "message" else ""
        async with self.pool.connection() as conn:
            row = await (await conn.execute(f"select state from {table}{where}")).fetchone()
        return str(row["state"]) if row else ""

    async def until(self, what: Callable[[], Awaitable[bool]]) -> None:
        """Wait for the modem, which lives in its own time."""
        async with asyncio.timeout(60):
            while not await what():  # noqa: ASYNC110 - a pty and a database have no event to wait on
                await asyncio.sleep(0.02)

    async def until_message_is(self, state: str) -> None:
        async def reached() -> bool:
            return await self.state("message") == state

        await self.until(reached)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(centre, "REOPEN_S", 0.05)
    monkeypatch.setattr(centre, "READ_S", 0.02)
    monkeypatch.setattr(centre, "TIMEOUTS", Timeouts(quiet_s=0.02, retry_s=0.1, every_s=0.5))
    monkeypatch.setattr(sending, "POLL_S", 0.05)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    async with open_pool(database, size=6) as opened:
        yield opened


@pytest.fixture
def calls() -> Iterator[Carrier]:
    with carrier("aliyun") as served:
        yield served


@pytest.fixture
async def night(pool: Pool, calls: Carrier, tmp_path: Path) -> AsyncIterator[Night]:
    air = phones.Carrier()
    modem = Modem(tmp_path / "ttyCENTRE", CENTRE, air, Conditions())
    neighbour = Contact("吴嫂", has_key=True, channels=(f"sms:{NEIGHBOUR}", f"voice:{NEIGHBOUR}"))
    async with pool.connection() as conn:
        household = await seed(conn, [neighbour])
    time = clockwork(pool)
    by_modem_only = {**notifiers(calls), "sms": ModemSms(pool, NO_KEYS, lambda: time.now, "安伴")}
    time = clockwork(pool, notifiers=by_modem_only)
    night = Night(pool, household, modem, air, calls, time)
    task = asyncio.create_task(
        centre.run(Sms(port=str(modem.link)), pool, DESK, clock=lambda: night.time.now)
    )
    try:
        yield night
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        modem.unplug()


async def test_the_question_goes_out_arrives_and_is_answered_by_a_digit(night: Night) -> None:
    await night.alarm()
    await night.until_message_is("delivered")
    (asked,) = night.air.inbox(NEIGHBOUR)
    assert asked == "【安伴】杨秀英家03:00有求助，能去请回复1，不能请回复2。"
    night.air.say(NEIGHBOUR.removeprefix("+86"), CENTRE, "1 10")  # as many networks write their own numbers

    async def on_the_way() -> bool:
        return await night.state("incident") == "en_route"

    await night.until(on_the_way)
    await night.time.settle()

    async def told_until_when() -> bool:
        return len(night.air.inbox(NEIGHBOUR)) > 1

    await night.until(told_until_when)
    assert "请在03:11前到杨秀英家" in night.air.inbox(NEIGHBOUR)[1]
    assert not night.calls.calls("ask")


async def test_a_network_that_takes_it_and_says_nothing_is_found_out_and_the_telephone_rings(
    night: Night,
) -> None:
    """A network that lies: what it took and did not deliver is no delivery."""
    night.modem.conditions.report = None
    await night.alarm()
    await night.until(lambda: _has(night.air.inbox(NEIGHBOUR)))
    await night.time.until(after(ASKED + 31))
    assert len(night.calls.calls("ask")) == 1
    assert await night.state("message") == "accepted"


@pytest.mark.parametrize("ailing", ["no credit", "no network", "unplugged", "given up"])
async def test_a_modem_that_cannot_send_costs_seconds(night: Night, ailing: str) -> None:
    await _ail(night, ailing)
    await night.alarm()

    async def ringing() -> bool:
        night.time.now += timedelta(seconds=1)
        await night.time.settle()
        return bool(night.calls.calls("ask"))

    await night.until(ringing)
    assert night.time.now < after(ASKED + 30) or ailing == "unplugged"


async def _ail(night: Night, ailing: str) -> None:
    if ailing == "unplugged":
        night.modem.unplug()
    conditions = night.modem.conditions
    conditions.credit = 0 if ailing == "no credit" else None
    conditions.network = 2 if ailing == "no network" else 1
    conditions.report = 0x40 if ailing == "given up" else 0


async def _has(found: list[str]) -> bool:
    return bool(found)


async def test_a_question_that_waits_at_the_modem_is_not_sent_when_somebody_else_goes(
    pool: Pool, calls: Carrier
) -> None:
    """The modem is away for some minutes; meanwhile somebody who was called says yes."""
    circle = [
        Contact("吴嫂", channels=(f"sms:{NEIGHBOUR}",)),
        Contact("杨叔", channels=("voice:+8613800138000",)),
    ]
    async with pool.connection() as conn:
        household = await seed(conn, circle)
    time = clockwork(pool)
    time = clockwork(
        pool, notifiers={**notifiers(calls), "sms": ModemSms(pool, NO_KEYS, lambda: time.now, "安伴")}
    )
    async with pool.connection() as conn:
        await store.attach_or_open(conn, household.alarm(), after(0))
    await time.until(after(ASKED))
    async with pool.connection() as conn, conn.transaction(force_rollback=True):
        assert isinstance(await queue.take_up(conn, NO_KEYS, after(ASKED + 1)), queue.ToSend)
    async with pool.connection() as conn:
        found = await conn.execute("select id from message where channel = 'voice' and template = 'ask'")
        (asked,) = await found.fetchall()
        await ladder.answer_to(conn, asked["id"], True, after(ASKED + 2))
    async with pool.connection() as conn:
        assert await queue.take_up(conn, NO_KEYS, after(ASKED + 3)) is None
        kept = await (await conn.execute("select number, words, due_at from modem_text")).fetchone()
        assert kept == {"number": "", "words": "", "due_at": None}
        said = await conn.execute("select state from message where channel = 'sms' and template = 'ask'")
        assert [row["state"] for row in await said.fetchall()] == ["withdrawn"]
