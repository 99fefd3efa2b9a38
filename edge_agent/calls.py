"""One alarm that is being texted, and how it outlives a restart. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from edge_agent.frozen import Key
from firmware_protocols.model import AlarmId, AlarmKind, DeviceId, JsonValue
from firmware_protocols.wire.topics import Lane

FIRST_RETRY: Final = timedelta(seconds=5)
"""D. After a text that the network refused; doubled each time."""


@dataclass(frozen=True, slots=True)
class Call:
    """One alarm that is being texted. ``round``: 0 before the first. ``to``: who has not got this round's
    text yet, and not before when. ``retry``: the wait after the next failure. ``due_at``: of the next round.
    ``told``: who has got a text in any round. ``accepted``: no round after this one.
    """

    id: AlarmId
    kind: AlarmKind
    device: DeviceId
    observed_at: datetime
    evidence: Mapping[str, JsonValue]
    key: Key
    due_at: datetime
    round: int = 0
    to: Mapping[str, datetime] = field(default_factory=dict)
    retry: timedelta = FIRST_RETRY
    told: tuple[str, ...] = ()
    accepted: bool = False


def plain(call: Call) -> JsonValue:
    """``call`` as JSON values."""
    return {
        "id": call.id,
        "kind": call.kind.value,
        "device": call.device,
        "observed_at": call.observed_at.timestamp(),
        "evidence": call.evidence,
        "key": [call.key.epoch, call.key.lane.value, call.key.first],
        "due_at": call.due_at.timestamp(),
        "round": call.round,
        "to": {role: at.timestamp() for role, at in call.to.items()},
        "told": list(call.told),
        "accepted": call.accepted,
    }


def call_of(kept: Any) -> Call:
    """The call that ``plain`` gave; the wait after a failure begins anew.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, OverflowError: not such a value.
    """
    epoch, lane, first = kept["key"]
    return Call(
        AlarmId(kept["id"]),
        AlarmKind(kept["kind"]),
        DeviceId(kept["device"]),
        moment(kept["observed_at"]),
        dict(kept["evidence"]),
        Key(epoch, Lane(lane), first),
        moment(kept["due_at"]),
        int(kept["round"]),
        {str(role): moment(at) for role, at in kept["to"].items()},
        told=tuple(kept["told"]),
        accepted=bool(kept["accepted"]),
    )


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a time."""
    return datetime.fromtimestamp(seconds, UTC)
