"""The Bluetooth adapter, by BlueZ or by HCI, behind the few things the two drivers ask of it.

What this is not: a driver; it decides nothing. The one idea: whatever the adapter, ``ble_scan`` and
``ble_gatt`` run the same code on bleak's public classes, share one adapter object, and wait for no call
longer than its stated time, because a dead Bluetooth daemon leaves callers waiting for ever.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any, Final, Protocol

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementDataCallback

from edge_agent.settings import BleSettings

CALL_S: Final = 5.0
"""For one call to the Bluetooth daemon."""
CONNECT_S: Final = 20.0
"""To connect and discover services; sleepy devices answer at their next advertisement only."""


class Adapter(Protocol):
    """One adapter, shared by the scanner and all connections."""

    connecting: asyncio.Lock
    """Held while connecting: adapters refuse a second attempt (``InProgress``)."""

    def scanner(self, heard: AdvertisementDataCallback) -> BleakScanner:
        """A scanner that calls ``heard`` for every advertisement, also for identical ones."""
        ...

    def client(self, device: BLEDevice, gone: Callable[[BleakClient], None]) -> BleakClient:
        """A client for ``device``, which must have been heard; ``gone`` is called when it disconnects."""
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

    def client(self, device: BLEDevice, gone: Callable[[BleakClient], None]) -> BleakClient:
        return BleakClient(device, gone, timeout=CONNECT_S, backend=self._hci.HciClient, radio=self._radio)

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

    def client(self, device: BLEDevice, gone: Callable[[BleakClient], None]) -> BleakClient:
        return BleakClient(device, gone, timeout=CONNECT_S, bluez={"adapter": self._name})

    async def forget(self, address: str) -> None:
        device = f"{self._path}/dev_{address.upper().replace(':', '_')}"
        properties = await _call(
            device, "org.freedesktop.DBus.Properties", "GetAll", "s", ["org.bluez.Device1"]
        )
        if properties is None:
            return
        await _call(device, "org.bluez.Device1", "Disconnect")
        if not properties[0]["Paired"].value:  # removing a paired device would lose its keys
            await _call(self._path, "org.bluez.Adapter1", "RemoveDevice", "o", [device])

    async def lost(self) -> None:
        """BlueZ does not say; the silence that follows is what we notice."""
        await asyncio.get_running_loop().create_future()

    async def power_cycle(self) -> None:
        from dbus_fast import Variant

        for powered in (False, True):
            body = ["org.bluez.Adapter1", "Powered", Variant("b", powered)]
            await _call(self._path, "org.freedesktop.DBus.Properties", "Set", "ssv", body)

    async def close(self) -> None:
        """Nothing is held: bleak keeps the bus for the process."""


async def _call(
    path: str, interface: str, member: str, signature: str = "", body: Any = ()
) -> list[Any] | None:
    """Call ``org.bluez``; return the answer's body, or ``None`` if it answers with an error.

    Raises:
        TimeoutError: no answer within ``CALL_S``.
        OSError: there is no message bus.
    """
    from dbus_fast import BusType, Message, MessageType
    from dbus_fast.aio import MessageBus

    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        async with asyncio.timeout(CALL_S):
            await bus.connect()
            message = Message(
                destination="org.bluez",
                path=path,
                interface=interface,
                member=member,
                signature=signature,
                body=list(body),
            )
            reply = await bus.call(message)
    finally:
        bus.disconnect()
    return list(reply.body) if reply and reply.message_type is MessageType.METHOD_RETURN else None


@functools.cache
def adapter_for(settings: BleSettings) -> Adapter:
    """The one adapter that all drivers built from ``settings`` share."""
    if settings.backend == "hci":
        return HciAdapter(settings.transport)
    return BluezAdapter(settings.adapter)
