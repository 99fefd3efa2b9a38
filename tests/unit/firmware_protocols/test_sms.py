"""The alarm as a text: one segment whatever it says, nothing believed that the gateway did not sign."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.errors import BadMessage, Unauthentic
from firmware_protocols.model import AlarmId, AlarmKind, AlarmState, DeviceId, GatewayId
from firmware_protocols.serial.sms_text import Alphabet, checked_segment
from firmware_protocols.wire.sms import LONGEST, Sms, check, encode, key_of, parse

KEY = key_of("right-secret-of-gw-7k2m9q")
CALL = Sms(
    GatewayId("gw-7k2m9q"),
    AlarmId("01JNGZ5Q8R4T6V8X0Y2ZA4C6E8"),
    AlarmKind.FALL,
    AlarmState.RAISED,
    DeviceId("radar-bath"),
    datetime(2026, 3, 1, 3, 0, 0, 125_000, tzinfo=UTC),
)
TEXT = "ANBAN1 gw-7k2m9q 01JNGZ5Q8R4T6V8X0Y2ZA4C6E8 fall raised call radar-bath 1 1772334000125 "

MOMENTS = st.integers(0, 4_000_000_000_000).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
WORDS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"
MESSAGES = st.builds(
    Sms,
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{1,47}", fullmatch=True).map(GatewayId),
    st.text(WORDS[:26] + "0123456789", min_size=26, max_size=26).map(AlarmId),
    st.sampled_from(AlarmKind),
    st.sampled_from(AlarmState),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,5}", fullmatch=True).map(DeviceId),
    MOMENTS,
    st.integers(1, 99),
    st.booleans(),
)


def test_the_text_is_as_the_page_says() -> None:
    text = encode(CALL, KEY)
    assert text.startswith(TEXT)
    assert text == TEXT + "NPZE79JBP54AARCM"


@given(MESSAGES)
def test_what_is_said_is_heard_in_one_segment_of_the_small_alphabet(sms: Sms) -> None:
    text = encode(sms, KEY)
    assert checked_segment(text) is Alphabet.GSM_7
    assert len(text) <= LONGEST
    assert check(parse(f" {text}\r\n"), KEY) in {sms, replace(sms, device=None)}


@pytest.mark.parametrize("kind", AlarmKind)
def test_the_longest_gateway_id_fits_with_every_kind(kind: AlarmKind) -> None:
    sms = replace(CALL, gateway=GatewayId("g" * 48), kind=kind, state=AlarmState.SUSPECTED, copy=99)
    assert check(parse(encode(sms, KEY)), KEY).kind is kind


@pytest.mark.parametrize("device", ["radar_bath", "浴室", "d" * 48, "two words", "a\nb"])
def test_a_device_that_does_not_fit_is_left_out_and_never_costs_the_call(device: str) -> None:
    sms = replace(CALL, gateway=GatewayId("gateway-with-a-rather-long-name"), device=DeviceId(device))
    assert check(parse(encode(sms, KEY)), KEY) == replace(sms, device=None)


@pytest.mark.parametrize(
    "sms",
    [
        replace(CALL, gateway=GatewayId("no spaces")),
        replace(CALL, gateway=GatewayId("-x")),
        replace(CALL, alarm=AlarmId("short")),
        replace(CALL, copy=0),
        replace(CALL, copy=100),
    ],
)
def test_what_a_text_cannot_say_is_not_said(sms: Sms) -> None:
    with pytest.raises(ValueError, match="what a text can say"):
        encode(sms, KEY)


@given(MESSAGES, st.data())
def test_one_changed_character_is_never_believed(sms: Sms, data: st.DataObject) -> None:
    text = encode(sms, KEY)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(WORDS + " _@").filter(lambda character: character != text[place]))
    with pytest.raises((BadMessage, Unauthentic)):
        check(parse(text[:place] + other + text[place + 1 :]), KEY)


def test_another_gateway_s_key_fits_nothing() -> None:
    with pytest.raises(Unauthentic):
        check(parse(encode(CALL, key_of("secret of another gateway"))), KEY)


@given(st.text() | st.from_regex(r"ANBAN1( [A-Za-z0-9-]{1,30}){0,10}"))
def test_any_other_text_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(BadMessage) as refused:
        parse(text)
    assert len(text) < 12 or text not in refused.value.reason


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("ANBAN1", "ANBAN2") + "0" * 16,
        TEXT.replace("fall", "flying") + "0" * 16,
        TEXT.replace("raised", "lowered") + "0" * 16,
        TEXT.replace(" ", "  ") + "0" * 16,
        TEXT.replace("1772334000125", "999999999999999") + "0" * 16,
        TEXT + "0" * 16 + " and more",
        "【安伴】" + TEXT + "0" * 16,
    ],
)
def test_what_is_not_to_the_letter_is_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        parse(text)
