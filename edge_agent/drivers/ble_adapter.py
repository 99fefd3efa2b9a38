"""The Bluetooth adapter, by BlueZ or by HCI, behind the few things the two drivers ask of it.

What this is not: a driver; it decides nothing. The one idea: whatever the adapter, ``ble_scan`` and
``ble_gatt`` run the same code on bleak's public classes, share one adapter object, and wait for no call
longer than its stated time, because a dead Bluetooth daemon leaves callers waiting for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementDataCallback

from edge_agent.settings import BleSettings

if TYPE_CHECKING:
    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

CALL_S: Final = 5.0
"""For one call to the Bluetooth daemon."""
CONNECT_S: Final = 20.0
"""To connect and discover services; sleepy devices answer at their next advertisement only."""


_BLUEZ: Final = "org.bluez"
_ADAPTER1: Final = "org.bluez.Adapter1"
_DEVICE1: Final = "org.bluez.Device1"
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_POWERED: Final = (_ADAPTER1, "Powered")
_CANCELS: Final = 3
"""How often a call is told to stop: once for what it does, once for how it cleans up, once to be sure."""
_T = TypeVar("_T")
_abandoned: set[asyncio.Future[Any]] = set()


async def answered(call: Awaitable[_T], within_s: float) -> _T:
    """Await ``call`` for at most ``within_s``, and then no longer than ``CALL_S`` for it to clean up.

    A plain ``asyncio.timeout`` is not enough: a call that is cancelled may ask the same dead daemon to undo
    what it began, and wait for ever for that. What still does not end is abandoned.

    Raises:
        TimeoutError: it was not done in time.
    """
    task = asyncio.ensure_future(call)
    try:
        done, _ = await asyncio.wait({task}, timeout=within_s)
    finally:
        await _stopped(task)
    if not done or task.cancelled():
        raise TimeoutError(f"no answer within {within_s:g} s")
    return task.result()


async def _stopped(task: asyncio.Future[Any]) -> None:
    """End ``task`` if it is still under way; hold on to it if it will not end, or asyncio would drop it."""
    if task.done():
        return
    _abandoned.add(task)
    task.add_done_callback(_ended)
    for _ in range(_CANCELS):
        task.cancel()
        await asyncio.wait({task}, timeout=CALL_S)
        if task.done():
            return


def _ended(task: asyncio.Future[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()  # asked for, or asyncio would print what has been reported as a time-out already


class Adapter(Protocol):
    """One adapter, shared by the scanner and all connections."""

    connecting: asyncio.Lock
    """Held while connecting: adapters refuse a second attempt (``InProgress``)."""

    def scanner(self, heard: AdvertisementDataCallback) -> BleakScanner:
        """A scanner that calls ``heard`` for every advertisement, also for identical ones."""
        ...

    def client(self, device: BLEDevice, gone: Callable[[BleakClient], None], *, bond: bool) -> BleakClient:
        """A client for ``device``, which must have been heard; ``gone`` is called when it disconnects.

        ``bond``: pair with it on connecting, unless that is done.
        """
        ...

    async def wake(self) -> None:
        """Turn the radio on if it is off."""
        ...

    async def forget(self, address: str) -> None:
        """Clear what an earlier, killed process left of a connection to ``address``; nothing left is fine."""
        ...

    async def lost(self) -> None:
        """Return when the adapter is known to be gone, never if that cannot be known."""
        ...

    async def power_cycle(self) -> None:
        """Turn the radio off and on: the last thing to try on one that has gone deaf."""
        ...

    async def close(self) -> None:
        """Let the adapter go."""
        ...


class HciAdapter:
    """A controller driven by ourselves, see ``hci_backend``."""

    def __init__(self, transport: str) -> None:
        from edge_agent.drivers import hci_backend
        from edge_agent.drivers.hci_radio import HciRadio

        self.connecting = asyncio.Lock()
        self._hci = hci_backend
        self._radio = HciRadio(transport)

    def scanner(self, heard: AdvertisementDataCallback) -> BleakScanner:
        return BleakScanner(heard, backend=self._hci.HciScanner, radio=self._radio)

    def client(self, device: BLEDevice, gone: Callable[[BleakClient], None], *, bond: bool) -> BleakClient:
        return BleakClient(
            device, gone, timeout=CONNECT_S, pair=bond, backend=self._hci.HciClient, radio=self._radio
        )

    async def wake(self) -> None:
        """Nothing to do: opening a controller turns it on."""

    async def forget(self, address: str) -> None:
        """Nothing to do: a controller that is opened anew is reset, and forgets by itself."""

    async def lost(self) -> None:
        await self._radio.lost.wait()

    async def power_cycle(self) -> None:
        await self._radio.close()

    async def close(self) -> None:
        await self._radio.close()


class BluezAdapter:
    """An adapter that ``bluetoothd`` drives, through bleak's own back end and a few calls of ours."""

    def __init__(self, name: str) -> None:
        self.connecting = asyncio.Lock()
        self._name = name
        self._path = f"/org/bluez/{name}"

    def scanner(self, heard: AdvertisementDataCallback) -> BleakScanner:
        # bleak asks BlueZ to hide repetitions unless told otherwise: a second press would not be seen.
        return BleakScanner(
            heard, bluez={"adapter": self._name, "filters": {"Transport": "le", "DuplicateData": True}}
        )

    def client(self, device: BLEDevice, gone: Callable[[BleakClient], None], *, bond: bool) -> BleakClient:
        return BleakClient(device, gone, timeout=CONNECT_S, pair=bond, bluez={"adapter": self._name})

    async def forget(self, address: str) -> None:
        device = f"{self._path}/dev_{address.upper().replace(':', '_')}"
        properties = await _call(device, _PROPERTIES, "GetAll", "s", [_DEVICE1])
        if properties is None:
            return
        await _call(device, _DEVICE1, "Disconnect")
        if not properties[0]["Paired"].value:  # removing a paired device would lose its keys
            await _call(self._path, _ADAPTER1, "RemoveDevice", "o", [device])

    async def lost(self) -> None:
        """The adapter leaves the bus when it is pulled out, the daemon when it dies or starts again."""
        gone = asyncio.Event()

        def seen(message: Message) -> None:
            if _takes_away(message, self._path):
                gone.set()

        async with _system_bus() as bus:
            bus.add_message_handler(seen)
            for rule in _DEPARTURES:
                await _ask(bus, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "AddMatch", "s", [rule])
            if await _ask(bus, _BLUEZ, self._path, _PROPERTIES, "Get", "ss", _POWERED) is None:
                return  # it left before we began to watch
            await gone.wait()

    async def wake(self) -> None:
        powered = await _call(self._path, _PROPERTIES, "Get", "ss", _POWERED)
        if powered is not None and not powered[0].value:
            await self._power(on=True)

    async def power_cycle(self) -> None:
        await self._power(on=False)
        await self._power(on=True)

    async def _power(self, *, on: bool) -> None:
        from dbus_fast import Variant

        await _call(self._path, _PROPERTIES, "Set", "ssv", [*_POWERED, Variant("b", on)])

    async def close(self) -> None:
        """Nothing is held: bleak keeps the bus for the process."""


