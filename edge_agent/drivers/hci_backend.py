"""A back end for bleak that speaks HCI to a controller itself, without BlueZ.

What this is: ``HciScanner`` and ``HciClient`` for bleak's ``backend=``, on bumble's host stack. The
controller is named by a bumble transport moniker: ``usb:0`` for a dongle, ``tcp-client:127.0.0.1:6402`` for
a controller in another process, ``serial:/dev/ttyS0,1000000`` for one on a UART. What it is not: pairing and
writing are not offered, because no device we read needs them; they raise ``BleakError``.
The one idea: one ``HciRadio`` owns the controller for the whole process; scanner and clients borrow it, and
when the transport is lost they are all told, and the next ``start`` or ``connect`` opens it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable
from typing import Any, Final, NoReturn, TypeVar

from bleak.args import SizedBuffer
from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementDataCallback, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError
from bumble.core import BaseBumbleError
from bumble.device import Connection, Device, DeviceConfiguration, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.hci import (
    HCI_REMOTE_USER_TERMINATED_CONNECTION_ERROR,
    Address,
    HCI_LE_Create_Connection_Cancel_Command,
)
from bumble.host import Host
from bumble.transport import open_transport
from bumble.transport.common import Transport

from edge_agent.drivers import advertisement
from edge_agent.drivers.advertisement import standard_uuid

logger = logging.getLogger(__name__)
logging.getLogger("bumble").setLevel(logging.CRITICAL)  # it raises what it logs, and we say that once

OPEN_S: Final = 10.0
"""To open the transport and reset the controller."""
COMMAND_S: Final = 5.0
"""To start or stop a scan."""
GATT_S: Final = 10.0
"""For one attribute read, write of a subscription, or disconnection."""
MTU: Final = 247
"""Bytes; one link-layer packet with data length extension (251) less the L2CAP header (4)."""
SEEN_LIMIT: Final = 256
"""Devices remembered by a scanner; neighbours' phones change their address every few minutes."""

_STATIC_RANDOM: Final = "CDEFcdef"
"""First digit of a static random address, two top bits set (core specification, vol. 6 part B, 1.3.2.1)."""
_T = TypeVar("_T")


class _Host(Device):
    """bumble's host, handing on each report as it comes: its own merging keeps every address for ever."""

    def on_advertising_report(self, report: Any) -> None:
        self.emit("report", report)


