"""The configuration text that a TI radar forgets at every power-off, sent over its second port.

What this is not: the text, which is TI's and the installer's. The one idea: a radar that sends frames is left
alone, for its firmware takes no second configuration; only *silence* on the data port asks for the text. So
a restart of the agent disturbs nothing, and a radar that lost its power for a moment comes back by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import serial

from edge_agent.drivers import Deliver, Driver, DriverError, Incoming
from edge_agent.drivers.beat import Beat
from edge_agent.drivers.serial_port import in_words
from edge_agent.settings import SerialSettings

log = logging.getLogger(__name__)

FIRST_SILENCE_S: Final = 3.0
"""D. A radar sends ten or more frames a second, even of an empty room."""
LONG_SILENCE_S: Final = 20.0
"""D. Longer than a damaged length can hold frames back (``ti_mmwave.MAX_FRAME``)."""
FRAMES_S: Final = 10.0
"""D. Within this a configured radar sends."""
FAULT_FAILURES: Final = 3
"""D. With the supervisor's pauses, a radar that cannot be configured is a fault within a minute."""
REPLY_S: Final = 5.0
"""D. ``sensorStart`` calibrates first and takes a second or two; other commands answer at once."""
MAX_COMMANDS: Final = 200
MAX_COMMAND: Final = 255
"""Characters that the SDK's command line takes."""
_POLL_S: Final = 0.1
_CATCH_UP_S: Final = 0.2
"""Frames that waited while the loop stood still are delivered within this, before silence is believed."""
_MOST_REPLY: Final = 4096
_COMMENT: Final = "%"

Command = tuple[int, str]
"""Its line in the file, and the text."""


class ConfiguredRadar:
    """A driver around a radar's data port that sends the text when the port is silent."""

    def __init__(self, port: Driver, line: SerialSettings) -> None:
        self.name = port.name
        self._port = port
        self._line = line
        self._frames = 0
        self._heard_s = 0.0
        self._setups = 0
        self._failures = 0

    @property
    def beat(self) -> Beat:
        return self._port.beat

    def health(self) -> Mapping[str, float]:
        """The port's figures; ``setups``: how often the radar took the text, once at each power-up.

        ``fault``: it could not be made to send, ``FAULT_FAILURES`` times on end.
        """
        fault = self._failures >= FAULT_FAILURES
        return {**self._port.health(), "setups": float(self._setups), "fault": float(fault)}

    async def run(self, deliver: Deliver) -> None:
        def note(incoming: Incoming) -> None:
            self._frames += 1
            self._failures = 0
            self._heard_s = asyncio.get_running_loop().time()
            deliver(incoming)

        self._heard_s = asyncio.get_running_loop().time()
        parts = (
            asyncio.create_task(self._port.run(note)),
            asyncio.create_task(self._keep_configured()),
        )
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _keep_configured(self) -> None:
        """Send the text whenever the radar has fallen silent; count what fails.

        Raises:
            DriverError: as ``_configure_when_silent``.
        """
        try:
            await self._configure_when_silent()
        except DriverError:
            self._failures += 1
            raise

    async def _configure_when_silent(self) -> None:
        """Wait for silence, send the text, and again.

        Raises:
            DriverError: it cannot be sent, or the radar takes it and still sends nothing.
        """
        await self._silence(FIRST_SILENCE_S)
        while True:
            await self._configure()
            before = self._frames
            self._heard_s = asyncio.get_running_loop().time()
            await self._silence(FRAMES_S)
            if self._frames == before:
                line = self._line
                raise DriverError(
                    f"{line.port} brings no {line.codec} frames though the radar took {line.cli_file}: "
                    "is this its data port, and does its firmware belong to the codec?"
                )
            await self._silence(LONG_SILENCE_S)

    async def _silence(self, seconds: float) -> None:
        """Return when nothing has been heard for so long, though a loop that stood still could catch up."""
        loop, left_s = asyncio.get_running_loop(), seconds
        while left_s > 0:
            await asyncio.sleep(left_s)
            await asyncio.sleep(_CATCH_UP_S)
            left_s = self._heard_s + seconds - loop.time()

    async def _configure(self) -> None:
        """Send the text from a thread; when cancelled, wait for the thread's end."""
        stopping = threading.Event()
        sending = asyncio.create_task(asyncio.to_thread(send, self._line, stopping))
        try:
            count = await asyncio.shield(sending)
        finally:
            stopping.set()
            with contextlib.suppress(DriverError):
                await sending
        self._setups += 1
        log.info("radar configured name=%s commands=%d", self._line.name, count)


