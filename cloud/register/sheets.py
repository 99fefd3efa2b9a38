"""``POST /register/residents/sheet``: residents from CSV or XLSX, first as a trial that names every bad row.

What this is: file -> rows (``sheet_file``) -> homes (``sheet``) -> the roster's own rules and its own loader.
What it is not: another loader. The one idea: a sheet only ever adds; whoever is registered already is a fault
of its row, so that no careless column empties somebody's care circle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import islice
from typing import Annotated, Any, Final

import msgspec
from anyio import to_thread
from fastapi import APIRouter, Query
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from cloud.db import Connection
from cloud.once import Once
from cloud.people import roster
from cloud.people.divisions import HUAIHUA
from cloud.people.roster import Division, Home, Roster, Tenant
from cloud.problems import ProblemError
from cloud.register import desk, kinds, sheet, sheet_file, upload
from cloud.register.desk import PURPOSE, Work
from cloud.register.routes import WRITE_ERRORS, Admin
from cloud.register.rules import faults as broken
from cloud.register.sheet import Fault, Known, Rule, Sheet
from cloud.register.sheet_file import Form, Row, Unreadable

router = APIRouter(prefix="/register", tags=["register"])

MOST: Final = 1_000
"""Faults in one answer."""
_REFUSALS: Final[Mapping[str, str]] = {
    "unreadable": "The file cannot be read: save it as CSV or XLSX, without a password.",
    "too_large": f"The file has too much in it: at most {sheet_file.MOST_ROWS} rows at once.",
    "empty": "The file is empty.",
}


class NewSheet(BaseModel):
    """The file in base 64, and how it is written."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    form: Form
    content: Base64Bytes = Field(max_length=6 * 1024 * 1024)


class SheetFault(BaseModel):
    """One fault. ``row``: as the file counts, 0: the whole file; ``column``: the field, with ``heading`` as
    the file writes it; ``detail``: what helps to mend it, or the rule in words where ``rule`` is ``other``.
    """

    row: int
    column: str
    heading: str
    rule: Rule
    detail: str


class SheetTaken(BaseModel):
    """What the file holds. ``loaded``: it is in force now; with faults or as a trial nothing was changed.
    ``ignored``: headings that nobody knows.
    """

    loaded: bool
    homes: int
    contacts: int
    ignored: list[str]
    faults: list[SheetFault]


@dataclass(frozen=True, slots=True)
class _Stands:
    """What stands in the database of what the sheet names."""

    tenant: Tenant
    divisions: Mapping[str, Division]
    keys: frozenset[str]
    year: int

    @property
    def known(self) -> Known:
        places = {**HUAIHUA, **{code: one.name for code, one in self.divisions.items()}}
        return Known(self.tenant.division, places, self.keys, self.year)


@router.post(
    "/residents/sheet",
    operation_id="importResidents",
    summary="Take residents in from a sheet",
    responses=WRITE_ERRORS,
)
async def import_residents(
    asked: NewSheet,
    admin: Admin,
    once: Once,
    dry_run: Annotated[bool, Query(description="only say what is wrong")] = False,
) -> SheetTaken:
    """One home with its resident and care circle per row; all rows or none.

    A file with faults answers 200 with ``loaded`` false and every bad row. Divisions are named or numbered.
    """
    scope = admin.scope(PURPOSE)
    once.call.saw(scope.purpose, None)
    rows = await to_thread.run_sync(_rows, asked)

    async def work(conn: Connection) -> SheetTaken:
        stands = await _stands(Work(conn, admin, scope, once.call), rows)
        found, taken = await to_thread.run_sync(_judged, rows, stands)
        if taken is not None:
            await conn.execute(desk.SQL["let_idle"])
            whole = await upload.load(once.call, taken, admin.tenant_id, dry_run=dry_run)
            found = replace(found, faults=tuple(Fault(0, "", Rule.OTHER, one.rule) for one in whole))
        return _answer(found, loaded=not found.faults and not dry_run)

    if dry_run:
        async with once.call.reading(scope) as conn:
            return await work(conn)
    return await once.do(scope, SheetTaken, work)


def _rows(asked: NewSheet) -> list[Row]:
    try:
        return sheet_file.rows(asked.form, asked.content)
    except Unreadable as error:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"file_{error.code}", _REFUSALS[error.code]
        ) from error


async def _stands(work: Work, rows: list[Row]) -> _Stands:
    tenant = await desk.read(work, kinds.TENANTS, work.actor.tenant_id)
    cells = {cell for row in rows for cell in row if cell}
    found = await work.maybe("what_stands_of_sheet", {"keys": sorted(cells)})
    if found is None:
        raise LookupError("what_stands_of_sheet")
    places = {code: Division(code, name, parent) for code, (name, parent) in found["places"].items()}
    return _Stands(tenant.record, places, frozenset(found["keys"]), work.now.year)


def _judged(rows: list[Row], stands: _Stands) -> tuple[Sheet, Roster | None]:
    """The sheet with its faults, and without any the roster that it becomes."""
    found = sheet.read(rows, stands.known)
    if not found.faults:
        found = replace(found, faults=tuple(islice(_backstop(found), MOST)))
    if found.faults:
        return found, None
    homes = tuple(msgspec.convert(home, Home) for home in found.homes)
    named = {home.division for home in homes} | {stands.tenant.division}
    listed = tuple(_above(stands.divisions, named))
    taken = Roster(listed, stands.tenant, (), homes)
    between = tuple(Fault(0, "", Rule.OTHER, rule) for rule in islice(roster.faults(taken), MOST))
    return replace(found, faults=between), None if between else taken


def _backstop(found: Sheet) -> Iterator[Fault]:
    """What the roster's own rules say beyond the sheet's."""
    for home, row in zip(found.homes, found.rows, strict=True):
        for one in broken(home, Home):
            yield Fault(row, sheet.column_of(home, one.where), Rule.OTHER, one.rule)


def _above(divisions: Mapping[str, Division], codes: set[str]) -> Iterator[Division]:
    """Those that are named, and what they lie in."""
    waiting, met = sorted(codes), set[str]()
    while waiting:
        one = divisions.get(waiting.pop())
        if one is not None and one.code not in met:
            met.add(one.code)
            yield one
            waiting += [one.parent] if one.parent else []


def _answer(found: Sheet, *, loaded: bool) -> SheetTaken:
    contacts: list[Any] = [one for home in found.homes for one in home["contacts"]]
    return SheetTaken(
        loaded=loaded,
        homes=len(found.homes),
        contacts=len(contacts),
        ignored=list(found.ignored),
        faults=[
            SheetFault(
                row=one.row,
                column=one.column,
                heading=found.headings.get(one.column, ""),
                rule=one.rule,
                detail=one.detail,
            )
            for one in found.faults[:MOST]
        ],
    )
