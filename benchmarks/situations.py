"""How often the gateway's rules over movement are right: ``python -m benchmarks.situations --data DIR
[--json]``.

What this is: every activation of TIHM's homes (Palermo et al. 2023) replayed in order through the gateway's
own rules, as it is and with one situation acted into it. What it is not: training; nothing is fitted. The one
idea: what is called for in lives as they were is counted as a false alarm, although nobody knows that it was
one (the people live with dementia, and the labels speak of agitation, not of doors); what is acted in and not
called for is a miss.

The data has no check-ins, so no sensor is supervised, and a stretch that is taken for silent equipment is one
in which the gateway did not run.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

from benchmarks.page import table, write_part
from benchmarks.tihm import PLACES, TihmHome, read_homes
from cloud.detect.routine.grid import DAY_S
from edge_agent.falls.card import wilson
from edge_agent.rules import RULES, Home, InForce, Rule
from firmware_protocols.model import AlarmId, AlarmKind, AlarmState, DeviceId, Quantity, Reading
from firmware_protocols.wire.plan import Plan, parse

JUDGED: Final = (
    "surroundings",
    "silences",
    "long_lie",
    "night_door",
    "pacing",
    "stillness",
    "blind",
    "chatter",
)
"""The rules that movement and doors feed; the data has nothing for the others."""
TICK_S: Final = 300.0
"""Twice as often as a gap that counts (``surroundings.CARRIED_S``); waits are minutes."""
ROUNDS: Final = 2_000
"""Draws of homes."""
MINUTE: Final = 60.0
HOUR: Final = 3_600.0
_DEVICES: Final = {
    "kitchen": ("motion", "kitchen"),
    "lounge": ("motion", "living_room"),
    "hallway": ("motion", "hall"),
    "bedroom": ("motion", "bedroom"),
    "bathroom": ("motion", "bathroom"),
    "fridge-door": ("other", "kitchen"),
    "front-door": ("door", "hall"),
    "back-door": ("door", "hall"),
}
_NAMES: Final = {int(place): name for name, place in PLACES.items()}
PLANS: Final[Mapping[str, Mapping[str, Any]]] = {
    "anybody": {},
    "wanders": {"person": {"wanders": True}},
}

Event = tuple[float, str]
"""Seconds since midnight of the first day, and the sensor."""


@dataclass(frozen=True, slots=True)
class Told:
    """One alarm, raised: when, in seconds since midnight of the first day."""

    at_s: float
    kind: AlarmKind


@dataclass(frozen=True, slots=True)
class Act:
    """A situation that is acted into a day. ``kind``: what must be called for within ``within_s`` of
    ``at_s``.
    """

    name: str
    kind: AlarmKind
    plan: str
    within_s: float
    play: Callable[[Sequence[Event], float], list[Event]]
    hour: tuple[float, float]


def _pace(events: Sequence[Event], at_s: float) -> list[Event]:
    """Through the front door each four minutes, six times, and seen in the hall after each."""
    trips = [(at_s + trip * 240, "front-door") for trip in range(6)]
    return sorted([*events, *trips, *((second + 30, "hallway") for second, _ in trips)])


def _leave(events: Sequence[Event], at_s: float) -> list[Event]:
    """Out of the front door, and nothing for two hours."""
    stays = [event for event in events if not at_s <= event[0] < at_s + 2 * HOUR]
    return sorted([*stays, (at_s, "front-door")])


def _chatter(events: Sequence[Event], at_s: float) -> list[Event]:
    """The hall's sensor says each eight seconds for two hours that somebody is there."""
    return sorted([*events, *((at_s + 8 * step, "hallway") for step in range(900))])


ACTS: Final = (
    Act("7 six trips through the door", AlarmKind.WANDERING, "wanders", 2_100, _pace, (0.0, 4.0)),
    Act("5 out at night, who wanders", AlarmKind.NIGHT_DOOR, "wanders", 20 * MINUTE, _leave, (0.0, 4.0)),
    Act("5 out at night, anybody", AlarmKind.NIGHT_DOOR, "anybody", 45 * MINUTE, _leave, (0.0, 4.0)),
    Act("28 a sensor that never stops", AlarmKind.DEVICE_FAULT, "anybody", 3 * HOUR, _chatter, (9.0, 19.0)),
)


Said = tuple[str, bool] | None
"""What a sensor says; ``None``: nothing, time goes on."""


