"""Questions to a modem and its answers, line by line (3GPP TS 27.007), sans-I/O.

What this is: bytes and elapsed seconds in, bytes to write out, one question under way at a time. What it is
not: what to ask, or what an answer means (``at``). The one idea: a *dialogue* is a generator that asks one
thing after the other, and whatever the modem says by itself meanwhile is taken up beside it, so no
unsolicited line can be mistaken for an answer.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

LONGEST_LINE: Final = 2_048
"""Bytes; the longest honest line, a text in hexadecimal digits, has 640. What is longer is noise and
dropped."""
_ERROR: Final = re.compile(r"\+CM[ES] ERROR: ?(?P<code>\d+)?.*")
_HEX: Final = re.compile(r"[0-9A-Fa-f]*")


class End(Enum):
    """What ended a question."""

    OK = auto()
    ERROR = auto()
    PROMPT = auto()
    SILENCE = auto()


@dataclass(frozen=True, slots=True)
class Ask:
    """``reply``: how information that belongs to it begins. ``text``: that is followed by a line of its own.
    ``prompt``: it ends with the prompt. ``deaf``: nothing ends it but time."""

    write: bytes
    within_s: float
    reply: str = ""
    text: bool = False
    prompt: bool = False
    deaf: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """``lines``: the information that came. ``reason``, ``code``: what the modem said of an error."""

    end: End
    lines: tuple[str, ...] = ()
    reason: str = ""
    code: int | None = None

    @property
    def ok(self) -> bool:
        return self.end is End.OK


Dialogue = Generator[Ask, Reply, None]


class Talk:
    """One cable. ``news`` takes each line that comes by itself and says whether a text follows on a line of
    its own; ``told`` takes the two."""

    def __init__(self, news: Callable[[str], bool], told: Callable[[str, str], None]) -> None:
        self._news = news
        self._told = told
        self.ignored = 0
        """Lines that made no sense, so far."""
        self.clear(0.0)

    def clear(self, now_s: float) -> None:
        """A port has just been opened: nothing is under way."""
        self.now_s = now_s
        self._partial = b""
        self._out = b""
        self._queue: deque[Dialogue] = deque()
        self._dialogue: Dialogue | None = None
        self._ask: Ask | None = None
        self._due_s = 0.0
        self._lines: list[str] = []
        self._text_of = ""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked."""
        return self._dialogue is None

    @property
    def waiting(self) -> int:
        """Dialogues behind the one under way."""
        return len(self._queue)

    def begin(self, dialogue: Dialogue) -> None:
        """Have ``dialogue``, as soon as those before it are over."""
        self._queue.append(dialogue)
        self._go_on()

    def write(self, data: bytes) -> None:
        """Write ``data`` beside all questions."""
        self._out += data

    def to_write(self) -> bytes:
        """What is to be written now."""
        out, self._out = self._out, b""
        return out

    def feed(self, data: bytes, now_s: float) -> None:
        """Take what the modem says. Never raises."""
        self.now_s = now_s
        *lines, self._partial = re.split(rb"[\r\n]", self._partial + data)
        for line in lines:
            self._line(line.decode("latin-1").strip())
        if self._ask and self._ask.prompt and self._partial.startswith(b">"):
            self._partial = b""
            self._finish(Reply(End.PROMPT))
        if len(self._partial) > LONGEST_LINE:
            self._partial = b""
            self.ignored += 1

    def tick(self, now_s: float) -> None:
        """Let time pass: a question that is overdue is over."""
        self.now_s = now_s
        if self._ask and now_s >= self._due_s:
            self._finish(Reply(End.SILENCE, tuple(self._lines), "the modem does not answer"))

    def _line(self, line: str) -> None:
        if not line or line.startswith((">", "AT")):  # a prompt nobody waits for, an echo
            return
        if self._text_of and _HEX.fullmatch(line):
            self._take_text(line)
            return
        self._text_of = ""
        if len(line) > LONGEST_LINE:
            self.ignored += 1
        elif not (self._ends(line) or self._belongs(line)) and self._news(line):
            self._text_of = line

    def _take_text(self, line: str) -> None:
        header, self._text_of = self._text_of, ""
        if self._is_asked_for(header):
            self._lines.append(line)
        else:
            self._told(header, line)

    def _ends(self, line: str) -> bool:
        """Whether it is a final result; one that nobody waits for ends nothing."""
        failed = _ERROR.fullmatch(line)
        if line not in {"OK", "ERROR"} and failed is None:
            return False
        if self._ask and not self._ask.deaf:
            code = int(failed["code"]) if failed and failed["code"] else None
            end = End.OK if line == "OK" else End.ERROR
            self._finish(Reply(end, tuple(self._lines), line, code))
        return True

    def _belongs(self, line: str) -> bool:
        if self._ask is None or not self._is_asked_for(line):
            return False
        self._lines.append(line)
        self._text_of = line if self._ask.text else ""
        return True

    def _is_asked_for(self, line: str) -> bool:
        return self._ask is not None and self._ask.reply != "" and line.startswith(self._ask.reply)

    def _go_on(self) -> None:
        """Begin the next dialogue if none is under way."""
        while self._dialogue is None and self._queue:
            self._dialogue = self._queue.popleft()
            self._resume(next)

    def _finish(self, reply: Reply) -> None:
        self._ask, self._lines, self._text_of = None, [], ""
        self._resume(lambda dialogue: dialogue.send(reply))
        self._go_on()

    def _resume(self, step: Callable[[Dialogue], Ask]) -> None:
        if self._dialogue is None:
            return
        try:
            ask = step(self._dialogue)
        except StopIteration:
            self._dialogue = None
            return
        self._ask, self._due_s = ask, self.now_s + ask.within_s
        self._out += ask.write