class HciRadio:
    """One controller, opened on first use and again after it was lost. Belongs to one event loop."""

    def __init__(self, moniker: str) -> None:
        self.moniker = moniker
        self.connecting = asyncio.Lock()
        """A controller has one connection attempt at a time."""
        self.lost = asyncio.Event()
        """Set when the transport broke, cleared when it is open."""
        self._opening = asyncio.Lock()
        self._transport: Transport | None = None
        self._host: _Host | None = None
        self._addresses: dict[str, Address] = {}

    async def host(self) -> _Host:
        """Return the running host, opening the transport if need be.

        Raises:
            BleakError: the transport cannot be opened or the controller does not answer.
        """
        async with self._opening:
            if self._host is None:
                self._host = await self._open()
            return self._host

    async def close(self) -> None:
        """Let the controller go. Safe to do twice."""
        transport, self._transport, self._host = self._transport, None, None
        if transport is not None:
            await transport.close()

    def holds(self, host: Device) -> bool:
        """Whether ``host`` is the running one; else its controller is gone, and asking it would only hang."""
        return self._host is host

    async def answered(self, call: Awaitable[_T], within_s: float) -> _T:
        """Await ``call`` for at most ``within_s``, and no longer than the controller is there.

        bumble cancels what waits for a connection that is gone; in a task of its own that cannot be
        mistaken for our own cancellation.

        Raises:
            BleakError: whatever went wrong below.
        """
        task = asyncio.ensure_future(call)
        lost = asyncio.ensure_future(self.lost.wait())
        try:
            await asyncio.wait({task, lost}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()
            lost.cancel()
        if not task.done():
            raise BleakError("the controller is gone" if lost.done() else f"no answer within {within_s:g} s")
        if task.cancelled():
            raise BleakError("the connection was lost")
        try:
            return task.result()
        except (BaseBumbleError, OSError) as error:
            raise BleakError(str(error) or type(error).__name__) from error

    def remember(self, address: Address) -> str:
        """Note how ``address`` was heard (public or random); return it as ``AA:BB:CC:DD:EE:FF``."""
        text = address.to_string(with_type_qualifier=False)
        if text not in self._addresses:
            if len(self._addresses) >= SEEN_LIMIT:
                del self._addresses[next(iter(self._addresses))]
            self._addresses[text] = address
        return text

    def address(self, text: str) -> Address:
        """The full address for ``text``: as heard, else a guess from its two top bits."""
        guess = Address.RANDOM_DEVICE_ADDRESS if text[0] in _STATIC_RANDOM else Address.PUBLIC_DEVICE_ADDRESS
        return self._addresses.get(text.upper()) or Address(text.upper(), guess)

    async def _open(self) -> _Host:
        try:
            async with asyncio.timeout(OPEN_S):
                self._transport = await open_transport(self.moniker)
                source, sink = self._transport
                config = DeviceConfiguration(name="Anban", address=Address.ANY_RANDOM)
                host = _Host(config=config, host=Host(source, sink))
                await host.power_on()
        except (OSError, TimeoutError, ValueError, BaseBumbleError) as error:
            await self.close()
            raise BleakError(f"no Bluetooth controller at {self.moniker}: {error or 'no answer'}") from error
        self._transport.source.terminated.add_done_callback(lambda _: self._on_lost(host))
        self.lost.clear()
        return host

    def _on_lost(self, host: _Host) -> None:
        if self._host is host:
            self.lost.set()
            logger.warning("bluetooth controller lost transport=%s", self.moniker)
            self._host = self._transport = None


class HciScanner(BaseBleakScanner):
    """``BleakScanner(callback, backend=HciScanner, radio=HciRadio(...))``; reports every advertisement."""

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str,
        *,
        radio: HciRadio,
        **_: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._radio = radio
        self._active = scanning_mode == "active"
        self._host: _Host | None = None

    async def start(self) -> None:
        """Start scanning.

        Raises:
            BleakError: no controller, or it refuses.
        """
        self.seen_devices = {}
        host = await self._radio.host()
        host.on("report", self._on_report)
        self._host = host
        await self._radio.answered(host.start_scanning(active=self._active), COMMAND_S)

    async def stop(self) -> None:
        """Stop scanning; a controller that is gone has stopped already."""
        host, self._host = self._host, None
        if host is None:
            return
        host.remove_listener("report", self._on_report)
        if self._radio.holds(host):
            await self._radio.answered(host.stop_scanning(), COMMAND_S)

    def _on_report(self, report: Any) -> None:
        data = advertisement.parse(report.data, report.rssi)
        if not self.is_allowed_uuid(data.service_uuids):
            return
        address = self._radio.remember(report.address)
        device = self.create_or_update_device(address, address, data.local_name, report.address, data)
        if len(self.seen_devices) > SEEN_LIMIT:
            del self.seen_devices[next(iter(self.seen_devices))]
        self.call_detection_callbacks(device, data)


class HciClient(BaseBleakClient):
    """``BleakClient(device, backend=HciClient, radio=HciRadio(...))``: connect, discover, read, notify."""

    def __init__(self, address_or_ble_device: BLEDevice | str, *, radio: HciRadio, **kwargs: Any) -> None:
        super().__init__(
            address_or_ble_device,
            disconnected_callback=kwargs["disconnected_callback"],
            timeout=kwargs["timeout"],
        )
        self._radio = radio
        self._connection: Connection | None = None

    @property
    def name(self) -> str:
        return self.address.replace(":", "-")

    @property
    def mtu_size(self) -> int:
        return int(self._connection.att_mtu) if self._connection else 23

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **_: Any) -> None:
        """Connect and discover the device's services.

        Raises:
            BleakError: it does not answer in time, or refuses.
        """
        if pair:
            _unsupported("pairing")
        host = await self._radio.host()
        async with self._radio.connecting:
            self._connection = await _connect(self._radio, host, self.address, self._timeout)
        self._connection.on(Connection.EVENT_DISCONNECTION, self._on_disconnection)
        try:
            self.services = await self._radio.answered(_discover(Peer(self._connection)), self._timeout)
        except BleakError:
            await self.disconnect()
            raise

    async def disconnect(self) -> None:
        """Disconnect. Safe to do twice.

        Raises:
            BleakError: the controller does not answer.
        """
        if self._connection is not None:
            await self._radio.answered(_let_go(self._connection), GATT_S)

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_: Any) -> bytearray:
        proxy: CharacteristicProxy[bytes] = characteristic.obj
        return bytearray(await self._radio.answered(proxy.read_value(), GATT_S))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_: Any
    ) -> None:
        proxy: CharacteristicProxy[bytes] = characteristic.obj
        await self._radio.answered(proxy.subscribe(lambda value: callback(bytearray(value))), GATT_S)

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        proxy: CharacteristicProxy[bytes] = characteristic.obj
        await self._radio.answered(proxy.unsubscribe(force=True), GATT_S)

    async def pair(self, *_: Any, **__: Any) -> None:
        _unsupported("pairing")

    async def unpair(self) -> None:
        _unsupported("pairing")

    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **_: Any) -> bytearray:
        _unsupported("reading a descriptor")

    async def write_gatt_char(
        self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool
    ) -> None:
        _unsupported("writing")

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        _unsupported("writing")

    def _on_disconnection(self, _: int) -> None:
        self._connection = None
        self.services = None
        if self._disconnected_callback is not None:
            self._disconnected_callback()


