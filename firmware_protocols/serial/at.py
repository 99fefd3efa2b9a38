"""A mobile modem's dialogue for text messages: AT commands of 3GPP TS 27.007 and 27.005, sans-I/O.

What this is: bytes and elapsed seconds in, bytes to write and events out. What it is not: a port, a clock, or
a judge of whom to text. The one idea: a *dialogue* is a generator that asks one thing after the other, and
whatever the modem says by itself meanwhile is taken up beside it, so no unsolicited line can be mistaken for
an answer.

Everything that holds a stranger's words travels as hexadecimal digits (character set UCS2): in any other set
the text of a message may hold line ends, and so play the modem ("OK", "+CMT: …") or end our own text early
(1A).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import ClassVar, Final

from firmware_protocols.serial.sms_text import checked_number, checked_segment, from_hex, to_hex

SUBMIT: Final = b"\x1a"
"""Ends a text and sends it (27.005, 3.5.1)."""
CANCEL: Final = b"\x1b"
"""Leaves a prompt without sending."""
LONGEST_LINE: Final = 2_048
"""Bytes; the longest honest line, a text in hexadecimal digits, has 640. What is longer is noise and
dropped."""
VALID: Final = 143
"""Relative validity period of what we send: 12 h (23.040, 9.2.3.12.1). Whoever still calls then texts
anew."""
_SUBMIT_FORMAT: Final = 17
"""First octet: SMS-SUBMIT with a relative validity period (23.040, 9.2.2.2)."""
_REGISTERED: Final = frozenset({1, 5, 6, 7, 9, 10})
"""27.007, 7.2: home and roaming, also where only texts (6, 7) or calls by the old network (9, 10) are to be
had."""
_DBM_AT_0: Final = -113
_DB_EACH: Final = 2
_UNKNOWN_SIGNAL: Final = 99
_NO_SIM: Final = frozenset({10, 13, 15})
"""27.007, 9.2: not inserted, failure, wrong. A busy one is asked again."""
_PIN_REQUIRED: Final = 11
_MOST_WAITING: Final = 64
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
    stored until ``forget``; ``None``: nowhere."""

    sender: str
    text: str
    place: int | None


@dataclass(frozen=True, slots=True)
class Sent:
    """The network has taken the text. That is no delivery."""


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


ModemEvent = Received | Sent | NotSent | PinWanted | PinRefused


class _End(Enum):
    OK = auto()
    ERROR = auto()
    PROMPT = auto()
    SILENCE = auto()


@dataclass(frozen=True, slots=True)
class _Ask:
    """``reply``: how information that belongs to it begins. ``text``: that is followed by a line of its own.
    ``prompt``: it ends with the prompt. ``deaf``: nothing ends it but time."""

    write: bytes
    within_s: float
    reply: str = ""
    text: bool = False
    prompt: bool = False
    deaf: bool = False


@dataclass(frozen=True, slots=True)
class _Reply:
    end: _End
    lines: tuple[str, ...] = ()
    reason: str = ""
    code: int | None = None

    @property
    def ok(self) -> bool:
        return self.end is _End.OK


_Dialogue = Generator[_Ask, _Reply, None]
_Question = Generator[_Ask, _Reply, bool]

