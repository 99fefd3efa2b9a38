"""Frames from a serial line: any pyserial URL, one reader thread per port.

The one idea: the thread only blocks and hands bytes over through a bounded queue; all the rest happens on the
event loop, a chunk at a time. When the loop is behind, the thread waits, and the kernel's buffer takes over.
Whatever goes wrong ends the run: the supervisor opens the same path again, wherever it then leads.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import io
import logging
import os
import queue
import socket
import sys
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import serial

from edge_agent.drivers import Deliver, DriverError, Incoming
from edge_agent.drivers.beat import Beat
from edge_agent.settings import SerialSettings
from firmware_protocols.codec import Frame
from firmware_protocols.model import DeviceId
from firmware_protocols.registry import FRAMERS

log = logging.getLogger(__name__)

READ_S: Final = 0.5
"""How long a read blocks: the longest a stop takes."""
HANGS_S: Final = 60.0
"""No sign of life for so long [D]: the longest bounded step is the connection to a serial server, 5 s."""
GARBLED_S: Final = 30.0
"""Bytes for this long without one frame: a wrong rate, a wrong codec or a bad cable. [D]"""
GARBLED_BYTES: Final = 64
"""Fewer bytes than this are a disturbance, not a device that speaks. [D]"""
KEEP_ALIVE: Final[Mapping[int, int]] = {
    socket.TCP_KEEPIDLE: 30,
    socket.TCP_KEEPINTVL: 10,
    socket.TCP_KEEPCNT: 3,
}
"""A serial server that lost its power says nothing more, not even that: noticed within 60 s. [D]"""
_CHUNKS: Final = 64
_MOST_BYTES: Final = 4096
_ABSENT: Final = "is not there: is the device plugged in?"
_IN_USE: Final = "is in use by another program"
_FAR: Final = "does not answer: check the address, and the power of the serial server"
_WORDS: Final[Mapping[int, str]] = {
    errno.ENOENT: _ABSENT,
    errno.ENXIO: _ABSENT,
    errno.ENODEV: _ABSENT,
    errno.EACCES: "may not be opened: add the agent's user to the port's group (dialout)",
    errno.EAGAIN: _IN_USE,
    errno.EBUSY: _IN_USE,
    errno.ECONNREFUSED: "refuses the connection",
    errno.ETIMEDOUT: _FAR,
    errno.EHOSTUNREACH: _FAR,
    errno.ENETUNREACH: _FAR,
}


@dataclass(slots=True)
class Legibility:
    """Whether what arrives makes sense. A line at a wrong rate yields bytes, and never a frame."""

    garbled: bool = False
    _since_s: float | None = None
    _bytes: int = 0

    def note(self, size: int, frames: int, elapsed_s: float) -> bool:
        """Take note of ``size`` bytes that completed ``frames``; return whether ``garbled`` has changed."""
        before = self.garbled
        if frames:
            self.garbled, self._since_s, self._bytes = False, None, 0
        else:
            self._bytes += size
            self._since_s = elapsed_s if self._since_s is None else self._since_s
            self.garbled = before or (self._bytes >= GARBLED_BYTES and elapsed_s - self._since_s >= GARBLED_S)
        return self.garbled is not before


class SerialPort:
    """One port. ``run`` opens it, and ends with ``DriverError`` when it cannot be had or is lost."""

    def __init__(self, settings: SerialSettings) -> None:
        self._settings = settings
        self._device = DeviceId(settings.name)
        self.beat = Beat(HANGS_S)
        self._legibility = Legibility()
        self._openings = 0
        self._frames = 0
        self._discarded = 0
        self._is_open = False

    @property
    def name(self) -> str:
        return f"serial/{self._settings.name}"

    def health(self) -> Mapping[str, float]:
        """Rising ``openings`` are a loose plug, ``discarded`` bytes a bad cable, ``garbled`` a wrong rate."""
        return {
            "open": float(self._is_open),
            "openings": float(self._openings),
            "frames": float(self._frames),
            "discarded": float(self._discarded),
            "garbled": float(self._legibility.garbled),
        }

    async def run(self, deliver: Deliver) -> None:
        loop = asyncio.get_running_loop()
        framer = FRAMERS[self._settings.codec]()
        before = self._discarded
        reader = _Reader(self._settings, loop)
        reader.start()
        try:
            while True:
                await reader.arrived.wait()
                reader.arrived.clear()
                self.beat.note()
                self._note_open(reader.is_open)
                failure = reader.failure  # asked before the last bytes are taken, so that none are left
                for data in reader.chunks():
                    payloads = framer.feed(data)
                    self._discarded = before + framer.discarded
                    self._note_sense(len(data), len(payloads), loop.time())
                    await self._deliver(payloads, deliver)
                if failure is not None:
                    raise DriverError(f"{self._settings.port} {failure}")
        finally:
            self._is_open = False
            await asyncio.to_thread(reader.stop)

    def _note_open(self, is_open: bool) -> None:
        self._openings += is_open and not self._is_open
        self._is_open = is_open

    async def _deliver(self, payloads: Sequence[bytes], deliver: Deliver) -> None:
        """Hand frames over one by one: a flood takes its turn like everybody else."""
        await asyncio.sleep(0)
        self.beat.note()
        for payload in payloads:
            self._frames += 1
            deliver(Incoming(self._settings.codec, Frame(self._device, payload, datetime.now(UTC))))
            await asyncio.sleep(0)

    def _note_sense(self, size: int, frames: int, elapsed_s: float) -> None:
        line = self._settings
        if not self._legibility.note(size, frames, elapsed_s):
            return
        if not self._legibility.garbled:
            log.info("serial line readable again name=%s", line.name)
            return
        log.warning(
            "serial line unreadable name=%s: bytes but no %s frame for %.0f s;"
            " check codec and baud (now %d) in the configuration, then the cable",
            *(line.name, line.codec, GARBLED_S, line.rate),
        )


class _Reader(threading.Thread):
    """Blocks on one port. ``arrived`` is set on the loop whenever there is something to look at."""

    def __init__(self, settings: SerialSettings, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(name=f"serial-{settings.name}", daemon=True)
        self._settings = settings
        self._loop = loop
        self._chunks: queue.Queue[bytes] = queue.Queue(_CHUNKS)
        self._stopping = threading.Event()
        self.arrived = asyncio.Event()
        self.is_open = False
        self.failure: str | None = None
        """Why the thread has ended."""

    def chunks(self) -> Iterator[bytes]:
        """What has been read and not yet been taken, at most ``_MOST_BYTES`` each."""
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._chunks.get_nowait()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopping.set()
        self.join(2 * READ_S)

    def run(self) -> None:
        try:
            with self._opened() as port:
                self.is_open = True
                log.info("serial port open name=%s baud=%d", self._settings.name, self._settings.rate)
                self._ring()
                self._read(port)
        except (OSError, ValueError) as error:
            self.failure = in_words(error)
        finally:
            self.failure = (
                self.failure or "is no longer read"
            )  # whatever ended it, nobody waits for it in vain
            self._ring()

    def _opened(self) -> Any:
        """pyserial has no types; what it opens is a context manager that closes the port."""
        port = serial.serial_for_url(
            self._settings.port, baudrate=self._settings.rate, timeout=READ_S, exclusive=True
        )
        if self._settings.port.startswith("socket://"):
            keep_alive(port.fileno())
        return port

    def _read(self, port: Any) -> None:
        while not self._stopping.is_set():
            data = port.read(1)
            if data:
                self._hand_over(data + port.read(min(waiting(port), _MOST_BYTES - 1)))
            else:
                self._check_path(port)
                self._ring()  # a sign of life: thread and loop both come round

    def _check_path(self, port: Any) -> None:
        """Give up a silent port whose path is gone or leads elsewhere by now.

        Raises:
            OSError: it does.
        """
        if "://" in self._settings.port:
            return
        there, ours = Path(self._settings.port).stat(), os.fstat(port.fileno())
        if (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino):
            raise OSError(errno.ENODEV, "the path leads to another device")

    def _hand_over(self, data: bytes) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(queue.Full):
                self._chunks.put(data, timeout=READ_S)
                self._ring()
                return

    def _ring(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody listens any more
            self._loop.call_soon_threadsafe(self.arrived.set)


def keep_alive(fileno: int) -> None:
    """Have the kernel notice when the far end of a TCP connection is gone."""
    with socket.socket(fileno=os.dup(fileno)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEP_ALIVE.items():
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


def waiting(port: Any) -> int:
    """Bytes that can be read at once. Of a socket, pyserial itself only tells whether there are any."""
    try:
        fileno = port.fileno()
    except (io.UnsupportedOperation, AttributeError):  # loop://, rfc2217://
        return int(port.in_waiting)
    return int.from_bytes(fcntl.ioctl(fileno, termios.FIONREAD, bytes(4)), sys.byteorder)


def in_words(error: Exception) -> str:
    """What a technician can do; the same words for the same fault. pyserial wraps the fault that it met."""
    cause: BaseException | None = error
    while cause is not None:
        number = cause.errno if isinstance(cause, OSError) else None
        if words := _WORDS.get(number or 0):
            return words
        if isinstance(cause, TimeoutError):
            return _FAR
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, OSError):
        return f"is lost: {error}"
    return f"cannot be used so: {error}; check port and baud in the configuration"
