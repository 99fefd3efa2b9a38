"""A search for people, from its rows to the values that ``cloud.respond`` decides over.

What this is: reading. What it is not: a decision, or a write. The one idea: the care circle's ladder runs on
the same incident, so whomever it has asked stands in the same callout: nobody is asked twice, and its yes
counts as a yes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cloud.db import Connection, Queries
from cloud.dispatch.model import CALLING
from cloud.incidents import rows
from cloud.incidents.model import IncidentState, Priority
from cloud.incidents.timers import ARRIVE_WITHIN
from cloud.respond import ground, offer
from cloud.respond.acceptance import Tally
from cloud.respond.model import Ask, Callout, Candidate, Kind, Said, Step, Trip
from cloud.respond.offer import Responder
from cloud.respond.policy import RADIUS_M
from cloud.respond.travel import Mode, Point

SQL: Final = Queries(__package__, "callout.sql")

KINDS: Final[Mapping[str, Kind]] = {
    "worker": Kind.WORKER,
    "neighbour": Kind.NEIGHBOUR,
    "volunteer": Kind.VOLUNTEER,
    "warden": Kind.NEIGHBOUR,
    "doctor": Kind.NEIGHBOUR,
}
"""What the policy takes somebody of the register for. A warden and a village doctor live near, and come as
part of their work: they are not spared like volunteers."""
POLICY: Final = "policy"
"""Who asked and who relieved, where it was not ``staff:ID``."""
NAMED: Final = 0
"""The number of whoever the operator has sent by name: not of the register, so not taken for staff."""
WIDEST_M: Final = 2 * max(RADIUS_M.values())
"""No policy looks farther for somebody who lives near."""
_WORDS: Final = {"declined": Said.NO, "asked": Said.NOTHING, "passed": Said.NOTHING}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Search:
    """``callout``: as the policy sees it. ``calls``: whether it asks by itself; else only those whom an
    operator has asked stand in it. ``asks``: rows by the number of whoever was asked. ``names``: of whoever
    stands in the callout, by their number there.
    """

    callout: Callout
    calls: bool
    asks: Mapping[int, Row]
    names: Mapping[int, str]


async def load(conn: Connection, row: rows.Row, now: datetime) -> Search | None:
    """The search beside this incident; ``None``: there is none, or nobody and nowhere to search for."""
    found = await one(conn, "search", incident_id=row.id)
    if found is None:
        return None
    clock = local(found["time_zone"], now)
    asks = {ask["responder_id"]: ask for ask in await many(conn, "asks", incident_id=row.id)}
    door = Point(found["latitude"], found["longitude"])
    known_here = await people(conn, row.id, door, clock, now)
    calls = row.incident.priority is Priority.LIFE and row.incident.state in CALLING
    candidates = offered(door, known_here.values(), clock, now) if calls else ()
    circle = await many(conn, "circle", incident_id=row.id)
    names = {-one["step"]: one["name"] for one in circle} | {who: ask["name"] for who, ask in asks.items()}
    callout = Callout(
        since=found["called_since"],
        surroundings=ground.surroundings(found["division_code"]),
        night=ground.is_night(clock),
        candidates=candidates,
        asks=(
            *(_rung(row, rung) for rung in circle),
            *(_ask(ask) for ask in asks.values()),
            *_named(row, set(names.values())),
        ),
        done=frozenset(Step(step) for step in found["callout_done"]) if calls else frozenset(Step),
    )
    return Search(callout, calls, asks, names)


def offered(door: Point, found: Iterable[Row], clock: datetime, now: datetime) -> tuple[Candidate, ...]:
    """Candidates for ``door`` out of rows of ``people``. ``clock``: ``now`` on the wall of the home."""
    who = [_responder(person) for person in found]
    return offer.candidates(door, who, now, night=ground.is_night(clock))


async def people(
    conn: Connection, incident_id: int, door: Point, clock: datetime, now: datetime
) -> dict[int, Row]:
    """Rows of those who could be asked about this incident, by their number."""
    north, east = ground.around(door, WIDEST_M)
    found = await many(conn, "people", incident_id=incident_id, now=now, north=north, east=east)
    return {one["id"]: one for one in found if _reachable(one, clock)}


def _reachable(person: Row, clock: datetime) -> bool:
    hours = ground.Hours(frozenset(person["days"]), person["from_min"], person["to_min"])
    return person["kind"] == "worker" or hours.include(clock)


def _responder(person: Row) -> Responder:
    return Responder(
        id=person["id"],
        kind=KINDS[person["kind"]],
        place=Point(person["latitude"], person["longitude"]),
        mode=Mode(person["mode"]),
        seen_at=person["seen_at"],
        has_key=person["has_key"],
        in_visit=person["in_visit"],
        interruptible=person["may_leave"],
        by_day=Tally(person["day_asked"], person["day_yes"]),
        by_night=Tally(person["night_asked"], person["night_yes"]),
        alerts=tuple(person["alerts"]),
        last_mission=person["last_mission"],
    )


def _ask(ask: Row) -> Ask:
    who = Candidate(
        id=ask["responder_id"],
        kind=KINDS[ask["kind"]],
        travel=timedelta(seconds=ask["travel_s"]),
        distance_m=ask["distance_m"],
        in_visit=ask["in_visit"],
        has_key=ask["has_key"],
    )
    return Ask(who, ask["asked_at"], _said(ask))


def _said(ask: Row) -> Said | Trip:
    if ask["relieved_at"]:
        return Said.RELIEVED if ask["relieved_by"] == POLICY else Said.NO
    if ask["answer"] != "yes":
        return Said.NO if ask["answer"] or ask["unreached"] else Said.NOTHING
    return Trip(
        since=ask["answered_at"],
        promised_at=ask["promised_at"],
        expected_at=ask["expected_at"],
        moved_at=ask["moved_at"],
        arrived_at=ask["arrived_at"],
        telephoned=ask["telephoned_at"] is not None,
    )


# Whoever was asked or sent by another way ---------------------------------------------------------------


def _rung(row: rows.Row, rung: Row) -> Ask:
    kind = Kind.FAMILY if rung["relation"] == "family" else Kind.NEIGHBOUR
    within = ARRIVE_WITHIN[row.incident.priority]
    who = Candidate(-rung["step"], kind, within, 0.0, has_key=rung["has_key"])
    said = _WORDS.get(rung["state"]) or _trip(row, rung["name"], rung["answered_at"])
    return Ask(who, rung["asked_at"] or rung["answered_at"], said)


def _named(row: rows.Row, known: AbstractSet[str]) -> list[Ask]:
    """Whoever the operator has sent by name, unless they are ``known``: among those who were asked."""
    incident = row.incident
    sent = incident.state in {IncidentState.EN_ROUTE, IncidentState.ON_SITE} and incident.responder
    if not sent or incident.responder in known:
        return []
    who = Candidate(NAMED, Kind.NEIGHBOUR, ARRIVE_WITHIN[incident.priority], 0.0)
    return [Ask(who, incident.state_since, _trip(row, incident.responder, incident.state_since))]


def _trip(row: rows.Row, name: str, since: datetime) -> Trip:
    """Nobody sees them move, so they are believed to."""
    incident = row.incident
    mine = incident.responder == name
    promised = (incident.eta_at if mine else None) or since + ARRIVE_WITHIN[incident.priority]
    there = mine and incident.state is IncidentState.ON_SITE
    return Trip(since, promised, promised, moved_at=since, arrived_at=incident.state_since if there else None)


def local(time_zone: str, now: datetime) -> datetime:
    """``now`` on the wall of a home; UTC where nobody knows its zone."""
    try:
        return now.astimezone(ZoneInfo(time_zone))
    except (ZoneInfoNotFoundError, ValueError):
        return now.astimezone(UTC)


async def many(conn: Connection, query: str, **params: object) -> list[Row]:
    """All rows of a statement of the search."""
    return await (await conn.execute(SQL[query], params)).fetchall()


async def one(conn: Connection, query: str, **params: object) -> Row | None:
    """The row of a statement of the search, if any."""
    return await (await conn.execute(SQL[query], params)).fetchone()
