"""Mobile modems on ptys, and the network between them.

What this is: the far end of the cable, as 27.005 and modems' manuals describe it: echo, prompt, delays,
errors, lines that nobody asked for, a card that is missing, locked or without credit. What it is not: a
radio. The one idea: a text crosses the ``Carrier`` as its octets, packed as on the air, so one that does not
fit or is encoded wrongly does not arrive.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
import tty
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

from firmware_protocols.serial.sms_text import (
    Alphabet,
    alphabet_of,
    decode_gsm7,
    encode_gsm7,
    from_hex,
    pack,
    to_hex,
    unpack,
)

MOST_OCTETS: Final = 140
"""User data of one segment (23.040, 9.2.3.24)."""
PLACES: Final = 10
"""Texts that a card stores; the network keeps the next ones until there is room."""
_POLL_S: Final = 0.05
_WANTS_REPORT: Final = 32
"""In the first octet of a text: a status report is asked for (23.040, 9.2.3.5)."""
_REPORT_MODE: Final = 3
"""Which parameter of ``+CNMI`` says where status reports go; 1: straight to whoever listens (27.005,
3.4.1)."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text on the air. ``count``: septets, where the alphabet has such."""

    sender: str
    receiver: str
    alphabet: Alphabet
    octets: bytes
    count: int

    @property
    def words(self) -> str:
        """What it says."""
        if self.alphabet is Alphabet.GSM_7:
            return decode_gsm7(unpack(self.octets, self.count))
        return self.octets.decode("utf-16-be", "replace")


def on_air(sender: str, receiver: str, words: str, alphabet: Alphabet) -> Text | None:
    """``words`` as a network carries them; ``None`` when one segment does not hold them."""
    if alphabet is Alphabet.GSM_7:
        septets = encode_gsm7(words)
        text = Text(sender, receiver, alphabet, pack(septets), len(septets))
    else:
        text = Text(sender, receiver, alphabet, words.encode("utf-16-be", "replace"), 0)
    return text if len(text.octets) <= MOST_OCTETS else None


