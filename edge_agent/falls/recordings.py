"""Published recordings of falls and daily activity, as files of 50-Hz samples.

What this is: reading the two sets that the shipped models are trained on, and cutting a recording into the
windows a wearable would send. What it is not: the recordings; they belong to their authors and are never
shipped. The one idea: a trial knows when its fall was, by its authors' marks or else by its highest peak.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.falls.candidates import RATE_HZ, Floats
from edge_agent.falls.model import Position
from firmware_protocols.model import DeviceId, MotionWindow

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class RecordingSet:
    """Where a set lies and what it is. ``range_g`` is the full scale of its accelerometer per axis."""

    name: str
    stem: str
    position: Position
    range_g: float
    source: str


SETS: Final = {
    "sisfall": RecordingSet(
        name="sisfall",
        stem="sisfall_waist_50hz",
        position="waist",
        range_g=16.0,
        source="SisFall: Sucerquia, López, Vargas-Bonilla 2017, Sensors 17(1):198",
    ),
    "wedafall": RecordingSet(
        name="wedafall",
        stem="wedafall_wrist_50hz",
        position="wrist",
        range_g=4.0,
        source="WEDA-FALL: Marques, Moreno 2023, Sensors 23(3):1146",
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One recording of one person: ``acc_mg`` is N×3 at 50 Hz; marks are in seconds from its start."""

    name: str
    subject: str
    elderly: bool
    activity: str
    is_fall: bool
    acc_mg: Samples
    fall_start_s: float | None
    fall_end_s: float | None

    @property
    def acc_g(self) -> Floats:
        return self.acc_mg.astype(np.float64) / 1000

    @property
    def length_s(self) -> float:
        return len(self.acc_mg) / RATE_HZ

    def impact(self) -> int:
        """Index of the highest peak between the authors' marks, or of the whole recording without marks."""
        first = int((self.fall_start_s or 0) * RATE_HZ)
        stop = len(self.acc_mg) if self.fall_end_s is None else int(self.fall_end_s * RATE_HZ) + 1
        part = self.acc_g[first:stop]
        return first + int(np.einsum("nk,nk->n", part, part).argmax())

    def accepted_s(self) -> tuple[float, float]:
        """When a detection counts: fall start to 10 s after its end, or within 10 s of the main peak."""
        if self.fall_start_s is not None and self.fall_end_s is not None:
            return self.fall_start_s, self.fall_end_s + 10
        peak_s = self.impact() / RATE_HZ
        return peak_s - 10, peak_s + 10


def read_set(folder: Path, which: RecordingSet) -> list[Trial]:
    """All trials of a set; OSError when its files are not in ``folder``."""
    with np.load(folder / f"{which.stem}.npz") as arrays:
        samples, offsets = arrays["acc_mg"], arrays["offsets"]
    with (folder / f"{which.stem}_trials.csv").open(encoding="utf-8", newline="") as lines:
        return [
            _trial(row, samples[offsets[index] : offsets[index + 1]])
            for index, row in enumerate(csv.DictReader(lines))
        ]


def windows(
    trial: Trial, which: RecordingSet, start: datetime, samples: int = 25, counter: int = 0
) -> Iterator[MotionWindow]:
    """The packets that a wearable sends during the trial; the first sample is taken at ``start``."""
    for number, first in enumerate(range(0, len(trial.acc_mg), samples)):
        part = trial.acc_mg[first : first + samples].tolist()
        yield MotionWindow(
            device=DeviceId(which.position),
            observed_at=start + timedelta(seconds=(first + len(part) - 1) / RATE_HZ),
            counter=(counter + number) % 65536,
            rate_hz=float(RATE_HZ),
            range_g=which.range_g,
            samples_mg=tuple((x, y, z) for x, y, z in part),
        )


def _trial(row: dict[str, str], samples: Samples) -> Trial:
    return Trial(
        name=row["trial"],
        subject=row["subject"],
        elderly=row["group"] == "elderly",
        activity=row["activity"],
        is_fall=row["is_fall"] == "1",
        acc_mg=samples,
        fall_start_s=_seconds(row.get("fall_start_s")),
        fall_end_s=_seconds(row.get("fall_end_s")),
    )


def _seconds(text: str | None) -> float | None:
    return float(text) if text else None
