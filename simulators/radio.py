"""A virtual radio: Bluetooth controllers that hear each other, without hardware.

What this is: one link; every simulated device stands on its own controller; every gateway gets a controller
behind a TCP port that speaks HCI, exactly what a USB dongle speaks. What it is not: no simulated homes and no
byte formats; who says what is decided in ``wearables`` and ``sensors``.
The one idea: the gateway under test runs its real Bluetooth code and may be killed at any byte. So the
gateway's controller must do as a dongle does when its host vanishes: forget the host and let the peers go.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable
from typing import Any, Final
from uuid import UUID

from bumble import hci, ll
from bumble.controller import Controller
from bumble.core import BaseBumbleError, InvalidPacketError
from bumble.device import AdvertisingType, Device, DeviceConfiguration
from bumble.gatt import Service
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import PacketParser

logger = logging.getLogger(__name__)

ADVERTISE_EVERY_MS: Final = 1_000.0
"""Between two advertisements of a device that waits for a connection."""
BURST_EVERY_MS: Final = 100.0
"""Between the copies of one advertisement that a sensor sends when something happened."""
BURST: Final = 3
"""Copies of each advertisement; radio is lossy, so sensors repeat themselves."""
BACKLOG_LIMIT: Final = 1 << 20
"""Bytes waiting for a gateway that does not read; beyond, the cable is pulled."""
_ACL_BYTES: Final = 251
"""Longest link-layer payload (data length extension); spares cutting each motion window into nine."""
_FLAGS: Final = bytes((2, 0x01, 0x06))
"""LE general discoverable, no classic Bluetooth."""
_SERVICE_DATA_16: Final = 0x16
_SERVICE_DATA_128: Final = 0x21
_LONGEST: Final = 31
"""Bytes of a legacy advertisement, which every radio hears."""
_SERVICE_LIST_16: Final = 0x03
_SCAN_RESPONSE: Final = hci.HCI_LE_Extended_Advertising_Report_Event.EventType.SCAN_RESPONSE


class _Controller(Controller):
    """bumble's controller, with what a chip does on reset and when a connection attempt is cancelled."""

    acl_data_packet_length = _ACL_BYTES
    le_acl_data_packet_length = _ACL_BYTES

    def on_hci_reset_command(self, _command: hci.HCI_Reset_Command) -> hci.HCI_StatusReturnParameters:
        self.forget_host()
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        cancelled = hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
            connection_handle=0,
            role=hci.Role.CENTRAL,
            peer_address_type=pending.peer_address_type,
            peer_address=pending.peer_address,
            connection_interval=0,
            peripheral_latency=0,
            supervision_timeout=0,
            central_clock_accuracy=0,
        )
        asyncio.get_running_loop().call_soon(self.send_hci_packet, cancelled)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        """Hand ``packet`` to the host, except scan responses: no simulated device answers scan requests."""
        if isinstance(packet, hci.HCI_LE_Extended_Advertising_Report_Event):
            packet.reports = [each for each in packet.reports if not each.event_type & _SCAN_RESPONSE]
            if not packet.reports:
                return
        super().send_hci_packet(packet)

    def forget_host(self) -> None:
        """Stop scanning, connecting and advertising, and let every peer go."""
        self.le_scan_enable = False
        self.pending_le_connection = None
        self.le_legacy_advertiser.stop()
        for advertising_set in self.advertising_sets.values():
            advertising_set.stop()
        self.drop_connections()

    def drop_connections(self) -> None:
        """End every connection as when the peer went out of range; both sides are told."""
        reason = hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR
        for connection in list(self.le_connections.values()):
            with contextlib.suppress(BaseBumbleError):  # the peer's controller has left the link
                connection.send_ll_control_pdu(ll.TerminateInd(reason))
            self.on_le_disconnected(connection, reason)


class _Cable(asyncio.Protocol):
    """The TCP connection of one gateway to its controller."""

    def __init__(self, controller: _Controller) -> None:
        self._controller = controller
        self._parser = PacketParser(controller)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio's own promise for TCP
        before = self._controller.host
        if isinstance(before, _Cable):
            before.pull()
        self._transport = transport
        self._controller.forget_host()
        self._controller.host = self

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except InvalidPacketError as error:
            logger.warning("gateway controller %s: not HCI: %s", self._controller.name, error)
            self.pull()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._controller.host is self:
            self._controller.host = None
            self._controller.forget_host()

    def on_packet(self, packet: bytes) -> None:
        """Controller to host."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > BACKLOG_LIMIT:
            self.pull()
            return
        self._transport.write(packet)

    def pull(self) -> None:
        """End the connection at once, as when the dongle is pulled."""
        if self._transport is not None:
            self._transport.abort()


class GatewayPort:
    """A gateway's controller and the TCP port it is reached at."""

    def __init__(self, server: asyncio.Server, controller: _Controller) -> None:
        self._server = server
        self._controller = controller
        self.port: int = server.sockets[0].getsockname()[1]

    @property
    def moniker(self) -> str:
        """What the gateway's settings say under ``[ble] transport``."""
        return f"tcp-client:127.0.0.1:{self.port}"

    def pull(self) -> None:
        """Cut the gateway off; it may connect again at once."""
        if isinstance(self._controller.host, _Cable):
            self._controller.host.pull()

    async def close(self) -> None:
        """Take the port away."""
        self._server.close()
        self.pull()
        await self._server.wait_closed()


