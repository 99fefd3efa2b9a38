"""When each stage of the road saw what: JSON lines to the file that ``ANBAN_TRACE`` names, for measuring.

What it is not: logging; without the variable nothing happens. The one idea: a stage is marked with the ids
that the next stages carry too (alarm id, first number of the batch), so a line can be followed to the cloud.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from firmware_protocols.model import Alarm
from firmware_protocols.wire.envelope import Record, parse

_FILE: Final = Path(os.environ["ANBAN_TRACE"]) if os.environ.get("ANBAN_TRACE") else None


def mark(stage: str, **what: str | float) -> None:
    """Note that ``stage`` has seen ``what`` now (wall clock, epoch seconds)."""
    if _FILE is not None:
        with _FILE.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": time.time(), "stage": stage, **what}) + "\n")


def mark_alarms(stage: str, records: Iterable[Record]) -> None:
    """Mark each alarm among ``records``."""
    for record in records:
        if isinstance(record, Alarm):
            mark(stage, id=record.id, state=record.state, device=record.device)


def mark_batch(stage: str, payload: bytes) -> None:
    """Mark each alarm in a batch, with the batch's first number, by which the cloud acknowledges it."""
    if _FILE is not None:
        batch = parse(payload)
        for record in batch.records:
            if isinstance(record, Alarm):
                mark(stage, id=record.id, state=record.state, epoch=batch.epoch, first=batch.first)