class Replayed:
    """The gateway's rules over one home, under a hand-turned clock."""

    def __init__(self, recorded: TihmHome, rules: Sequence[str] = JUDGED, plan: str = "anybody") -> None:
        first = recorded.first
        self._recorded, self._names, self._plan = recorded, rules, plan
        self._start = datetime(first.year, first.month, first.day, tzinfo=UTC)
        ids = count(1)
        kinds = {DeviceId(name): kind for name, (kind, _) in _DEVICES.items()}
        rooms = {DeviceId(name): room for name, (_, room) in _DEVICES.items()}
        in_force = InForce(_parsed(plan))
        self.home = Home(kinds, lambda: AlarmId(str(next(ids))), 20.0, rooms, in_force)
        self._rules: list[Rule] = [RULES[name](self.home) for name in rules]

    def at(self, second: float, said: Said) -> list[AlarmKind]:
        """What is called for when a sensor says so at ``second``. The home's clock is that of the plan's
        zone.
        """
        now = self._start + timedelta(seconds=second - 8 * HOUR)
        told = list[AlarmKind]()
        for rule in self._rules:
            alarms = rule.tick(now) if said is None else rule.see(_reading(said, now), now)
            told += [one.kind for one in alarms if one.state is AlarmState.RAISED]
        return told

    def copy(self) -> Replayed:
        """The same home, taken up from what a gateway keeps over a restart."""
        other = Replayed(self._recorded, self._names, self._plan)
        for mine, theirs in zip(self._rules, other._rules, strict=True):
            theirs.restore(mine.state())
        return other


def replay(events: Sequence[Event], home: TihmHome, plan: str, first_s: float, last_s: float) -> list[Told]:
    """What the rules call for from ``first_s`` until ``last_s``."""
    replayed = Replayed(home, plan=plan)
    return [
        Told(second, kind)
        for second, what in moments(events, home, first_s, last_s)
        for kind in replayed.at(second, what)
    ]


def said(home: TihmHome) -> list[Event]:
    """What its sensors said."""
    return [(float(s), _NAMES[int(p)]) for s, p in zip(home.seconds, home.places, strict=True)]


def heard_weeks(home: TihmHome) -> float:
    """How long its equipment is taken for heard."""
    return (home.days * DAY_S - sum(part.end - part.start for part in home.unheard)) / (7 * DAY_S)


