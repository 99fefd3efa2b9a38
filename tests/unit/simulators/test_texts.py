"""The network to play with: what may happen to a modem happens, and anything else is refused in words."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from firmware_protocols.serial.sms_text import Alphabet
from simulators import control
from simulators.modem import MOST_OCTETS, Carrier, Conditions, Modem, on_air
from simulators.texts import Texts

ROOT = Path(__file__).resolve().parents[3]
HOME, PERSON = "+8613700137000", "+8613800138000"


@pytest.fixture
async def socket(tmp_path: Path) -> AsyncIterator[Path]:
    texts, path = Texts([HOME], tmp_path), tmp_path / "texts.sock"
    async with await control.serve(path, texts.act):
        yield path
    texts.close()


async def test_a_person_texts_and_the_card_holds_it(socket: Path) -> None:
    await control.do(socket, PERSON, "say", receiver=HOME, words="收到")
    assert [report async for report in control.ask(socket, HOME, "inbox")] == [{"text": "收到"}]


async def test_a_modem_is_pulled_and_plugged_in(socket: Path) -> None:
    link = socket.parent / f"modem{HOME}"
    await control.do(socket, HOME, "unplug")
    assert not link.exists()
    await control.do(socket, HOME, "plug")
    assert link.exists()
    await control.do(socket, HOME, "have", credit=0)


@pytest.mark.parametrize(
    ("number", "action", "arguments", "why"),
    [
        (PERSON, "unplug", {}, "KeyError"),
        (HOME, "explode", {}, "KeyError"),
        (HOME, "have", {"colour": "red"}, "TypeError"),
        (PERSON, "say", {"receiver": HOME, "words": "x" * 161}, "more than one segment"),
    ],
)
async def test_what_cannot_happen_is_refused_in_words(
    number: str, action: str, arguments: dict[str, str], why: str, socket: Path
) -> None:
    with pytest.raises(ValueError, match=why):
        await control.do(socket, number, action, **arguments)


def test_the_network_keeps_what_does_not_fit_on_the_card(tmp_path: Path) -> None:
    carrier = Carrier()
    modem = Modem(tmp_path / "ttyMODEM", HOME, carrier, Conditions(card=""))
    carrier.say(PERSON, HOME, "1")
    assert modem.stored == {}
    modem.conditions.card = "READY"
    carrier.retry(HOME)
    assert [text.words for text in modem.stored.values()] == ["1"]
    modem.unplug()


def test_a_text_is_carried_in_at_most_one_segment_of_octets() -> None:
    text = on_air(PERSON, HOME, "x" * 160, Alphabet.GSM_7)
    assert text is not None
    assert len(text.octets) == MOST_OCTETS
    assert on_air(PERSON, HOME, "x" * 161, Alphabet.GSM_7) is None


async def test_the_command_says_where_its_modems_are_and_takes_orders(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulators", "texts", "--dir", str(tmp_path), HOME),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            ready = json.loads(await process.stdout.readline())
            await control.do(tmp_path / "texts.sock", PERSON, "say", receiver=HOME, words="1")
        assert ready["serial"] == {HOME: str(tmp_path / f"modem{HOME}")}
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
