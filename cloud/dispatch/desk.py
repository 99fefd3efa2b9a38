"""A search as the console shows it, asking and standing down by hand, and where free units should wait.

What this is: what an operator sees and does beside the policy. What it is not: a second policy; whoever is
asked by hand stands in the same search, which counts them like everybody else. The one idea: the nearest are
shown with the reasons that a person weighs and a rule does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from cloud import sealed
from cloud.db import Queries
from cloud.dispatch import answers, callout, search
from cloud.dispatch.answers import Reply
from cloud.dispatch.model import AT_THE_DESK, CALLING, Answered
from cloud.dispatch.people import Desk, Row
from cloud.dispatch.views import (
    AskState,
    AskView,
    CalloutView,
    NearView,
    PostView,
    Reason,
    StandbyView,
    ask_state,
)
from cloud.incidents import rows, store
from cloud.respond import ground, standby, travel
from cloud.respond.model import Candidate
from cloud.respond.policy import accountable
from cloud.respond.standby import Demand
from cloud.respond.travel import Mode, Point

SQL: Final = Queries(__package__, "callout_views.sql")
SHOWN: Final = 5
"""Of the nearest, as many as one takes in at a glance (``domain``: the dispatch dialog)."""
AWAY: Final = 0.35
"""D. The share of time that a free unit is not at its post; the benchmark's night has 0.3 to 0.4."""
MOST_POSTS: Final = 60
"""D. Divisions with the most expected alarms; more would only cost time."""


class NobodyThere(Exception):  # noqa: N818 - a noun
    """Nobody of this number can be asked, or was: off duty, not agreed, busy, barred, or asked already; or no
    help is wanted.
    """


async def show(desk: Desk, incident_id: int) -> tuple[CalloutView, int]:
    """The search beside an incident, and its home.

    Raises:
        NotFound: no such incident in the scope.
    """
    found = await _maybe(desk, "incident", incident_id)
    door = await _maybe(desk, "door", incident_id)
    if found is None or door is None:
        raise store.NotFound
    row = rows.of(found)
    asks = await _rows(desk, "asked", incident_id=incident_id)
    view = CalloutView(
        incident_id=incident_id,
        since=door["called_since"],
        due_at=door["callout_due_at"],
        done=door["callout_done"],
        accountable=await _accountable(desk, row),
        asks=[_asked(desk, ask) for ask in asks],
        nearest=await _nearest(desk, row, door, asks),
    )
    return view, row.home_id


async def ask(desk: Desk, incident_id: int, responder_id: int, staff_id: int) -> None:
    """Ask somebody by hand; without a search one begins, in which the policy asks for a life only.

    Raises:
        NotFound: no such incident in the scope.
        NobodyThere: they cannot be asked, or have been.
    """
    row = await store.hold_in_scope(desk.conn, desk.scope, incident_id)
    if row.incident.state not in CALLING | AT_THE_DESK:
        raise NobodyThere
    await desk.conn.execute(search.SQL["begin_search"], {"incident_id": row.id, "now": desk.now})
    found = await search.load(desk.conn, row, desk.now)
    door = await _maybe(desk, "door", incident_id)
    chosen = [] if door is None else _candidates(await _people(desk, row, door), door, desk)
    person = [one for one in chosen if one.id == responder_id]
    if found is None or not person:
        raise NobodyThere
    if not await callout.call(desk.conn, row, found, person, desk.now, asked_by=f"staff:{staff_id}"):
        raise NobodyThere
    await rows.show(desk.conn, row, desk.now)


async def relieve(desk: Desk, incident_id: int, responder_id: int, staff_id: int) -> None:
    """Stand somebody down by hand, whether they have answered or not.

    Raises:
        NotFound: no such incident in the scope.
        NobodyThere: they were not asked, or are relieved already.
    """
    row = await store.hold_in_scope(desk.conn, desk.scope, incident_id)
    asked = await callout.newest(desk.conn, incident_id, responder_id)
    if not asked:
        raise NobodyThere
    await callout.relieve(desk.conn, asked, "relieved", desk.now, by=f"staff:{staff_id}")
    await callout.look(desk.conn, row, desk.now)
    await rows.show(desk.conn, row, desk.now)


async def answered(desk: Desk, incident_id: int, responder_id: int, given: Reply) -> Answered:
    """What somebody has told the operator on the telephone.

    Raises:
        NotFound: no such incident in the scope.
        NobodyThere: they were not asked.
    """
    row = await store.hold_in_scope(desk.conn, desk.scope, incident_id)
    asked = await callout.newest(desk.conn, incident_id, responder_id)
    if not asked:
        raise NobodyThere
    return await answers.answer(desk.conn, row, given.about(asked[0], desk.now))


# What is shown ------------------------------------------------------------------------------------------


async def _accountable(desk: Desk, row: rows.Row) -> str:
    found = await search.load(desk.conn, row, desk.now)
    unit = None if found is None else accountable(found.callout, desk.now)
    if found is None or unit is None:
        return ""
    asked = found.asks.get(unit.who.id)
    return row.incident.responder if asked is None else str(asked["name"])


