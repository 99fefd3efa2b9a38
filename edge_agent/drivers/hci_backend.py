"""A back end for bleak that speaks HCI to a controller itself, without BlueZ.

What this is: ``HciScanner`` and ``HciClient`` for bleak's ``backend=``, on bumble's host stack. The
controller is named by a bumble transport moniker: ``usb:0`` for a dongle, ``tcp-client:127.0.0.1:6402`` for
a controller in another process, ``serial:/dev/ttyS0,1000000`` for one on a UART. What it is not: pairing is
not offered; it raises ``BleakError``.
The one idea: one ``HciRadio`` owns the controller for the whole process; scanner and clients borrow it, and
when the transport is lost they are all told, and the next ``start`` or ``connect`` opens it again.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final, NoReturn

from bleak.args import SizedBuffer
from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementDataCallback, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError
from bumble.device import Connection, Device, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.hci import (
    HCI_REMOTE_USER_TERMINATED_CONNECTION_ERROR,
    HCI_LE_Create_Connection_Cancel_Command,
)

from edge_agent.drivers import advertisement
from edge_agent.drivers.advertisement import standard_uuid
from edge_agent.drivers.hci_radio import SEEN_LIMIT, HciRadio

COMMAND_S: Final = 5.0
"""To start or stop a scan."""
GATT_S: Final = 10.0
"""For one attribute read, write of a subscription, or disconnection."""
MTU: Final = 247
"""Bytes; one link-layer packet with data length extension (251) less the L2CAP header (4)."""


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
        self._host: Device | None = None

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
    """``BleakClient(device, backend=HciClient, radio=HciRadio(...))``: connect, read, write, notify."""

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
        proxy: CharacteristicProxy[bytes] = characteristic.obj
        await self._radio.answered(proxy.write_value(bytes(data), with_response=response), GATT_S)

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        _unsupported("writing a descriptor")

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
