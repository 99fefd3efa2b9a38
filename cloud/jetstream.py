"""What waits in a NATS for ingest, by what its servers report of their streams (``/jsz``). Pure.

The one idea: each subscription of a durable MQTT session is a consumer, and its filter's last word says which
lane it is. In a cluster several servers report one consumer; the highest count is the leader's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from firmware_protocols.wire.topics import Channel

PATH: Final = "/jsz?consumers=true&config=true"
PROMPT: Final = "prompt"
READINGS: Final = "readings"
_LANES: Final[Mapping[str, str]] = {
    channel.value: READINGS if channel is Channel.BULK else PROMPT for channel in Channel
}
_OURS: Final = "$MQTT.msgs.anban.1."
"""How the subjects of our topics begin (NATS: MQTT; a dot for each slash)."""


class ReportError(Exception):
    """It is no report of streams."""


class _Config(msgspec.Struct, frozen=True):
    filter_subject: str = ""


class _Consumer(msgspec.Struct):
    name: str
    num_pending: int = 0
    config: _Config = _Config()


class _Stream(msgspec.Struct):
    name: str
    consumer_detail: list[_Consumer] = []


class _Account(msgspec.Struct):
    name: str
    stream_detail: list[_Stream] = []


class _Report(msgspec.Struct):
    account_details: list[_Account] = []


class Place(NamedTuple):
    """A consumer, and the lane that it is."""

    account: str
    stream: str
    consumer: str
    lane: str


@dataclass(frozen=True, slots=True)
class Report:
    """What one server says waits: messages acknowledged to gateways and not yet handed to ingest."""

    waiting: Mapping[Place, int]


def read(report: bytes) -> Report:
    """The answer to ``PATH``, as far as it is about what gateways send.

    Raises:
        ReportError: it is something else.
    """
    try:
        return Report(dict(_places(msgspec.json.decode(report, type=_Report))))
    except msgspec.DecodeError as error:
        raise ReportError(str(error)) from error


def merged(reports: Iterable[Report]) -> dict[str, int]:
    """What waits by lane, by the reports of all servers of one NATS."""
    most: dict[Place, int] = {}
    for report in reports:
        for place, count in report.waiting.items():
            most[place] = max(count, most.get(place, 0))
    found = {PROMPT: 0, READINGS: 0}
    for place, count in most.items():
        found[place.lane] += count
    return found


def _places(report: _Report) -> Iterator[tuple[Place, int]]:
    for account in report.account_details:
        for stream in account.stream_detail:
            for one in stream.consumer_detail:
                subject = one.config.filter_subject
                lane = _LANES.get(subject.rpartition(".")[2])
                if lane and subject.startswith(_OURS):
                    yield Place(account.name, stream.name, one.name, lane), one.num_pending
