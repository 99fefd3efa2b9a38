"""Raw advertising data taken apart: what everyone within radio range may send."""

from __future__ import annotations

from bumble.core import UUID, AdvertisingData
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.drivers.advertisement import parse, standard_uuid


def test_service_data_name_services_power_and_maker_are_found() -> None:
    data = bytes.fromhex("0201060616d2fc402d010303 0d18020a f604ff 5900 010509 444f4f52")
    found = parse(data, rssi=-61)
    assert found.service_data == {"0000fcd2-0000-1000-8000-00805f9b34fb": bytes.fromhex("402d01")}
    assert found.service_uuids == ["0000180d-0000-1000-8000-00805f9b34fb"]
    assert (found.local_name, found.tx_power, found.rssi) == ("DOOR", -10, -61)
    assert found.manufacturer_data == {0x0059: b"\x01"}


def test_a_part_that_is_cut_off_is_dropped_and_what_came_before_is_kept() -> None:
    found = parse(bytes.fromhex("0409444f520a16d2fc40"), rssi=-61)
    assert (found.local_name, found.service_data) == ("DOR", {})


def test_a_zero_length_ends_the_data() -> None:
    assert parse(bytes.fromhex("000409444f52"), rssi=-61).local_name is None


@given(st.binary(max_size=255))
def test_no_bytes_raise(data: bytes) -> None:
    parse(data, rssi=-61)


@given(st.binary(max_size=62))
def test_another_stack_finds_the_same_parts(data: bytes) -> None:
    theirs = AdvertisingData.from_bytes(data).ad_structures
    whole = [content for kind, content in theirs if kind == AdvertisingData.COMPLETE_LOCAL_NAME]
    ours = parse(data, rssi=-61).local_name
    if whole and ours is not None and not any(kind == 0x08 for kind, _ in theirs):
        assert ours == whole[-1].decode(errors="replace")


@given(st.one_of(*(st.binary(min_size=n, max_size=n) for n in (2, 4, 16))))
def test_every_width_of_uuid_has_one_long_spelling(little_endian: bytes) -> None:
    assert UUID(standard_uuid(little_endian)).uuid_128_bytes == UUID.from_bytes(little_endian).uuid_128_bytes