_DEPARTURES: Final = (
    "type='signal',sender='org.bluez',member='InterfacesRemoved'",
    "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.bluez'",
)


def _takes_away(message: Message, adapter: str) -> bool:
    """Whether this signal says that ``adapter``, or the daemon that drives it, is no longer there."""
    match message.member, message.body:
        case "InterfacesRemoved", [path, interfaces]:
            return path == adapter and _ADAPTER1 in interfaces
        case "NameOwnerChanged", [name, before, _]:
            return name == _BLUEZ and bool(before)
    return False


@contextlib.asynccontextmanager
async def _system_bus() -> AsyncIterator[MessageBus]:
    """A connection of our own to the system bus.

    Raises:
        TimeoutError: it does not answer within ``CALL_S``.
        OSError: there is no message bus.
    """
    from dbus_fast import BusType
    from dbus_fast.aio import MessageBus

    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        async with asyncio.timeout(CALL_S):
            await bus.connect()
        yield bus
    finally:
        bus.disconnect()


async def _call(
    path: str, interface: str, member: str, signature: str = "", body: Any = ()
) -> list[Any] | None:
    """Call ``org.bluez``; return the answer's body, or ``None`` if it answers with an error.

    Raises:
        TimeoutError: no answer within ``CALL_S``.
        OSError: there is no message bus.
    """
    async with _system_bus() as bus:
        return await _ask(bus, _BLUEZ, path, interface, member, signature, body)


async def _ask(  # noqa: PLR0917 - the seven parts of a D-Bus call, in their usual order
    bus: MessageBus, service: str, path: str, interface: str, member: str, signature: str, body: Any
) -> list[Any] | None:
    from dbus_fast import Message, MessageType

    message = Message(
        destination=service,
        path=path,
        interface=interface,
        member=member,
        signature=signature,
        body=list(body),
    )
    async with asyncio.timeout(CALL_S):
        reply = await bus.call(message)
    return list(reply.body) if reply and reply.message_type is MessageType.METHOD_RETURN else None


@functools.cache
def adapter_for(settings: BleSettings) -> Adapter:
    """The one adapter that all drivers built from ``settings`` share."""
    if settings.backend == "hci":
        return HciAdapter(settings.transport)
    return BluezAdapter(settings.adapter)
