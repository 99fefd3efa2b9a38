"""The alarm centre's own modem: what ails it is said, once, and what its card holds is not lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import serial

from cloud.__main__ import main
from cloud.db import Connection, Pool
from cloud.dispatch import by_modem
from cloud.notify import modem as queue
from cloud.notify.reports import Report
from cloud.sealed import NO_KEYS
from cloud.settings import ConfigError, Sms
from cloud.texts import modem as centre
from cloud.texts import sending
from cloud.texts.sending import Desk
from firmware_protocols.model import AlarmId, AlarmKind, AlarmState, GatewayId
from firmware_protocols.serial.at import Timeouts
from firmware_protocols.wire import sms as wire
from simulators.modem import PLACES, Carrier, Conditions, Modem
from tests.unit.cloud.town import Town

CENTRE, HOME = "+8613900139000", "+8613700137000"
KEY = wire.key_of("secret of the yellow gateway")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NOBODY = Desk(NO_KEYS, by_modem.hearing(NO_KEYS), by_modem.tell)
"""Those who wait for an answer, where nobody was asked anything."""


def call(number: int = 1) -> str:
    alarm = AlarmId(f"01J{number:023d}")
    said = wire.Sms(GatewayId("gw-yellow"), alarm, AlarmKind.SOS, AlarmState.RAISED, None, NOW)
    return wire.encode(said, KEY)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(centre, "REOPEN_S", 0.02)
    monkeypatch.setattr(centre, "READ_S", 0.02)
    monkeypatch.setattr(sending, "POLL_S", 0.1)
    monkeypatch.setattr(centre, "TIMEOUTS", Timeouts(quiet_s=0.02, retry_s=0.1, every_s=0.5))


@pytest.fixture
async def alarms(town: Town, conn: Connection) -> Connection:
    """A connection on which to count them; the yellow home's gateway can text."""
    await conn.execute("update gateway set sms_key = %s where home_id = %s", [KEY, town.yellow])
    await conn.commit()
    return conn


async def count(conn: Connection) -> int:
    row = await (await conn.execute("select count(*) as n from alarm")).fetchone()
    await conn.rollback()
    assert row is not None
    return int(row["n"])


async def counted(conn: Connection, wanted: int) -> None:
    async with asyncio.timeout(60):
        while await count(conn) != wanted:  # noqa: ASYNC110 - a database and a thread have no event to wait on
            await asyncio.sleep(0.02)


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not what():  # noqa: ASYNC110 - another process, a thread: no event
            await asyncio.sleep(0.02)


