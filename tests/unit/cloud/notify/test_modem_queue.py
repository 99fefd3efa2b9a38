"""Our own modem: whose telephone it was, and that word which nobody waits for holds up no text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cloud.db import Connection
from cloud.notify import modem
from cloud.notify.modem import KNOWN_WITHIN, PAUSE, ToSend, ToTell
from cloud.notify.phone import as_said
from cloud.notify.reports import Word
from cloud.sealed import NO_KEYS

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
NUMBER = "+8613812345678"


async def taken_up(conn: Connection, now: datetime) -> ToSend | ToTell | None:
    return await modem.take_up(conn, NO_KEYS, now)


async def sent(conn: Connection, reference: int) -> int:
    """A text that the network has taken; its number."""
    number = await modem.put(conn, NO_KEYS, NUMBER, "help", 1, NOW)
    text = await taken_up(conn, NOW)
    assert isinstance(text, ToSend)
    await modem.sent(conn, text, reference, NOW)
    return number


async def test_word_that_nobody_waits_for_is_not_told_for_ever(conn: Connection) -> None:
    number = await sent(conn, 7)
    await modem.reported(conn, NO_KEYS, 7, NUMBER, delivered=False, why="status 64", now=NOW)
    for at in (NOW, NOW + PAUSE):
        said = await taken_up(conn, at)
        assert isinstance(said, ToTell)
        assert (said.id, said.report.word) == (number, Word.FAILED)
        await modem.told(conn, number, heard=False, now=at)
    late = NOW + KNOWN_WITHIN
    assert isinstance(await taken_up(conn, late), ToTell)
    await modem.told(conn, number, heard=False, now=late)
    assert await taken_up(conn, late + timedelta(days=1)) is None


async def test_a_report_of_another_telephone_is_of_no_text_of_ours(conn: Connection) -> None:
    await sent(conn, 7)
    await modem.reported(conn, NO_KEYS, 7, "+8613900000000", delivered=True, why="status 0", now=NOW)
    assert await taken_up(conn, NOW) is None


@pytest.mark.parametrize("said", [NUMBER, "8613812345678", "13812345678", "008613812345678"])
def test_a_number_of_china_is_the_same_however_a_network_writes_it(said: str) -> None:
    assert as_said(said) == NUMBER


@pytest.mark.parametrize("number", ["10086", "BANK", "+4915112345678", "+8607452222222", ""])
def test_a_number_that_is_no_mobile_one_of_china_stays_as_it_is(number: str) -> None:
    assert as_said(number) == number
