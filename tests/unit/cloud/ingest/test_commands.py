"""Commands: sent until answered, never after their time, and an answer counts only from their own gateway."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from psycopg.types.json import Jsonb

from cloud.db import Connection, connect
from cloud.ingest import commands
from cloud.ingest.model import Delivery, Message, StoredAlarm
from cloud.ingest.read import read
from cloud.ingest.store import store
from cloud.people import roster as people
from cloud.people import roster_store
from cloud.sealed import NO_KEYS
from firmware_protocols.wire import control
from firmware_protocols.wire.control import Command, Result, State
from tests.harness import roster

NOW = datetime(2026, 5, 1, 3, 0, tzinfo=UTC)
ALL = (0, 255)
pytestmark = pytest.mark.services


@pytest.fixture
async def homes(conn: Connection) -> Connection:
    """A connection to a database with the homes h001 and h002 (shards 1 and 2)."""
    await roster_store.load(conn, people.parse(msgspec.json.encode(roster(2))))
    return conn


async def give(conn: Connection, command_id: str, gateway: str = "gw-h001", *, until_s: float = 900) -> None:
    statement = (
        "insert into command (id, gateway_id, name, args, created_at, until, due_at)"
        " values (%s, %s, 'accepted', %s, %s, %s, %s)"
    )
    args = Jsonb({"alarm": "01J", "coming": False})
    await conn.execute(statement, [command_id, gateway, args, NOW, after(until_s), NOW])


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def claimed(conn: Connection, seconds: float = 0, shards: tuple[int, int] = ALL) -> list[str]:
    return [command.id for _, command in await commands.claim(conn, NO_KEYS, shards, after(seconds))]


def heard(body: Result | State | bytes, *, gateway: str = "gw-h001", shard: int = 1) -> Message:
    channel = "s" if isinstance(body, State) else "r"
    payload = body if isinstance(body, bytes) else control.encode(body)
    return read(Delivery(f"anban/1/{shard}/{gateway}/{channel}", payload, NOW))


async def stored(conn: Connection, *messages: Message, seconds: float = 1) -> None:
    async def no_hook(_conn: Connection, _alarm: StoredAlarm, _now: datetime) -> None:
        """No alarm comes."""

    await store(conn, messages, no_hook, after(seconds))


async def row(conn: Connection, command_id: str = "c1") -> dict[str, Any]:
    found = await (await conn.execute("select * from command where id = %s", [command_id])).fetchone()
    assert found is not None
    return found


async def reasons(conn: Connection) -> list[str]:
    found = await (await conn.execute("select reason from quarantine order by id")).fetchall()
    return [row["reason"] for row in found]


async def test_a_command_is_sent_with_its_time_and_its_arguments(homes: Connection) -> None:
    await give(homes, "c1")
    ((gateway, command),) = await commands.claim(homes, NO_KEYS, ALL, NOW)
    assert gateway == "gw-h001"
    wanted = Command("c1", "accepted", after(900).timestamp(), {"alarm": "01J", "coming": False})
    assert command == wanted
    assert control.parse(Command, control.encode(command)) == wanted


async def test_without_an_answer_it_is_sent_again_ever_more_slowly_until_its_time_is_over(
    homes: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await give(homes, "c1", until_s=120)
    sent = [second for second in range(200) if await claimed(homes, second)]
    assert sent == [0, 2, 6, 14, 30, 60, 90]
    assert (await row(homes))["due_at"] is None
    assert caplog.messages == ["command never answered gateway=gw-h001 name=accepted attempts=7"]


async def test_a_command_that_expired_before_it_could_be_sent_is_never_sent(homes: Connection) -> None:
    await give(homes, "c1", until_s=60)
    assert await claimed(homes, 60) == []
    assert (await row(homes))["attempts"] == 0


async def test_an_answer_ends_it_and_a_repeated_answer_changes_nothing(homes: Connection) -> None:
    await give(homes, "c1")
    assert await claimed(homes) == ["c1"]
    await stored(homes, heard(Result("c1", ok=True, detail="01J")))
    await stored(homes, heard(Result("c1", ok=False, detail="done before")), seconds=5)
    kept = await row(homes)
    assert (kept["ok"], kept["detail"], kept["answered_at"], kept["due_at"]) == (True, "01J", after(1), None)
    assert await claimed(homes, 100) == []
    assert await reasons(homes) == []


async def test_a_late_answer_to_a_withdrawn_command_is_kept(homes: Connection) -> None:
    await give(homes, "c1")
    await homes.execute("update command set due_at = null")
    await stored(homes, heard(Result("c1", ok=True)))
    assert (await row(homes))["ok"] is True


async def test_a_refusal_is_kept_and_said_once(homes: Connection, caplog: pytest.LogCaptureFixture) -> None:
    await give(homes, "c1")
    refusal = heard(Result("c1", ok=False, detail="x\0" * 400))
    await stored(homes, refusal)
    await stored(homes, refusal, seconds=9)
    assert (await row(homes))["ok"] is False
    assert len((await row(homes))["detail"]) == 500
    assert caplog.messages == ["command refused gateway=gw-h001 name=accepted id=c1"]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (heard(Result("c1", ok=True), gateway="gw-h002", shard=2), "this gateway was not given"),
        (heard(Result("unheard of", ok=True)), "this gateway was not given"),
        (heard(Result("\0", ok=True)), "this gateway was not given"),
        (heard(Result("c1", ok=True), shard=7), "shard 7, enrolled with 1"),
        (heard(Result("c1", ok=True), gateway="gw-h999"), "unknown gateway"),
        (heard(b"garbage"), "malformed"),
    ],
)
async def test_an_answer_that_is_none_is_kept_in_quarantine_and_ends_nothing(
    homes: Connection, message: Message, reason: str
) -> None:
    await give(homes, "c1")
    await stored(homes, message)
    (kept,) = await reasons(homes)
    assert reason in kept
    assert (await row(homes))["answered_at"] is None
    assert await claimed(homes, 2) == ["c1"]


async def test_made_up_answers_fill_one_row_of_the_quarantine(homes: Connection) -> None:
    for number in range(20):
        await stored(homes, heard(Result(f"made up {number}", ok=True)))
    assert len(await reasons(homes)) == 1


async def test_a_gateway_that_comes_back_does_not_wait_for_the_next_attempt(homes: Connection) -> None:
    await give(homes, "c1")
    await give(homes, "c2", "gw-h002")
    for second in (0, 2, 6, 14):
        assert await claimed(homes, second) == ["c1", "c2"]
    await stored(homes, heard(State(online=False)), seconds=15)
    assert await claimed(homes, 15) == []
    await stored(homes, heard(State(online=True)), seconds=16)
    assert await claimed(homes, 16) == ["c1"]


async def test_a_worker_sends_only_to_its_own_shards_and_never_to_a_revoked_gateway(
    homes: Connection,
) -> None:
    await give(homes, "c1")
    await give(homes, "c2", "gw-h002")
    assert await claimed(homes, shards=(2, 9)) == ["c2"]
    await homes.execute("update gateway set revoked_at = %s where id = 'gw-h001'", [NOW])
    assert await claimed(homes) == []


async def test_two_workers_at_the_same_time_send_a_command_once(homes: Connection, database: str) -> None:
    await give(homes, "c1")
    await homes.commit()
    other = await connect(database)
    try:
        assert await claimed(homes) == ["c1"]
        assert await claimed(other) == []
        await homes.rollback()  # the first one died before its commit
        assert await claimed(other) == ["c1"]
    finally:
        await other.close()
