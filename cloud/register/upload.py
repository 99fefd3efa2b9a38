"""``POST /register/import``: a whole roster file by upload, first as a trial that names every fault.

What this is: the file's faults with line and field, and the loader run by an administrator within their
tenant. What it is not: another loader; ``cloud.people.roster`` reads, judges and loads. The one idea: the
trial is the real thing in a transaction that is undone, so what it says is what would happen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Any, Final

import msgspec
from anyio import to_thread
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from cloud.access import Call
from cloud.auth import Scope
from cloud.db import Connection
from cloud.incidents import rows
from cloud.once import Once
from cloud.people import roster, roster_store
from cloud.people.divisions import HUAIHUA, is_below
from cloud.people.roster import Division, Roster, RosterError
from cloud.problems import ProblemError
from cloud.register.desk import PURPOSE, SQL
from cloud.register.kinds import GIVEN
from cloud.register.lines import line_of, lines
from cloud.register.routes import WRITE_ERRORS, Admin
from cloud.register.rules import Fault, faults

router = APIRouter(prefix="/register", tags=["register"])

MOST: Final = 1_000
"""Faults in one answer; a file with more is another kind of file."""


class FaultView(BaseModel):
    """One fault: its place in the file (``line`` from 1, 0: none), its field, and the rule it breaks."""

    line: int
    where: list[str | int]
    rule: str


class Imported(BaseModel):
    """What the file holds. ``loaded``: it is in force now; with faults or as a trial nothing was changed."""

    loaded: bool
    homes: int
    staff: int
    faults: list[FaultView]


@router.post(
    "/import",
    operation_id="importRoster",
    summary="Load a roster file",
    response_model=Imported,
    responses=WRITE_ERRORS,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object", "title": "Roster"}}},
        }
    },
)
async def import_roster(
    request: Request,
    admin: Admin,
    once: Once,
    dry_run: Annotated[bool, Query(description="only say what is wrong")] = False,
) -> Imported:
    """All of the file or nothing; it is the one that ``anban-cloud load`` takes, of one's own tenant.

    A file with faults answers 200 with ``loaded`` false and every fault. What the file does not name stays.
    """
    content, scope = await request.body(), admin.scope(PURPOSE)
    once.call.saw(scope.purpose, None)

    async def work(conn: Connection) -> Imported:
        """Shared rows (divisions, ids that are unique everywhere) lie outside any person's bounds: the load
        runs beside them, after it was checked that the file speaks of the asker's own tenant only."""
        found = await _faults(conn, content, scope)
        if not found:
            await conn.execute(SQL["let_idle"])
            found = await load(once.call, roster.parse(content), admin.tenant_id, dry_run=dry_run)
        loaded = not found and not dry_run
        return await to_thread.run_sync(lambda: _answer(content, found, loaded=loaded))

    if dry_run:
        async with once.call.reading(scope) as conn:
            return await work(conn)
    return await once.do(scope, Imported, work)


async def _faults(conn: Connection, content: bytes, scope: Scope) -> list[Fault]:
    """Those of single fields, all of them; without any, those between parts; then those against the rest."""
    taken, found = await to_thread.run_sync(_judged, content)  # thousands of homes take a second
    return found if taken is None else [fault async for fault in _foreign(conn, taken, scope)]


def _judged(content: bytes) -> tuple[Roster | None, list[Fault]]:
    document = _document(content)
    single = list(islice(faults(document, Roster), MOST))
    if single:
        return None, single
    taken = msgspec.convert(document, Roster)
    between = [Fault((), rule) for rule in islice(roster.faults(taken), MOST)]
    return (None, between) if between else (taken, [])


async def _foreign(conn: Connection, taken: Roster, scope: Scope) -> AsyncIterator[Fault]:
    """What the file says that its asker may not: of another tenant, of a division, of a role."""
    asked = {
        **scope.params,
        "codes": [division.code for division in taken.divisions],
        "usernames": [person.username for person in taken.staff],
    }
    stands = await (await conn.execute(SQL["what_stands"], asked)).fetchone()
    if stands is None:
        raise LookupError("what_stands")
    own = stands["tenants"].get(taken.tenant.code)
    if own is None:
        yield Fault(("tenant", "code"), "this is not your tenant")
    elif own != taken.tenant.division:
        yield Fault(("tenant", "division"), "this is changed by whoever runs the installation")
    for number, division in enumerate(taken.divisions):
        for field, rule in _misplaced(division, stands["places"].get(division.code), own or ""):
            yield Fault(("divisions", number, field), rule)
    for number, person in enumerate(taken.staff):
        if {person.role.value, stands["roles"].get(person.username, person.role.value)} - GIVEN:
            yield Fault(("staff", number, "role"), "this role is not given by administrators")


def _misplaced(division: Division, known: Sequence[str | None] | None, own: str) -> Iterator[tuple[str, str]]:
    """Field and rule of what would change a place that others share. ``known``: its name and parent here;
    ``own``: the division of the tenant, below which it may add places.
    """
    if known is not None:
        if division.name != known[0]:
            yield "name", "this division has another name here"
        if division.parent != known[1]:
            yield "parent", "this division has another parent here"
    elif HUAIHUA.get(division.code) != division.name and not is_below(division.code, own):
        yield "code", "this division does not lie in yours: whoever runs the installation adds it"


async def load(call: Call, taken: Roster, tenant: int, *, dry_run: bool) -> list[Fault]:
    """Load what was judged; as a trial it is undone. What stands against it as a whole comes back."""
    try:
        async with call.unscoped() as conn, conn.transaction(force_rollback=dry_run):
            await roster_store.load(conn, taken, call.parts.ring)
            await rows.start_anew(conn, tenant, None, call.now)
    except RosterError as error:
        return [Fault((), str(error))]
    return []


def _answer(content: bytes, found: Sequence[Fault], *, loaded: bool) -> Imported:
    places, document = lines(content.decode()) if found else {}, _document(content)
    return Imported(
        loaded=loaded,
        homes=_length(document, "homes"),
        staff=_length(document, "staff"),
        faults=[
            FaultView(
                line=line_of(places, one.where) if one.where else 0, where=list(one.where), rule=one.rule
            )
            for one in found
        ],
    )


def _length(document: Any, part: str) -> int:
    listed = document.get(part, []) if isinstance(document, dict) else []
    return len(listed) if isinstance(listed, list) else 0


def _document(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "not_json", "The file is not JSON.") from error
