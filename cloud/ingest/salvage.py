"""What a message of the alarm lane calls for although it cannot be read as a batch. Pure.

A newer gateway, a fault in one of its records or a damaged memory may make a batch unreadable. It is kept in
quarantine, where nobody looks at three in the morning. The one idea: whoever may have called for help is
heard, so each record that looks like an alarm becomes one, and bytes that tell nothing become a fault of the
gateway that a person has to look at. A cancel that cannot be read cancels nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec

from cloud.ingest.admit import UNNAMED
from cloud.ingest.model import Poison
from cloud.ingest.read import urgent
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState
from firmware_protocols.wire.envelope import MAX_PAYLOAD

_CALLS: Final = frozenset({AlarmState.SUSPECTED, AlarmState.RAISED, AlarmState.UPDATED})
_KINDS: Final = {kind.value: kind for kind in AlarmKind}
_SILENT: Final = frozenset(state.value for state in AlarmState) - {state.value for state in _CALLS}


def salvage(poison: Poison) -> tuple[Alarm, ...]:
    """The alarms to raise for ``poison``, at most one of a kind; the same each time it comes."""
    if not urgent(poison):
        return ()
    records = _records(poison.delivery.payload)
    if records is None:
        return (_alarm(poison, AlarmKind.DEVICE_FAULT),)
    kinds = {
        _kind(record) for record in records if record.get("k") == "a" and record.get("st") not in _SILENT
    }
    return tuple(_alarm(poison, kind) for kind in sorted(kinds))


def _records(payload: bytes) -> list[Mapping[str, Any]] | None:
    """The records of a batch as they stand; ``None``: this is not even the outline of one."""
    decode = msgspec.json.decode if payload[:1] == b"{" else msgspec.msgpack.decode
    try:
        document = decode(payload) if len(payload) <= MAX_PAYLOAD else None
    except (ValueError, RecursionError):  # msgspec's errors and bad UTF-8 are kinds of the first
        return None
    records = document.get("r") if isinstance(document, dict) else None
    if not isinstance(records, list):
        return None
    return [record for record in records if isinstance(record, dict)]


def _kind(record: Mapping[str, Any]) -> AlarmKind:
    """Its kind; one that we do not know is a call for help."""
    name = record.get("n")
    return _KINDS.get(name, AlarmKind.SOS) if isinstance(name, str) else AlarmKind.SOS


def _alarm(poison: Poison, kind: AlarmKind) -> Alarm:
    delivery = poison.delivery
    number = sha256(f"{poison.gateway} {kind}\0".encode() + delivery.payload).hexdigest()[:26].upper()
    evidence = {"unreadable": poison.reason[:200].replace("\0", "\ufffd")}
    return Alarm(AlarmId(number), kind, AlarmState.RAISED, UNNAMED, delivery.received_at, evidence)
