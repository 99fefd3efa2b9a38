"""The last minute of frames, so that an alarm about a person can be judged again from what the devices said.

What it is not: a log, and nothing of it leaves the home without an alarm. The one idea: the window is bounded
twice, in memory while it waits and in bytes when it is sealed, newest first, and says how much it left out.
A frame that draws somebody is counted and not kept: a wearable's motion has been judged by its model, a radar
that counts people says where each of them is, and that stays in the home (ADR 0022).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from firmware_protocols.codec import Frame
from firmware_protocols.model import (
    AlarmKind,
    DeviceId,
    JsonValue,
    MotionWindow,
    Observation,
    Quantity,
    Reading,
)

LAST_S: Final = 60.0
MOST_BYTES: Final = 24 * 1024
"""Of JSON in one alarm's record; a batch may have 512 KiB."""
MOST_FRAMES: Final = 2_000
"""In memory: 30 frames a second for the whole window."""
MOST_FRAME: Final = 64
"""Bytes of payload; reports of presence, vital signs and buttons are shorter, point clouds are longer."""

PERSON_KINDS: Final = frozenset(
    {
        AlarmKind.SOS,
        AlarmKind.FALL,
        AlarmKind.LONG_LIE,
        AlarmKind.STILLNESS,
        AlarmKind.BED_EXIT,
        AlarmKind.NIGHT_DOOR,
        AlarmKind.WANDERING,
        AlarmKind.VISITOR,
        AlarmKind.MEDICINE,
        AlarmKind.VITALS,
    }
)
"""Alarms about a person; a detector's or a device's own record says all there is."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """One frame; ``payload`` ``None``: it was only counted."""

    device: DeviceId
    codec: str
    payload: bytes | None
    at: datetime


@dataclass(slots=True)
class Recent:
    """The window over the frames of all devices."""

    _frames: deque[_Kept] = field(default_factory=lambda: deque(maxlen=MOST_FRAMES))

    def add(self, codec: str, frame: Frame, said: Sequence[Observation], now: datetime) -> None:
        """A frame was taken that said ``said``; the oldest one goes when there are too many."""
        kept = bool(said) and len(frame.payload) <= MOST_FRAME and not any(map(_draws, said))
        self._frames.append(_Kept(frame.device, codec, frame.payload if kept else None, now))

    def seal(self, now: datetime) -> Mapping[str, JsonValue]:
        """``frames``: device ``d``, codec ``c``, payload ``x`` in hex, age ``a`` in s, newest first;
        ``frames_left_out``: how many of the window are not among them. Empty when nothing was heard.
        """
        window = [kept for kept in reversed(self._frames) if 0 <= _age_s(kept, now) <= LAST_S]
        sealed: list[JsonValue] = []
        room = MOST_BYTES
        for kept in window:
            if kept.payload is None:
                continue
            line: dict[str, JsonValue] = {
                "d": kept.device,
                "c": kept.codec,
                "x": kept.payload.hex(),
                "a": round(_age_s(kept, now), 1),
            }
            room -= len(json.dumps(line)) + 1
            if room < 0:
                break
            sealed.append(line)
        left_out = len(window) - len(sealed)
        return {
            **({"frames": sealed} if sealed else {}),
            **({"frames_left_out": left_out} if left_out else {}),
        }


def _draws(said: Observation) -> bool:
    """Whether the frame behind ``said`` holds a movement or positions."""
    return isinstance(said, MotionWindow) or (isinstance(said, Reading) and said.quantity is Quantity.TARGETS)


def _age_s(kept: _Kept, now: datetime) -> float:
    return (now - kept.at).total_seconds()


def unsealed(evidence: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """``evidence`` without its frames: what a further record of the same alarm repeats."""
    return {name: value for name, value in evidence.items() if name not in {"frames", "frames_left_out"}}
