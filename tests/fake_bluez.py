"""A BlueZ that obeys the test: ``org.bluez`` on a private D-Bus, with faults on demand.

What this is: the objects and signals that bleak's unmodified BlueZ back end talks to (ObjectManager,
Adapter1, Device1, GattService1, GattCharacteristic1), as ``bluetoothd`` shows them. What it is not: a radio;
the test says what is heard. The one idea: each fault of the real daemon that has bitten somebody is one
attribute here.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

from dbus_fast import BusType, DBusError, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusBytes, DBusInt16, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

ADAPTER = "/org/bluez/hci0"
READ = PropertyAccess.READ
Options = Annotated[dict[str, Variant], DBusSignature("a{sv}")]
Nothing = Annotated[None, DBusSignature("")]
Strings = Annotated[list[str], DBusSignature("as")]


@dataclass
class Faults:
    """What goes wrong. ``connect_hangs``: Connect never answers. ``in_progress``: so many Connects are
    refused as already in progress, until the device object is removed. ``start_in_progress``: so many
    StartDiscoverys are, until the adapter is turned off. ``unresolved``: so many connections never get as
    far as their services. ``disconnect_hangs``: not even what was begun can be undone. ``read_fails``: no
    value can be read or written.
    """

    connect_hangs: bool = False
    disconnect_hangs: bool = False
    in_progress: int = 0
    start_hangs: bool = False
    start_in_progress: int = 0
    unresolved: int = 0
    read_fails: bool = False


@dataclass
class Characteristic:
    """One characteristic of a fake device and its value; ``bonded``: it may be had by a paired peer only."""

    uuid: str
    flags: tuple[str, ...]
    value: bytes = b""
    bonded: bool = False


class _Adapter(ServiceInterface):
    def __init__(self, bluez: FakeBluez) -> None:
        super().__init__("org.bluez.Adapter1")
        self._bluez = bluez

    @dbus_property(access=READ, name="Address")
    def address(self) -> DBusStr:
        return "00:00:5E:00:53:01"

    @dbus_property(access=READ, name="Roles")
    def roles(self) -> Strings:
        return ["central", "peripheral"]

    @dbus_property(access=READ, name="Discovering")
    def discovering(self) -> DBusBool:
        return self._bluez.discovering

    @dbus_property(name="Powered")
    def powered(self) -> DBusBool:
        return self._bluez.powered

    @powered.setter  # type: ignore[no-redef]
    def powered(self, value: DBusBool) -> None:
        self._bluez.calls.append(f"Powered={value}")
        self._bluez.powered = value
        if not value:
            self._bluez.faults.start_in_progress = 0

    @dbus_method(name="SetDiscoveryFilter")
    def set_discovery_filter(self, filters: Options) -> Nothing:
        self._bluez.filters = {name: each.value for name, each in filters.items()}

    @dbus_method(name="StartDiscovery")
    async def start_discovery(self) -> Nothing:
        self._bluez.calls.append("StartDiscovery")
        if self._bluez.faults.start_hangs:
            await asyncio.Event().wait()
        if not self._bluez.powered:
            raise DBusError("org.bluez.Error.NotReady", "Resource Not Ready")
        if self._bluez.faults.start_in_progress:
            self._bluez.faults.start_in_progress -= 1
            raise DBusError("org.bluez.Error.InProgress", "Operation already in progress")
        self._bluez.discovering = True
        self._bluez.started.set()

    @dbus_method(name="StopDiscovery")
    def stop_discovery(self) -> Nothing:
        self._bluez.calls.append("StopDiscovery")
        self._bluez.discovering = False
        self._bluez.started.clear()

    @dbus_method(name="RemoveDevice")
    def remove_device(self, device: DBusObjectPath) -> Nothing:
        self._bluez.calls.append("RemoveDevice")
        self._bluez.faults.in_progress = 0
        self._bluez.remove(device)


class _Device(ServiceInterface):
    def __init__(self, bluez: FakeBluez, path: str, address: str) -> None:
        super().__init__("org.bluez.Device1")
        self._bluez = bluez
        self._path = path
        self._address = address
        self.is_connected = False
        self.is_resolved = False
        self.is_trusted = False
        self.data: dict[str, bytes] = {}

    @dbus_property(access=READ, name="Address")
    def address(self) -> DBusStr:
        return self._address

    @dbus_property(access=READ, name="Alias")
    def alias(self) -> DBusStr:
        return self._address

    @dbus_property(access=READ, name="Adapter")
    def adapter(self) -> DBusObjectPath:
        return ADAPTER

    @dbus_property(access=READ, name="Paired")
    def paired(self) -> DBusBool:
        return self._path in self._bluez.bonds

    @dbus_property(name="Trusted")
    def trusted(self) -> DBusBool:
        return self.is_trusted

    @trusted.setter  # type: ignore[no-redef]
    def trusted(self, value: DBusBool) -> None:
        self.is_trusted = value

    @dbus_property(access=READ, name="Connected")
    def connected(self) -> DBusBool:
        return self.is_connected

    @dbus_property(access=READ, name="ServicesResolved")
    def services_resolved(self) -> DBusBool:
        return self.is_resolved

    @dbus_property(access=READ, name="RSSI")
    def rssi(self) -> DBusInt16:
        return -60

    @dbus_property(access=READ, name="UUIDs")
    def uuids(self) -> Strings:
        return []

    @dbus_property(access=READ, name="ServiceData")
    def service_data(self) -> Options:
        return {uuid: Variant("ay", data) for uuid, data in self.data.items()}

    @dbus_method(name="Pair")
    def pair(self) -> Nothing:
        self._bluez.calls.append("Pair")
        if self._path in self._bluez.bonds:
            raise DBusError("org.bluez.Error.AlreadyExists", "Already Exists")
        self._bluez.bonds.add(self._path)
        self.emit_properties_changed({"Paired": True})
        self._bluez.connect(self._path)

    @dbus_method(name="Connect")
    async def connect(self) -> Nothing:
        self._bluez.calls.append("Connect")
        if self._bluez.faults.connect_hangs:
            await asyncio.Event().wait()
        if self._bluez.faults.in_progress:
            self._bluez.faults.in_progress -= 1
            raise DBusError("org.bluez.Error.InProgress", "Operation already in progress")
        self._bluez.connect(self._path)

    @dbus_method(name="Disconnect")
    async def disconnect(self) -> Nothing:
        self._bluez.calls.append("Disconnect")
        if self._bluez.faults.disconnect_hangs:
            await asyncio.Event().wait()
        self._bluez.disconnect(self._path)


class _Service(ServiceInterface):
    def __init__(self, device: str, uuid: str) -> None:
        super().__init__("org.bluez.GattService1")
        self._device = device
        self._uuid = uuid

    @dbus_property(access=READ, name="UUID")
    def uuid(self) -> DBusStr:
        return self._uuid

    @dbus_property(access=READ, name="Device")
    def device(self) -> DBusObjectPath:
        return self._device

    @dbus_property(access=READ, name="Primary")
    def primary(self) -> DBusBool:
        return True


class _Characteristic(ServiceInterface):
    def __init__(self, bluez: FakeBluez, device: str, service: str, what: Characteristic) -> None:
        super().__init__("org.bluez.GattCharacteristic1")
        self._bluez = bluez
        self._device = device
        self._service = service
        self._what = what

    @dbus_property(access=READ, name="UUID")
    def uuid(self) -> DBusStr:
        return self._what.uuid

    @dbus_property(access=READ, name="Service")
    def service(self) -> DBusObjectPath:
        return self._service

    @dbus_property(access=READ, name="Flags")
    def flags(self) -> Strings:
        return list(self._what.flags)

    @dbus_property(access=READ, name="Value")
    def value(self) -> DBusBytes:
        return self._what.value

    @dbus_method(name="ReadValue")
    def read_value(self, options: Options) -> DBusBytes:
        self._bluez.calls.append(f"Read {self._what.uuid[4:8]}")
        if self._bluez.faults.read_fails:
            raise DBusError("org.bluez.Error.Failed", "Operation failed with ATT error: 0x0e")
        return self._what.value

    @dbus_method(name="WriteValue")
    def write_value(self, value: DBusBytes, options: Options) -> Nothing:
        self._bluez.calls.append(f"Write {self._what.uuid[4:8]}")
        if self._bluez.faults.read_fails:
            raise DBusError("org.bluez.Error.Failed", "Operation failed with ATT error: 0x0e")
        self._what.value = value

    @dbus_method(name="StartNotify")
    def start_notify(self) -> Nothing:
        self._bluez.calls.append("StartNotify")
        if self._what.bonded and self._device not in self._bluez.bonds:
            raise DBusError("org.bluez.Error.NotPermitted", "Notify not permitted")
        self._bluez.subscribed.set()

    @dbus_method(name="StopNotify")
    def stop_notify(self) -> Nothing:
        self._bluez.subscribed.clear()

    def notify(self, value: bytes) -> None:
        self._what.value = value
        self.emit_properties_changed({"Value": value})


@dataclass
class FakeBluez:
    """One adapter, ``hci0``, and the devices the test lets it hear."""

    bus: MessageBus
    faults: Faults = field(default_factory=Faults)
    calls: list[str] = field(default_factory=list)
    """The methods called, in order."""
    filters: dict[str, Any] = field(default_factory=dict)
    discovering: bool = False
    powered: bool = True
    bonds: set[str] = field(default_factory=set)
    """Paths of the devices that are paired; kept when a device object goes."""
    started: asyncio.Event = field(default_factory=asyncio.Event)
    subscribed: asyncio.Event = field(default_factory=asyncio.Event)
    _devices: dict[str, _Device] = field(default_factory=dict)
    _gatt: dict[str, dict[str, list[Characteristic]]] = field(default_factory=dict)
    _characteristics: dict[str, _Characteristic] = field(default_factory=dict)

    @staticmethod
    def path(address: str) -> str:
        """The object path BlueZ gives a device."""
        return f"{ADAPTER}/dev_{address.replace(':', '_')}"

    def plug(self) -> None:
        """Show the adapter."""
        self.bus.export(ADAPTER, _Adapter(self))

    def unplug(self) -> None:
        """Take the adapter and all devices away."""
        for path in list(self._devices):
            self.remove(path)
        self.discovering = False
        self.started.clear()
        self.bus.unexport(ADAPTER)

    def hear(self, address: str, service_data: dict[str, bytes] | None = None) -> None:
        """Hear an advertisement. As the daemon does, say nothing of an identical one unless asked to."""
        if not self.discovering:
            return
        path, data = self.path(address), service_data or {}
        device = self._devices.get(path)
        if device is None:
            device = self._devices[path] = _Device(self, path, address)
            device.data = data
            self.bus.export(path, device)
        elif device.data != data or self.filters.get("DuplicateData"):
            device.data = data
            variants = {uuid: Variant("ay", value) for uuid, value in data.items()}
            device.emit_properties_changed({"RSSI": -60, "ServiceData": variants})

    def offers(self, address: str, services: dict[str, list[Characteristic]]) -> None:
        """Give a device GATT services: UUID → characteristics."""
        self._gatt[self.path(address)] = services

    def connect(self, path: str) -> None:
        """The device connects, and its services are resolved."""
        device = self._devices[path]
        device.is_connected = True
        device.emit_properties_changed({"Connected": True})
        if self.faults.unresolved:
            self.faults.unresolved -= 1
            return
        for number, (uuid, characteristics) in enumerate(self._gatt.get(path, {}).items(), 1):
            service = f"{path}/service{number:04x}"
            self.bus.export(service, _Service(path, uuid))
            for handle, what in enumerate(characteristics, 0x10 * number):
                shown = _Characteristic(self, path, service, what)
                self._characteristics[what.uuid] = shown
                self.bus.export(f"{service}/char{handle:04x}", shown)
        device.is_resolved = True
        device.emit_properties_changed({"ServicesResolved": True})

    def notify(self, uuid: str, value: bytes) -> None:
        """A connected device notifies."""
        self._characteristics[uuid].notify(value)

    def disconnect(self, path: str) -> None:
        """The device is gone; its services go with the connection."""
        device = self._devices.get(path)
        if device is None or not device.is_connected:
            return
        device.is_connected = device.is_resolved = False
        self.subscribed.clear()
        for number in range(1, len(self._gatt.get(path, {})) + 1):
            service = f"{path}/service{number:04x}"
            for handle in range(0x10 * number, 0x10 * number + 16):
                self.bus.unexport(f"{service}/char{handle:04x}")
            self.bus.unexport(service)
        device.emit_properties_changed({"ServicesResolved": False, "Connected": False})

    def remove(self, path: str) -> None:
        """The daemon forgets a device."""
        self.disconnect(path)
        if self._devices.pop(path, None) is not None:
            self.bus.unexport(path)


@asynccontextmanager
async def private_bus() -> AsyncIterator[str]:
    """A D-Bus of our own; yields its address."""
    daemon = shutil.which("dbus-daemon")
    assert daemon, "dbus-daemon is missing: install the Debian package dbus"
    process = await asyncio.create_subprocess_exec(
        daemon, "--session", "--nofork", "--nopidfile", "--print-address", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def fake_bluez(address: str) -> AsyncIterator[FakeBluez]:
    """Own ``org.bluez`` on the bus at ``address``."""
    bus = await MessageBus(bus_address=address, bus_type=BusType.SYSTEM).connect()
    bluez = FakeBluez(bus)
    await bus.request_name("org.bluez")
    bluez.plug()
    try:
        yield bluez
    finally:
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