def send(line: SerialSettings, stopping: threading.Event) -> int:
    """Send the text of ``line.cli_file`` and have each command confirmed; return how many were sent.

    Blocks, at most ``REPLY_S`` a command; returns early when ``stopping`` is set.

    Raises:
        DriverError: the file or the port cannot be used, or the radar refuses a command.
    """
    wanted = read(line.cli_file or Path())
    try:
        with _opened(line) as port:
            port.write(b"\n")  # whatever stands half-written in the radar's buffer
            port.read(_MOST_REPLY)
            for number, command in wanted:
                if stopping.is_set():
                    break
                refusal = _refusal(port, command, stopping)
                if refusal:
                    raise DriverError(f"{line.cli_file} line {number} {command!r}: {refusal}")
    except (OSError, ValueError) as error:
        raise DriverError(f"{line.cli_port} {in_words(error)}") from error
    return len(wanted)


def read(file: Path) -> list[Command]:
    """Return the commands of a configuration file.

    Raises:
        DriverError: it cannot be read, or is none.
    """
    try:
        return commands(file.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise DriverError(f"cli_file {file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DriverError(f"cli_file {file}: {error}") from error


def commands(text: str) -> list[Command]:
    """Return the commands of a text, without comments and empty lines.

    Raises:
        ValueError: too many or too long, not ASCII, or nothing that starts the sensor.
    """
    stripped = (line.split(_COMMENT)[0].strip() for line in text.splitlines())
    found = [(number, line) for number, line in enumerate(stripped, start=1) if line]
    if len(found) > MAX_COMMANDS:
        raise ValueError(f"{len(found)} commands, a radar's text has at most {MAX_COMMANDS}")
    for number, line in found:
        if not line.isascii() or len(line) > MAX_COMMAND:
            raise ValueError(f"line {number} is no command of at most {MAX_COMMAND} ASCII characters")
    if not any(line.split()[0] == "sensorStart" for _, line in found):
        raise ValueError("has no 'sensorStart', so the radar would never send")
    return found


def verdict(reply: Sequence[str]) -> str | None:
    """What the whole lines of a reply say: ``""`` for done, a refusal in words, ``None`` for not yet."""
    for line in map(str.strip, reply):
        if line == "Done":
            return ""
        if line.startswith("Error") or line.endswith("is not recognized as a CLI command"):
            return f"the radar answers {line!r}"
    return None


def _opened(line: SerialSettings) -> Any:
    """pyserial has no types; what it opens is a context manager that closes the port."""
    return serial.serial_for_url(
        line.cli_port, baudrate=line.cli_baud, timeout=_POLL_S, write_timeout=REPLY_S, exclusive=True
    )


def _refusal(port: Any, command: str, stopping: threading.Event) -> str:
    """Send one command; return why it was not done, ``""`` if it was (or nobody wants to know any more)."""
    port.read(port.in_waiting)  # what came late belongs to no command
    port.write(command.encode("ascii") + b"\n")
    reply, until_s = b"", time.monotonic() + REPLY_S
    while time.monotonic() < until_s and not stopping.is_set():
        reply = (reply + port.read(1) + port.read(port.in_waiting))[-_MOST_REPLY:]
        answer = verdict(reply.decode("ascii", "replace").split("\n")[:-1])
        if answer is not None:
            return answer
    if stopping.is_set():
        return ""
    return "the radar does not answer 'Done': is this its CLI port, and is it in functional mode?"
