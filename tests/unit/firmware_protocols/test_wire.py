"""The wire by example: what a technician sees, and what a stranger may not do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from firmware_protocols.errors import BadMessage
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    ClockState,
    DeviceId,
    Event,
    EventKind,
    GatewayId,
    Quality,
    Quantity,
    Reading,
)
from firmware_protocols.wire import control, envelope, topics
from firmware_protocols.wire.control import Ack, Command, LaneState, Result, State
from firmware_protocols.wire.envelope import Anchor, Batch, Gap, Record
from firmware_protocols.wire.topics import Channel, Lane

AT = datetime(2026, 3, 1, 3, 0, 0, 125_000, tzinfo=UTC)
PENDANT, BED = DeviceId("pendant"), DeviceId("bed")
GATEWAY = GatewayId("gw-7k2m9q")
FALL = Alarm(
    AlarmId("01JNGZ5Q8R4T6V8X0Y2ZA4C6E8"),
    AlarmKind.FALL,
    AlarmState.SUSPECTED,
    PENDANT,
    AT,
    {"peak_g": 3.4},
    ("voice",),
    20.0,
)
PAGE = Path(__file__).parents[3] / "docs" / "protocols" / "wire.md"


def batch(*records: Record, first: int = 1) -> Batch:
    return Batch(GATEWAY, "k3x9", Lane.ALARM, first, "b7e1", ClockState.SYNCED, records)


def body(**changes: Any) -> bytes:
    whole: dict[str, Any] = json.loads(envelope.encode(batch(FALL)))
    whole.update(changes)
    return json.dumps(whole).encode()


def record(**fields: Any) -> bytes:
    return body(r=[{"k": "r", "d": "bed", "n": "heart_rate", **fields}])


def test_a_batch_reads_like_this() -> None:
    readings = (
        Reading(BED, Quantity.HEART_RATE, 61.0, AT),
        Reading(BED, Quantity.IN_BED, True, AT + timedelta(seconds=1.5)),
        Reading(BED, Quantity.RESPIRATION_RATE, None, AT, Quality.NO_VALUE),
        Event(PENDANT, EventKind.BUTTON, "press", AT - timedelta(milliseconds=1)),
        Gap("k3x9", Lane.BULK, 5, 9, "full", AT),
        Anchor(42, AT + timedelta(seconds=2)),
    )
    assert json.loads(envelope.encode(batch(*readings, first=7))) == {
        "v": 1, "gw": "gw-7k2m9q", "e": "k3x9", "st": "a", "q": 7, "n": 6, "boot": "b7e1", "clk": "synced",
        "bt": 1772334000.125,
        "r": [
            {"k": "r", "d": "bed", "n": "heart_rate", "v": 61.0},
            {"k": "r", "t": 1.5, "d": "bed", "n": "in_bed", "vb": True},
            {"k": "r", "d": "bed", "n": "respiration_rate", "ql": "no_value"},
            {"k": "e", "t": -0.001, "d": "pendant", "n": "button", "vs": "press"},
            {"k": "g", "e": "k3x9", "st": "t", "q": 5, "to": 9, "why": "full"},
            {"k": "c", "t": 2.0, "q": 42},
        ],
    }  # fmt: skip


def test_what_is_as_usual_is_not_written() -> None:
    plain = Alarm(FALL.id, AlarmKind.SOS, AlarmState.RAISED, PENDANT, AT)
    (row,) = json.loads(envelope.encode(batch(plain)))["r"]
    assert set(row) == {"k", "d", "id", "n", "st"}


def test_the_page_shows_a_batch_and_it_is_a_real_one() -> None:
    shown = re.findall(r"```json\n(\{\"v\".*?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert shown
    for text in shown:
        parsed = envelope.parse(text.encode())
        assert json.loads(envelope.encode(parsed)) == json.loads(text)


def test_the_page_names_every_word_of_the_closed_vocabularies() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for words in (AlarmKind, AlarmState, EventKind, Quality, ClockState, Quantity):
        assert not [word.value for word in words if f"`{word.value}`" not in page]


def test_a_thousand_records_in_a_batch_fit_and_one_more_does_not() -> None:
    reading = Reading(BED, Quantity.HEART_RATE, 61.0, AT)
    full = batch(*[reading] * envelope.MAX_RECORDS)
    assert envelope.parse(envelope.encode(full)) == full
    with pytest.raises(ValueError, match="1001 records"):
        envelope.encode(batch(*[reading] * (envelope.MAX_RECORDS + 1)))


def test_an_empty_batch_is_not_made() -> None:
    with pytest.raises(ValueError, match="0 records"):
        envelope.encode(batch())


def test_a_batch_beyond_the_brokers_patience_is_not_made() -> None:
    wordy = Event(PENDANT, EventKind.BUTTON, "x" * envelope.MAX_PAYLOAD, AT)
    with pytest.raises(ValueError, match="bytes"):
        envelope.encode(batch(wordy))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("compact", [False, True])
def test_a_number_that_is_none_travels_as_no_value(number: float, compact: bool) -> None:
    sent = batch(Reading(BED, Quantity.HEART_RATE, number, AT))
    (back,) = envelope.parse(envelope.encode(sent, compact=compact)).records
    assert back == Reading(BED, Quantity.HEART_RATE, None, AT, Quality.NO_VALUE)


def test_evidence_that_json_cannot_say_becomes_null_and_the_alarm_travels() -> None:
    odd: dict[str, Any] = {"peak_g": float("nan"), "a\0b": "c\0d", "big": 2**60, "deep": [[[[[[[[[1]]]]]]]]]}
    (back,) = envelope.parse(
        envelope.encode(batch(Alarm(FALL.id, FALL.kind, FALL.state, PENDANT, AT, odd)))
    ).records
    assert isinstance(back, Alarm)
    assert {key: back.evidence[key] for key in ("peak_g", "ab", "big")} == {
        "peak_g": None,
        "ab": "cd",
        "big": None,
    }


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"null", "Expected|malformed|trailing"),
        (b" " + body(), "malformed|trailing|Expected"),
        (body() + b"x", "malformed|trailing"),
        (b'{"v":"\xff"}', "UTF-8|Expected"),
        (body(v=2), "version 2"),
        (body(n=2), "n is 2"),
        (body(q=0), "q"),
        (body(q=2**53), "q"),
        (body(q=2**53 - 1, n=2, r=[{"k": "e", "d": "p", "n": "button"}] * 2), "2\\^53"),
        (body(q=1.0), "q"),
        (body(q=True), "q"),
        (body(gw="gw/+/a"), "gw"),
        (body(gw=""), "gw"),
        (body(e=""), "e"),
        (body(e="x" * 33), "e"),
        (body(e="a\0"), "e"),
        (body(boot="x" * 65), "boot"),
        (body(r=[]), "r"),
        (body(n=1001, r=[{"k": "e", "d": "p", "n": "button"}] * 1001), "r"),
        (body(clk="perhaps"), "clk"),
        (body(st="x"), "st"),
        (body(new=1), "unknown field"),
        (body(bt=1e300), "calendar"),
        (body(bt=-1e11), "calendar"),
        (record(t=1e17, v=1.0), "calendar"),
        (record(v=61.0, vb=True), "at once"),
        (record(v=0.06, u="beat/s"), "unit"),
        (record(v="61"), "v"),
        (record(v=1, n="courage"), "n"),
        (body(r=[{"k": "x", "d": "p"}]), "k"),
        (body(r=[{"k": "e", "n": "button"}]), "d"),
        (body(r=[{**json.loads(body())["r"][0], "ev": {"a": "\0"}}]), "NUL"),
        (body(r=[{**json.loads(body())["r"][0], "ev": {"a": 2**53}}]), "2\\^53"),
        (body(r=[{**json.loads(body())["r"][0], "ev": {"a": [[[[[[[[[]]]]]]]]]}}]), "deep"),
    ],
)
def test_a_batch_that_breaks_the_contract_is_refused_with_a_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(BadMessage, match=reason):
        envelope.parse(payload)


@pytest.mark.parametrize(
    "hostile",
    [
        b'{"v":1,"gw":"' + b"g" * envelope.MAX_PAYLOAD,
        b'{"r":' + b"[" * 200_000,
        b'{"new":' + b'{"a":' * 100_000,
        b'{"q":1' + b"0" * 10_000 + b"}",
        b'{"bt":1e999}',
        b'{"gw":"\\ud800"}',
        b"\xde\xff\xff",
        b"\x81\xa1r\xdd\xff\xff\xff\xff",
        b"\x91" * 200_000,
    ],
    ids=[
        "too long",
        "deep",
        "deep unknown",
        "huge integer",
        "huge float",
        "half a surrogate",
        "map",
        "list",
        "deep pack",
    ],
)
def test_a_hostile_message_costs_a_refusal_and_nothing_more(hostile: bytes) -> None:
    with pytest.raises(BadMessage):
        envelope.parse(hostile)


@pytest.mark.parametrize(
    "evidence",
    [{"a": b"x"}, {"a": AT}, {"a": float("nan")}, {"a": {1: 2}}, {"a": msgspec.msgpack.Ext(5, b"x")}],
    ids=["binary", "date", "nan", "number as key", "extension"],
)
def test_messagepack_says_nothing_that_json_could_not(evidence: dict[str, Any]) -> None:
    whole = json.loads(body())
    whole["r"][0]["ev"] = evidence
    with pytest.raises(BadMessage):
        envelope.parse(msgspec.msgpack.encode(whole))


def test_of_a_field_given_twice_the_last_counts() -> None:
    twice = body().replace(b'"st": "a"', b'"st": "t", "st": "a"', 1)
    assert envelope.parse(twice).lane is Lane.ALARM


def test_the_units_own_name_may_be_given() -> None:
    (reading,) = envelope.parse(record(v=61.0, u="beat/min")).records
    assert reading == Reading(BED, Quantity.HEART_RATE, 61.0, AT)


def test_a_refusal_never_quotes_what_was_sent() -> None:
    """The reason goes to the quarantine and the log; what a device sent may be personal."""
    with pytest.raises(BadMessage) as caught:
        envelope.parse(record(v=1, n="Zhang Guilan"))
    assert "Zhang" not in str(caught.value)


# --- control ------------------------------------------------------------------------------------------------


def test_a_last_will_is_one_word() -> None:
    assert control.encode(State(online=False)) == b'{"online":false}'


def test_a_heartbeat_leaves_out_a_figure_that_is_none() -> None:
    state = State(online=True, devices={"bed": float("inf"), "door": 3.0}, health={"x": float("nan")})
    assert control.parse(State, control.encode(state)) == State(online=True, devices={"door": 3.0})


def test_a_newer_peers_heartbeat_is_still_a_heartbeat() -> None:
    assert control.parse(State, b'{"online":true,"moon":"full"}') == State(online=True)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (Ack, b'{"e":"k","st":"a","b":[0]}'),
        (Ack, b'{"e":"k","st":"a","b":[-1]}'),
        (Ack, b'{"e":"k","st":"a","b":[1.5]}'),
        (Ack, b'{"e":"k","st":"a","b":[9007199254740992]}'),
        (Ack, b'{"e":"k","st":"a","b":[1],"slow":-1}'),
        (Ack, b'{"e":"k","st":"a","b":[1],"slow":1e9}'),
        (Ack, b'{"e":"k","st":"z","b":[1]}'),
        (Command, b'{"id":"","name":"test","until":1}'),
        (Command, b'{"id":"1","name":"test","until":1e999}'),
        (Command, b'{"id":"1","name":"test","until":1,"args":{"a":"\\u0000"}}'),
        (Result, b'{"id":"1"}'),
        (State, b'{"online":1}'),
        (State, b"[]"),
        (State, b'{"online":true,"version":"' + b"x" * control.MAX_CONTROL + b'"}'),
    ],
)
def test_a_control_message_that_breaks_the_contract_is_refused(kind: type[Any], payload: bytes) -> None:
    with pytest.raises(BadMessage):
        control.parse(kind, payload)


def test_an_ack_names_the_batches_by_their_first_numbers() -> None:
    ack = Ack(e="k3x9", st=Lane.BULK, b=(1, 101), slow=2.0)
    assert json.loads(control.encode(ack)) == {"e": "k3x9", "st": "t", "b": [1, 101], "slow": 2.0}


def test_a_lanes_state_travels() -> None:
    state = State(online=True, lanes={Lane.ALARM: LaneState(next=8, depth=1, oldest_s=0.5)})
    assert control.parse(State, control.encode(state)) == state


# --- topics -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "anban/1/17/gw-7k2m9q",
        "anban/1/17/gw-7k2m9q/a/b",
        "anban/2/17/gw-7k2m9q/a",
        "anban/1/256/gw-7k2m9q/a",
        "anban/1/017/gw-7k2m9q/a",
        "anban/1/-1/gw-7k2m9q/a",
        "anban/1/१७/gw-7k2m9q/a",
        "anban/1/" + "9" * 5_000 + "/gw-7k2m9q/a",
        "anban/1/17/+/a",
        "anban/1/17/g/a",
        "anban/1/17/gw 7/a",
        "anban/1/17/gw-7k2m9q/x",
        "anban/1/17/gw-7k2m9q/a\n",
        "anban/1/c/gw-7k2m9q/ack",
    ],
)
def test_a_topic_that_is_not_ours_is_refused(topic: str) -> None:
    with pytest.raises(BadMessage):
        topics.parse_upward(topic)


@pytest.mark.parametrize("gateway", ["", "+", "#", "a/b", "gw_7", "g", "x" * 49])
def test_no_topic_is_built_for_what_is_no_gateway_id(gateway: str) -> None:
    for build in (topics.ack, topics.command):
        with pytest.raises(ValueError, match="gateway id"):
            build(GatewayId(gateway))
    with pytest.raises(ValueError, match="gateway id"):
        topics.upward(0, GatewayId(gateway), Channel.STATE)


def test_there_are_256_shards() -> None:
    assert topics.upward(255, GATEWAY, Channel.BULK) == "anban/1/255/gw-7k2m9q/t"
    for shard in (-1, 256):
        with pytest.raises(ValueError, match="shard"):
            topics.upward(shard, GATEWAY, Channel.BULK)


def test_a_worker_subscribes_to_one_shard_or_all() -> None:
    assert topics.upward_filter(Channel.ALARM) == "anban/1/+/+/a"
    assert topics.upward_filter(Channel.ALARM, 17) == "anban/1/17/+/a"


def test_a_batch_says_how_old_its_boot_was_and_one_that_does_not_is_still_a_batch() -> None:
    said = replace(batch(FALL), up_s=93.5)
    assert json.loads(envelope.encode(said))["up"] == 93.5
    assert envelope.parse(envelope.encode(said)).booted_at == AT - timedelta(seconds=93.5)
    silent = batch(FALL)
    assert "up" not in json.loads(envelope.encode(silent))
    assert envelope.parse(envelope.encode(silent)).booted_at is None


@pytest.mark.parametrize("up", ["93", True, 1e11, -1e11])
def test_an_age_of_the_boot_that_cannot_be_is_refused(up: object) -> None:
    with pytest.raises(BadMessage):
        envelope.parse(body(up=up))
