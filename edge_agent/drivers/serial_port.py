"""Frames from a serial line: any pyserial URL, one reader thread per port.

The one idea: the thread only blocks and hands bytes over through a bounded queue; all the rest happens on the
event loop. When the loop is behind, the thread waits, and the kernel's buffer takes over.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import queue
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import serial

from edge_agent.drivers import Deliver, Driver, DriverError, Incoming
from edge_agent.settings import EdgeSettings, SerialSettings
from firmware_protocols.codec import Frame
from firmware_protocols.model import DeviceId
from firmware_protocols.registry import FRAMERS

log = logging.getLogger(__name__)

READ_S: Final = 0.5
"""How long a read blocks: the longest a stop takes."""
_CHUNKS: Final = 64
_MOST_BYTES: Final = 4096
_WORDS: Final[Mapping[int, str]] = {
    errno.ENOENT: "is not there: is the device plugged in?",
    errno.ENXIO: "is not there: is the device plugged in?",
    errno.ENODEV: "is not there: is the device plugged in?",
    errno.EACCES: "may not be opened: add the agent's user to the port's group (dialout)",
    errno.EAGAIN: "is in use by another program",
    errno.EBUSY: "is in use by another program",
    errno.ECONNREFUSED: "refuses the connection",
}


def build(settings: EdgeSettings) -> Sequence[Driver]:
    """One driver per configured port."""
    return [SerialPort(line) for line in settings.serial]


class SerialPort:
    """One port. ``run`` opens it, and ends with ``DriverError`` when it cannot be had or is lost."""

    def __init__(self, settings: SerialSettings) -> None:
        self._settings = settings
        self._device = DeviceId(settings.name)
        self._frames = 0
        self._discarded = 0
        self._is_open = False

    @property
    def name(self) -> str:
        return f"serial/{self._settings.name}"

    def health(self) -> Mapping[str, float]:
        return {
            "open": float(self._is_open),
            "frames": float(self._frames),
            "discarded": float(self._discarded),
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
                for data in reader.chunks():
                    for payload in framer.feed(data):
                        self._frames += 1
                        frame = Frame(self._device, payload, datetime.now(UTC))
                        deliver(Incoming(self._settings.codec, frame))
                self._discarded = before + framer.discarded
                self._is_open = reader.is_open
                if reader.failure is not None:
                    raise DriverError(f"{self._settings.port} {reader.failure}")
        finally:
            self._is_open = False
            await asyncio.to_thread(reader.stop)


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

    def chunks(self) -> list[bytes]:
        """What has been read since the last call."""
        found: list[bytes] = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._chunks.get_nowait())
        return found

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopping.set()
        self.join(2 * READ_S)

    def run(self) -> None:
        try:
            with self._opened() as port:
                self.is_open = True
                log.info("serial port open name=%s", self._settings.name)
                self._ring()
                self._read(port)
        except (OSError, ValueError) as error:
            self.failure = _in_words(error)
        finally:
            self._ring()

    def _opened(self) -> Any:
        """pyserial has no types; what it opens is a context manager that closes the port."""
        return serial.serial_for_url(
            self._settings.port, baudrate=self._settings.baud, timeout=READ_S, exclusive=True
        )

    def _read(self, port: Any) -> None:
        while not self._stopping.is_set():
            data = port.read(1)
            if data:
                self._hand_over(data + port.read(min(port.in_waiting, _MOST_BYTES)))

    def _hand_over(self, data: bytes) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(queue.Full):
                self._chunks.put(data, timeout=READ_S)
                self._ring()
                return

    def _ring(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody listens any more
            self._loop.call_soon_threadsafe(self.arrived.set)


def _in_words(error: OSError | ValueError) -> str:
    """What a technician can do; the same words for the same fault."""
    number = error.errno if isinstance(error, OSError) else None
    return _WORDS.get(number or 0) or f"is lost: {error}"