_ERROR: Final = re.compile(r"\+CM[ES] ERROR: ?(?P<code>\d+)?.*")
_HEX: Final = re.compile(r"[0-9A-Fa-f]*")
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

    def __init__(self, timeouts: Timeouts | None = None) -> None:
        self._wait = timeouts or Timeouts()
        self.signal_dbm: int | None = None
        self.ignored = 0
        """Lines that made no sense, so far."""
        self._clear()

    def _clear(self) -> None:
        self.has_looked = False
        """Whether ``state`` rests on a first look."""
        self._found = ModemState.SILENT
        self._networks: dict[str, int] = {}
        self._refused = self._sending = False
        self._pin, self._pin_told = "", False
        self._partial = b""
        self._out = b""
        self._now_s = 0.0
        self._queue: deque[_Dialogue] = deque()
        self._dialogue: _Dialogue | None = None
        self._ask: _Ask | None = None
        self._due_s = self._look_s = 0.0
        self._lines: list[str] = []
        self._text_of = ""
        self._told: set[int] = set()
        self._taken: set[int] = set()
        """Places whose texts were told, and those of them that may be deleted."""
        self._events: list[ModemEvent] = []

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
        return self.state in {ModemState.READY, ModemState.REFUSED} and not self._queue

    # -- what comes in -----------------------------------------------------------------------------

    def start(self, now_s: float) -> None:
        """A port has just been opened: forget everything and begin."""
        self._clear()
        self._now_s = now_s
        self._queue.append(self._look())
        self._go_on()

    def send(self, number: str, text: str) -> None:
        """Queue a text; ``Sent`` or ``NotSent`` will say what became of it.

        Raises:
            BadNumber, TooLong: it cannot be sent at all.
        """
        checked_number(number)
        checked_segment(text)
        self._queue.append(self._submit(number, text))
        self._go_on()

    def unlock(self, pin: str) -> None:
        """Try ``pin``, once."""
        self._pin = pin
        self._queue.append(self._look())
        self._go_on()

    def forget(self, place: int) -> None:
        """The text stored there has been taken up: delete it, as often as it needs."""
        self._taken.add(place)
        self._queue.append(self._delete(place))
        self._go_on()

    def feed(self, data: bytes, now_s: float) -> list[ModemEvent]:
        """Take what the modem says; return what it means. Never raises."""
        self._now_s = now_s
        *lines, self._partial = re.split(rb"[\r\n]", self._partial + data)
        for line in lines:
            self._line(line.decode("latin-1").strip())
        if self._ask and self._ask.prompt and self._partial.startswith(b">"):
            self._partial = b""
            self._finish(_Reply(_End.PROMPT))
        if len(self._partial) > LONGEST_LINE:
            self._partial = b""
            self.ignored += 1
        return self._take()

    def tick(self, now_s: float) -> list[ModemEvent]:
        """Let time pass: what is overdue, and the next look at everything."""
        self._now_s = now_s
        if self._ask and now_s >= self._due_s:
            self._finish(_Reply(_End.SILENCE, tuple(self._lines), "the modem does not answer"))
        if self._dialogue is None and now_s >= self._look_s:
            self._queue.append(self._look())
            self._go_on()
        return self._take()

    def to_write(self) -> bytes:
        """What is to be written now."""
        out, self._out = self._out, b""
        return out

    def _take(self) -> list[ModemEvent]:
        events, self._events = self._events, []
        return events

    # -- lines -------------------------------------------------------------------------------------

    def _line(self, line: str) -> None:
        if not line or line.startswith((">", "AT")):  # a prompt nobody waits for, an echo
            return
        if self._text_of and _HEX.fullmatch(line):
            self._lines_of_text(line)
            return
        self._text_of = ""
        if len(line) > LONGEST_LINE:
            self.ignored += 1
        elif not (self._ends(line) or self._belongs(line)):
            self._by_itself(line)

    def _lines_of_text(self, line: str) -> None:
        header, self._text_of = self._text_of, ""
        if header.startswith("+CMT:"):
            self._events.append(Received(_sender(header), from_hex(line) or "", None))
        else:
            self._lines.append(line)

    def _ends(self, line: str) -> bool:
        """Whether it is a final result; one that nobody waits for ends nothing."""
        failed = _ERROR.fullmatch(line)
        if line not in {"OK", "ERROR"} and failed is None:
            return False
        if self._ask and not self._ask.deaf:
            code = int(failed["code"]) if failed and failed["code"] else None
            end = _End.OK if line == "OK" else _End.ERROR
            self._finish(_Reply(end, tuple(self._lines), line, code))
        return True

    def _belongs(self, line: str) -> bool:
        ask = self._ask
        if ask is None or not ask.reply or not line.startswith(ask.reply):
            return False
        self._lines.append(line)
        self._text_of = line if ask.text else ""
        return True

    def _by_itself(self, line: str) -> None:
        head = line.partition(":")[0]
        if line.upper().startswith(_BOOT):
            self._look_s = self._now_s
        elif head == "+CMT":
            self._text_of = line
        elif head in self._NEWS:
            self._NEWS[head](self, line)
        elif not line.startswith(("+", "^", "*", "#", "RING", "NO CARRIER", "Call Ready")):
            self.ignored += 1

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
        if found and len(self._queue) < _MOST_WAITING:  # the next look finds what is left
            self._queue.append(self._read(int(found[-1])))
            self._go_on()

    # -- dialogues ---------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Begin the next dialogue if none is under way."""
        while self._dialogue is None and self._queue:
            self._dialogue = self._queue.popleft()
            self._resume(next)

    def _finish(self, reply: _Reply) -> None:
        self._ask, self._lines, self._text_of = None, [], ""
        self._resume(lambda dialogue: dialogue.send(reply))
        self._go_on()

    def _resume(self, step: Callable[[_Dialogue], _Ask]) -> None:
        if self._dialogue is None:
            return
        try:
            ask = step(self._dialogue)
        except StopIteration:
            self._dialogue = None
            return
        self._ask, self._due_s = ask, self._now_s + ask.within_s
        self._out += ask.write

    def _command(self, text: str, reply: str = "", *, shows: bool = False) -> _Ask:
        return _Ask(text.encode("ascii") + b"\r", self._wait.command_s, reply, shows)

    def _look(self) -> _Dialogue:
        """Set and ask everything anew: a modem may restart by itself at any time and say nothing."""
        self._look_s = self._now_s + self._wait.retry_s
        yield _Ask(CANCEL + b"\r", self._wait.quiet_s, deaf=True)
        self._found = yield from self._looked()
        self.has_looked = True
        if self._found is not ModemState.READY:
            return
        yield from self._backlog()
        if self.state is not ModemState.SEARCHING:
            self._look_s = self._now_s + self._wait.every_s

    def _looked(self) -> Generator[_Ask, _Reply, ModemState]:
        for setting in ("ATE0", "AT+CMEE=1"):
            if (yield self._command(setting)).end is _End.SILENCE:
                return ModemState.SILENT
        card = yield from self._card()
        if card is not ModemState.READY:
            return card
        if not (yield from self._text_mode()):
            return ModemState.SILENT
        yield self._command("AT+CNMI=2,1")
        for question in ("AT+CREG?", "AT+CEREG?", "AT+CSQ"):
            if not (yield self._command(question)).ok:
                self._networks.pop(question[2:-1], None)
        return ModemState.READY

    def _card(self) -> Generator[_Ask, _Reply, ModemState]:
        reply = yield self._command("AT+CPIN?", "+CPIN:")
        word = reply.lines[-1].partition(":")[2].strip() if reply.lines else ""
        if reply.ok and word == "READY":
            return ModemState.READY
        if reply.end is _End.SILENCE or reply.code == _SIM_BUSY:
            return ModemState.SILENT
        if reply.end is _End.ERROR and (reply.code is None or reply.code in _NO_SIM):
            return ModemState.SIM_MISSING
        if word == "SIM PIN" or reply.code == _PIN_REQUIRED:
            return (yield from self._enter_pin())
        return ModemState.SIM_LOCKED

    def _enter_pin(self) -> Generator[_Ask, _Reply, ModemState]:
        pin, self._pin = self._pin, ""
        if not pin:
            self._events += [] if self._pin_told else [PinWanted()]
            self._pin_told = True
            return ModemState.SIM_LOCKED
        reply = yield _Ask(f'AT+CPIN="{pin}"\r'.encode("ascii"), self._wait.pin_s)
        if reply.end is _End.ERROR:
            self._events.append(PinRefused())
        return ModemState.READY if reply.ok else ModemState.SIM_LOCKED

    def _text_mode(self) -> _Question:
        """Once the set is UCS2, some modems want even its own name in it."""
        settings = ("AT+CMGF=1",), ('AT+CSCS="UCS2"', f'AT+CSCS="{to_hex("UCS2")}"')
        for ways in settings:
            done = False
            for way in ways:
                done = done or (yield self._command(way)).ok
            if not done:
                return False
        return True

    def _backlog(self) -> _Dialogue:
        """Read what came while nobody listened. Places are numbered from 0 or 1 and may have holes."""
        reply = yield self._command("AT+CPMS?", "+CPMS:")
        found = [int(number) for number in _NUMBERS.findall(reply.lines[0])] if reply.lines else []
        used, total = found[:2] if len(found) > 1 else (0, 0)
        for place in range(min(total, 255) + 1):
            if used <= 0:
                return
            used -= yield from self._fetch(place)

    def _read(self, place: int) -> _Dialogue:
        yield from self._fetch(place)

    def _fetch(self, place: int) -> Generator[_Ask, _Reply, bool]:
        reply = yield self._command(f"AT+CMGR={place}", "+CMGR:", shows=True)
        if not reply.lines:
            return False
        if place in self._taken:
            yield from self._delete(place)
        elif place not in self._told:
            self._told.add(place)
            text = from_hex(reply.lines[1]) if len(reply.lines) > 1 else ""
            self._events.append(Received(_sender(reply.lines[0]), text or "", place))
        return True

    def _delete(self, place: int) -> _Dialogue:
        if (yield self._command(f"AT+CMGD={place}")).ok:
            self._told.discard(place)
            self._taken.discard(place)

    def _submit(self, number: str, text: str) -> _Dialogue:
        self._sending = True
        outcome = yield from self._submitted(number, text)
        self._sending = False
        self._refused = isinstance(outcome, NotSent)
        self._events.append(outcome)
        if self._refused:
            self._look_s = self._now_s + self._wait.retry_s

    def _submitted(self, number: str, text: str) -> Generator[_Ask, _Reply, Sent | NotSent]:
        alphabet = checked_segment(text)
        if not (yield from self._text_mode()):
            return NotSent("the modem takes no text mode", certain=True)
        reply = yield self._command(f"AT+CSMP={_SUBMIT_FORMAT},{VALID},0,{alphabet.value}")
        if not reply.ok:
            return NotSent(reply.reason, certain=True)
        command = f'AT+CMGS="{to_hex(number)}"\r'.encode("ascii")
        reply = yield _Ask(command, self._wait.prompt_s, prompt=True)
        if reply.end is not _End.PROMPT:
            self._out += CANCEL
            return NotSent(reply.reason, certain=True)
        reply = yield _Ask(to_hex(text).encode("ascii") + SUBMIT, self._wait.send_s, "+CMGS:")
        if reply.ok or reply.lines:
            return Sent()
        self._out += CANCEL if reply.end is _End.SILENCE else b""
        return NotSent(reply.reason, certain=reply.end is _End.ERROR)

    _NEWS: ClassVar[Mapping[str, Callable[[AtModem, str], None]]] = {
        "+CREG": _network,
        "+CEREG": _network,
        "+CSQ": _signal,
        "+CMTI": _stored,
    }


def _sender(header: str) -> str:
    """The number in ``+CMGR: "REC UNREAD","<number>",…`` or ``+CMT: "<number>",…``; "" if there is none."""
    quoted = _QUOTED.findall(header)
    place = 1 if header.startswith("+CMGR:") else 0
    plain = quoted[place] if len(quoted) > place else ""
    decoded = from_hex(plain)
    return decoded if decoded and _SENDER.fullmatch(decoded) else plain
