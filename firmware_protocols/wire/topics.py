"""The topics of ``anban/1``: built and parsed in one place, nothing personal in any of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from firmware_protocols.errors import BadMessage
from firmware_protocols.model import GatewayId

ROOT: Final = "anban/1"
SHARDS: Final = 256
"""A gateway's shard is fixed at enrolment; an ingest worker owns shard ranges, so order per home is kept."""

_GATEWAY_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{1,47}")


class Lane(StrEnum):
    """The two lanes of the outbox: alarms at once, readings grouped."""

    ALARM = "a"
    BULK = "t"


class Channel(StrEnum):
    """The last level of a topic that a gateway writes."""

    ALARM = "a"
    BULK = "t"
    STATE = "s"
    RESULT = "r"


@dataclass(frozen=True, slots=True)
class Upward:
    """A parsed topic that a gateway wrote to."""

    shard: int
    gateway: GatewayId
    channel: Channel


def valid_gateway_id(text: str) -> bool:
    """Whether ``text`` may be a gateway id: 2-48 letters, digits and ``-`` (no broker treats these specially)."""
    return _GATEWAY_ID.fullmatch(text) is not None


def upward(shard: int, gateway: GatewayId, channel: Channel) -> str:
    """Topic for a message from ``gateway``; ``shard`` is 0-255."""
    if not 0 <= shard < SHARDS:
        raise ValueError(f"shard {shard} is outside 0-{SHARDS - 1}")
    return f"{ROOT}/{shard}/{gateway}/{channel}"


def upward_filter(channel: Channel, shard: int | None = None) -> str:
    """Subscription filter for one channel of all gateways (of one shard)."""
    return f"{ROOT}/{'+' if shard is None else shard}/+/{channel}"


def ack(gateway: GatewayId) -> str:
    """Topic of the cloud's commit-acks to ``gateway``."""
    return f"{ROOT}/c/{gateway}/ack"


def command(gateway: GatewayId) -> str:
    """Topic of the cloud's commands to ``gateway``."""
    return f"{ROOT}/c/{gateway}/cmd"


def parse_upward(topic: str) -> Upward:
    """Parse a topic that a gateway wrote to.

    Raises:
        BadMessage: not an upward topic of ``anban/1``.
    """
    parts = topic.split("/")
    if len(parts) != 5 or "/".join(parts[:2]) != ROOT:
        raise BadMessage(f"topic {topic!r} is not {ROOT}/<shard>/<gateway>/<channel>")
    _, _, shard, gateway, channel = parts
    if not (shard.isascii() and shard.isdigit() and int(shard) < SHARDS and str(int(shard)) == shard):
        raise BadMessage(f"topic {topic!r}: shard must be 0-{SHARDS - 1}")
    if not valid_gateway_id(gateway):
        raise BadMessage(f"topic {topic!r}: gateway id has forbidden characters")
    if channel not in set(Channel):
        raise BadMessage(f"topic {topic!r}: no such channel")
    return Upward(int(shard), GatewayId(gateway), Channel(channel))