def _asked(desk: Desk, ask: Row) -> AskView:
    state = ask_state(ask)
    if state is AskState.ASKED and ask["unreached"]:
        state = AskState.UNREACHED
    late = ask["telephoned_at"] is not None and state is AskState.ACCEPTED
    phone = desk.ring.shown(ask["phone"], sealed.responder(ask["tenant_id"]))
    shown = {**ask, "phone": phone, "channels": ask["channels"] or []}
    return AskView(**shown, state=state, telephone=late)


async def _nearest(desk: Desk, row: rows.Row, door: Mapping[str, Any], asks: Sequence[Row]) -> list[NearView]:
    standing = {ask["responder_id"] for ask in asks if ask["relieved_at"] is None}
    found = await _people(desk, row, door)
    near = [one for one in _candidates(found, door, desk) if one.id not in standing]
    chosen = sorted(near, key=lambda one: (one.travel, one.id))[:SHOWN]
    numbers = await _rows(desk, "phones", ids=[one.id for one in chosen])
    shown = {one["id"]: desk.ring.shown(one["phone"], sealed.responder(one["tenant_id"])) for one in numbers}
    return [_near(desk, one, found[one.id], shown.get(one.id, "")) for one in chosen]


def _near(desk: Desk, candidate: Candidate, person: Row, phone: str) -> NearView:
    return NearView(
        responder_id=candidate.id,
        name=person["name"],
        kind=person["kind"],
        phone=phone,
        skills=person["skills"],
        arrives_at=desk.now + candidate.travel,
        travel_s=round(candidate.travel.total_seconds()),
        distance_m=round(candidate.distance_m),
        reasons=[reason for reason in Reason if person[reason.value]],
    )


async def _people(desk: Desk, row: rows.Row, door: Mapping[str, Any]) -> dict[int, Row]:
    if door["latitude"] is None:
        return {}
    place = Point(door["latitude"], door["longitude"])
    return await search.people(desk.conn, row.id, place, search.local(door["time_zone"], desk.now), desk.now)


def _candidates(found: Mapping[int, Row], door: Mapping[str, Any], desk: Desk) -> tuple[Candidate, ...]:
    if not found:
        return ()
    place = Point(door["latitude"], door["longitude"])
    return search.offered(place, found.values(), search.local(door["time_zone"], desk.now), desk.now)


# Where free units wait ----------------------------------------------------------------------------------


async def wait_where(desk: Desk) -> StandbyView:
    """Posts are the middles of divisions; what is expected there is what happened in a year, and homes."""
    units = await _rows(desk, "units")
    places = sorted(await _rows(desk, "places"), key=lambda one: (-_weight(one), one["division_code"]))
    posts = places[:MOST_POSTS]
    if not units or not posts:
        return StandbyView(units=len(units), covered_now=0.0, covered=0.0, posts=[])
    demands = [_demand(place, posts) for place in places]
    held = standby.choose(demands, len(posts), len(units), AWAY)
    ways = {
        (number, post): _way(unit, posts[post]) for number, unit in enumerate(units) for post in set(held)
    }
    goes = standby.moves(range(len(units)), held, ways)
    here = [_demand(place, units) for place in places]
    return StandbyView(
        units=len(units),
        covered_now=standby.cover(here, range(len(units)), AWAY),
        covered=standby.cover(demands, held, AWAY),
        posts=[_post(units[unit], posts[post], ways[unit, post]) for unit, post in sorted(goes.items())],
    )


def _weight(place: Mapping[str, Any]) -> float:
    """A home counts as one alarm in ten years, so that a quiet village is not forgotten. D."""
    return float(place["alarms"]) + float(place["homes"]) / 10


def _demand(place: Mapping[str, Any], posts: Sequence[Mapping[str, Any]]) -> Demand:
    reached = {number for number, post in enumerate(posts) if _way(post, place) <= standby.WITHIN}
    return Demand(_weight(place), frozenset(reached))


def _way(one: Mapping[str, Any], other: Mapping[str, Any]) -> timedelta:
    mode = Mode(one.get("mode", Mode.CAR))
    return travel.expected(
        Point(one["latitude"], one["longitude"]), Point(other["latitude"], other["longitude"]), mode
    )


def _post(unit: Row, post: Row, way: timedelta) -> PostView:
    near = travel.distance_m(
        Point(unit["latitude"], unit["longitude"]), Point(post["latitude"], post["longitude"])
    )
    return PostView(
        responder_id=unit["id"],
        name=unit["name"],
        division_code=post["division_code"],
        division=post["name"],
        latitude=post["latitude"],
        longitude=post["longitude"],
        travel_s=0 if near <= ground.HERE_M else round(way.total_seconds()),
    )


async def _rows(desk: Desk, statement: str, **values: object) -> list[Row]:
    params = {**desk.scope.params, "now": desk.now, **values}
    return await (await desk.conn.execute(SQL[statement], params)).fetchall()


async def _maybe(desk: Desk, statement: str, incident_id: int) -> Row | None:
    return next(iter(await _rows(desk, statement, incident_id=incident_id)), None)