async def _heeded(call: Awaitable[None]) -> None:
    """Await ``call`` and, should one have come meanwhile, its cancellation.

    bumble awaits its controller by ``asyncio.wait_for``, which in Python 3.11 forgets a cancellation that
    comes in the same moment as the answer: a device that is told to end would go on for ever.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    await call
    if task and task.cancelling() > before:
        raise asyncio.CancelledError


class Peripheral:
    """One simulated device: it can advertise, and be connected to if it has services."""

    def __init__(self, device: Device, controller: _Controller) -> None:
        self._device = device
        self._controller = controller
        self._saying = asyncio.Lock()

    @property
    def connected(self) -> bool:
        """Whether a gateway is connected."""
        return bool(self._device.connections)

    async def say(self, service: int | str, payload: bytes) -> None:
        """Advertise service data once, in a burst of ``BURST`` copies; returns when the burst is over.

        ``service``: a 16-bit number, or a 128-bit UUID, which leaves no room for flags.
        """
        if isinstance(service, int):
            data = _FLAGS + _structure(_SERVICE_DATA_16, service.to_bytes(2, "little") + payload)
        else:
            data = _structure(_SERVICE_DATA_128, UUID(service).bytes[::-1] + payload)
        if len(data) > _LONGEST:
            raise ValueError(f"{len(data)} bytes do not fit an advertisement of {_LONGEST}")
        async with self._saying:
            await _heeded(
                self._device.start_advertising(
                    advertising_type=AdvertisingType.UNDIRECTED,
                    advertising_data=data,
                    advertising_interval_min=BURST_EVERY_MS,
                    advertising_interval_max=BURST_EVERY_MS,
                )
            )
            await asyncio.sleep((BURST - 0.5) * BURST_EVERY_MS / 1000)
            await _heeded(self._device.stop_advertising())

    async def offer(self, uuid16: int, every_ms: float = ADVERTISE_EVERY_MS) -> None:
        """Wait for a connection, advertising that service; again after each disconnection."""
        await _heeded(
            self._device.start_advertising(
                advertising_data=_FLAGS + _structure(_SERVICE_LIST_16, uuid16.to_bytes(2, "little")),
                advertising_interval_min=every_ms,
                advertising_interval_max=every_ms,
                auto_restart=True,
            )
        )

    async def notify(self, characteristic: Any, value: bytes) -> None:
        """Send ``value`` to whoever has subscribed to ``characteristic``."""
        await _heeded(self._device.notify_subscribers(characteristic, value))

    async def indicate(self, characteristic: Any, value: bytes) -> None:
        """Send ``value`` to whoever has subscribed to ``characteristic``, and wait until it is confirmed."""
        await _heeded(self._device.indicate_subscribers(characteristic, value))

    async def vanish(self) -> None:
        """Go out of range: no more advertisements, connections end."""
        await _heeded(self._device.stop_advertising())
        self._controller.drop_connections()


class Radio:
    """The air. Devices and gateways on it hear each other, whichever home they belong to."""

    def __init__(self) -> None:
        self._link = LocalLink()  # type: ignore[no-untyped-call]
        self._ports: list[GatewayPort] = []

    async def gateway(self, name: str, port: int = 0) -> GatewayPort:
        """Put a gateway's controller on the air, reachable at 127.0.0.1:``port`` (0: any free one)."""
        controller = _Controller(name, link=self._link, public_address="00:00:00:00:00:00")
        server = await asyncio.get_running_loop().create_server(
            lambda: _Cable(controller), host="127.0.0.1", port=port
        )
        self._ports.append(GatewayPort(server, controller))
        return self._ports[-1]

    async def device(self, name: str, address: str, services: tuple[Service, ...] = ()) -> Peripheral:
        """Put a device on the air. ``address``: a static random one (two top bits set)."""
        controller = _Controller(name, link=self._link)
        config = DeviceConfiguration(name=name, address=hci.Address(address), irk=bytes(16))
        device = Device(config=config, host=Host(controller, controller))
        device.add_services(services)
        await device.power_on()
        return Peripheral(device, controller)

    async def close(self) -> None:
        """Take the gateways' ports away."""
        for port in self._ports:
            await port.close()


def _structure(kind: int, content: bytes) -> bytes:
    """One advertising data structure."""
    return bytes((len(content) + 1, kind)) + content
