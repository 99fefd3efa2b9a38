"""A mobile modem's dialogue for text messages: AT commands of 3GPP TS 27.007 and 27.005, sans-I/O.

What this is: bytes and elapsed seconds in, bytes to write and events out. What it is not: a port, a clock, a
judge of whom to text, or the lines themselves (``at_talk``). The one idea: everything that holds a stranger's
words travels as hexadecimal digits (character set UCS2): in any other set the text of a message may hold line
ends, and so play the modem ("OK", "+CMT: …") or end our own text early (1A).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

from firmware_protocols.serial.at_talk import Ask, Dialogue, End, Reply, Talk
from firmware_protocols.serial.sms_status import Reported, read_report, read_stamp
from firmware_protocols.serial.sms_text import checked_number, checked_segment, from_hex, to_hex

SUBMIT: Final = b"\x1a"
"""Ends a text and sends it (27.005, 3.5.1)."""
CANCEL: Final = b"\x1b"
"""Leaves a prompt without sending."""
VALID: Final = 143
"""Relative validity period of what we send: 12 h (23.040, 9.2.3.12.1). Whoever still calls then texts
anew."""
_SUBMIT_FORMAT: Final = 17
"""First octet: SMS-SUBMIT with a relative validity period (23.040, 9.2.2.2)."""
_WANTS_REPORT: Final = 32
"""In the first octet: a status report is asked for (23.040, 9.2.3.5)."""
_REGISTERED: Final = frozenset({1, 5, 6, 7, 9, 10})
"""27.007, 7.2: home and roaming, also where only texts (6, 7) or calls by the old network (9, 10) are to be
had."""
_DBM_AT_0: Final = -113
_DB_EACH: Final = 2
_UNKNOWN_SIGNAL: Final = 99
_NO_SIM: Final = frozenset({10, 13, 15})
"""27.007, 9.2: not inserted, failure, wrong. A busy one is asked again."""
_PIN_REQUIRED: Final = 11
_TELL_TEXTS: Final = "AT+CNMI=2,1"
"""Say at once that a text has come, and where it is stored (27.005, 3.4.1)."""
_TELL_ALL: Final = f"{_TELL_TEXTS},0,1"
"""And hand over status reports. A modem that cannot must not keep texts to itself for it."""
_MOST_WAITING: Final = 64
_TEXT_COMES: Final = "+CMT"
"""A text that is handed over at once: its words follow on a line of their own."""
_SIM_BUSY: Final = 14


class ModemState(StrEnum):
    """How far the modem can be used."""

    SILENT = "silent"
    SIM_MISSING = "sim_missing"
    SIM_LOCKED = "sim_locked"
    SEARCHING = "searching"
    READY = "ready"
    SENDING = "sending"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, s. ``command``, ``pin``, ``prompt``: D. ``send``: what networks need on a bad day.
    ``quiet``: for late answers to die away before the first question. ``every``: between two looks at
    everything; ``retry``: after one that went wrong.
    """

    command_s: float = 5.0
    pin_s: float = 20.0
    prompt_s: float = 10.0
    send_s: float = 60.0
    quiet_s: float = 0.3
    every_s: float = 60.0
    retry_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Received:
    """A text came in. ``sender``: as the network says it, which anybody can forge. ``place``: where it is
    stored until ``forget``; ``None``: nowhere. ``sent_at``: when the network took it, ``None``: not said."""

    sender: str
    text: str
    place: int | None
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The network has taken the text. That is no delivery. ``reference``: by what ``Reported`` names it,
    ``None`` where the modem gave none."""

    reference: int | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """The text was not taken. ``certain``: nothing can have left; else it may arrive all the same."""

    reason: str
    certain: bool


@dataclass(frozen=True, slots=True)
class PinWanted:
    """The card asks for its PIN; ``unlock`` tries one. Said once: three wrong ones lock the card for good."""


@dataclass(frozen=True, slots=True)
class PinRefused:
    """The PIN was wrong and must not be tried again."""


ModemEvent = Received | Sent | NotSent | Reported | PinWanted | PinRefused


_Question = Generator[Ask, Reply, bool]

_QUOTED: Final = re.compile(r'"([^"]*)"')
_NUMBERS: Final = re.compile(r"\d+")
_SENDER: Final = re.compile(r"[+*#0-9A-Za-z .-]+")
_BOOT: Final = (
    "RDY",
    "^SYSSTART",
    "SMS READY",
    "+CFUN: 1",
    "+CPIN: NOT READY",
    "+CPIN: SIM REMOVED",
    "+SIM DROP",
)
"""The modem or its card began anew: whatever was set is gone. (``^BOOT`` is no such word but a heartbeat.)"""


class AtModem:
    """One modem. Call ``start``, then ``feed`` what it says and ``tick`` every second or so; write
    ``to_write``."""

    def __init__(self, timeouts: Timeouts | None = None, *, reports: bool = False) -> None:
        """``reports``: ask the network what becomes of each text."""
        self._wait = timeouts or Timeouts()
        self._reports = reports
        self._talk = Talk(self._by_itself, self._told_by_itself)
        self.signal_dbm: int | None = None
        self._clear()

    def _clear(self) -> None:
        self.has_looked = False
        """Whether ``state`` rests on a first look."""
        self._found = ModemState.SILENT
        self._networks: dict[str, int] = {}
        self._refused = self._sending = False
        self._pin, self._pin_told = "", False
        self._look_s = 0.0
        self._told: dict[int, Received] = {}
        self._taken: set[int] = set()
        """The texts that were told, by their places, and those of them that may be deleted."""
        self._events: list[ModemEvent] = []

    @property
    def ignored(self) -> int:
        """Lines that made no sense, so far."""
        return self._talk.ignored

    @property
    def state(self) -> ModemState:
        """How far it can be used now."""
        if self._sending:
            return ModemState.SENDING
        if self._found is not ModemState.READY:
            return self._found
        if not _REGISTERED & set(self._networks.values()):
            return ModemState.SEARCHING
        return ModemState.REFUSED if self._refused else ModemState.READY

    @property
    def can_send(self) -> bool:
        """Whether a text may be tried: one that was refused may go the next time."""
        return self.state in {ModemState.READY, ModemState.REFUSED} and not self._talk.waiting

    # -- what comes in -----------------------------------------------------------------------------

    def start(self, now_s: float) -> None:
        """A port has just been opened: forget everything and begin."""
        self._clear()
        self._talk.clear(now_s)
        self._talk.begin(self._look())

    def send(self, number: str, text: str) -> None:
        """Queue a text; ``Sent`` or ``NotSent`` will say what became of it.

        Raises:
            BadNumber, TooLong: it cannot be sent at all.
        """
        checked_number(number)
        checked_segment(text)
        self._talk.begin(self._submit(number, text))

    def unlock(self, pin: str) -> None:
        """Try ``pin``, once."""
        self._pin = pin
        self._talk.begin(self._look())

    def forget(self, place: int) -> None:
        """The text that was told from there has been taken up: delete it, as often as it needs. Where none
        was, or it is deleted, another may stand that nobody has read.
        """
        if place in self._told:
            self._taken.add(place)
            self._talk.begin(self._delete(place))

    def feed(self, data: bytes, now_s: float) -> list[ModemEvent]:
        """Take what the modem says; return what it means. Never raises."""
        self._talk.feed(data, now_s)
        return self._take()

    def tick(self, now_s: float) -> list[ModemEvent]:
        """Let time pass: what is overdue, and the next look at everything."""
        self._talk.tick(now_s)
        if self._talk.is_idle and now_s >= self._look_s:
            self._talk.begin(self._look())
        return self._take()

    def to_write(self) -> bytes:
        """What is to be written now."""
        return self._talk.to_write()

    def _take(self) -> list[ModemEvent]:
        events, self._events = self._events, []
        return events

    # -- what it says by itself --------------------------------------------------------------------

    def _by_itself(self, line: str) -> bool:
        head = line.partition(":")[0]
        if line.upper().startswith(_BOOT):
            self._look_s = self._talk.now_s
        elif head in self._NEWS:
            self._NEWS[head](self, line)
        elif not line.startswith(("+", "^", "*", "#", "RING", "NO CARRIER", "Call Ready")):
            self._talk.ignored += 1
        return head == _TEXT_COMES

    def _told_by_itself(self, header: str, line: str) -> None:
        self._events.append(Received(_sender(header), from_hex(line) or "", None, read_stamp(header)))

    def _network(self, line: str) -> None:
        """``+CREG: n,stat`` answers, ``+CREG: stat[,"area","cell",…]`` comes by itself."""
        head, _, rest = line.partition(":")
        numbers = [part.strip() for part in rest.split(",")]
        stat = numbers[1] if len(numbers) > 1 and numbers[1].isdecimal() else numbers[0]
        if stat.isdecimal():
            self._networks[head] = int(stat)

    def _signal(self, line: str) -> None:
        found = _NUMBERS.findall(line)
        level = int(found[0]) if found else _UNKNOWN_SIGNAL
        self.signal_dbm = None if level >= _UNKNOWN_SIGNAL else _DBM_AT_0 + _DB_EACH * level

    def _stored(self, line: str) -> None:
        found = _NUMBERS.findall(line)
        if found and self._talk.waiting < _MOST_WAITING:  # the next look finds what is left
            self._talk.begin(self._read(int(found[-1])))

    def _status(self, line: str) -> None:
        found = read_report(line)
        self._events += [] if found is None else [found]

    # -- dialogues ---------------------------------------------------------------------------------

    def _command(self, text: str, reply: str = "", *, shows: bool = False) -> Ask:
        return Ask(text.encode("ascii") + b"\r", self._wait.command_s, reply, shows)

    def _look(self) -> Dialogue:
        """Set and ask everything anew: a modem may restart by itself at any time and say nothing."""
        self._look_s = self._talk.now_s + self._wait.retry_s
        yield Ask(CANCEL + b"\r", self._wait.quiet_s, deaf=True)
        self._found = yield from self._looked()
        self.has_looked = True
        if self._found is not ModemState.READY:
            return
        yield from self._backlog()
        if self.state is not ModemState.SEARCHING:
            self._look_s = self._talk.now_s + self._wait.every_s

    def _looked(self) -> Generator[Ask, Reply, ModemState]:
        for setting in ("ATE0", "AT+CMEE=1"):
            if (yield self._command(setting)).end is End.SILENCE:
                return ModemState.SILENT
        card = yield from self._card()
        if card is not ModemState.READY:
            return card
        if not (yield from self._text_mode()):
            return ModemState.SILENT
        yield from self._set(*([_TELL_ALL] if self._reports else []), _TELL_TEXTS)
        for question in ("AT+CREG?", "AT+CEREG?", "AT+CSQ"):
            if not (yield self._command(question)).ok:
                self._networks.pop(question[2:-1], None)
        return ModemState.READY

    def _card(self) -> Generator[Ask, Reply, ModemState]:
        reply = yield self._command("AT+CPIN?", "+CPIN:")
        word = reply.lines[-1].partition(":")[2].strip() if reply.lines else ""
        if reply.ok and word == "READY":
            return ModemState.READY
        if reply.end is End.SILENCE or reply.code == _SIM_BUSY:
            return ModemState.SILENT
        if reply.end is End.ERROR and (reply.code is None or reply.code in _NO_SIM):
            return ModemState.SIM_MISSING
        if word == "SIM PIN" or reply.code == _PIN_REQUIRED:
            return (yield from self._enter_pin())
        return ModemState.SIM_LOCKED

    def _enter_pin(self) -> Generator[Ask, Reply, ModemState]:
        pin, self._pin = self._pin, ""
        if not pin:
            self._events += [] if self._pin_told else [PinWanted()]
            self._pin_told = True
            return ModemState.SIM_LOCKED
        reply = yield Ask(f'AT+CPIN="{pin}"\r'.encode("ascii"), self._wait.pin_s)
        if reply.end is End.ERROR:
            self._events.append(PinRefused())
        return ModemState.READY if reply.ok else ModemState.SIM_LOCKED

    def _text_mode(self) -> _Question:
        """Once the set is UCS2, some modems want even its own name in it."""
        if not (yield from self._set("AT+CMGF=1")):
            return False
        return (yield from self._set('AT+CSCS="UCS2"', f'AT+CSCS="{to_hex("UCS2")}"'))

    def _set(self, *ways: str) -> _Question:
        """Set one thing in the first of the ``ways`` that the modem takes."""
        for way in ways:
            if (yield self._command(way)).ok:
                return True
        return False

    def _backlog(self) -> Dialogue:
        """Read what came while nobody listened. Places are numbered from 0 or 1 and may have holes."""
        reply = yield self._command("AT+CPMS?", "+CPMS:")
        found = [int(number) for number in _NUMBERS.findall(reply.lines[0])] if reply.lines else []
        used, total = found[:2] if len(found) > 1 else (0, 0)
        for place in range(min(total, 255) + 1):
            if used <= 0:
                return
            used -= yield from self._fetch(place)

    def _read(self, place: int) -> Dialogue:
        yield from self._fetch(place)

    def _fetch(self, place: int) -> Generator[Ask, Reply, bool]:
        reply = yield self._command(f"AT+CMGR={place}", "+CMGR:", shows=True)
        if not reply.lines:
            return False
        header = reply.lines[0]
        text = from_hex(reply.lines[1]) if len(reply.lines) > 1 else ""
        found = Received(_sender(header), text or "", place, read_stamp(header))
        if self._told.get(place) != found:  # a modem may delete and not say so: the next text stands there
            self._taken.discard(place)
            self._told[place] = found
            self._events.append(found)
        elif place in self._taken:
            yield from self._delete(place)
        return True

    def _delete(self, place: int) -> Dialogue:
        """Delete what was taken up there, unless that has been done: the next text may have come to the same
        place by now.
        """
        if place not in self._taken:
            return
        if (yield self._command(f"AT+CMGD={place}")).ok:
            self._told.pop(place, None)
            self._taken.discard(place)

    def _submit(self, number: str, text: str) -> Dialogue:
        self._sending = True
        outcome = yield from self._submitted(number, text)
        self._sending = False
        self._refused = isinstance(outcome, NotSent)
        self._events.append(outcome)
        if self._refused:
            self._look_s = self._talk.now_s + self._wait.retry_s

    def _submitted(self, number: str, text: str) -> Generator[Ask, Reply, Sent | NotSent]:
        alphabet = checked_segment(text)
        if not (yield from self._text_mode()):
            return NotSent("the modem takes no text mode", certain=True)
        first = _SUBMIT_FORMAT | (_WANTS_REPORT if self._reports else 0)
        reply = yield self._command(f"AT+CSMP={first},{VALID},0,{alphabet.value}")
        if not reply.ok:
            return NotSent(reply.reason, certain=True)
        command = f'AT+CMGS="{to_hex(number)}"\r'.encode("ascii")
        reply = yield Ask(command, self._wait.prompt_s, prompt=True)
        if reply.end is not End.PROMPT:
            self._talk.write(CANCEL)
            return NotSent(reply.reason, certain=True)
        reply = yield Ask(to_hex(text).encode("ascii") + SUBMIT, self._wait.send_s, "+CMGS:")
        if reply.ok or reply.lines:
            given = _NUMBERS.findall(reply.lines[-1]) if reply.lines else []
            return Sent(int(given[0]) if given else None)
        self._talk.write(CANCEL if reply.end is End.SILENCE else b"")
        return NotSent(reply.reason, certain=reply.end is End.ERROR)

    _NEWS: ClassVar[Mapping[str, Callable[[AtModem, str], None]]] = {
        "+CREG": _network,
        "+CEREG": _network,
        "+CSQ": _signal,
        "+CMTI": _stored,
        "+CDS": _status,
    }


def _sender(header: str) -> str:
    """The number in ``+CMGR: "REC UNREAD","<number>",…`` or ``+CMT: "<number>",…``; "" if there is none."""
    quoted = _QUOTED.findall(header)
    place = 1 if header.startswith("+CMGR:") else 0
    plain = quoted[place] if len(quoted) > place else ""
    decoded = from_hex(plain)
    return decoded if decoded and _SENDER.fullmatch(decoded) else plain
