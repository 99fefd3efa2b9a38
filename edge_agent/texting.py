"""The second path at work: what the outbox still holds → who must be texted → the modem, and the answers
back.

What it is not: a decision (``second_path``) or a port (``modem``). The one idea: it asks the outbox once a
second what the cloud has not committed; no other part need know that texts exist, and after a restart nothing
is different.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from edge_agent.clock import Clock
from edge_agent.frozen import Frozen, Key
from edge_agent.modem import USABLE, Modem, PathState
from edge_agent.outbox import Outbox
from edge_agent.pipeline import Pipeline
from edge_agent.second_path import SecondPath, Text, Unsettled
from edge_agent.settings import SmsSettings
from firmware_protocols.errors import BadMessage
from firmware_protocols.model import Alarm, AlarmId, AlarmState
from firmware_protocols.serial.at import (
    ModemEvent,
    NotSent,
    PinRefused,
    PinWanted,
    Received,
    Sent,
    Timeouts,
)
from firmware_protocols.serial.sms_text import BadNumber, TooLong
from firmware_protocols.wire.envelope import parse
from firmware_protocols.wire.topics import Lane

log = logging.getLogger(__name__)

LOOK_S: Final = 1.0
TIMEOUTS: Final = Timeouts()
_LOOK: Final = 200
"""Batches of the alarm lane looked at, the newest first; a home makes a few a day."""
_PIN_NOTE: Final = "sms/pin"
PIN_TRIES: Final = 2
"""One less than a card allows before it locks itself (3GPP TS 11.11, 11.3.1), over all restarts."""


@dataclass(slots=True)
class Pins:
    """Remembers how often the card's PIN was tried, durably and before it is tried: an agent that restarts
    again and again must not lock the card. A new PIN in the settings is a new start.
    """

    pin: str
    outbox: Outbox
    clock: Clock

    def take(self) -> str:
        """The PIN to try, ``""`` when there is none or it must not be tried any more."""
        tries = self._tries()
        if not self.pin or tries >= PIN_TRIES:
            return ""
        self._note(tries + 1)
        return self.pin

    def refused(self) -> None:
        """The card says that it is wrong."""
        self._note(PIN_TRIES)

    def opened(self) -> None:
        """The card is open."""
        if self._tries():
            self._note(0)

    def _tries(self) -> int:
        mark, _, tries = (self.outbox.recall(_PIN_NOTE) or "").partition(":")
        return int(tries) if mark == self._mark() and tries.isdecimal() else 0

    def _note(self, tries: int) -> None:
        self.outbox.note(_PIN_NOTE, f"{self._mark()}:{tries}")
        self.outbox.flush(self.clock.now())

    def _mark(self) -> str:
        return hashlib.sha256(f"pin {self.pin}".encode()).hexdigest()[:16]


@dataclass(slots=True)
class Texting:
    """Run it beside the agent's other parts. ``answered`` hears of each call that a person took on by
    text."""

    settings: SmsSettings
    path: SecondPath
    outbox: Outbox
    pipeline: Pipeline
    clock: Clock
    answered: Callable[[AlarmId], None]
    modem: Modem = field(init=False)
    _pins: Pins = field(init=False)
    _read: dict[Key, Unsettled] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the modem's port, closed."""
        self.modem = Modem(self.settings.port, self.settings.baud, self._happened, TIMEOUTS)
        self._pins = Pins(self.settings.pin, self.outbox, self.clock)

    async def run(self) -> None:
        """Look and text until cancelled."""
        while True:
            self._look()
            if not await self._send_one():
                await asyncio.sleep(LOOK_S)

    def figures(self) -> dict[str, float]:
        """For the heartbeat."""
        return self.modem.figures() | self.path.figures(self.clock.now())

    def _look(self) -> None:
        now = self.clock.now()
        batches = self.outbox.take(Lane.ALARM, _LOOK, newest=True)
        self._read = {frozen.key: self._read.get(frozen.key) or _unsettled(frozen) for frozen in batches}
        self.path.look(self._read.values(), now, whole=len(batches) < _LOOK)
        usable = self.modem.state in USABLE
        self.pipeline.record(self.path.watch(usable=usable, elapsed_s=self.clock.elapsed_s(), now=now))
        if self.modem.state is PathState.READY:
            self._pins.opened()

    async def _send_one(self) -> bool:
        """Send the text that is due, if any, and note what became of it."""
        if not self.modem.can_send:
            return False
        text = self.path.next_text(self.clock.now())
        if text is None:
            return False
        self.path.trying(self.clock.now())
        self.pipeline.keep()
        try:
            outcome = await self.modem.send(text.number, text.words)
        except (BadNumber, TooLong) as error:  # of one receiver: the others still get theirs
            outcome = NotSent(str(error), certain=True)
        self._note(text, outcome)
        return True

    def _note(self, text: Text, outcome: Sent | NotSent) -> None:
        now, test = self.clock.now(), " (test)" if text.test else ""
        if isinstance(outcome, NotSent):
            log.warning(
                "text not sent to=%s alarm=%s%s reason=%s", text.role, text.call, test, outcome.reason
            )
            self.path.failed(text, now, certain=outcome.certain)
            self.pipeline.keep()
            return
        log.warning("text sent to=%s alarm=%s%s", text.role, text.call, test)
        records = self.path.sent(text, now)
        self.pipeline.record(records)
        if not records:
            self.pipeline.keep()

    def _happened(self, event: ModemEvent) -> None:
        match event:
            case Received(sender, words, place):
                self._heard(sender, words)
                if place is not None:
                    self.modem.forget(place)
            case PinWanted():
                if pin := self._pins.take():
                    self.modem.unlock(pin)
                else:
                    log.error("the SIM card wants its PIN: put the right one into sms.pin_file")
            case PinRefused():
                self._pins.refused()
                log.error("the SIM card refuses the PIN, it is not tried again: correct sms.pin_file")

    def _heard(self, sender: str, words: str) -> None:
        """An answer; from anybody else it is dropped, unread by people: it is not ours to keep."""
        accepted = self.path.heard(sender, words)
        for record in accepted:
            self.answered(record.id)
        self.pipeline.record(accepted)
        log.info("text received taken_on=%d", len(accepted))


def _unsettled(frozen: Frozen) -> Unsettled:
    """What calls in a batch; nothing in one that was damaged with its file and saved from it all the same."""
    try:
        stored_at, records = datetime.fromtimestamp(frozen.at, UTC), parse(frozen.payload).records
    except (BadMessage, ValueError, OverflowError, OSError):
        stored_at, records = datetime.max.replace(tzinfo=UTC), ()
    alarms = tuple(
        record for record in records if isinstance(record, Alarm) and record.state is AlarmState.RAISED
    )
    return Unsettled(frozen.key, stored_at, alarms)
