"""The modem's port: one thread owns it from open to loss, and nobody else writes to it.

What it is not: it knows no alarm (``second_path``) and no AT command (``firmware_protocols.serial.at``). The
one idea: the thread turns bytes into events and hands them to the event loop; what the loop wants (send,
forget, unlock) goes to the thread through a queue. A modem that is pulled ends ``run``, and the supervisor
opens the port again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

import serial

from edge_agent.drivers import DriverError
from edge_agent.drivers.serial_port import in_words
from firmware_protocols.serial.at import AtModem, ModemEvent, ModemState, NotSent, Sent, Timeouts
from firmware_protocols.serial.sms_text import checked_number, checked_segment

log = logging.getLogger(__name__)

READ_S: Final = 0.1
"""How long a read blocks: how late an order is written, and how long a stop takes, at most."""
WRITE_S: Final = 5.0
"""A modem that takes no byte for so long is stuck: the port is opened anew."""
_MOST_BYTES: Final = 4096

Order = Callable[[AtModem], None]


class PathState(StrEnum):
    """How far the second path can be used, in the words of the log."""

    NO_MODEM = "no modem"
    SILENT = "modem silent"
    SIM_MISSING = "SIM missing"
    SIM_LOCKED = "SIM locked"
    SEARCHING = "not registered"
    REFUSED = "text refused"
    SENDING = "sending"
    READY = "ready"


STATES: Final[Mapping[ModemState, PathState]] = {
    ModemState.SILENT: PathState.SILENT,
    ModemState.SIM_MISSING: PathState.SIM_MISSING,
    ModemState.SIM_LOCKED: PathState.SIM_LOCKED,
    ModemState.SEARCHING: PathState.SEARCHING,
    ModemState.REFUSED: PathState.REFUSED,
    ModemState.SENDING: PathState.SENDING,
    ModemState.READY: PathState.READY,
}
NUMBERS: Final[Mapping[PathState, int]] = {state: number for number, state in enumerate(PathState)}
"""What the heartbeat says as ``sms/state``: 0 no modem … 7 ready."""
USABLE: Final = frozenset({PathState.SENDING, PathState.READY})


class Modem:
    """One modem at ``port``. ``on_event`` is called on the loop's thread with what it says by itself."""

    def __init__(
        self, port: str, baud: int, on_event: Callable[[ModemEvent], None], timeouts: Timeouts
    ) -> None:
        self._port = port
        self._baud = baud
        self._on_event = on_event
        self._timeouts = timeouts
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._outcome: asyncio.Future[Sent | NotSent] | None = None
        self._said: PathState | None = None
        self.state = PathState.NO_MODEM
        self.can_send = False
        self.signal_dbm: int | None = None
        self.ignored = 0

    async def run(self) -> None:
        """Serve the port until cancelled.

        Raises:
            DriverError: it is lost, or cannot be had.
        """
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        self._stopping.clear()
        thread = threading.Thread(target=self._live, args=(loop, ended), name="modem", daemon=True)
        thread.start()
        try:
            await ended
        finally:
            self._stopping.set()
            await asyncio.to_thread(thread.join, 2 * WRITE_S)
            self._lost()

    async def send(self, number: str, words: str) -> Sent | NotSent:
        """Send one text; only one at a time.

        Raises:
            BadNumber, TooLong: it cannot be sent at all.
        """
        checked_number(number)
        checked_segment(words)
        if not self.can_send:
            return NotSent(self.state, certain=True)
        self.can_send = False
        outcome: asyncio.Future[Sent | NotSent] = asyncio.get_running_loop().create_future()
        self._outcome = outcome
        self._orders.put(lambda machine: machine.send(number, words))
        return await outcome

    def forget(self, place: int) -> None:
        """The text stored there has been taken up."""
        self._orders.put(lambda machine: machine.forget(place))

    def unlock(self, pin: str) -> None:
        """Try ``pin``, once."""
        self._orders.put(lambda machine: machine.unlock(pin))

    def figures(self) -> dict[str, float]:
        """For the heartbeat. ``sms/signal_dbm`` is missing while nobody knows it."""
        figures = {
            "sms/state": float(NUMBERS[self.state]),
            "sms/usable": float(self.state in USABLE),
            "sms/ignored_lines": float(self.ignored),
        }
        if self.signal_dbm is not None:
            figures["sms/signal_dbm"] = float(self.signal_dbm)
        return figures

    # -- on the loop -------------------------------------------------------------------------------

    def _happened(self, events: list[ModemEvent], state: PathState, can_send: bool) -> None:
        self.state, self.can_send = state, can_send
        if state is not self._said and state is not PathState.SENDING:
            level = logging.INFO if state in USABLE else logging.WARNING
            log.log(level, "second path %s signal_dbm=%s", state, self.signal_dbm)
            self._said = state
        for event in events:
            if isinstance(event, Sent | NotSent):
                self._settle(event)
            else:
                self._on_event(event)

    def _settle(self, outcome: Sent | NotSent) -> None:
        waiting, self._outcome = self._outcome, None
        if waiting is not None and not waiting.done():
            waiting.set_result(outcome)

    def _lost(self) -> None:
        """Nothing that was ordered of this port may reach the next one."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._orders.get_nowait()
        self.signal_dbm = None
        self._happened([NotSent("the modem is gone", certain=False)], PathState.NO_MODEM, can_send=False)

    # -- on the thread -----------------------------------------------------------------------------

    def _live(self, loop: asyncio.AbstractEventLoop, ended: asyncio.Future[None]) -> None:
        failure: Exception = DriverError(f"{self._port} is closed")
        try:
            with self._opened() as port:
                self._serve(port, loop)
        except (OSError, ValueError) as error:
            failure = DriverError(f"{self._port} {in_words(error)}")
        except Exception as error:  # noqa: BLE001 - handed to the loop, whose supervisor starts a new thread
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody listens any more
            loop.call_soon_threadsafe(_fail, ended, failure)

    def _opened(self) -> Any:
        """pyserial has no types; what it opens is a context manager that closes the port."""
        return serial.serial_for_url(
            self._port, baudrate=self._baud, timeout=READ_S, write_timeout=WRITE_S, exclusive=True
        )

    def _serve(self, port: Any, loop: asyncio.AbstractEventLoop) -> None:
        machine = AtModem(self._timeouts)
        machine.start(time.monotonic())
        told: tuple[PathState, bool] | None = None
        while not self._stopping.is_set():
            with contextlib.suppress(queue.Empty):
                self._orders.get_nowait()(machine)
            port.write(machine.to_write())
            data = port.read(1)
            data += port.read(min(port.in_waiting, _MOST_BYTES)) if data else b""
            now_s = time.monotonic()
            events = machine.feed(data, now_s) + machine.tick(now_s)
            self.signal_dbm, self.ignored = machine.signal_dbm, machine.ignored
            stands = STATES[machine.state], machine.can_send
            if events or (machine.has_looked and stands != told):
                told = stands
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._happened, events, *stands)


def _fail(ended: asyncio.Future[None], failure: Exception) -> None:
    if not ended.done():
        ended.set_exception(failure)