def _unsupported(what: str) -> NoReturn:
    raise BleakError(f"{what} is not offered by the HCI back end")


async def _connect(radio: HciRadio, host: Device, address: str, within_s: float) -> Connection:
    """Connect to ``address``; on failure leave neither an attempt nor a half-known connection behind."""
    peer_address = radio.address(address)
    if stale := host.find_connection_by_bd_addr(peer_address):
        await radio.answered(_let_go(stale), GATT_S)
    try:
        return await radio.answered(host.connect_le(peer_address, timeout=None), within_s)
    except (BleakError, asyncio.CancelledError):
        with contextlib.suppress(BleakError):
            cancel = HCI_LE_Create_Connection_Cancel_Command()
            await radio.answered(host.send_sync_command(cancel), COMMAND_S)
        raise


async def _let_go(connection: Connection) -> None:
    await connection.disconnect(HCI_REMOTE_USER_TERMINATED_CONNECTION_ERROR)


async def _discover(peer: Peer) -> BleakGATTServiceCollection:
    await peer.request_mtu(MTU)
    collection = BleakGATTServiceCollection()
    for proxy in await peer.discover_services():
        service = BleakGATTService(proxy, proxy.handle, standard_uuid(proxy.uuid.to_bytes()))
        collection.add_service(service)
        for characteristic in await peer.discover_characteristics(service=proxy):
            collection.add_characteristic(_characteristic(characteristic, service, peer))
    return collection


def _characteristic(
    proxy: CharacteristicProxy[bytes], service: BleakGATTService, peer: Peer
) -> BleakGATTCharacteristic:
    return BleakGATTCharacteristic(
        proxy,
        proxy.handle,
        standard_uuid(proxy.uuid.to_bytes()),
        sorted(gatt_char_props_to_strs(int(proxy.properties))),
        lambda: int(peer.connection.att_mtu) - 3,
        service,
    )
