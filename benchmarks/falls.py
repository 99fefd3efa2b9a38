"""How well falls are found: ``python -m benchmarks.falls --data DIR [--json] [--write FILE] [--quick]``.

What this is: leave-one-person-out within each set of recordings (F1), the same models behind the gateway's
own code fed with half-second packets (F3), a model of young people tried on older ones, a model of each set
that is trained on tried once on every other set of the folder (F2), and what judging a peak costs. What it
is not: training of the shipped files. The one idea: nothing about a person is decided by a model, a
calibration or a threshold that has seen that person.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from joblib import Memory

from benchmarks import fall_tables
from benchmarks.fall_cost import cost_of_judging, memory_mib
from benchmarks.fall_packets import CHANGES
from benchmarks.fall_protocols import HoldOut, across, hold_out, leave_one_out, young_to_older
from benchmarks.page import PageError, write_part
from edge_agent.falls.model import load_model
from edge_agent.falls.recordings import SETS, RecordingError, find_set, read_set

QUICK_GROUPS: Final = 5
"""With ``--quick`` people are held out in this many groups instead of one by one; each model then learns from
fewer people, so the figures are a little too low."""


@dataclass(frozen=True, slots=True)
class Protocols:
    """The long pieces of work, as they are or with their answers kept in a folder."""

    hold_out: HoldOut = hold_out
    young_to_older: Callable[..., dict[str, Any]] = young_to_older
    across: Callable[..., dict[str, Any]] = across


def kept_in(folder: Path) -> Protocols:
    """The same work, done once: ``folder`` holds each answer by what was asked."""
    keep = Memory(folder, verbose=0).cache
    return Protocols(keep(hold_out), keep(young_to_older), keep(across))


def sets_in(folder: Path) -> list[str]:
    """The sets of falls in ``folder``: the known ones that are there, then all others of the same layout."""
    known = [name for name, which in SETS.items() if (folder / f"{which.stem}.npz").exists()]
    stems = {which.stem for which in SETS.values()}
    tables = sorted(folder.glob("*_trials.csv"))
    return known + [stem for table in tables if (stem := _stem(table)) and stem not in stems]


def _stem(table: Path) -> str | None:
    stem = table.name.removesuffix("_trials.csv")
    with table.open(encoding="utf-8", newline="") as lines:
        columns = next(csv.reader(lines), [])
    return (
        stem if {"is_fall", "position"} <= set(columns) and table.with_name(f"{stem}.npz").exists() else None
    )


def measure_set(name: str, options: argparse.Namespace, protocols: Protocols) -> dict[str, Any]:
    """F1 and F3 of one set, the young tried on the older, and what judging costs."""
    which = find_set(options.data, name)
    recordings = read_set(options.data, which)
    found = leave_one_out(
        which,
        recordings,
        seed=options.seed,
        groups=QUICK_GROUPS if options.quick else None,
        changes=list(CHANGES) if options.degraded else ["as sent"],
        judge=protocols.hold_out,
    )
    found["cost"] = cost_of_judging(load_model(which.position), recordings)
    if any(trial.elderly and trial.is_fall for trial in recordings):
        found["young to older"] = protocols.young_to_older(which, recordings, options.seed)
    return found


def measure_all(options: argparse.Namespace) -> dict[str, Any]:
    """Everything that was asked for, as one JSON-ready document."""
    protocols = kept_in(options.keep) if options.keep else Protocols()
    there = sets_in(options.data)
    judged = [name for name in there if name in SETS] if options.set == "all" else [options.set]
    sources, targets = judged, there
    if options.train is not None:
        judged, sources, targets = [], [options.train], [options.test]
    return {
        "seed": options.seed,
        "quick": options.quick,
        "sets": {name: measure_set(name, options, protocols) for name in judged},
        "F2": [
            protocols.across(options.data, source, target, seed=options.seed)
            for source in sources
            for target in targets
            if target != source
        ],
        "added_rss_mib": memory_mib(),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = _parser()
    options = parser.parse_args(argv)
    if (options.train is None) != (options.test is None):
        parser.error("--train and --test go together")
    try:
        result = measure_all(options)
        if options.write:
            write_part(options.write, "falls", fall_tables.markdown(result))
    except (OSError, RecordingError, PageError) as error:
        sys.stderr.write(f"benchmarks.falls: {error}\n")
        return 1
    text = json.dumps(result, ensure_ascii=False, indent=1) if options.json else None
    sys.stdout.write((text or "\n".join(fall_tables.lines(result))) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.falls", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the recordings")
    parser.add_argument(
        "--set",
        default="all",
        help=f"which recordings: {', '.join(SETS)}, the NAME of a NAME.npz, or all (all)",
    )
    parser.add_argument("--train", metavar="SET", help="with --test: only train on this set …")
    parser.add_argument("--test", metavar="SET", help="… and try the model once on that one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into FILE (docs/falls.md)")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep each answer here, to go on with; empty after a change"
    )
    parser.add_argument("--quick", action="store_true", help=f"hold people out in {QUICK_GROUPS} groups")
    parser.add_argument(
        "--degraded", action="store_true", help="also lose packets, send at 20 Hz, clip at 4 g"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
