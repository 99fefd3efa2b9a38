"""The alarm centre's own modem: every text it holds is stored, and only then deleted from its card; and what
is queued goes out by it.

What it is not: the gateway's end of the same cable (``edge_agent.modem``), though the dialogue is the same
one. The one idea: one thread owns the port; a text stays on the card until the database has committed what
became of it, so whatever dies meanwhile, it is read again.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import psycopg
import serial

from cloud.db import Pool
from cloud.metrics import LOOPS
from cloud.notify.heard import Heard
from cloud.notify.phone import as_said
from cloud.settings import Sms, sms_pin
from cloud.texts import sending, store
from cloud.texts.sending import Desk
from firmware_protocols.serial.at import (
    AtModem,
    ModemEvent,
    ModemState,
    NotSent,
    PinRefused,
    PinWanted,
    Received,
    Sent,
    Timeouts,
)
from firmware_protocols.serial.sms_status import Reported
from firmware_protocols.wire.sms import VERSION

READ_S: Final = 0.1
"""How long a read blocks: the longest that a stop or an order waits."""
WRITE_S: Final = 5.0
REOPEN_S: Final = 5.0
"""Between two tries to open the port."""
RETRY_S: Final = 2.0
"""Between two tries to store a text while the database is away."""
TIMEOUTS: Final = Timeouts(every_s=30.0)
LOOP: Final = "texts"
DEAF_S: Final = 180.0
"""[D] So long nobody is told that no text is heard: a modem looks for its network first."""
SENT_S: Final = 100.0
"""How long one text may be under way: the prompt, the network, and a look at everything before it."""
_HEARS: Final = frozenset({ModemState.READY, ModemState.SENDING})
_SENDS: Final = frozenset({ModemState.READY, ModemState.REFUSED})
"""A text that was refused may go the next time."""
_MOST_BYTES: Final = 4096
_REFUSALS: Final = (psycopg.DataError, psycopg.IntegrityError)
"""What a second try of the same text would get again; everything else, a schema under way too, may pass."""

_log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Order = Callable[[AtModem], None]


async def run(sms: Sms, pool: Pool, desk: Desk, *, clock: Clock) -> None:
    """Read the modem at ``sms.port``, and send by it, until cancelled; outlives every loss of the port and of
    the database.

    Raises:
        ConfigError: the PIN cannot be read.
    """
    centre = _Centre(sms, sms_pin(sms), desk, asyncio.get_running_loop())
    LOOPS.expect(LOOP, within_s=DEAF_S)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(sending.send_all(centre, pool, desk, clock), name="texts-out")
            group.create_task(_keep_open(centre, pool, clock), name="texts-in")
    finally:
        LOOPS.forget(LOOP)


async def _keep_open(centre: _Centre, pool: Pool, clock: Clock) -> None:
    said = ""
    while True:
        reason = await centre.serve(pool, clock)
        if reason != said or centre.was_open:
            _log.error(
                "alarm centre's modem is lost, no text is read port=%s reason=%s", centre.sms.port, reason
            )
            said = reason
        await asyncio.sleep(REOPEN_S)


@dataclass(slots=True)
class _Centre:
    """The port, and what goes to and fro between its thread and the loop."""

    sms: Sms
    pin: str
    desk: Desk
    loop: asyncio.AbstractEventLoop
    texts: asyncio.Queue[Received] = field(default_factory=asyncio.Queue)
    orders: queue.SimpleQueue[Order] = field(default_factory=queue.SimpleQueue)
    stopping: threading.Event = field(default_factory=threading.Event)
    was_open: bool = False
    """Whether the port was open before it was last lost."""
    state: ModemState = ModemState.SILENT
    under_way: asyncio.Future[Sent | NotSent] | None = None
    """The text that the modem has in hand."""
    reports: deque[Reported] = field(default_factory=deque)
    """See ``sending.Port``."""
    elsewhere: bool = True
    """See ``sending.Port``; whose the port is shows when it is first opened."""

    async def send(self, number: str, words: str) -> Sent | NotSent:
        """See ``sending.Port``; one at a time."""
        if self.state not in _SENDS:
            return NotSent(f"modem {self.state}", certain=True)
        self.under_way = self.loop.create_future()
        self.orders.put(lambda machine: machine.send(number, words))
        try:
            async with asyncio.timeout(SENT_S):
                return await self.under_way
        except TimeoutError:
            return NotSent("the modem does not say", certain=False)
        finally:
            self.under_way = None

    def _sent(self, outcome: Sent | NotSent) -> None:
        if self.under_way is not None and not self.under_way.done():
            self.under_way.set_result(outcome)

    async def serve(self, pool: Pool, clock: Clock) -> str:
        """Open the port, read until it is lost; return why."""
        self.stopping.clear()
        self.was_open = False
        ended: asyncio.Future[str] = self.loop.create_future()
        thread = threading.Thread(target=self._live, args=(ended,), name="sms-modem", daemon=True)
        thread.start()
        storing = asyncio.create_task(self._store_all(pool, clock))
        try:
            return await ended
        finally:
            self.stopping.set()
            self.state = ModemState.SILENT
            self._sent(NotSent("the modem is gone", certain=False))
            storing.cancel()
            await asyncio.to_thread(thread.join, 2 * WRITE_S)
            with contextlib.suppress(queue.Empty):
                while True:
                    self.orders.get_nowait()
            self._leave_on_the_card()

    def _leave_on_the_card(self) -> None:
        """What is not stored yet is read again with the port; kept here, too, it would be deleted a second
        time, from a place where the next text stands.
        """
        for text in [self.texts.get_nowait() for _ in range(self.texts.qsize())]:
            if text.place is None:
                self.texts.put_nowait(text)

    async def _store_all(self, pool: Pool, clock: Clock) -> None:
        while True:
            text = await self.texts.get()
            try:
                await _surely(functools.partial(self._take, pool, text, clock))
            except Exception as error:  # noqa: BLE001 - supervised: one text holds up none of those behind it
                kind = type(error).__name__
                _log.error("a text is not stored and stays on the card place=%s error=%s", text.place, kind)
                continue
            if text.place is not None:
                self.orders.put(_forget(text.place))

    async def _take(self, pool: Pool, text: Received, clock: Clock) -> None:
        """Store one text. Whatever is neither an alarm nor an answer is kept as what nobody understood."""
        async with pool.connection() as conn, conn.transaction():
            now = clock()
            is_alarm = text.text.startswith(VERSION)
            if is_alarm or not await self.desk.hear(conn, _heard(text, now), now):
                await store.take(conn, text.text, now)

    # -- on the thread -----------------------------------------------------------------------------

    def _live(self, ended: asyncio.Future[str]) -> None:
        reason = "closed"
        try:
            with self._opened() as port:
                self.was_open, self.elsewhere = True, False
                self._serve(port)
        except (OSError, ValueError) as error:
            reason = str(error)
            self.elsewhere = _is_locked(error)
        except Exception as error:  # noqa: BLE001 - handed to the loop, which opens the port anew
            reason = f"{type(error).__qualname__}: {error}"
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody listens any more
            self.loop.call_soon_threadsafe(_finish, ended, reason)

    def _opened(self) -> Any:
        """pyserial has no types; what it opens is a context manager that closes the port."""
        return serial.serial_for_url(
            self.sms.port, baudrate=self.sms.baud, timeout=READ_S, write_timeout=WRITE_S, exclusive=True
        )

    def _serve(self, port: Any) -> None:
        machine = AtModem(TIMEOUTS, reports=True)
        machine.start(time.monotonic())
        said: ModemState | None = None
        while not self.stopping.is_set():
            with contextlib.suppress(queue.Empty):
                self.orders.get_nowait()(machine)
            port.write(machine.to_write())
            data = port.read(1)
            data += port.read(min(port.in_waiting, _MOST_BYTES)) if data else b""
            now_s = time.monotonic()
            for event in machine.feed(data, now_s) + machine.tick(now_s):
                self._happened(event, machine)
            self.state = machine.state if machine.has_looked else ModemState.SILENT
            if machine.state in _HEARS:
                LOOPS.turned(LOOP)
            if machine.has_looked and machine.state is not said:
                said = machine.state
                level = logging.INFO if said in _HEARS else logging.ERROR
                _log.log(level, "alarm centre's modem %s signal_dbm=%s", said, machine.signal_dbm)

    def _happened(self, event: ModemEvent, machine: AtModem) -> None:
        match event:
            case Received():
                with contextlib.suppress(RuntimeError):
                    self.loop.call_soon_threadsafe(self.texts.put_nowait, event)
            case Reported():
                self.reports.append(event)
            case Sent() | NotSent():
                with contextlib.suppress(RuntimeError):
                    self.loop.call_soon_threadsafe(self._sent, event)
            case PinWanted() if self.pin:
                pin, self.pin = self.pin, ""  # one try for each start of this process, by a person's hand
                machine.unlock(pin)
            case PinWanted() | PinRefused():
                _log.error("the card of the alarm centre's modem needs its right PIN: see sms.pin_file")


def _heard(text: Received, now: datetime) -> Heard:
    """A text as any provider would hand it over; its time and place on the card make it known again."""
    number, sent_at = as_said(text.sender), text.sent_at or now
    return Heard(number, text.text, sent_at, f"{number} {sent_at.isoformat()} {text.text}")


async def _surely(store_it: Callable[[], Awaitable[None]]) -> None:
    """Store one text however long the database is away.

    Raises:
        psycopg.Error: the database refuses this very text.
    """
    away = False
    while True:
        try:
            await store_it()
        except _REFUSALS:
            raise
        except psycopg.Error as error:
            if not away:
                _log.error("a text waits for the database error=%s", type(error).__name__)
            away = True
            await asyncio.sleep(RETRY_S)
        else:
            return


def _is_locked(error: OSError | ValueError) -> bool:
    """Whether another process has the port, as ``flock`` says it."""
    return isinstance(error, OSError) and error.errno == errno.EAGAIN


def _forget(place: int) -> Order:
    return lambda machine: machine.forget(place)


def _finish(ended: asyncio.Future[str], reason: str) -> None:
    if not ended.done():
        ended.set_result(reason)
