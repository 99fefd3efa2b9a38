"""Raw Bluetooth LE advertising data, taken apart into what bleak calls ``AdvertisementData``.

Used by the HCI back end only: BlueZ does this by itself. Pure; malformed parts are left out, never raised,
because anyone within radio range may send anything.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Final

from bleak.assigned_numbers import AdvertisementDataType as Ad
from bleak.backends.scanner import AdvertisementData
from bleak.uuids import normalize_uuid_str

_SERVICE_DATA: Final[dict[int, int]] = {
    Ad.SERVICE_DATA_UUID16: 2,
    Ad.SERVICE_DATA_UUID32: 4,
    Ad.SERVICE_DATA_UUID128: 16,
}
"""Type → bytes of UUID before the data."""
_SERVICES: Final[dict[int, int]] = {
    Ad.INCOMPLETE_LIST_SERVICE_UUID16: 2,
    Ad.COMPLETE_LIST_SERVICE_UUID16: 2,
    Ad.INCOMPLETE_LIST_SERVICE_UUID32: 4,
    Ad.COMPLETE_LIST_SERVICE_UUID32: 4,
    Ad.INCOMPLETE_LIST_SERVICE_UUID128: 16,
    Ad.COMPLETE_LIST_SERVICE_UUID128: 16,
}
"""Type → bytes of each UUID in the list."""
_NAMES: Final = (Ad.SHORTENED_LOCAL_NAME, Ad.COMPLETE_LOCAL_NAME)
_COMPANY_ID: Final = 2
_UUID128: Final = 16


def standard_uuid(little_endian: bytes) -> str:
    """Return a 2, 4 or 16 byte UUID as it travels in the air in the form ``0000fcd2-0000-1000-8000-…``."""
    big_endian = little_endian[::-1]
    if len(big_endian) == _UUID128:
        return str(uuid.UUID(bytes=big_endian))
    return normalize_uuid_str(big_endian.hex())


def parse(data: bytes, rssi: int) -> AdvertisementData:
    """Return what the advertising ``data`` (core specification supplement, part A) says; ``rssi`` in dBm."""
    name: str | None = None
    tx_power: int | None = None
    services: list[str] = []
    service_data: dict[str, bytes] = {}
    manufacturer_data: dict[int, bytes] = {}
    for kind, content in _structures(data):
        if kind in _SERVICE_DATA and len(content) >= (width := _SERVICE_DATA[kind]):
            service_data[standard_uuid(content[:width])] = content[width:]
        elif kind in _SERVICES:
            width = _SERVICES[kind]
            services += [
                standard_uuid(content[at : at + width]) for at in range(0, len(content) - width + 1, width)
            ]
        elif kind in _NAMES:
            name = content.decode(errors="replace")
        elif kind == Ad.TX_POWER_LEVEL and content:
            tx_power = int.from_bytes(content[:1], signed=True)
        elif kind == Ad.MANUFACTURER_SPECIFIC_DATA and len(content) >= _COMPANY_ID:
            manufacturer_data[int.from_bytes(content[:_COMPANY_ID], "little")] = content[_COMPANY_ID:]
    return AdvertisementData(name, manufacturer_data, service_data, services, tx_power, rssi, ())


def _structures(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Split into (type, content). A zero length ends the data; a structure that is cut off is dropped."""
    at = 0
    while at + 1 < len(data) and (length := data[at]) and at + length < len(data):
        yield data[at + 1], data[at + 2 : at + 1 + length]
        at += 1 + length
