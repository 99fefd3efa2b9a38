"""Reads what a family may know of one home, and builds their page of it.

What this is: rows into the pure parts (``day``, ``status``, ``progress``, ``words``). What it is not: a rule.
The one idea: the page is made by the very walk over a home's signs that the rules judge by, within the
reader's scope, so it can never know more than a rule does, or other than the resident allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from cloud import sealed
from cloud.auth import Scope
from cloud.consent import store as consents
from cloud.consent.purposes import Purpose
from cloud.db import Connection, Queries
from cloud.detect.rules import reading
from cloud.detect.rules.house import House, walk
from cloud.detect.rules.model import Hole
from cloud.detect.rules.store import WANTED
from cloud.family import day, progress, words
from cloud.family.day import Moment, Visited, What
from cloud.family.status import Facts, Open, status
from cloud.family.views import (
    CircleView,
    FamilyHome,
    Followed,
    FollowedView,
    LookView,
    MomentView,
    ProgressView,
    Said,
    SharedView,
    StatusView,
    StepView,
    WithdrawnView,
)
from cloud.incidents.kinds import TECHNICAL, Family
from cloud.incidents.model import IncidentState, Priority
from cloud.people.card import home_card
from cloud.sealed import Keyring
from firmware_protocols.supervision import BY_HAND
from firmware_protocols.wire.plan import Plan

READ_BACK: Final = timedelta(hours=36)
"""A day, and the night before it, as ``cloud.detect.rules.frame.WINDOW``."""
PAST: Final = timedelta(days=7)
"""[D] Incidents and looks of a week."""
_MOST: Final = 20

"""[D] A page is no archive."""
_SQL: Final = Queries(__package__ or "")


async def followed(conn: Connection, scope: Scope) -> Followed:
    """Which homes this reader follows."""
    homes = await _rows(conn, "followed", scope)
    gone = await _rows(conn, "withdrawn", scope)
    return Followed(
        homes=[FollowedView(**row) for row in homes], withdrawn=[WithdrawnView(**row) for row in gone]
    )


async def home(
    conn: Connection, scope: Scope, home_id: int, now: datetime, ring: Keyring
) -> FamilyHome | None:
    """The page of one home; ``None``: absent, or not for this reader."""
    row = next(iter(await _rows(conn, "home", scope, home_id=home_id)), None)
    if row is None:
        return None
    zone, plan = ZoneInfo(row["time_zone"]), reading.plan(row["plan"])
    standing = {one.purpose: one.asked for one in await consents.standing(conn, scope, home_id)}
    withheld = set(standing)
    known_until = reading.known_until(map(reading.line, row["lines"]))
    incidents = await _rows(conn, "incidents", scope, home_id=home_id, since=now - PAST, most=_MOST)
    seen = House()
    if known_until is not None and Purpose.MONITORING not in withheld:
        seen = await _house(conn, scope, row, plan, min(known_until, now))
    visits = await _visits(conn, scope, home_id, now)
    today = day.moments(seen, plan, plan.local(now).date(), visits)
    if Purpose.VITALS in withheld:
        today = [one for one in today if one.what is not What.MEASURED]
    facts = _facts(row, plan, seen, today, incidents, known_until, withheld, now)
    return FamilyHome(
        home_id=home_id,
        now=now,
        time_zone=row["time_zone"],
        resident=row["resident"],
        phone=ring.shown(row["phone"], sealed.resident(home_id, "phone")),
        centre=row["centre"],
        centre_phone=row["centre_phone"],
        status=_status(facts, zone),
        today=[MomentView(at=one.at, what=one.what, text=_said(words.moment(one))) for one in today],
        incidents=[_progress(one) for one in incidents],
        circle=await _circle(conn, scope, home_id, now, ring),
        looks=await _looks(conn, scope, home_id, row["time_zone"], now),
        shared=[
            SharedView(purpose=one, allowed=one not in standing, asked=standing.get(one, True))
            for one in Purpose
        ],
    )


async def _house(
    conn: Connection, scope: Scope, row: Mapping[str, Any], plan: Plan, until: datetime
) -> House:
    """Where somebody is and was, as the rules would say."""
    devices = {one.id: one for one in map(reading.device, row["devices"])}
    since = until - READ_BACK
    by_hand = [one.id for one in devices.values() if one.kind in BY_HAND]
    asked = {"home_id": row["home_id"], "since": since, "until": until, **WANTED, "by_hand": by_hand}
    signs = [reading.sign(one) for one in await _rows(conn, "signs", scope, **asked)]
    holes = [
        Hole(one["since"], one["until"])
        for one in await _rows(conn, "holes", scope, home_id=row["home_id"], since=since)
    ]
    return walk(signs, devices, plan, since, until, holes=holes)


async def _visits(conn: Connection, scope: Scope, home_id: int, now: datetime) -> list[Visited]:
    found = await _rows(conn, "visits", scope, home_id=home_id, since=now - READ_BACK)
    return [Visited(one["at"], one["kind"], one["who"]) for one in found]


def _facts(  # noqa: PLR0917 - everything a sentence may rest on, each thing once
    row: Mapping[str, Any],
    plan: Plan,
    seen: House,
    today: list[Moment],
    incidents: list[dict[str, Any]],
    known_until: datetime | None,
    withheld: set[Purpose],
    now: datetime,
) -> Facts:
    away = plan.watch.away_until
    return Facts(
        now=now,
        known_until=known_until,
        incidents=tuple(_open(one) for one in incidents if one["closed_at"] is None),
        observed=Purpose.MONITORING not in withheld,
        ended=row["ended"],
        away_until=datetime.fromtimestamp(away, UTC) if away else None,
        up_at=next((one.at for one in today if one.what is What.UP), None),
        out_since=day.rounded(seen.out.since) if seen.out and plan.person.lives_alone else None,
        moved_at=seen.last.at if seen.last else None,
        nights_up=day.nights_up(seen, plan, plan.local(now).date()),
    )


def _open(row: Mapping[str, Any]) -> Open:
    technical = Family(row["family"]) in TECHNICAL
    return Open(Priority(row["priority"]), IncidentState(row["state"]), technical)


def _status(facts: Facts, zone: ZoneInfo) -> StatusView:
    found = status(facts)
    moved = day.rounded(facts.moved_at) if facts.moved_at else None
    times = {
        "known_until": facts.known_until,
        "away_until": facts.away_until,
        "up_at": facts.up_at,
        "out_since": facts.out_since,
        "moved_at": moved,
    }
    values = {name: words.clock(at, facts.now, zone) for name, at in times.items()}
    return StatusView(
        level=found.level,
        headline=_said(words.HEADLINES[found.headline]),
        sentence=_said(words.sentence(found.parts, values | {"nights_up": str(facts.nights_up)})),
        known_until=facts.known_until,
    )


def _progress(row: Mapping[str, Any]) -> ProgressView:
    title = words.what(row["kind"], shared=not row["kept_back"])
    values = {"what": title, "outcome": words.OUTCOMES[progress.outcome(row["outcome"])]}
    entries = [progress.Entry(datetime.fromisoformat(one["at"]), one["to_state"]) for one in row["steps"]]
    return ProgressView(
        id=row["id"],
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
        title=_said(title),
        steps=[
            StepView(at=step.at, text=_said(words.step(step.key, values))) for step in progress.steps(entries)
        ],
    )


async def _circle(
    conn: Connection, scope: Scope, home_id: int, now: datetime, ring: Keyring
) -> list[CircleView]:
    """As on the card: the scope's purpose masks the numbers."""
    card = await home_card(conn, scope, home_id, now, ring=ring)
    contacts = card.contacts if card else []
    return [
        CircleView(name=one.name, relation=one.relation, phone=one.phone, has_key=one.has_key)
        for one in contacts
    ]


async def _looks(conn: Connection, scope: Scope, home_id: int, zone: str, now: datetime) -> list[LookView]:
    asked = {"home_id": home_id, "since": now - PAST, "zone": zone, "most": _MOST}
    return [
        LookView(
            name=one["name"] or "",
            role=one["role"],
            n=one["n"],
            last_at=one["last_at"],
            emergency=one["emergency"],
            own=one["staff_id"] == scope.staff_id,
        )
        for one in await _rows(conn, "looks", scope, **asked)
    ]


def _said(text: Mapping[str, str]) -> Said:
    return cast("Said", dict(text))


async def _rows(conn: Connection, statement: str, scope: Scope, **values: object) -> list[dict[str, Any]]:
    return await (await conn.execute(_SQL[statement], {**scope.params, **values})).fetchall()
