"""Two waits of absence, chosen on some homes and judged on others: ``python -m benchmarks.margins --data DIR
[--json] [--page PAGE]``.

What this is: every outing and every stay in the bathroom of TIHM's homes, as the product's own walk tells
them, held against what the rules would have waited for with each candidate: how much longer than the longest
outings (``away.MARGIN``), how lately the bathroom must have said that somebody is in it (``bathroom.SEEN``).
What it is not: a replay of the frame (``benchmarks.absence``), so cool-downs and silent sensors are left out:
an upper bound. The one idea: who chooses does not judge; the soonest candidate that keeps its share of the
budget on five sixths of the homes is judged on the last sixth, six times.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.absence import PLAN, SETTLED, Replay
from benchmarks.page import over_recordings, table
from benchmarks.tihm import TihmHome, read_homes
from cloud.detect.rules.away import MARGIN, own_wait
from cloud.detect.rules.bathroom import SEEN, bath_wait, sees_all
from cloud.detect.rules.habits import FEWEST
from cloud.detect.rules.house import BATHROOM, House, Stay
from cloud.detect.rules.model import Known

MINUTE: Final = timedelta(minutes=1)
MARGINS: Final = (0, 30, 60, 120, 180, 240)
SEENS: Final = (45, 30, 20, 15, 10, 5)
"""Minutes, the soonest first."""
BUDGETS: Final = {"not_returned": 0.3, "bathroom_long": 0.25}
"""Calls a home-week: their part of one in ten homes a day (care domain, section 4). D."""
SHIPPED: Final = {"not_returned": MARGIN // MINUTE, "bathroom_long": SEEN // MINUTE}
FOLDS: Final = 6
ROUNDS: Final = 2_000
PROCESSES: Final = 2


@dataclass(frozen=True, slots=True)
class Lived:
    """One home: ``weeks`` that were judged; ``calls``: how often it would have called, by rule and candidate;
    ``waits_h``: of each outing by candidate, after how long.
    """

    weeks: float
    calls: Mapping[str, Mapping[int, int]]
    waits_h: Mapping[int, Sequence[float]]


def lived(home: TihmHome) -> Lived:
    """Every outing and stay of ``home`` after its first four weeks."""
    replay = Replay(home)
    begins, ends = replay.at(SETTLED * 86_400), replay.at(home.days * 86_400)
    house = replay.house(replay.at(0), ends)
    outings = [_outing(replay, stay) for stay in house.outings if _is_judged(replay, stay, begins)]
    stays = [_bath(replay, house, stay) for stay in house.baths if _is_judged(replay, stay, begins)]
    waits = [(length, own) for length, own in outings if own is not None]
    calls = {
        "not_returned": {m: sum(length >= own + m * MINUTE for length, own in waits) for m in MARGINS},
        "bathroom_long": {seen: sum(seen in found for found in stays) for seen in SEENS},
    }
    unheard_s = sum(
        max(gap.end - max(gap.start, SETTLED * 86_400), 0) for gap in home.unheard
    )  # seconds of the home's own clock
    weeks = max((home.days - SETTLED) * 86_400 - unheard_s, 0) / (7 * 86_400)
    return Lived(weeks, calls, {m: [(own + m * MINUTE) / (60 * MINUTE) for _, own in waits] for m in MARGINS})


def _is_judged(replay: Replay, stay: Stay, begins: datetime) -> bool:
    """Whether it began after ``begins`` and ended, and the home was heard all the while."""
    if stay.until is None or stay.since < begins:
        return False
    return not any(
        replay.at(gap.start) < stay.until and replay.at(gap.end) > stay.since for gap in replay.home.unheard
    )


def _outing(replay: Replay, stay: Stay) -> tuple[timedelta, timedelta | None]:
    """How long it lasted, and the longest that is usual; ``None``: nobody knows yet."""
    own = replay.habits(stay.since).outings()
    length = (stay.until or stay.since) - stay.since
    return length, own_wait(own, timedelta(0)) if len(own) >= FEWEST else None


def _bath(replay: Replay, house: House, stay: Stay) -> frozenset[int]:
    """The candidates with which it would have been called for."""
    at, habits = stay.since, replay.habits(stay.since)
    known = Known(at, at, PLAN, replay.devices, (), (), house, habits)
    due, ended = at + bath_wait(known, stay), stay.until or at
    if ended < due or not sees_all(known):
        return frozenset()
    seen = [life.at for life in house.between(at, ended) if life.room == BATHROOM]
    return frozenset(m for m in SEENS if any(moment >= due - m * MINUTE for moment in seen))


def choose(rule: str, homes: Sequence[Lived]) -> int:
    """The soonest candidate within the budget; where none is, the one that calls least."""
    weeks = sum(home.weeks for home in homes)
    rates = {one: sum(home.calls[rule][one] for home in homes) / weeks for one in homes[0].calls[rule]}
    return next(
        (one for one, rate in rates.items() if rate <= BUDGETS[rule]), min(rates, key=rates.__getitem__)
    )


def crossed(rule: str, homes: Sequence[Lived]) -> list[int]:
    """For each home what the homes of the other folds chose."""
    chosen = [
        choose(rule, [home for i, home in enumerate(homes) if i % FOLDS != fold]) for fold in range(FOLDS)
    ]
    return [chosen[i % FOLDS] for i in range(len(homes))]


def rate(homes: Sequence[Lived], counts: Sequence[int], seed: int) -> list[float]:
    """Calls a home-week, and the middle 95 % when homes are drawn anew."""
    draw, pairs = random.Random(seed), list(zip(counts, (home.weeks for home in homes), strict=True))

    def of(drawn: Sequence[tuple[int, float]]) -> float:
        return sum(count for count, _ in drawn) / (sum(weeks for _, weeks in drawn) or 1.0)

    spread = sorted(of(draw.choices(pairs, k=len(pairs))) for _ in range(ROUNDS))
    return [round(one, 3) for one in (of(pairs), spread[int(ROUNDS * 0.025)], spread[int(ROUNDS * 0.975)])]


def measure(folder: Path, seed: int) -> dict[str, Any]:
    """All figures."""
    began = time.perf_counter()
    homes = [home for home in read_homes(folder) if home.days > SETTLED + 10]
    with ProcessPoolExecutor(PROCESSES) as pool:
        judged = [one for one in pool.map(lived, homes) if one.weeks > 0]
    return {
        "seed": seed,
        "homes": len(judged),
        "home_weeks": round(sum(home.weeks for home in judged), 1),
        "rules": {rule: _rule(rule, judged, seed) for rule in BUDGETS},
        "median_wait_h": {
            m: round(median(h for home in judged for h in home.waits_h[m]), 1) for m in MARGINS
        },
        "took_s": round(time.perf_counter() - began, 1),
    }


def _rule(rule: str, homes: Sequence[Lived], seed: int) -> dict[str, Any]:
    by_home = crossed(rule, homes)
    counts = [home.calls[rule][one] for home, one in zip(homes, by_home, strict=True)]
    return {
        "crossed": rate(homes, counts, seed),
        "chosen": sorted(set(by_home)),
        "chosen_by_all": choose(rule, homes),
        "each": {one: rate(homes, [h.calls[rule][one] for h in homes], seed) for one in homes[0].calls[rule]},
    }


def lines(figures: Mapping[str, Any]) -> list[str]:
    """The figures as a page shows them."""
    rows = [
        row
        for rule, found in figures["rules"].items()
        for row in (
            *((f"`{rule}`", _minutes(rule, one), _said(calls)) for one, calls in found["each"].items()),
            (f"`{rule}`", f"chosen by the other homes: {found['chosen']}", _said(found["crossed"])),
        )
    ]
    waits = ", ".join(f"{one} min {hours} h" for one, hours in figures["median_wait_h"].items())
    return [
        f"TIHM, {figures['homes']} homes, {figures['home_weeks']} heard home-weeks after the first four."
        f" Calls by candidate (95 %, by drawing homes anew). An outing is asked about after, in the middle:"
        f" {waits}. {figures['took_s']} s.",
        "",
        *table(("rule", "minutes", "calls a home-week"), rows),
    ]


def _minutes(rule: str, one: int) -> str:
    return f"{one} (shipped)" if SHIPPED[rule] == one else str(one)


def _said(values: Sequence[float]) -> str:
    return "{:.2f} ({:.2f}-{:.2f})".format(*values)


def main() -> None:
    """Measure and print."""
    over_recordings("margins", __doc__, measure, lines)


if __name__ == "__main__":
    main()
