"""From the incident's row to the machine's value and back, with everything that a step leaves behind.

What this is: the only writer of ``incident`` and ``incident_event``. The one idea: ``take`` writes the row,
its timeline entry, the rows its effects ask for, and the change that the screens hear of at the commit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from psycopg.types.json import Jsonb

from cloud.db import Connection, Queries
from cloud.incidents import home, screens
from cloud.incidents.kinds import OF_OTHERS, TECHNICAL
from cloud.incidents.machine import NO_DETAIL, Detail, Incident, Trigger, advance
from cloud.incidents.model import IncidentState, OutcomeCode, Priority
from cloud.incidents.timers import Effect

SQL: Final = Queries(__package__)

_ANEW: Final = {"reason": "scope"}
"""As ``cloud.stream.Reset`` has it."""
Opened: TypeAlias = tuple[Incident, tuple[Effect, ...]]
"""What the machine answers."""


@dataclass(frozen=True, slots=True)
class Row:
    """A locked incident: its value for the machine and the columns that never change."""

    id: int
    tenant_id: int
    home_id: int
    family: str
    kind: str
    incident: Incident


async def lock(conn: Connection, incident_id: int) -> Row:
    """The incident, locked until the transaction ends. Its home is locked already."""
    return of(await one(conn, "incident_for_update", incident_id=incident_id))


def of(row: Mapping[str, Any]) -> Row:
    """All columns of ``incident`` as values; to change it, it must be locked."""
    incident = Incident(
        priority=Priority(row["priority"]),
        state=IncidentState(row["state"]),
        state_since=row["state_since"],
        due_at=row["due_at"],
        acked_at=row["acked_at"],
        owner_id=row["owner_id"],
        responder=row["responder"],
        eta_at=row["eta_at"],
        outcome=OutcomeCode(row["outcome"]) if row["outcome"] else None,
        note=row["note"],
        closed_at=row["closed_at"],
        technical=row["family"] in TECHNICAL,
        zone=row["time_zone"],
        version=row["version"],
    )
    return Row(row["id"], row["tenant_id"], row["home_id"], row["family"], row["kind"], incident)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens to an incident, and who did it: ``staff:ID``, ``contact:ID``, ``gateway:ID``,
    ``timer``. ``record``: what the timeline keeps of it, JSON values only.
    """

    trigger: Trigger
    actor: str
    now: datetime
    detail: Detail = NO_DETAIL
    record: Mapping[str, Any] = field(default_factory=dict)


async def create(conn: Connection, columns: Mapping[str, Any], given: Opened, step: Step) -> int:
    """Write a new incident; ``columns``: those that the machine does not know. Return its number.

    The ladder is frozen here: an edited contact list reaches only later incidents. What is not about the
    resident has none.
    """
    incident, effects = given
    before = await _open_priority(conn, columns["home_id"])
    params = {**columns, **_columns(incident), "now": step.now}
    incident_id: int = (await one(conn, "insert_incident", **params))["id"]
    if columns["family"] not in OF_OTHERS:
        frozen = {"incident_id": incident_id, "home_id": columns["home_id"]}
        await conn.execute(SQL["freeze_ladder"], frozen)
    await _append_event(conn, incident_id, "", given, step)
    await _carry_out(conn, incident_id, effects, step)
    await _publish(conn, await lock(conn, incident_id), before, step.now)
    return incident_id


async def take(conn: Connection, row: Row, step: Step) -> Row:
    """Take one step and write all of it.

    Raises:
        Refused: nothing was written.
    """
    given = advance(row.incident, step.trigger, step.now, step.detail)
    after, effects = given
    before = await _open_priority(conn, row.home_id)
    await conn.execute(SQL["update_incident"], {**_columns(after), "incident_id": row.id})
    await _append_event(conn, row.id, row.incident.state.value, given, step)
    await _carry_out(conn, row.id, effects, step)
    await conn.execute(SQL["decide_again"], {"incident_id": row.id, "now": step.now})
    await _publish(conn, row, before, step.now)
    return replace(row, incident=after)


async def show(conn: Connection, row: Row, now: datetime) -> None:
    """Tell the screens again, because something beside the incident changed what they show of it."""
    await _publish(conn, row, await _open_priority(conn, row.home_id), now)


async def show_home(conn: Connection, tenant_id: int, home_id: int, now: datetime) -> None:
    """Tell the screens of a home that was changed, as it will be at the commit: ``append_change`` reads it
    when nothing else can change it any more.
    """
    params = {"tenant_id": tenant_id, "home_id": home_id, "topic": "home", "now": now}
    await conn.execute(SQL["defer_change"], {**params, "body": Jsonb({})})


async def start_anew(conn: Connection, tenant_id: int, home_id: int | None, now: datetime) -> None:
    """Let the screens that show this home (``None``: the tenant's desk) read a new snapshot: a change can add
    and alter what they show, and not take it away.
    """
    params = {"tenant_id": tenant_id, "home_id": home_id, "topic": "reset", "now": now}
    await conn.execute(SQL["defer_change"], {**params, "body": Jsonb(_ANEW)})


