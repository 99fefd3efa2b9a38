"""Where a desktop shows notices, and where somebody presses one (freedesktop.org, Notifications 1.2).

What this is: ``org.freedesktop.Notifications`` on a bus of its own, so that a browser shows its notices to a
test. What it is not: a stand-in for the browser: that one receives, shows and opens as it does for people.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final

from dbus_fast import Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_signal

from tests.fake_bluez import private_bus

NAME: Final = "org.freedesktop.Notifications"
PATH: Final = "/org/freedesktop/Notifications"
PATIENCE_S: Final = 60.0
Strings = Annotated[list[str], DBusSignature("as")]
About = Annotated[tuple[str, str, str, str], DBusSignature("ssss")]
Hints = Annotated[dict[str, Variant], DBusSignature("a{sv}")]
Pressed = Annotated[tuple[int, str], DBusSignature("us")]
Nothing = Annotated[None, DBusSignature("")]


@dataclass(frozen=True, slots=True)
class Notice:
    """What is shown."""

    number: int
    title: str
    body: str


class Tray(ServiceInterface):
    """Where notices arrive. ``bus``: the address of the bus, for the browser's environment."""

    def __init__(self, bus: str) -> None:
        super().__init__(NAME)
        self.bus = bus
        self._loop = asyncio.get_running_loop()
        self._shown: queue.Queue[Notice] = queue.Queue()
        self._count = 0

    def wait(self) -> Notice:
        """The next notice."""
        return self._shown.get(timeout=PATIENCE_S)

    def press(self, notice: Notice) -> None:
        """Press it, as somebody does with a finger."""
        self._loop.call_soon_threadsafe(self.pressed, notice.number, "default")

    @dbus_method(name="GetCapabilities")
    def capabilities(self) -> Strings:
        return ["actions", "body"]

    @dbus_method(name="GetServerInformation")
    def about(self) -> About:
        return ("tray", "anban", "1", "1.2")

    @dbus_method(name="Notify")
    def notify(  # noqa: PLR0917 - the standard's own words
        self,
        app: DBusStr,
        replaces: DBusUInt32,
        icon: DBusStr,
        title: DBusStr,
        body: DBusStr,
        actions: Strings,
        hints: Hints,
        expires_ms: DBusInt32,
    ) -> DBusUInt32:
        del app, replaces, icon, actions, hints, expires_ms
        self._count += 1
        self._shown.put(Notice(self._count, title, body))
        return self._count

    @dbus_method(name="CloseNotification")
    def close(self, number: DBusUInt32) -> Nothing:
        del number

    @dbus_signal(name="ActionInvoked")
    def pressed(self, number: int, action: str) -> Pressed:
        return (number, action)


@contextmanager
def tray() -> Iterator[Tray]:
    """A tray on a bus of its own, served by a thread for as long as the block lasts."""
    made: queue.Queue[Tray | BaseException] = queue.Queue()
    over = threading.Event()

    async def serve() -> None:
        async with private_bus() as address:
            bus = await MessageBus(bus_address=address).connect()
            shown = Tray(address)
            bus.export(PATH, shown)
            await bus.request_name(NAME)
            made.put(shown)
            await asyncio.to_thread(over.wait)
            bus.disconnect()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            made.put(error)
            raise

    thread = threading.Thread(target=run)
    thread.start()
    try:
        first = made.get(timeout=PATIENCE_S)
        if isinstance(first, BaseException):
            raise first
        yield first
    finally:
        over.set()
        thread.join()
