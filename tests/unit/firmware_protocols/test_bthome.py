"""What a BTHome device may and may not do."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest
from bthome_ble.const import MEAS_TYPES
from bthome_ble.event import BUTTON_EVENTS

from firmware_protocols.ble import bthome
from firmware_protocols.ble.bthome_objects import OBJECTS, PRESSES, Form, Kind
from firmware_protocols.codec import NO_SECURITY, Decoded, Frame, Security
from firmware_protocols.errors import Replayed, Truncated, Unauthentic, UnknownFormat
from firmware_protocols.model import DeviceId, Event, Quantity, Reading

KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")
ADDRESS = "A4:C1:38:00:00:01"
NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
PRESS = bthome.encode([(bthome.BUTTON, "press")], packet_id=9)


def decode(payload: bytes, security: Security = NO_SECURITY, address: str = ADDRESS) -> Decoded:
    return bthome.decode(Frame(DeviceId("pendant"), payload, NOW, address), security)


def sealed(counter: int, key: bytes = KEY, address: str = ADDRESS) -> bytes:
    return bthome.encrypt(PRESS, key=key, address=address, counter=counter)


def details(decoded: Decoded) -> list[str]:
    return [observation.detail for observation in decoded.observations if isinstance(observation, Event)]


def test_a_press_arrives_with_the_counter_to_remember() -> None:
    decoded = decode(sealed(5), Security(KEY, last_counter=4))
    assert details(decoded) == ["press"]
    assert (decoded.counter, decoded.packet_id) == (5, 9)


@pytest.mark.parametrize("last", [5, 6, 2**32 - 1])
def test_a_recorded_frame_is_refused_when_played_again(last: int) -> None:
    with pytest.raises(Replayed) as caught:
        decode(sealed(5), Security(KEY, last_counter=last))
    assert (caught.value.counter, caught.value.last) == (5, last)


def test_a_counter_below_one_hundred_is_no_excuse() -> None:
    """The usual receiver takes a low counter for a new battery, and so a recorded early frame for a press."""
    with pytest.raises(Replayed):
        decode(sealed(1), Security(KEY, last_counter=100_000))


def test_the_first_counter_may_be_zero() -> None:
    assert decode(sealed(0), Security(KEY)).counter == 0


def test_a_replay_with_the_wrong_key_is_called_a_wrong_key() -> None:
    """Whoever cannot authenticate must not learn which counter we are at."""
    with pytest.raises(Unauthentic, match="wrong key") as caught:
        decode(sealed(5, key=bytes(16)), Security(KEY, last_counter=9))
    assert not isinstance(caught.value, Replayed)


@pytest.mark.parametrize(
    "security", [Security(KEY), Security(encrypted=True), Security(KEY, encrypted=True)], ids=str
)
def test_a_device_that_encrypts_may_not_go_plain(security: Security) -> None:
    with pytest.raises(Unauthentic, match="plain"):
        decode(PRESS, security)


@pytest.mark.parametrize("key", [None, b"", bytes(15), bytes(24), bytes(32)])
def test_an_encrypted_frame_without_a_usable_key_is_refused(key: bytes | None) -> None:
    with pytest.raises(Unauthentic, match="no 16-byte key"):
        decode(sealed(5), Security(key))


@pytest.mark.parametrize("address", ["", "A4:C1:38", "not a mac", "A4:C1:38:00:00:02"])
def test_an_encrypted_frame_needs_its_senders_address(address: str) -> None:
    with pytest.raises(Unauthentic):
        decode(sealed(5), Security(KEY), address)


def test_the_address_may_be_written_in_any_case() -> None:
    assert details(decode(sealed(5), Security(KEY), ADDRESS.lower())) == ["press"]


def test_a_frame_may_carry_its_own_address() -> None:
    mac = bytes.fromhex(ADDRESS.replace(":", ""))
    payload = bytes((PRESS[0] | 0x02,)) + mac[::-1] + PRESS[1:]
    assert details(decode(payload, address="")) == ["press"]


def test_every_cut_of_a_frame_is_refused_or_says_less() -> None:
    whole = bthome.encode([(0x01, 90), (0x2D, 1), (bthome.BUTTON, "long_press")], packet_id=3)
    full = decode(whole).observations
    for size in range(len(whole)):
        try:
            observations = decode(whole[:size]).observations
        except Truncated:
            continue
        assert observations == full[: len(observations)]
        assert len(observations) < len(full)


def test_objects_out_of_order_are_read_all_the_same() -> None:
    decoded = decode(bytes.fromhex("40 2D01 0164"))
    assert [o.quantity for o in decoded.observations if isinstance(o, Reading)] == [
        Quantity.OPENING,
        Quantity.BATTERY,
    ]


@pytest.mark.parametrize("payload", ["40 2D01 0164", "40 EE", "40 53 05 FF", "60 01", "41 00"])
def test_a_strange_frame_writes_nothing_to_the_log(payload: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for security in (NO_SECURITY, Security(KEY)):
        try:
            decode(bytes.fromhex(payload), security)
        except (Truncated, Unauthentic, UnknownFormat):
            continue
    assert not caplog.records


def test_a_frame_longer_than_any_advertisement_is_refused() -> None:
    longest = bytes((0x40,)) + bytes((0x01, 90)) * 127
    assert len(longest) == bthome.MAX_FRAME
    assert len(decode(longest).observations) == 127
    with pytest.raises(UnknownFormat):
        decode(longest + bytes((0x01,)))


# What the catalogue calls an object (its device class and unit) to what it is for us.
MEANT = {
    ("battery", "%"): Quantity.BATTERY,
    ("temperature", "°C"): Quantity.TEMPERATURE,
    ("humidity", "%"): Quantity.HUMIDITY,
    ("illuminance", "lx"): Quantity.ILLUMINANCE,
    ("power", "W"): Quantity.POWER,
    ("voltage", "V"): Quantity.VOLTAGE,
    ("distance", "mm"): Quantity.DISTANCE,
    ("distance", "m"): Quantity.DISTANCE,
    ("acceleration", "m/s²"): Quantity.ACCELERATION,
    ("opening", ""): Quantity.OPENING,
    ("door", ""): Quantity.OPENING,
    ("garage_door", ""): Quantity.OPENING,
    ("window", ""): Quantity.OPENING,
    ("battery", ""): Quantity.BATTERY_LOW,
    ("carbon_monoxide", ""): Quantity.CARBON_MONOXIDE,
    ("gas", ""): Quantity.GAS,
    ("moisture", ""): Quantity.MOISTURE,
    ("motion", ""): Quantity.MOTION,
    ("moving", ""): Quantity.MOTION,
    ("occupancy", ""): Quantity.PRESENCE,
    ("presence", ""): Quantity.PRESENCE,
    ("plug", ""): Quantity.MAINS,
    ("problem", ""): Quantity.PROBLEM,
    ("smoke", ""): Quantity.SMOKE,
    ("tamper", ""): Quantity.TAMPER,
    ("vibration", ""): Quantity.VIBRATION,
}


def _called(object_id: int) -> tuple[str, str]:
    form = MEAS_TYPES[object_id].meas_format
    unit = getattr(form, "native_unit_of_measurement", None)
    return str(getattr(form, "device_class", form)), str(unit or "")


def test_each_object_of_the_catalogue_means_what_it_is_called_and_none_is_forgotten() -> None:
    expected = {i: MEANT[_called(i)] for i in MEAS_TYPES if _called(i) in MEANT}
    assert {i: meaning.quantity for i, meaning in bthome.MEANINGS.items()} == expected


KINDS = {
    "unsigned_integer": Kind.UNSIGNED,
    "signed_integer": Kind.SIGNED,
    "string": Kind.PREFIXED,
    "raw": Kind.PREFIXED,
    "command": Kind.COMMAND,
}


def test_the_objects_have_the_forms_that_an_independent_catalogue_knows() -> None:
    expected = {
        object_id: Form(KINDS.get(one.data_format, Kind.OTHER), one.data_length, one.factor)
        for object_id, one in MEAS_TYPES.items()
    }
    assert dict(OBJECTS) == expected
    assert {code: name for name, code in PRESSES.items()} | {0: None} == BUTTON_EVENTS


@pytest.mark.parametrize(
    "objects",
    [
        [(0x01, 256)],
        [(0x01, -1)],
        [(0x02, 400.0)],
        [(0xEE, 1)],
        [(0x53, 1)],
        [(bthome.BUTTON, "tickle")],
        [(0x2D, "press")],
    ],
    ids=str,
)
def test_what_does_not_fit_is_not_encoded(objects: list[tuple[int, float | str]]) -> None:
    with pytest.raises(ValueError, match=r"object|fit"):
        bthome.encode(objects)


def test_the_independent_example_of_the_encryption_comes_out_byte_for_byte() -> None:
    """The test vector of the BTHome project for its own encryption (MIT)."""
    key, address = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932"), "54:48:E6:8F:80:A5"
    counter = int.from_bytes(bytes.fromhex("00112233"), "little")
    plain = bytes.fromhex("40 02CA09 03BF13")
    expected = bytes.fromhex("41 A47266C95F73 00112233 78237214")
    assert bthome.encrypt(plain, key=key, address=address, counter=counter) == expected


@pytest.mark.parametrize(("key", "counter"), [(bytes(15), 1), (KEY, -1), (KEY, 2**32)])
def test_a_bad_key_or_counter_is_not_used(key: bytes, counter: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        bthome.encrypt(PRESS, key=key, address=ADDRESS, counter=counter)