async def _append_event(conn: Connection, incident_id: int, before: str, given: Opened, step: Step) -> None:
    """Add a timeline entry; its number is the version it led to, so no two writers can claim it."""
    after, effects = given
    shown = {"effects": [effect.value for effect in effects]} if effects else {}
    entry = {
        "incident_id": incident_id,
        "seq": after.version,
        "now": step.now,
        "actor": step.actor,
        "trigger": step.trigger.value,
        "from_state": before,
        "to_state": after.state.value,
        "detail": Jsonb({**step.record, **shown}),
    }
    await conn.execute(SQL["append_event"], entry)


async def _publish(conn: Connection, row: Row, before: int | None, now: datetime) -> None:
    """Tell the screens, who hear it at the commit. ``before``: the home's most urgent priority until now."""
    view = await screens.card(conn, row.id)
    await _defer_change(conn, row, "inc", view.model_dump(mode="json"), now)
    if before != await _open_priority(conn, row.home_id):
        await show_home(conn, row.tenant_id, row.home_id, now)


async def one(conn: Connection, query: str, **params: object) -> dict[str, Any]:
    """The single row that ``query`` must return."""
    row = await maybe(conn, query, **params)
    if row is None:
        raise LookupError(query)
    return row


async def maybe(conn: Connection, query: str, **params: object) -> dict[str, Any] | None:
    """The row that ``query`` returns, if any."""
    cursor = await conn.execute(SQL[query], params)
    return await cursor.fetchone()


async def _open_priority(conn: Connection, home_id: int) -> int | None:
    priority: int | None = (await one(conn, "open_priority", home_id=home_id))["priority"]
    return priority


async def _defer_change(
    conn: Connection, row: Row, topic: str, body: Mapping[str, Any], now: datetime
) -> None:
    params = {"tenant_id": row.tenant_id, "home_id": row.home_id, "topic": topic, "now": now}
    await conn.execute(SQL["defer_change"], {**params, "body": Jsonb(body)})


def _columns(incident: Incident) -> dict[str, Any]:
    return asdict(incident) | {
        "priority": int(incident.priority),
        "state": incident.state.value,
        "outcome": incident.outcome.value if incident.outcome else None,
    }


# What each effect writes. Those that are missing only remind: the timeline entry and the new timer show them.


async def _tell(conn: Connection, incident_id: int, steps: str, template: str, now: datetime) -> None:
    cursor = await conn.execute(SQL[steps], {"incident_id": incident_id})
    await tell(conn, incident_id, [row["step"] for row in await cursor.fetchall()], template, now)


async def tell(conn: Connection, incident_id: int, steps: list[int], template: str, now: datetime) -> None:
    """Queue ``template`` for the people on these steps of the ladder, each on their first channel."""
    params = {"incident_id": incident_id, "steps": steps, "template": template, "now": now}
    await conn.execute(SQL["tell_rungs"], params)


async def _tell_family(conn: Connection, incident_id: int, now: datetime) -> None:
    await _tell(conn, incident_id, "family_steps", "raised", now)
    await _tell_followers(conn, incident_id, "raised", now)


async def _tell_asked(conn: Connection, incident_id: int, now: datetime) -> None:
    await _tell(conn, incident_id, "asked_steps", "relieved", now)
    await conn.execute(SQL["relieve_rungs"], {"incident_id": incident_id})


async def _tell_outcome(conn: Connection, incident_id: int, now: datetime) -> None:
    await _tell(conn, incident_id, "told_steps", "settled", now)
    await _tell_followers(conn, incident_id, "settled", now)


async def _tell_followers(conn: Connection, incident_id: int, template: str, now: datetime) -> None:
    """Queue ``template`` for the telephones of whoever of the family follows the home."""
    params = {"incident_id": incident_id, "template": template, "now": now}
    await conn.execute(SQL["tell_followers"], params)


def _run(query: str) -> Callable[[Connection, int, datetime], Awaitable[None]]:
    async def run(conn: Connection, incident_id: int, now: datetime) -> None:
        await conn.execute(SQL[query], {"incident_id": incident_id, "now": now})

    return run


async def _stop_ladder(conn: Connection, incident_id: int, now: datetime) -> None:
    params = {"incident_id": incident_id, "now": now}
    await conn.execute(SQL["stop_ladder"], params)
    await conn.execute(SQL["withdraw_asks"], params)


EFFECT_ROWS: Final[Mapping[Effect, Callable[[Connection, int, datetime], Awaitable[None]]]] = {
    Effect.TELL_FAMILY: _tell_family,
    Effect.TELL_ASKED: _tell_asked,
    Effect.TELL_OUTCOME: _tell_outcome,
    Effect.PAGE_SUPERVISOR: _run("page_supervisor"),
    Effect.START_LADDER: _run("start_ladder"),
    Effect.STOP_LADDER: _stop_ladder,
    Effect.RENEW_LADDER: _run("renew_ladder"),
    Effect.WITHDRAW_MESSAGES: _run("withdraw_messages"),
}


async def _carry_out(conn: Connection, incident_id: int, effects: tuple[Effect, ...], step: Step) -> None:
    """Write the rows that ``effects`` ask for, in their order."""
    for effect in effects:
        if effect in EFFECT_ROWS:
            await EFFECT_ROWS[effect](conn, incident_id, step.now)
        elif effect in home.WORDS:
            await home.tell(conn, incident_id, effect, step.trigger, step.now)
        elif effect is Effect.UNTELL_HOME:
            await home.untell(conn, incident_id)
