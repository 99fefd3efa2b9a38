"""``anban replay home WHERE``: a recorded home's days through the detectors as they were.

To tune before a home goes live, and to explain a miss. Exit codes: 0 replayed; 2 it cannot be: one line on
stderr says why and what to do.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from simulators.replay import changes, differ, show, sources
from simulators.replay.changes import Setting
from simulators.replay.edge import STEP_S
from simulators.replay.model import Finding, Record, RecordError
from simulators.replay.run import DETECTORS, findings

_LEAST_STEP_S: Final = 0.2
_MOST_STEP_S: Final = 60.0


def main(argv: Sequence[str] | None = None) -> int:
    """Replay one home."""
    chosen = _options(argv)
    try:
        _run(chosen)
    except (RecordError, OSError) as error:
        sys.stderr.write(f"anban replay: {error}\n")
        return 2
    return 0


@dataclass(frozen=True, slots=True)
class Run:
    """One setting over the record: what it said, and how long that took."""

    setting: Setting
    found: list[Finding]
    took_s: float


def _run(chosen: argparse.Namespace) -> None:
    if chosen.list:
        sys.stdout.writelines(f"{name}\n" for name in sources.homes(_where(chosen)))
        return
    record = within(_read(chosen), chosen.first, chosen.last)
    runs = [_one(record, chosen, chosen.set)]
    if chosen.compare:
        runs.append(_one(record, chosen, [*chosen.set, *chosen.compare]))
    told = (
        [json.dumps(_document(record, runs), ensure_ascii=False)]
        if chosen.json
        else _lines(record, runs, chosen)
    )
    sys.stdout.writelines(f"{line}\n" for line in told)


def _one(record: Record, chosen: argparse.Namespace, assignments: Sequence[str]) -> Run:
    setting = changes.setting(chosen.plan, assignments, chosen.budget, chosen.step)
    begun = time.perf_counter()
    found = findings(record, setting, frozenset(chosen.only))
    return Run(setting, found, time.perf_counter() - begun)


def within(record: Record, first: date | None, last: date | None) -> Record:
    """The days from ``first`` to ``last`` of a record, in the home's own time; both belong to it.

    Raises:
        RecordError: nothing was observed then.
    """
    zone = record.plan.zone

    def holds(at: datetime) -> bool:
        day = at.astimezone(zone).date()
        return (first is None or day >= first) and (last is None or day <= last)

    observed = tuple(one for one in record.observed if holds(one.observed_at))
    if not observed:
        raise RecordError(f"{record.name}: nothing was observed on these days")
    told = tuple(one for one in record.told if holds(one.at))
    orders = tuple(one for one in record.orders if holds(one.at))
    begins = observed[0].observed_at
    plans = tuple((max(at, begins), plan) for at, plan in record.plans if holds(max(at, begins)))
    return replace(record, observed=observed, told=told, orders=orders, plans=plans)


def _read(chosen: argparse.Namespace) -> Record:
    if chosen.by is None:
        return sources.read(_where(chosen), chosen.home)
    from simulators.replay.sources import database

    if chosen.home is None or chosen.where is not None:
        raise RecordError("--by reads the cloud's database: say --home KEY, and no WHERE")
    return database.read(chosen.config, chosen.data, chosen.tenant, chosen.home, chosen.by)


def _where(chosen: argparse.Namespace) -> Path:
    if chosen.where is None:
        raise RecordError("say WHERE: an archive, a folder of published data; or --by, to read the database")
    return Path(chosen.where)


def _lines(record: Record, runs: Sequence[Run], chosen: argparse.Namespace) -> Iterator[str]:
    zone, first = record.plan.zone, runs[0]
    yield f"{record.name}: {first.setting}"
    yield from show.lines(first.found, zone, rows=chosen.rows)
    yield from show.summary(record, first.found)
    for other in runs[1:]:
        yield f"compared with {other.setting}:"
        yield from show.difference(differ.between(first.found, other.found), zone)
    if record.told:
        yield from show.against(differ.against(record, first.found), zone)
    yield f"{show.days(record) / first.took_s:.1f} days a second"


def _document(record: Record, runs: Sequence[Run]) -> dict[str, Any]:
    first = runs[0]
    return {
        "home": record.name,
        "begins": record.begins.isoformat(),
        "ends": record.ends.isoformat(),
        "observations": len(record.observed),
        "left_out": dict(record.left_out),
        "setting": str(first.setting),
        "findings": [show.as_json(one) for one in first.found],
        "recorded": show.against_as_json(differ.against(record, first.found)) if record.told else None,
        "compared": [_compared(first, other) for other in runs[1:]],
        "took_s": round(first.took_s, 3),
        "days_per_s": round(show.days(record) / first.took_s, 2),
    }


def _compared(first: Run, other: Run) -> dict[str, Any]:
    found = differ.between(first.found, other.found)
    return {"setting": str(other.setting), **show.difference_as_json(found)}


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="anban replay home", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=("home",), help="what is replayed")
    parser.add_argument(
        "where", nargs="?", type=Path, help="an archive (.zip), or a folder of published data"
    )
    parser.add_argument("--home", metavar="NAME", help="which home, where there are several")
    parser.add_argument("--list", action="store_true", help="only say which homes there are")
    parser.add_argument("--from", dest="first", type=_day, metavar="DAY", help="first day, e.g. 2026-11-20")
    parser.add_argument("--to", dest="last", type=_day, metavar="DAY", help="last day")
    parser.add_argument(
        "--plan", type=int, metavar="VERSION", help="let this version of the plan hold all the time"
    )
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help=SET)
    parser.add_argument("--compare", action="append", default=[], metavar="PATH=VALUE", help=COMPARE)
    parser.add_argument(
        "--only", action="append", default=[], choices=list(DETECTORS), help="only this detector"
    )
    parser.add_argument("--budget", type=float, choices=BUDGETS, default=BUDGETS[0], help=BUDGET)
    parser.add_argument("--step", type=_step, default=STEP_S, metavar="S", help=STEP)
    parser.add_argument("--rows", action="store_true", help="show the rows that each finding rests on")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    database = parser.add_argument_group(
        "a home in the cloud's database, read only, and noted in the audit trail"
    )
    database.add_argument("--by", metavar="USERNAME", help="who looks: staff who may read that home")
    database.add_argument("--tenant", metavar="CODE", help="the home's tenant, if several have such a home")
    database.add_argument("--config", type=Path, metavar="FILE", help="configuration of the cloud (TOML)")
    database.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded services")
    return parser.parse_intermixed_args(argv)


SET: Final = "change a value of the plan, e.g. night_door.wait_s=600 or limits.spo2.low=88 (may be repeated)"
COMPARE: Final = "like --set, for a second run: what would be raised more, less or later (may be repeated)"
BUDGETS: Final = (1.0, 0.5)
"""Alerts a home-week that the shipped model of the routine keeps a threshold for."""
BUDGET: Final = "alerts a home-week that the routine may give (1)"
STEP: Final = f"seconds between two looks while nothing happens; findings may be this late ({STEP_S:g})"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write 2026-11-20") from error


def _step(text: str) -> float:
    try:
        step_s = float(text)
    except ValueError:
        step_s = 0.0
    if not _LEAST_STEP_S <= step_s <= _MOST_STEP_S:
        raise argparse.ArgumentTypeError(f"{_LEAST_STEP_S:g}-{_MOST_STEP_S:g} seconds")
    return step_s


if __name__ == "__main__":
    raise SystemExit(main())
