"""Strategies for what travels between home and cloud."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

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
from firmware_protocols.wire.control import Ack, Command, LaneState, Result, State
from firmware_protocols.wire.envelope import Anchor, Batch, Gap, Record
from firmware_protocols.wire.strict import MAX_INTEGER
from firmware_protocols.wire.topics import Lane

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
times = st.integers(0, 4_102_444_800_000).map(lambda ms: EPOCH + timedelta(milliseconds=ms))
"""1970 to 2100 in whole milliseconds: a clock that was never set, and one far ahead."""
text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
gateways = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{1,47}", fullmatch=True).map(GatewayId)
numbers = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | numbers | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)

devices = names.map(DeviceId)
_quantities = st.sampled_from(Quantity)
readings: st.SearchStrategy[Reading] = st.one_of(
    st.builds(Reading, devices, _quantities, numbers | st.booleans(), times),
    st.builds(Reading, devices, _quantities, st.none(), times, st.just(Quality.NOT_WORN)),
)
events = st.builds(Event, devices, st.sampled_from(EventKind), text, times)
alarms = st.builds(
    Alarm,
    names.map(AlarmId),
    st.sampled_from(AlarmKind),
    st.sampled_from(AlarmState),
    devices,
    times,
    st.dictionaries(text, json_values, max_size=3),
    st.lists(text, max_size=2).map(tuple),
    st.floats(0, 600),
)
gaps = st.builds(
    Gap, names, st.sampled_from(Lane), st.integers(1, MAX_INTEGER), st.integers(1, MAX_INTEGER), text, times
)
anchors = st.builds(Anchor, st.integers(1, MAX_INTEGER), times)
records: st.SearchStrategy[Record] = st.one_of(readings, events, alarms, gaps, anchors)
batches = st.builds(
    Batch,
    gateways,
    names,
    st.sampled_from(Lane),
    st.integers(1, MAX_INTEGER - 10),
    names,
    st.sampled_from(ClockState),
    st.lists(records, min_size=1, max_size=8).map(tuple),
    st.none() | st.integers(-10_000_000, 10_000_000_000).map(lambda ms: ms / 1000),
)

_figures = st.dictionaries(text, numbers, max_size=3)
controls = st.one_of(
    st.builds(
        Ack,
        e=names,
        st=st.sampled_from(Lane),
        b=st.lists(st.integers(1, MAX_INTEGER), max_size=4).map(tuple),
        slow=st.floats(0, 600),
    ),
    st.builds(
        State,
        online=st.booleans(),
        at=numbers,
        epoch=names,
        boot=names,
        clock=st.sampled_from(ClockState),
        version=text,
        lanes=st.dictionaries(
            st.sampled_from(Lane),
            st.builds(LaneState, next=st.integers(), depth=st.integers(), oldest_s=numbers),
        ),
        devices=_figures,
        health=_figures,
    ),
    st.builds(
        Command, id=names, name=names, until=numbers, args=st.dictionaries(text, json_values, max_size=3)
    ),
    st.builds(Result, id=names, ok=st.booleans(), detail=text),
)
