"""The topics of ``anban/1``: built and parsed in one place, nothing personal in any of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from firmware_protocols.errors import BadMessage
from firmware_protocols.model import GatewayId

ROOT: Final = "anban/1"
_SHOWN: Final = 64
"""Characters of a bad topic that its refusal quotes."""
SHARDS: Final = 256
"""A gateway's shard is fixed at enrolment; an ingest worker owns shard ranges, so order per home is kept."""

_GATEWAY_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{1,47}")
_UPWARD: Final = re.compile(r"anban/1/(?P<shard>0|[1-9][0-9]{0,2})/(?P<gateway>[^/]+)/(?P<channel>[astr])")


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


def qualities(channel: Channel) -> tuple[Literal[0, 1], ...]:
    """The qualities of service at which a gateway publishes one message, in this order.

    An alarm takes two ways: at QoS 0 a broker hands it to whoever listens now, past its own disk and all that
    waits before it there; at QoS 1 it keeps it for whoever does not. The ledger takes it once.
    """
    return (0, 1) if channel is Channel.ALARM else (1,)


@dataclass(frozen=True, slots=True)
class Upward:
    """A parsed topic that a gateway wrote to."""

    shard: int
    gateway: GatewayId
    channel: Channel


def valid_gateway_id(text: str) -> bool:
    """Whether ``text`` may be a gateway id: 2-48 letters, digits and ``-``, special to no broker."""
    return _GATEWAY_ID.fullmatch(text) is not None


def upward(shard: int, gateway: GatewayId, channel: Channel) -> str:
    """Topic for a message from ``gateway``; ``shard`` is 0-255.

    Raises:
        ValueError: no such shard, or not a gateway id.
    """
    if not 0 <= shard < SHARDS:
        raise ValueError(f"shard {shard} is outside 0-{SHARDS - 1}")
    return f"{ROOT}/{shard}/{_checked(gateway)}/{channel}"


def upward_filter(channel: Channel, shard: int | None = None) -> str:
    """Subscription filter for one channel of all gateways (of one shard)."""
    return f"{ROOT}/{'+' if shard is None else shard}/+/{channel}"


def ack(gateway: GatewayId) -> str:
    """Topic of the cloud's commit-acks to ``gateway``; ``ValueError`` if that is not a gateway id."""
    return f"{ROOT}/c/{_checked(gateway)}/ack"


def command(gateway: GatewayId) -> str:
    """Topic of the cloud's commands to ``gateway``; ``ValueError`` if that is not a gateway id."""
    return f"{ROOT}/c/{_checked(gateway)}/cmd"


def parse_upward(topic: str) -> Upward:
    """Parse a topic that a gateway wrote to.

    Raises:
        BadMessage: not an upward topic of ``anban/1``.
    """
    match = _UPWARD.fullmatch(topic)
    if match is None:
        raise BadMessage(f"topic {topic[:_SHOWN]!r} is not {ROOT}/<shard>/<gateway>/<channel>")
    shard, gateway = int(match["shard"]), match["gateway"]
    if shard >= SHARDS:
        raise BadMessage(f"shard {shard} is outside 0-{SHARDS - 1}")
    if not valid_gateway_id(gateway):
        raise BadMessage(f"{gateway[:_SHOWN]!r} is not a gateway id")
    return Upward(shard, GatewayId(gateway), Channel(match["channel"]))


def _checked(gateway: GatewayId) -> GatewayId:
    if not valid_gateway_id(gateway):
        raise ValueError(f"{gateway!r} is not a gateway id")
    return gateway
