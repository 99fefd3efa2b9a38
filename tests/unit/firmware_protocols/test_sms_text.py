"""The alphabets of a text message: the standard's own tables, frames that others packed, and what fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.serial.sms_text import (
    LARGEST,
    Alphabet,
    BadNumber,
    TooLong,
    alphabet_of,
    checked_number,
    checked_segment,
    decode_gsm7,
    encode_gsm7,
    from_hex,
    pack,
    to_hex,
    units,
    unpack,
)

PACKED = [
    ("hellohello", "E8329BFD4697D9EC37"),  # the example that most PDU tutorials share
    ("It is easy to send text messages.", "493A283D0795C3F33C88FE06CDCB6E32885EC6D341EDF27C1E3E97E72E"),
    ("This is testing !", "54747A0E4ACF41F4F29C9E769F4121"),
    ("", ""),
]
"""Texts and their octets as PDUs in public tutorials and modem logs have them."""
EVERY_SEPTET = [code for code in range(128) if code != 0x1B]
GSM_CHARACTERS = decode_gsm7(EVERY_SEPTET) + "\f^{}\\[~]|€"


@pytest.mark.parametrize(("text", "octets"), PACKED)
def test_septets_are_packed_as_others_pack_them(text: str, octets: str) -> None:
    assert pack(encode_gsm7(text)).hex().upper() == octets
    assert decode_gsm7(unpack(bytes.fromhex(octets), len(text))) == text


@pytest.mark.parametrize(
    ("character", "septets"),
    [
        ("@", "00"),
        ("$", "02"),
        ("_", "11"),
        ("Ξ", "1a"),
        ("€", "1b65"),
        ("[", "1b3c"),
        ("à", "7f"),
        ("\r", "0d"),
    ],
)
def test_a_character_has_the_septet_of_the_standard(character: str, septets: str) -> None:
    assert encode_gsm7(character).hex() == septets


def test_letters_digits_and_dashes_are_the_same_in_every_alphabet() -> None:
    plain = "ABCXYZabcxyz0189 -"
    assert encode_gsm7(plain) == plain.encode("ascii")


def test_an_unknown_extension_is_read_from_the_basic_table_and_a_lone_escape_is_a_space() -> None:
    assert decode_gsm7(b"\x1bA") == "A"
    assert decode_gsm7(b"a\x1b") == "a "
    assert decode_gsm7(b"\x1b\x1bA") == " A"


@given(st.text(st.sampled_from(GSM_CHARACTERS)))
def test_a_text_of_the_alphabet_comes_back_through_septets_and_octets(text: str) -> None:
    septets = encode_gsm7(text)
    assert len(septets) == units(text)
    assert decode_gsm7(unpack(pack(septets), len(septets))) == text


@given(st.lists(st.integers(0, 127)))
def test_any_septets_are_some_text(septets: list[int]) -> None:
    assert encode_gsm7(decode_gsm7(septets)) is not None


@given(st.text())
def test_any_text_crosses_a_modem_in_digits_that_cannot_play_the_modem(text: str) -> None:
    digits = to_hex(text)
    assert set(digits) <= set("0123456789ABCDEF")
    assert from_hex(digits) == text.encode("utf-16-be", "replace").decode("utf-16-be")


@pytest.mark.parametrize("digits", ["4F6", "4F6088", "+861", "OK", "4F60 597D"])
def test_what_is_no_digits_is_no_text(digits: str) -> None:
    assert from_hex(digits) is None


def test_a_text_is_counted_in_the_alphabet_that_it_needs() -> None:
    assert (alphabet_of("help €"), units("help €")) == (Alphabet.GSM_7, 7)
    assert (alphabet_of("救命"), units("救命")) == (Alphabet.UCS_2, 2)
    assert units("😀") == 2


@pytest.mark.parametrize(
    ("text", "alphabet"), [("a", Alphabet.GSM_7), ("€", Alphabet.GSM_7), ("救", Alphabet.UCS_2)]
)
def test_one_segment_and_no_more(text: str, alphabet: Alphabet) -> None:
    fits = LARGEST[alphabet] // units(text)
    assert checked_segment(text * fits) is alphabet
    with pytest.raises(TooLong, match="make one text message"):
        checked_segment(text * (fits + 1))


@pytest.mark.parametrize("number", ["+8613800138000", "+4915112345678", "+1234567", "+123456789012345"])
def test_an_international_number_is_taken(number: str) -> None:
    assert checked_number(number) == number


@pytest.mark.parametrize(
    "number",
    [
        "",
        "13900139000",
        "+0138001380",
        "+123456",
        "+1234567890123456",
        "+86 138",
        '+86";',
        "+８６１３８００１３８０００",
    ],
)
def test_any_other_number_is_refused_without_being_quoted(number: str) -> None:
    with pytest.raises(BadNumber) as refused:
        checked_number(number)
    assert not number or number not in str(refused.value)
