"""PUBLISH and PUBACK, as another client writes and reads them, in any pieces and from a broker that lies."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from cloud.ingest.packets import Published, frame, pubacks, published

MESSAGES = st.builds(
    Published, st.text(max_size=20), st.binary(max_size=300), st.integers(0, 65_535), st.booleans()
)
"""With the number 0: at QoS 0."""


def packet(message: Published, *, again: bool = False) -> bytes:
    """MQTT 3.1.1, section 3.3."""
    first = 0x30 | message.retained | (0x02 if message.mid else 0) | (0x08 if again and message.mid else 0)
    topic = message.topic.encode()
    number = struct.pack("!H", message.mid) if message.mid else b""
    body = struct.pack("!H", len(topic)) + topic + number + message.payload
    return bytes([first]) + length(len(body)) + body


def length(value: int) -> bytes:
    """Section 2.2.3."""
    found = bytearray()
    while value > 127:
        found.append(value % 128 | 128)
        value //= 128
    return bytes(found) + bytes([value])


@given(st.lists(MESSAGES, max_size=8), st.booleans())
def test_what_was_written_is_read(messages: list[Published], again: bool) -> None:
    data = bytearray(b"".join(packet(one, again=again) for one in messages))
    assert published(data, 100, 1 << 20) == (messages, len(data))


@given(st.lists(MESSAGES, min_size=1, max_size=5), st.data())
def test_a_part_of_a_packet_waits_for_the_rest(messages: list[Published], draw: st.DataObject) -> None:
    whole = b"".join(map(packet, messages))
    cut = draw.draw(st.integers(0, len(whole)))
    first, used = published(bytearray(whole[:cut]), 100, 1 << 20)
    second, _ = published(bytearray(whole[used:]), 100, 1 << 20)
    assert first + second == messages


@given(st.binary(max_size=60), st.integers(0, 5))
def test_no_bytes_raise_and_nothing_is_read_beyond_them(data: bytes, most: int) -> None:
    found, used = published(bytearray(data), most, 1 << 20)
    assert len(found) <= most
    assert used <= len(data)


def test_as_many_are_read_as_there_is_room_for() -> None:
    messages = [Published("a/b", b"x" * 100, number, retained=False) for number in range(1, 9)]
    data = bytearray(b"".join(map(packet, messages)))
    assert published(data, 3, 1_000)[0] == messages[:3]
    assert published(data, 100, 250)[0] == messages[:3]  # the third is the first with which it is too much
    assert published(data, 0, 1_000) == published(data, 100, 0) == ([], 0)


def test_what_is_not_ours_stays_where_it_is_and_counts_as_there() -> None:
    one = Published("a/b", b"x", 7, retained=False)
    of_qos_2 = b"\x34" + packet(one)[1:]
    shorter_than_its_topic = b"\x32\x05\x00\x09abc"
    without_a_number = b"\x32\x04\x00\x02ab"
    without_an_end = b"\x32\xff\xff\xff\xff\xff"
    ping = b"\xd0\x00"
    for other in (of_qos_2, shorter_than_its_topic, without_a_number, without_an_end, ping):
        data = bytearray(packet(one) + other + packet(one))
        found, used = published(data, 100, 1_000)
        assert found == [one]
        assert data[used:].startswith(other)
        assert frame(data, used) is not None


def test_a_topic_that_is_no_text_has_a_name() -> None:
    data = bytearray(b"\x32\x07\x00\x02\xff\xfe\x00\x01x")
    assert published(data, 1, 1_000)[0] == [Published("\ufffd", b"x", 1, retained=False)]


def test_acknowledgements_stand_one_behind_another() -> None:
    assert pubacks([1, 0xABCD]) == bytes.fromhex("40020001 4002abcd")
    assert pubacks([]) == b""
