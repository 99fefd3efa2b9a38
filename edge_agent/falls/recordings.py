"""Published recordings of falls and daily activity, as files of samples at any rate.

What this is: reading the two sets that the shipped models are trained on, or any other set with the same two
files, and cutting a recording into the windows a wearable would send. What it is not: the recordings; they
belong to their authors and are never shipped. The one idea: a trial knows when its fall was, by its authors'
marks or else by its highest peak.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from edge_agent.falls.candidates import RATE_HZ, Floats
from edge_agent.falls.model import Position
from edge_agent.falls.resample import Resampler
from edge_agent.falls.stream import BEYOND, HIGHEST_RATE_HZ, LOWEST_RATE_HZ
from firmware_protocols.model import DeviceId, MotionWindow

Samples = NDArray[np.int16]

FULL_SCALES_G: Final = (2.0, 4.0, 8.0, 16.0, 32.0)
"""The full scales that accelerometers are built with; int16 milli-g holds no more than the last."""
POSITIONS: Final[tuple[Position, ...]] = get_args(Position)
PACKET_S: Final = 0.5
"""A wearable sends this much at once (25 samples at 50 Hz)."""


@dataclass(eq=False)
class RecordingError(Exception):
    """A set that cannot be read: ``reason`` says what is wrong in which file."""

    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}"


@dataclass(frozen=True, slots=True)
class RecordingSet:
    """Where a set lies and what it is.

    ``range_g`` is the full scale of its accelerometer per axis; ``runs_into`` pairs of activities of which
    the second follows the first in life, although they were recorded apart.
    """

    name: str
    stem: str
    position: Position
    range_g: float
    source: str
    runs_into: tuple[tuple[str, str], ...] = ()


SETS: Final = {
    "sisfall": RecordingSet(
        name="sisfall",
        stem="sisfall_waist_50hz",
        position="waist",
        range_g=16.0,
        source="SisFall: Sucerquia, López, Vargas-Bonilla 2017, Sensors 17(1):198",
        runs_into=(
            *(("D08", "D13"), ("D10", "D13"), ("D08", "D12")),
            *(("D10", "D12"), ("D07", "D12"), ("D09", "D13")),
        ),
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
    """One recording of one person: ``acc_mg`` is N×3 at ``rate_hz``; marks are in seconds from its start."""

    name: str
    subject: str
    elderly: bool
    activity: str
    is_fall: bool
    acc_mg: Samples
    fall_start_s: float | None
    fall_end_s: float | None
    rate_hz: float = RATE_HZ

    @property
    def acc_g(self) -> Floats:
        """The samples in g, brought to 50 Hz as the gateway does it."""
        return Resampler(self.rate_hz).feed(self.acc_mg.astype(np.float64) / 1000)

    @property
    def length_s(self) -> float:
        return len(self.acc_mg) / self.rate_hz

    def impact(self) -> int:
        """Index (at 50 Hz) of the highest peak between the authors' marks, or of all without marks."""
        acceleration = self.acc_g
        first = int((self.fall_start_s or 0) * RATE_HZ)
        stop = len(acceleration) if self.fall_end_s is None else int(self.fall_end_s * RATE_HZ) + 1
        part = acceleration[first:stop]
        return first + int(np.einsum("nk,nk->n", part, part).argmax())

    def accepted_s(self) -> tuple[float, float]:
        """When a detection counts: fall start to 10 s after its end, or within 10 s of the main peak."""
        if self.fall_start_s is not None and self.fall_end_s is not None:
            return self.fall_start_s, self.fall_end_s + 10
        peak_s = self.impact() / RATE_HZ
        return peak_s - 10, peak_s + 10


def find_set(folder: Path, name: str) -> RecordingSet:
    """The set called ``name``: a key of ``SETS``, or the stem of any ``NAME.npz`` and ``NAME_trials.csv``.

    Of a set that is not in ``SETS`` the position is the one its table names, and the full scale the smallest
    that holds its samples.

    Raises:
        OSError: the files are not there.
        RecordingError: they are not what they should be.
    """
    known = [which for which in SETS.values() if name in (which.name, which.stem)]
    if known:
        return known[0]
    table, samples, _ = _files(folder, name)
    worn = {row.get("position", "").lower() for row in table}
    position = [one for one in POSITIONS if worn and all(one in text for text in worn)]
    if not position:
        found = ", ".join(sorted(worn)) or "no rows"
        raise RecordingError(f"{name}_trials.csv", f"position must be waist or wrist throughout, not {found}")
    largest_g = float(np.abs(samples.astype(np.int32)).max(initial=0)) / 1000
    range_g = next(
        scale for scale in FULL_SCALES_G if largest_g <= scale * BEYOND or scale == FULL_SCALES_G[-1]
    )
    return RecordingSet(name=name, stem=name, position=position[0], range_g=range_g, source=name)


def read_set(folder: Path, which: RecordingSet) -> list[Trial]:
    """All trials of a set.

    Raises:
        OSError: its files are not in ``folder``.
        RecordingError: they do not belong together, or a rate is not one that the gateway takes.
    """
    table, samples, offsets = _files(folder, which.stem)
    trials = [_trial(row, samples[offsets[index] : offsets[index + 1]]) for index, row in enumerate(table)]
    for trial in trials:
        if not LOWEST_RATE_HZ <= trial.rate_hz <= HIGHEST_RATE_HZ:
            raise RecordingError(f"{which.stem}_trials.csv", f"{trial.name}: fs is {trial.rate_hz:g} Hz")
    return trials


def _files(folder: Path, stem: str) -> tuple[list[dict[str, str]], Samples, NDArray[np.int64]]:
    with np.load(folder / f"{stem}.npz") as arrays:
        samples, offsets = arrays["acc_mg"], arrays["offsets"]
    with (folder / f"{stem}_trials.csv").open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines))
    if len(offsets) != len(table) + 1 or offsets[-1] > len(samples):
        raise RecordingError(f"{stem}_trials.csv", "its rows do not fit the offsets of the samples")
    return table, samples, offsets


def windows(
    trial: Trial, which: RecordingSet, start: datetime, samples: int | None = None, counter: int = 0
) -> Iterator[MotionWindow]:
    """The packets that a wearable sends during the trial; the first sample is taken at ``start``.

    Each holds ``samples`` of them, or half a second's.
    """
    size = samples or max(round(PACKET_S * trial.rate_hz), 1)
    for number, first in enumerate(range(0, len(trial.acc_mg), size)):
        part = trial.acc_mg[first : first + size].tolist()
        yield MotionWindow(
            device=DeviceId(which.position),
            observed_at=start + timedelta(seconds=(first + len(part) - 1) / trial.rate_hz),
            counter=(counter + number) % 65536,
            rate_hz=trial.rate_hz,
            range_g=which.range_g,
            samples_mg=tuple((x, y, z) for x, y, z in part),
        )


def _trial(row: dict[str, str], samples: Samples) -> Trial:
    return Trial(
        name=row["trial"],
        subject=row["subject"],
        elderly=row.get("group") == "elderly",
        activity=row["activity"],
        is_fall=row["is_fall"] == "1",
        acc_mg=samples,
        fall_start_s=_seconds(row.get("fall_start_s")),
        fall_end_s=_seconds(row.get("fall_end_s")),
        rate_hz=_seconds(row.get("fs")) or float(RATE_HZ),
    )


def _seconds(text: str | None) -> float | None:
    return float(text) if text else None
