"""One trial out of the published recordings, for the wearable to feel. The recordings are not shipped.

What this is: ``SET_…_50hz.npz`` and its table of trials, read from a folder the user names. The one idea: a
wrong name is answered with the names that are near, because nobody remembers 4,505 of them.
"""

from __future__ import annotations

import csv
import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulators.motion import Sample

NEAR: Final = 5


@dataclass(frozen=True, slots=True)
class RecordingSet:
    """Where a set lies in the folder, where its sensor was worn, and that sensor's full scale."""

    stem: str
    position: str
    range_g: float
    source: str


SETS: Final = {
    "sisfall": RecordingSet(
        "sisfall_waist_50hz", "waist", 16.0, "SisFall: Sucerquia, López, Vargas-Bonilla, Sensors 2017, 17:198"
    ),
    "wedafall": RecordingSet(
        "wedafall_wrist_50hz", "wrist", 4.0, "WEDA-FALL: Marques, Moreno, Sensors 2023, 23(3):1146"
    ),
}


@dataclass(frozen=True, slots=True)
class Recording:
    """One trial: 50 samples a second in milli-g, and what its table says of it."""

    samples: tuple[Sample, ...]
    subject: str
    activity: str
    is_fall: bool


class RecordingError(Exception):
    """The trial cannot be had; ``str()`` says what to do."""


def read(folder: Path, name: str, trial: str) -> Recording:
    """Read one trial of the set called ``name``.

    Raises:
        RecordingError: no such set, folder, file or trial, or numpy is missing.
    """
    if name not in SETS:
        raise RecordingError(f"no set {name!r}; there are: {', '.join(SETS)}")
    stem = SETS[name].stem
    number, row = _row(_existing(folder / f"{stem}_trials.csv"), trial)
    return Recording(
        _samples(_existing(folder / f"{stem}.npz"), number),
        row["subject"],
        row["activity"],
        row["is_fall"] == "1",
    )


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise RecordingError(f"{path} is not there; --data must name the folder with the recordings")
    return path


def _row(table: Path, trial: str) -> tuple[int, dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [row["trial"] for row in rows]
    if trial not in names:
        near = difflib.get_close_matches(trial, names, n=NEAR, cutoff=0.4) or names[:NEAR]
        raise RecordingError(f"no trial {trial!r} in {table.name}; near it: {', '.join(near)}")
    return names.index(trial), rows[names.index(trial)]


def _samples(file: Path, number: int) -> tuple[Sample, ...]:
    try:
        import numpy as np
    except ImportError as error:
        raise RecordingError("reading recordings needs numpy: pip install 'anban[edge]'") from error
    with np.load(file) as arrays:
        first, stop = arrays["offsets"][number : number + 2]
        return tuple((int(x), int(y), int(z)) for x, y, z in arrays["acc_mg"][first:stop])