def moments(
    events: Sequence[Event], home: TihmHome, first_s: float, last_s: float
) -> Iterator[tuple[float, Said]]:
    """Ticks (``None``) and what the sensors say, in order, while the gateway runs."""
    told: list[tuple[float, Said]] = []
    for second, sensor in events:
        if first_s <= second < last_s:
            told += [(second, (sensor, True)), (second + 2, (sensor, False))]
    ticks = int((last_s - first_s) // TICK_S)
    told += [(first_s + number * TICK_S, None) for number in range(ticks)]
    for second, what in sorted(told, key=lambda one: one[0]):
        if not any(part.start <= second < part.end for part in home.unheard):
            yield second, what


def _reading(said: tuple[str, bool], now: datetime) -> Reading:
    sensor, value = said
    quantity = Quantity.MOTION if _DEVICES[sensor][0] == "motion" else Quantity.OPENING
    return Reading(DeviceId(sensor), quantity, value, now)


def _parsed(name: str) -> Plan:
    unsupervised = {name: {"expected_s": 0, "alarm_s": 0} for name in _DEVICES}
    return parse({"version": 1, "devices": unsupervised, **PLANS[name]})


def of_home(home: TihmHome, seed: int, draws: int) -> dict[str, Any]:
    """The counts of one home: heard weeks, alarms by plan and kind, and of each act how many were called
    for.
    """
    events = said(home)
    alarms = {
        name: Counter(one.kind.value for one in replay(events, home, name, 0.0, home.days * DAY_S))
        for name in PLANS
    }
    acted = {
        act.name: list(_acted(act, home, events, random.Random(f"{seed} {home.name} {act.name}"), draws))
        for act in ACTS
    }
    return {"weeks": heard_weeks(home), "alarms": alarms, "acted": acted}


def measure(folder: Path, seed: int, draws: int, kept: Path | None, most_s: float) -> dict[str, Any]:
    """All figures of the homes gone through so far. ``kept``: where their counts stand from one run to the
    next; ``most_s``: no home is begun later.
    """
    began = time.perf_counter()
    key = f"{seed} {draws}"
    whole = json.loads(kept.read_text()) if kept and kept.exists() else {}
    counted: dict[str, Any] = whole.setdefault(key, {})
    homes = read_homes(folder)
    for home in homes:
        if home.name in counted or time.perf_counter() - began > most_s:
            continue
        counted[home.name] = of_home(home, seed, draws)
        if kept:
            kept.write_text(json.dumps(whole))
    return {
        "seed": seed,
        "homes": len(counted),
        "of_homes": len(homes),
        "home_weeks": round(sum(one["weeks"] for one in counted.values()), 1),
        "took_s": round(time.perf_counter() - began, 1),
        "per_home_week": {plan: _rates(plan, list(counted.values()), seed) for plan in PLANS},
        "acted": {
            act.name: _share([hit for one in counted.values() for hit in one["acted"][act.name]])
            for act in ACTS
        },
    }


def _rates(plan: str, homes: Sequence[Mapping[str, Any]], seed: int) -> dict[str, Any]:
    """Alarms per home-week by kind, with the middle 95 % over homes drawn anew."""
    kinds = sorted({kind for one in homes for kind in one["alarms"][plan]})
    return {
        kind: _rate([(one["alarms"][plan].get(kind, 0), one["weeks"]) for one in homes], seed)
        for kind in kinds
    }


def _rate(homes: Sequence[tuple[int, float]], seed: int) -> dict[str, Any]:
    draw = random.Random(seed)
    drawn = sorted(_per_week(draw.choices(homes, k=len(homes))) for _ in range(ROUNDS))
    ends = [round(drawn[int(ROUNDS * end)], 3) for end in (0.025, 0.975)]
    each = sorted(_per_week([one]) for one in homes)
    return {"mean": round(_per_week(homes), 3), "homes": ends, "median_home": round(each[len(each) // 2], 3)}


def _per_week(homes: Sequence[tuple[int, float]]) -> float:
    return sum(number for number, _ in homes) / sum(weeks for _, weeks in homes)


def _acted(
    act: Act, home: TihmHome, events: Sequence[Event], draw: random.Random, draws: int
) -> Iterator[bool]:
    """Whether the act is called for, on days that were heard with the days before and after."""
    for _ in range(draws):
        day = draw.randrange(1, home.days - 1)
        at_s = day * DAY_S + draw.uniform(*act.hour) * HOUR
        first_s, last_s = (day - 1) * DAY_S, (day + 1) * DAY_S
        if any(part.start < last_s and part.end > first_s for part in home.unheard):
            continue
        around = [event for event in events if first_s <= event[0] < last_s]
        told = replay(act.play(around, at_s), home, act.plan, first_s, last_s)
        yield any(one.kind is act.kind and at_s <= one.at_s <= at_s + act.within_s for one in told)


def _share(found: Sequence[bool]) -> dict[str, Any]:
    """Called for, of acted, with Wilson's interval."""
    if not found:
        return {"acted": 0}
    low, high = wilson(sum(found), len(found))
    return {
        "acted": len(found),
        "called": sum(found),
        "recall": round(sum(found) / len(found), 3),
        "wilson": [round(low, 3), round(high, 3)],
    }


def lines(figures: Mapping[str, Any]) -> list[str]:
    """The figures as a page shows them."""
    rates = figures["per_home_week"]
    kinds = sorted({kind for of in rates.values() for kind in of})
    alarms = [(kind, *(_of(rates[plan].get(kind)) for plan in PLANS)) for kind in kinds]
    acted = [(name, row["acted"], _recall(row)) for name, row in figures["acted"].items()]
    return [
        f"TIHM, {figures['homes']} of {figures['of_homes']} homes, {figures['home_weeks']} heard home-weeks."
        " Alarms per home-week in lives as they were (95 % over homes; the home in the middle), by plan:",
        "",
        *table(("alarm", *PLANS), alarms),
        "",
        "Acted into days of these homes, and called for in time:",
        "",
        *table(("situation", "acted", "recall (Wilson, 95 %)"), acted),
    ]


def _of(rate: Mapping[str, Any] | None) -> str:
    return (
        "0"
        if rate is None
        else "{:.2f} ({:.2f}-{:.2f}; {:.2f})".format(rate["mean"], *rate["homes"], rate["median_home"])
    )


def _recall(row: Mapping[str, Any]) -> str:
    return "none" if not row["acted"] else "{:.2f} ({:.2f}-{:.2f})".format(row["recall"], *row["wilson"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the recordings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", type=int, default=5, help="acted days of each home and situation")
    parser.add_argument(
        "--kept", type=Path, help="a file with the counts of the homes gone through, to go on from"
    )
    parser.add_argument("--most-s", type=float, default=float("inf"), help="begin no home later than this")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--page", type=Path, help="write the table into this page")
    given = parser.parse_args()
    figures = measure(given.data, given.seed, given.draws, given.kept, given.most_s)
    if given.page:
        write_part(given.page, "situations", lines(figures))
    print(json.dumps(figures, indent=2) if given.json else "\n".join(lines(figures)))


if __name__ == "__main__":
    main()
