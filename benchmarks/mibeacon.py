"""Our MiBeacon codec beside ``xiaomi-ble``: frames that we write, read by both.

What this is: a witness called by hand, because that package brings a dozen others with it and is no part of
our environment. What it is not: a test of the suite; the frames that its project has published are
(``tests/vectors/mibeacon.json``). Run ``python -m benchmarks.mibeacon --frames 20000`` where ``xiaomi-ble``
and this repository's ``edge`` packages are installed.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import random
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from bleak.backends.device import BLEDevice
from habluetooth import BluetoothServiceInfoBleak

from firmware_protocols.ble import mibeacon
from firmware_protocols.ble.mibeacon import Beacon
from firmware_protocols.ble.sealed import KEY_SIZE
from firmware_protocols.codec import Frame, Security
from firmware_protocols.errors import DecodeError
from firmware_protocols.model import DeviceId, Reading

OBJECTS: Final[Mapping[int, int]] = {
    0x1004: 2,
    0x1006: 2,
    0x100A: 1,
    0x100D: 4,
    0x1014: 1,
    0x1015: 1,
    0x1017: 4,
    0x1019: 1,
    0x101B: 4,
    0x4803: 1,
    0x4804: 1,
    0x4806: 1,
    0x4818: 2,
    0x4A12: 1,
    0x4A1A: 1,
    0x4C02: 1,
    0x4C03: 1,
}
"""Object to length: those whose reading does not depend on the model."""
PRODUCTS: Final = (0x098B, 0x2AEB, 0x1889, 0x0863)
CLOSE: Final = 0.006
"""Both round to hundredths."""


def ours(payload: bytes, address: str, key: bytes | None) -> dict[str, float] | None:
    """Quantity to value; ``None`` if the frame is refused."""
    frame = Frame(DeviceId("witness"), payload, datetime.now(UTC), address)
    try:
        seen = mibeacon.decode(frame, Security(key)).observations
    except DecodeError:
        return None
    return {
        each.quantity.value: float(each.value)
        for each in seen
        if isinstance(each, Reading) and each.value is not None
    }


def theirs(payload: bytes, address: str, key: bytes | None) -> dict[str, float]:
    """The same of a fresh parser of theirs."""
    parser: Any = importlib.import_module("xiaomi_ble.parser").XiaomiBluetoothDeviceData(bindkey=key)
    update = parser.update(
        BluetoothServiceInfoBleak(
            name="",
            address=address,
            rssi=-60,
            manufacturer_data={},
            service_data={mibeacon.SERVICE_UUID: payload},
            service_uuids=[],
            source="",
            device=BLEDevice(address, None, None),
            advertisement=None,
            connectable=False,
            time=0.0,
            tx_power=None,
        )
    )
    values = [*update.entity_values.items(), *update.binary_entity_values.items()]
    return {str(key.key): float(value.native_value) for key, value in values}


def frame(rng: random.Random) -> tuple[bytes, str, bytes | None]:
    """One frame with its sender's address and, mostly, its key."""
    mac, key = rng.randbytes(6), rng.randbytes(KEY_SIZE)
    address = mac.hex(":").upper()
    object_id = rng.choice(list(OBJECTS))
    data = bytes(rng.choice((0, 1, 2, rng.randrange(256))) for _ in range(OBJECTS[object_id]))
    sender = mac if rng.random() < 0.5 else None
    body = mibeacon.encode_object(object_id, data)
    plain = Beacon(5, rng.choice(PRODUCTS), rng.randrange(256), sender, body=body)
    if rng.random() < 0.2:
        return mibeacon.encode(plain), address, None
    sealed = mibeacon.seal(plain, key=key, address=address, extension=rng.randrange(1 << 24))
    return mibeacon.encode(sealed), address, key


def main() -> int:
    """Compare; print the first differences and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    logging.disable(logging.CRITICAL)
    rng, refused, differ = random.Random(wanted.seed), 0, 0
    for _ in range(wanted.frames):
        payload, address, key = frame(rng)
        mine = ours(payload, address, key)
        if mine is None:
            refused += 1
            continue
        other = theirs(payload, address, key)
        if any(abs(other.get(name, float("inf")) - value) > CLOSE for name, value in mine.items()):
            differ += 1
            print(payload.hex(" "), mine, other)
    print(f"{wanted.frames} frames, {refused} refused by us, {differ} read differently")
    return bool(differ)


if __name__ == "__main__":
    sys.exit(main())
