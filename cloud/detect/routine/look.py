"""One look at one home, in one transaction: read, judge, tell.

What this is: the shell around the detector: which days it sees, what is kept of its scores, and the gates
that ask the database once more before anybody is called. What it is not: a rule. The one idea: a silence is
only told when the equipment has spoken within the hour, the gateway is there, and nobody has been to the
door.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from cloud.db import Connection, Pool
from cloud.detect.routine import store
from cloud.detect.routine.detector import see_hour, see_night
from cloud.detect.routine.findings import TODAY, Finding, Kind, Trend
from cloud.detect.routine.follow import to_tell
from cloud.detect.routine.grid import HOUR, MEALS, SLOT_S, SLOTS
from cloud.detect.routine.model import RoutineModel, RoutineModelError, load
from cloud.detect.routine.past import BY_DAY, BY_NIGHT, history_of, own_of, past
from cloud.detect.routine.quarters import Said, days_of, faded
from cloud.detect.routine.raising import tell
from cloud.detect.routine.sensors import Sensor
from cloud.detect.routine.store import Watched, nothing
from cloud.detect.routine.times import Look, look_at, next_look
from cloud.detect.routine.trends import see_trends

SEEN_DAYS: Final = 45
"""D. Days that a look sees: 28 usual ones among them, and what the slowest trend compares."""
AGAIN_DAYS: Final = 7
"""D. Days that are counted again each night: what comes later than that (a gateway that was off the line for
longer) changes no baseline."""
KEPT_DAYS: Final = 60
FEVER: Final = timedelta(days=3)
_DAY: Final = timedelta(days=1)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What a look has found, and the home as it is to be kept."""

    home: Watched
    findings: tuple[Finding, ...] = ()


def model_of(file: str) -> RoutineModel:
    """The model in ``file``; the shipped one where that is empty or must not be used, which is logged: the
    worker has more to do than this.
    """
    try:
        return load(Path(file)) if file else load()
    except RoutineModelError as error:
        _log.error("shipped routine model is used: %s", error)
        return load()


async def work(pool: Pool, model: RoutineModel, home_id: int, now: datetime) -> bool:
    """Look at one home; ``False`` when another worker does."""
    async with pool.connection() as conn, conn.transaction():
        return await look(conn, model, home_id, now)


async def look(conn: Connection, model: RoutineModel, home_id: int, now: datetime) -> bool:
    """Look at one home, in the transaction that the caller opened."""
    home = await store.lock(conn, home_id, now)
    if home is None:
        return False
    at = look_at(now, home.time_zone)
    if home.retired or home.away or home.withheld:
        await store.looked(conn, home, next_look(at))
        return True
    night = await _night(conn, home, model, at) if at.judges_yesterday(home.judged) else Found(home)
    hour = await _hour(conn, night.home, model, at) if home.sensors and at.waking else Found(night.home)
    await _tell(conn, home, (*night.findings, *hour.findings), now)
    await store.looked(conn, hour.home, next_look(at))
    return True


async def _tell(conn: Connection, home: Watched, found: Sequence[Finding], now: datetime) -> None:
    """Tell of what was found whatever is new, and of a silence only if it is one."""
    before = await store.before(conn, home.home_id, now) if found else ()
    devices = list(home.sensors)
    for finding in to_tell(found, before, now):
        if not finding.urgent or await store.is_silence(conn, home.home_id, devices, finding.onset, now):
            await tell(conn, home.home_id, home.sensors, finding, now)


async def _hour(conn: Connection, home: Watched, model: RoutineModel, at: Look) -> Found:
    """The pause that lasts at the full hour."""
    today = at.of_day
    said = await store.said(conn, home.home_id, list(home.sensors), today, at.hour)
    slots = int((at.hour - today).total_seconds()) // SLOT_S
    if not said.spoke(home.weights or home.sensors, slots - HOUR):
        return Found(home)
    kept = await store.days(conn, home.home_id, today.date() - SEEN_DAYS * _DAY, today.date())
    days = past(kept, today.date())
    lived = days_of(said, home.sensors, home.weights, slots)
    history = history_of(days, lived, BY_DAY, today, home.market)
    seen = see_hour(history, model, own_of(days), at.hour)
    if seen.score is not None:
        same = home.hour_score if home.scored == today.date() and home.hour_score is not None else seen.score
        home = replace(home, scored=today.date(), hour_score=max(same, seen.score))
    return Found(home, (seen.finding,) if seen.finding else ())


async def _night(conn: Connection, home: Watched, model: RoutineModel, at: Look) -> Found:
    """The day that ended last, and what the weeks up to it have brought."""
    end, home_id = at.midnight, home.home_id
    kept = await store.days(conn, home_id, end.date() - SEEN_DAYS * _DAY, end.date())
    again = AGAIN_DAYS if kept else SEEN_DAYS
    first = end - again * _DAY
    said = await store.said(conn, home_id, list(home.sensors), first, end)
    lived = days_of(said, home.sensors, home.weights, again * SLOTS)
    days = past(kept, first.date())
    history = history_of(days, lived, BY_NIGHT, first, home.market)
    seen = see_night(history, model, own_of(past(kept, end.date())), end)
    beds = np.concatenate([*(day.in_bed[None] for day in days), lived.in_bed])
    found = [one for one in (seen.finding,) if one is not None and listened(one, said, home.sensors, again)]
    found += await _with_fever(conn, home_id, see_trends(history, beds, end), end)
    yesterday = at.yesterday
    hour_score = home.hour_score if home.scored == yesterday else None
    scores = {yesterday: replace(nothing(yesterday), hour_score=hour_score, night_score=seen.score)}
    await store.keep(conn, home_id, first.date(), lived, scores)
    await store.forget_days(conn, home_id, end.date() - KEPT_DAYS * _DAY)
    weights = faded(home.weights, lived.carried, again)
    return Found(replace(home, judged=yesterday, weights=weights), tuple(found))


def listened(finding: Finding, said: Said, sensors: Mapping[int, Sensor], days: int) -> bool:
    """Whether each sensor whose silence is the point spoke in the morning, at noon and in the evening."""
    if finding.kind is not Kind.NO_MEALS:
        return True
    last = (days - 1) * SLOTS
    thirds = [(last + a * HOUR, last + b * HOUR) for a, b in ((5, 11), (11, 17), (17, 24))]
    meals = [sensor.id for sensor in sensors.values() if sensor.place in MEALS]
    words = {sensor: set(said.words[sensor].tolist()) for sensor in meals if sensor in said.words}
    return all(words.get(sensor, set()) & set(range(*third)) for sensor in meals for third in thirds)


async def _with_fever(
    conn: Connection, home_id: int, found: Iterable[Finding], now: datetime
) -> list[Finding]:
    """More visits to the bathroom at night are looked at today when there is fever too (row 10)."""
    listed = list(found)
    if Trend.TOILETING not in {one.kind for one in listed} or not await store.is_feverish(
        conn, home_id, now - FEVER
    ):
        return listed
    return [replace(one, priority=TODAY) if one.kind is Trend.TOILETING else one for one in listed]
