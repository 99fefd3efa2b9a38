"""From bytes to messages: what a delivery is, or why it is none. Pure.

It decides nothing that needs the database: whether the gateway exists is ``admit``'s question. The one
idea: a delivery always becomes *something*; there is no input for which this raises.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from cloud.ingest.model import (
    BatchMessage,
    Delivery,
    Identity,
    Message,
    PlainMessage,
    Poison,
    ResultMessage,
    StateMessage,
)
from firmware_protocols.errors import BadMessage
from firmware_protocols.model import GatewayId
from firmware_protocols.wire import control, envelope, plain, topics
from firmware_protocols.wire.topics import Channel, Lane, Upward

_LANES: Final = {Channel.ALARM: Lane.ALARM, Channel.BULK: Lane.BULK}
_LONGEST_EPOCH: Final = 32
_ALARM: Final = f"/{Channel.ALARM}"
_TOPICS: Final = 16_384
"""[D] Topics whose parts are remembered, some 5 MiB; to take one apart costs a quarter of ``read``."""
_parts: Final = lru_cache(_TOPICS)(topics.parse_upward)


class _Identity(msgspec.Struct):
    """The part of a batch that says which one it is; everything else may be broken or newer than we are."""

    gw: str
    e: str
    st: Lane
    q: int
    n: int


def read(delivery: Delivery) -> Message:
    """Say what ``delivery`` is."""
    try:
        where = _parts(delivery.topic)
    except BadMessage as error:
        return Poison(delivery, error.reason)
    if where.channel is Channel.BULK:
        batch = plain.parse(delivery.payload, where.gateway)
        if batch is not None:
            return PlainMessage(delivery, where.shard, where.gateway, batch)
    return _careful(delivery, where)


def carefully(message: PlainMessage) -> Message:
    """The same message record by record, for what is not plain about it after all."""
    return _careful(message.delivery, _parts(message.delivery.topic))


def _careful(delivery: Delivery, where: Upward) -> Message:
    if where.channel in _LANES:
        return _batch(delivery, where, _LANES[where.channel])
    return _CONTROL[where.channel](delivery, where)


def urgent(message: Message) -> bool:
    """Whether somebody may be waiting for it: anything of the alarm lane, even if it does not parse."""
    return is_urgent(message.delivery.topic)


def is_urgent(topic: str) -> bool:
    """Whether ``topic`` is of the alarm lane."""
    return topic.endswith(_ALARM)


def _state(delivery: Delivery, where: Upward) -> Message:
    try:
        state = control.parse(control.State, delivery.payload)
    except BadMessage as error:
        return _bad_control(delivery, where, error)
    return StateMessage(delivery, where.shard, where.gateway, state)


def _result(delivery: Delivery, where: Upward) -> Message:
    try:
        result = control.parse(control.Result, delivery.payload)
    except BadMessage as error:
        return _bad_control(delivery, where, error)
    return ResultMessage(delivery, where.shard, where.gateway, result)


def _bad_control(delivery: Delivery, where: Upward, error: BadMessage) -> Poison:
    same = delivery.topic.encode()  # a heartbeat differs each minute: one row per gateway is enough
    return Poison(delivery, error.reason, where.gateway, where.shard, same=same)


_CONTROL: Final = {Channel.STATE: _state, Channel.RESULT: _result}


def _batch(delivery: Delivery, where: Upward, lane: Lane) -> Message:
    try:
        batch = envelope.parse(delivery.payload)
    except BadMessage as error:
        identity = _identity(delivery.payload, where, lane)
        return Poison(delivery, error.reason, where.gateway, where.shard, identity)
    if batch.gateway != where.gateway:
        reason = f"topic of {where.gateway}, body of {batch.gateway}"
        return Poison(delivery, reason, where.gateway, where.shard)
    if batch.lane is not lane:
        reason = f"lane {batch.lane} on channel {where.channel}"
        return Poison(delivery, reason, where.gateway, where.shard)
    return BatchMessage(delivery, where.shard, batch)


def _identity(payload: bytes, where: Upward, lane: Lane) -> Identity | None:
    """Which batch this is, if that much can be read and is true to its topic."""
    if len(payload) > envelope.MAX_PAYLOAD:
        return None
    decode = msgspec.json.decode if payload[:1] == b"{" else msgspec.msgpack.decode
    try:
        found = decode(payload, type=_Identity)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    honest = found.gw == where.gateway and found.st is lane
    sane = 1 <= found.q < 2**53 and 1 <= found.n <= envelope.MAX_RECORDS
    storable = 1 <= len(found.e) <= _LONGEST_EPOCH and "\0" not in found.e
    if not (honest and sane and storable):
        return None
    return Identity(GatewayId(found.gw), found.e, found.st, found.q, found.n)
