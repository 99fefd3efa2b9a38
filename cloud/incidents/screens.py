"""What the screens read of incidents and homes; it changes nothing.

Reads made for a person take a ``Scope``; what lies outside it does not exist for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cloud import sealed
from cloud.auth import Scope
from cloud.db import Connection, Queries
from cloud.incidents.errors import NotFound
from cloud.incidents.machine import Incident, actions
from cloud.incidents.model import (
    HomeView,
    IncidentDetail,
    IncidentState,
    IncidentView,
    MessageView,
    Priority,
    RungView,
    Snapshot,
    TimelineEntry,
)
from cloud.sealed import NO_KEYS, Keyring

SQL: Final = Queries(__package__)
_SHOWN_OF_ADDRESS: Final = 3
"""Characters of an address that a screen shows: enough to tell two apart, too few to write to."""


async def snapshot(conn: Connection, scope: Scope, now: datetime) -> Snapshot:
    """Open incidents and homes in ``scope``, and the change id to continue from.

    The id is read first: a change that commits meanwhile is then seen twice, which does no harm, and never
    missed.
    """
    seq = (await _rows(conn, "latest_change", {}))[0]["seq"]
    incidents = await open_incidents(conn, scope, now)
    homes = [_home(row, now) for row in await _rows(conn, "homes", scope.params)]
    return Snapshot(seq=seq, now=now, incidents=incidents, homes=homes)


async def open_incidents(conn: Connection, scope: Scope, _now: datetime) -> list[IncidentView]:
    """The queue: priority first, then the longest waiting."""
    return [IncidentView.model_validate(row) for row in await _rows(conn, "open_cards", scope.params)]


async def detail(conn: Connection, scope: Scope, incident_id: int, ring: Keyring = NO_KEYS) -> IncidentDetail:
    """One incident with its timeline, ladder and messages, and what a person may do now.

    Raises:
        NotFound: no such incident in ``scope``.
    """
    params = {**scope.params, "incident_id": incident_id}
    cards = await _rows(conn, "card_in_scope", params)
    if not cards:
        raise NotFound
    view = IncidentView.model_validate(cards[0])
    people = await _rows(conn, "resident_card", {**scope.params, "home_id": view.home_id})
    circle = sealed.contact(view.home_id)
    resident = people[0] if people else {"phone": "", "notes": ""}
    return IncidentDetail(
        incident=view,
        timeline=[TimelineEntry.model_validate(row) for row in await _rows(conn, "timeline", params)],
        ladder=[
            RungView.model_validate(row | {"phone": ring.shown(row["phone"], circle)})
            for row in await _rows(conn, "ladder", params)
        ],
        messages=[_message(row, circle, ring) for row in await _rows(conn, "messages", params)],
        actions=[trigger.value for trigger in actions(_value(view))],
        resident_phone=ring.shown(resident["phone"], sealed.resident(view.home_id, "phone")),
        notes=resident["notes"],
    )


async def card(conn: Connection, incident_id: int) -> IncidentView:
    """The incident as the queue shows it, for whoever has just changed it."""
    return IncidentView.model_validate((await _rows(conn, "card", {"incident_id": incident_id}))[0])


async def _rows(conn: Connection, query: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    cursor = await conn.execute(SQL[query], params)
    return await cursor.fetchall()


def _home(row: Mapping[str, Any], now: datetime) -> HomeView:
    age = now.year - row["birth_year"] if row["birth_year"] else 0
    return HomeView.model_validate({**row, "age": age})


def _message(row: Mapping[str, Any], circle: str, ring: Keyring) -> MessageView:
    scheme, _, rest = row["address"].partition(":")
    opened = ring.shown(rest, sealed.addressee(row, circle))
    return MessageView.model_validate({**row, "address": mask(f"{scheme}:{opened}")})


def mask(address: str) -> str:
    """``sms:+8613812345678`` → ``sms:…678``: an address may hold a telephone number or a secret."""
    scheme, _, rest = address.partition(":")
    return f"{scheme}:…{rest[-_SHOWN_OF_ADDRESS:]}"


def _value(view: IncidentView) -> Incident:
    return Incident(
        priority=Priority(view.priority),
        state=IncidentState(view.state),
        state_since=view.state_since,
        due_at=view.due_at,
        acked_at=view.acked_at,
    )
