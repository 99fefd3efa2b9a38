"""Golden frames: one JSON file per codec, read here for every test that needs them.

A file has ``codec``, ``note`` (where the frames come from and under which terms they are quoted) and
``vectors``. A vector has ``name``, ``frame`` (hex; or, for a local MQTT message, ``subject`` and ``text``),
``origin`` (who made it), ``ours`` when that is us, and either ``expect`` (with ``counter``, ``packet_id`` and
``once`` where there is one, and ``heard`` where it is false; ``once`` null where any will do) or ``refused``:
the error's name. Its surroundings: ``address``, ``key`` (hex), ``last_counter``, ``encrypted``, ``user``,
``received_at`` (ISO 8601, else ``RECEIVED_AT``) and ``utc_offset_h`` (hours).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from firmware_protocols.codec import Frame, Security
from firmware_protocols.local.message import pack
from firmware_protocols.model import DeviceId, Event, MotionWindow, Observation, Reading

FOLDER = Path(__file__).parent
RECEIVED_AT = datetime(2026, 3, 1, 3, 0, 0, tzinfo=UTC)
DEVICE = DeviceId("device-under-test")


@dataclass(frozen=True, slots=True)
class Vector:
    """One golden frame of ``codec``."""

    codec: str
    fields: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.codec}: {self.fields['name']}"

    @property
    def ours(self) -> bool:
        return bool(self.fields.get("ours", False))

    @property
    def refused(self) -> str | None:
        refused = self.fields.get("refused")
        return None if refused is None else str(refused)

    @property
    def frame(self) -> Frame:
        offset = timedelta(hours=self.fields.get("utc_offset_h", 0))
        return Frame(DEVICE, self._payload, self.received_at, self.fields.get("address", ""), offset)

    @property
    def _payload(self) -> bytes:
        if "frame" in self.fields:
            return bytes.fromhex(self.fields["frame"])
        return pack(self.fields["subject"], self.fields["text"].encode())

    @property
    def received_at(self) -> datetime:
        stated = self.fields.get("received_at")
        return RECEIVED_AT if stated is None else datetime.fromisoformat(stated)

    @property
    def security(self) -> Security:
        key = self.fields.get("key")
        return Security(
            key=None if key is None else bytes.fromhex(key),
            last_counter=self.fields.get("last_counter"),
            encrypted=self.fields.get("encrypted", False),
            user=self.fields.get("user"),
        )


def load(codec: str) -> list[Vector]:
    """Return the vectors of ``codec``."""
    content = json.loads((FOLDER / f"{codec}.json").read_text(encoding="utf-8"))
    return [Vector(codec, fields) for fields in content["vectors"]]


def load_all() -> list[Vector]:
    """Return every vector there is."""
    return [vector for path in sorted(FOLDER.glob("*.json")) for vector in load(path.stem)]


def describe(observation: Observation, received_at: datetime = RECEIVED_AT) -> dict[str, Any]:
    """Return ``observation`` of a frame of that time in the words of the vector files."""
    assert observation.device == DEVICE
    match observation:
        case Reading():
            age_s = (received_at - observation.observed_at).total_seconds()
            described: dict[str, Any] = {"reading": observation.quantity.value, "value": observation.value}
            if observation.quality != "good":
                described["quality"] = observation.quality.value
            if age_s:
                described["age_s"] = round(age_s, 6)
            return described
        case Event():
            age_s = (received_at - observation.observed_at).total_seconds()
            told: dict[str, Any] = {"event": observation.kind.value, "detail": observation.detail}
            return told | ({"age_s": round(age_s, 6)} if age_s else {})
        case MotionWindow():
            return {
                "motion": observation.counter,
                "rate_hz": observation.rate_hz,
                "range_g": observation.range_g,
                "samples_mg": [list(sample) for sample in observation.samples_mg],
            }