@dataclass
class Carrier:
    """A network: takes texts and hands them to whoever has the number, later if that one is away or full."""

    carried: list[Text] = field(default_factory=list)
    """Every text it took, oldest first."""
    _subscribers: dict[str, Callable[[Text], bool]] = field(default_factory=dict)
    _waiting: dict[str, list[Text]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def join(self, number: str, deliver: Callable[[Text], bool]) -> None:
        """``deliver`` gets the texts to ``number`` and says whether it took one."""
        with self._lock:
            self._subscribers[number] = deliver
        self.retry(number)

    def take(self, text: Text) -> None:
        """Carry one text."""
        with self._lock:
            self.carried.append(text)
            self._waiting[text.receiver].append(text)
        self.retry(text.receiver)

    def say(self, sender: str, receiver: str, words: str) -> None:
        """A person's telephone texts ``words``."""
        text = on_air(sender, receiver, words, alphabet_of(words))
        if text is None:
            raise ValueError("more than one segment")
        self.take(text)

    def inbox(self, number: str) -> list[str]:
        """What was texted to ``number``, oldest first."""
        with self._lock:
            return [text.words for text in self.carried if text.receiver == number]

    def retry(self, number: str) -> None:
        """Hand over what waits for ``number``, as far as it goes."""
        with self._lock:
            deliver, waiting = self._subscribers.get(number), self._waiting[number]
            while deliver is not None and waiting and deliver(waiting[0]):
                del waiting[0]


@dataclass
class Conditions:
    """What may ail a modem. ``card``: the word after ``+CPIN:``, ``""`` for no card. ``network``: its
    ``+CREG``. ``credit``: texts it can still pay, ``None`` without end. ``chatter``: lines it says of itself
    before each answer. ``nonsense``: what it says instead of any answer. ``strict``: once its character set
    is UCS2 it reads every string in it. ``report``: the status that it reports of each text that asks for one
    (23.040, 9.2.3.15), ``None``: the network reports nothing.
    """

    card: str = "READY"
    pin: str = "1234"
    network: int = 1
    credit: int | None = None
    answer_s: float = 0.0
    network_s: float = 0.0
    chatter: Sequence[str] = ()
    nonsense: bytes = b""
    strict: bool = False
    report: int | None = 0


class Modem:
    """One modem. ``link``: its steady port name. It answers on a thread of its own while it is plugged in."""

    def __init__(
        self, link: Path, number: str, carrier: Carrier, conditions: Conditions | None = None
    ) -> None:
        self.link = link
        self.number = number
        self.conditions = conditions or Conditions()
        self.stored: dict[int, Text] = {}
        self.heard: list[str] = []
        """Every command line it got."""
        self._carrier = carrier
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._ours = self._theirs = -1
        self._reset()
        self.plug()

    def _reset(self) -> None:
        self._echo, self._text_format, self._set, self._scheme = True, False, "IRA", 0
        self._first_octet, self._tells_reports, self._reference = 17, False, 6
        self._receiver: str | None = None
        self._line = b""

    def plug(self) -> None:
        """Plug it in: it starts with everything as the factory set it."""
        self._reset()
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._theirs))
        self._stop.clear()
        self._thread = threading.Thread(target=self._live, name=f"modem-{self.number}", daemon=True)
        self._thread.start()
        self._carrier.join(self.number, self._deliver)

    def unplug(self) -> None:
        """Pull the cable."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.link.unlink(missing_ok=True)
        with self._lock:
            ours, theirs, self._ours, self._theirs = self._ours, self._theirs, -1, -1
        for end in (ours, theirs):
            with contextlib.suppress(OSError):
                os.close(end)

    def restart(self) -> None:
        """Lose the power for a moment and say so, as a modem does on a weak supply."""
        self._reset()
        self.say("RDY")

    def say(self, *lines: str) -> None:
        """Say ``lines`` of itself."""
        for line in lines:
            self._write(f"\r\n{line}\r\n".encode("latin-1"))

    # -- its own thread ------------------------------------------------------------------------------

    def _live(self) -> None:
        while not self._stop.is_set():
            ready, _, _ = select.select([self._ours], [], [], _POLL_S)
            with contextlib.suppress(OSError):  # nobody has the port open just now
                for byte in os.read(self._ours, 4096) if ready else b"":
                    self._hear(bytes((byte,)))

    def _write(self, data: bytes) -> None:
        with self._lock, contextlib.suppress(OSError):
            os.write(self._ours, data)

    def _hear(self, byte: bytes) -> None:
        if self._echo and byte not in {b"\x1a", b"\x1b"}:
            self._write(byte)
        if byte == b"\x1b":
            self._line, self._receiver = b"", None
        elif self._receiver is not None and byte == b"\x1a":
            words, self._line = self._line.decode("latin-1"), b""
            receiver, self._receiver = self._receiver, None
            self._answer(self._submit(receiver, words))
        elif self._receiver is None and byte == b"\r":
            line, self._line = self._line.decode("latin-1").strip(), b""
            if line:
                self._obey(line)
        else:
            self._line += byte

    def _obey(self, line: str) -> None:
        self.heard.append(line)
        if line.startswith("AT+CMGS=") and self._text_format:
            self._stop.wait(self.conditions.answer_s)
            self._receiver = self._read_string(line.partition("=")[2])
            self._write(b"\r\n> ")
            return
        name = next((name for name in self._COMMANDS if line.startswith(name)), None)
        argument = line[len(name) :] if name else ""
        self._answer(self._COMMANDS[name](self, argument) if name else ("ERROR",))

    def _answer(self, lines: Sequence[str]) -> None:
        self._stop.wait(self.conditions.answer_s)
        if self.conditions.nonsense:
            self._write(self.conditions.nonsense)
            return
        self.say(*self.conditions.chatter, *lines)

    # -- strings, in the set that is chosen ----------------------------------------------------------

    def _read_string(self, argument: str) -> str:
        plain = argument.strip('"')
        decoded = from_hex(plain) if self._set == "UCS2" else None
        return plain if decoded is None else decoded

    def _shown(self, text: str) -> str:
        return to_hex(text) if self._set == "UCS2" else text

    # -- commands ------------------------------------------------------------------------------------

    def _set_echo(self, argument: str) -> Sequence[str]:
        self._echo = argument == "1"
        return ("OK",)

    def _ok(self, _argument: str) -> Sequence[str]:
        return ("OK",)

    def _card(self, argument: str) -> Sequence[str]:
        conditions = self.conditions
        if not conditions.card:
            return ("+CME ERROR: 10",)
        if argument == "?":
            return (f"+CPIN: {conditions.card}", "OK")
        if conditions.card != "SIM PIN" or argument.strip('="') != conditions.pin:
            return ("+CME ERROR: 16",)
        conditions.card = "READY"
        return ("OK",)

    def _format(self, argument: str) -> Sequence[str]:
        self._text_format = argument == "1"
        return ("OK",)

    def _choose_set(self, argument: str) -> Sequence[str]:
        if self.conditions.strict and self._set == "UCS2" and from_hex(argument.strip('"')) is None:
            return ("ERROR",)
        self._set = self._read_string(argument)
        return ("OK",)

    def _registered(self, _argument: str) -> Sequence[str]:
        return (f"+CREG: 0,{self.conditions.network}", "OK")

    def _signal(self, _argument: str) -> Sequence[str]:
        return ("+CSQ: 18,99", "OK")

    def _parameters(self, argument: str) -> Sequence[str]:
        first, _validity, _protocol, scheme = argument.split(",")
        self._first_octet, self._scheme = int(first), int(scheme)
        return ("OK",)

    def _indications(self, argument: str) -> Sequence[str]:
        modes = argument.split(",")
        self._tells_reports = len(modes) > _REPORT_MODE and modes[_REPORT_MODE] == "1"
        return ("OK",)

    def _places(self, _argument: str) -> Sequence[str]:
        each = f'"SM",{len(self.stored)},{PLACES}'
        return (f"+CPMS: {each},{each},{each}", "OK")

    def _read(self, argument: str) -> Sequence[str]:
        text = self.stored.get(int(argument))
        if text is None:
            return ("OK",) if int(argument) in range(1, PLACES + 1) else ("+CMS ERROR: 321",)
        header = f'+CMGR: "REC UNREAD","{self._shown(text.sender)}",,"26/11/25,23:31:35+32"'
        return (f"{header}\r\n{self._shown(text.words)}", "OK")

    def _delete(self, argument: str) -> Sequence[str]:
        self.stored.pop(int(argument), None)
        self._carrier.retry(self.number)
        return ("OK",)

    # -- the network ---------------------------------------------------------------------------------

    def _submit(self, receiver: str, typed: str) -> Sequence[str]:
        conditions = self.conditions
        self._stop.wait(conditions.network_s)
        words = self._read_string(typed)
        if conditions.network not in {1, 5}:
            return ("+CMS ERROR: 331",)
        if conditions.credit == 0:
            return ("+CMS ERROR: 21",)
        try:
            text = on_air(self.number, receiver, words, Alphabet(self._scheme))
        except ValueError:
            text = None
        if text is None:
            return ("+CMS ERROR: 305",)
        if conditions.credit is not None:
            conditions.credit -= 1
        self._carrier.take(text)
        self._reference = (self._reference + 1) % 256
        lines = (f"+CMGS: {self._reference}", "OK")
        if not (self._first_octet & _WANTS_REPORT and self._tells_reports) or conditions.report is None:
            return lines
        return (*lines, self._word(receiver, conditions.report))

    def report(self, receiver: str, status: int) -> None:
        """The network says only now what became of the last text."""
        self.say(self._word(receiver, status))

    def _word(self, receiver: str, status: int) -> str:
        at = '"26/11/25,23:31:35+32"'
        return f'+CDS: 6,{self._reference},"{self._shown(receiver)}",145,{at},{at},{status}'

    def _deliver(self, text: Text) -> bool:
        """Take a text that came in, if there is room and somebody to tell."""
        place = next((place for place in range(1, PLACES + 1) if place not in self.stored), None)
        if place is None or self._ours < 0 or not self.conditions.card:
            return False
        self.stored[place] = text
        self.say(f'+CMTI: "SM",{place}')
        return True

    _COMMANDS: ClassVar[Mapping[str, Callable[[Modem, str], Sequence[str]]]] = {
        "ATE": _set_echo,
        "AT+CMEE=": _ok,
        "AT+CPIN": _card,
        "AT+CMGF=": _format,
        "AT+CSCS=": _choose_set,
        "AT+CNMI=": _indications,
        "AT+CREG?": _registered,
        "AT+CSQ": _signal,
        "AT+CSMP=": _parameters,
        "AT+CPMS?": _places,
        "AT+CMGR=": _read,
        "AT+CMGD=": _delete,
    }
    """What it understands; to anything else (``+CEREG`` on an old network) it says ERROR."""