@asynccontextmanager
async def reading(sms: Sms, pool: Pool, desk: Desk = NOBODY) -> AsyncIterator[None]:
    """The modem is read for the length of the block."""
    task = asyncio.create_task(centre.run(sms, pool, desk, clock=lambda: NOW))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_port_that_is_not_there_is_said_once_and_read_when_it_comes(
    pool: Pool, alarms: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    carrier, link = Carrier(), tmp_path / "ttyCENTRE"
    carrier.say(HOME, CENTRE, call())
    async with reading(Sms(port=str(link)), pool):
        await until(lambda: "is lost, no text is read" in caplog.text)
        await asyncio.sleep(0.1)  # several more tries
        modem = Modem(link, CENTRE, carrier)
        await counted(alarms, 1)
        await until(lambda: modem.stored == {})
    modem.unplug()
    assert caplog.text.count("is lost, no text is read") == 1


async def test_a_card_that_is_full_is_emptied_and_the_network_hands_over_the_rest(
    pool: Pool, alarms: Connection, tmp_path: Path
) -> None:
    carrier = Carrier()
    modem = Modem(tmp_path / "ttyCENTRE", CENTRE, carrier)
    for number in range(1, PLACES + 6):
        carrier.say(HOME, CENTRE, call(number))
    assert len(modem.stored) == PLACES
    async with reading(Sms(port=str(modem.link)), pool):
        await counted(alarms, PLACES + 5)
        await until(lambda: modem.stored == {})
    modem.unplug()


async def test_what_waits_when_the_port_is_lost_is_read_again_and_deleted_once(
    pool: Pool, alarms: Connection, tmp_path: Path
) -> None:
    await alarms.execute("lock table alarm")
    carrier = Carrier()
    modem = Modem(tmp_path / "ttyCENTRE", CENTRE, carrier)
    for number in (1, 2, 3):
        carrier.say(HOME, CENTRE, call(number))
    async with reading(Sms(port=str(modem.link)), pool):
        await until(lambda: "AT+CMGR=3" in modem.heard)
        modem.unplug()
        modem.plug()
        await until(lambda: modem.heard.count("AT+CMGR=3") > 1)
        await alarms.rollback()
        await counted(alarms, 3)
        carrier.say(HOME, CENTRE, call(4))
        await counted(alarms, 4)
        await until(lambda: modem.stored == {})
    modem.unplug()
    deleted = [line for line in modem.heard if line.startswith("AT+CMGD")]
    assert len(deleted) == 4


async def test_a_text_that_cannot_be_stored_stays_on_the_card_and_holds_up_none(
    pool: Pool, alarms: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await alarms.execute("alter table alarm add check (alarm_id not like '%0001')")
    await alarms.commit()
    carrier = Carrier()
    modem = Modem(tmp_path / "ttyCENTRE", CENTRE, carrier)
    for number in (1, 2):
        carrier.say(HOME, CENTRE, call(number))
    async with reading(Sms(port=str(modem.link)), pool):
        await counted(alarms, 1)
        await until(lambda: len(modem.stored) == 1)
    modem.unplug()
    assert "stays on the card" in caplog.text


async def test_a_text_at_whose_fate_we_fail_ends_no_reading_of_alarms(
    pool: Pool, alarms: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(_conn: Connection, _report: Report, _now: datetime) -> bool:
        raise ValueError

    carrier = Carrier()
    modem = Modem(tmp_path / "ttyCENTRE", CENTRE, carrier)
    await queue.put(alarms, NO_KEYS, HOME, "help", 1, NOW)
    text = await queue.take_up(alarms, NO_KEYS, NOW)
    assert isinstance(text, queue.ToSend)
    await queue.sent(alarms, text, 7, NOW)
    await queue.reported(alarms, NO_KEYS, 7, HOME, delivered=True, why="status 0", now=NOW)
    await alarms.commit()
    async with reading(Sms(port=str(modem.link)), pool, Desk(NO_KEYS, by_modem.hearing(NO_KEYS), fails)):
        await until(lambda: "a text is put off error=ValueError" in caplog.text)
        carrier.say(HOME, CENTRE, call())
        await counted(alarms, 1)
    modem.unplug()


async def test_texts_are_left_to_the_process_that_has_the_modem(
    pool: Pool, alarms: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    carrier = Carrier()
    modem = Modem(tmp_path / "ttyCENTRE", CENTRE, carrier)
    await queue.put(alarms, NO_KEYS, HOME, "help", 1, NOW)
    await alarms.commit()
    with serial.Serial(str(modem.link), exclusive=True):
        async with reading(Sms(port=str(modem.link)), pool):
            await until(lambda: "is lost, no text is read" in caplog.text)
            await asyncio.sleep(1.5 * sending.POLL_S)  # it has looked at the queue
    row = await (await alarms.execute("select attempts, due_at from modem_text")).fetchone()
    assert row == {"attempts": 0, "due_at": NOW}
    async with reading(Sms(port=str(modem.link)), pool):
        await until(lambda: carrier.inbox(HOME) == ["help"])
    modem.unplug()


async def test_a_locked_card_is_opened_with_the_pin_and_a_wrong_one_is_tried_once(
    pool: Pool, alarms: Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    carrier, pin = Carrier(), tmp_path / "pin"
    modem = Modem(tmp_path / "ttyCENTRE", CENTRE, carrier, Conditions(card="SIM PIN", pin="1234"))
    pin.write_text("4321")
    pin.chmod(0o600)
    async with reading(Sms(port=str(modem.link), pin_file=str(pin)), pool):
        await until(lambda: "needs its right PIN" in caplog.text)
        modem.unplug()
        modem.plug()
        await until(lambda: modem.heard.count("AT+CPIN?") >= 3)
    assert modem.heard.count('AT+CPIN="4321"') == 1
    pin.write_text("1234")
    carrier.say(HOME, CENTRE, call())
    async with reading(Sms(port=str(modem.link), pin_file=str(pin)), pool):
        await counted(alarms, 1)
    modem.unplug()


async def test_a_pin_file_that_is_not_there_stops_the_start(pool: Pool) -> None:
    with pytest.raises(ConfigError, match=r"sms\.pin_file"):
        await centre.run(Sms(port="/dev/null", pin_file="/no/such/file"), pool, NOBODY, clock=lambda: NOW)


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [(["--port", "/dev/ttyUSB2"], "database.dsn"), ([], "database.dsn")],
)
def test_the_command_says_what_it_needs(
    arguments: list[str], missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sms", *arguments]) == 2
    assert missing in capsys.readouterr().err


def test_the_command_needs_a_port(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cloud.toml"
    file.write_text('[database]\ndsn = "host=127.0.0.1"\n')
    assert main(["sms", "--config", str(file)]) == 2
    assert "sms.port (or --port PORT) is not set" in capsys.readouterr().err
