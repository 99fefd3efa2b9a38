"""The one road of every record: list, read, add, change, retire, within the asker's bounds.

What this is: the shell around the statements; versions, refusals, and what a change means for the rest. What
it is not: a rule about a record's content (``cloud.people.roster``), or HTTP. The one idea: a change names
the version it was made from and is a compare-and-set, so nobody overwrites what they have not seen.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar

import msgspec

from cloud import cursors
from cloud.access import Call
from cloud.auth import Principal, Purpose, Scope
from cloud.cursors import Asked, ById
from cloud.db import Connection, Queries
from cloud.problems import InvalidField, ProblemError, not_found
from cloud.register.model import Kept
from cloud.sealed import Keyring

SQL: Final = Queries(__package__)
META: Final = ("id", "version", "retired_at", "home_id", "home_key", "gateway_id", "division_name")
PLACE: Final = "place"
"""What a list is sorted by, before the number; not shown."""
PURPOSE: Final = Purpose.ADMINISTER

R = TypeVar("R", bound=msgspec.Struct)
W = TypeVar("W")
Ident = int | str


class ByText(msgspec.Struct, frozen=True, array_like=True):
    """The place in a list that is sorted by a name."""

    id: str


class ByPlace(msgspec.Struct, frozen=True, array_like=True):
    """The place in a list that is sorted as its reader likes, and then by number."""

    id: cursors.Number
    place: str


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work: in which transaction, for whom, within which bounds, in which request."""

    conn: Connection
    actor: Principal
    scope: Scope
    call: Call

    @property
    def now(self) -> datetime:
        """The time of the request."""
        return self.call.now

    @property
    def ring(self) -> Keyring:
        """The keys of the numbers."""
        return self.call.parts.ring

    async def rows(self, statement: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What ``statement`` finds within the bounds."""
        cursor = await self.conn.execute(SQL[statement], {**self.scope.params, "now": self.now, **params})
        return await cursor.fetchall()

    async def maybe(self, statement: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """The row that ``statement`` finds, if any."""
        found = await self.rows(statement, params)
        return found[0] if found else None

    async def run(self, statement: str, params: Mapping[str, Any]) -> None:
        """Carry out ``statement``, which says nothing of what it did."""
        await self.conn.execute(SQL[statement], {**self.scope.params, **params})


Add = Callable[[Work, Mapping[str, Ident], Any], Awaitable[Ident | None]]
"""Adds a record within something; the new record's number, ``None`` if there is no such thing."""
Write = Callable[[Work, Ident, int, Any], Awaitable[bool]]
"""Changes the record of that number if it still has that version; whether it did."""
End = Callable[[Work, Ident, int], Awaitable[bool]]
"""Retires the record of that number if it still has that version; whether it did."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """What is special about one kind of record.

    ``name``: in the path and of its list's statement. ``shown``: makes the record from a row. ``asked``: its
    list's filters. ``fixed``: the field that names it outside and never changes. ``faults``: the roster's.
    ``add``, ``write``, ``end``: ``None`` where there is no such way. ``is_home``: it is a home itself.
    ``opened``: its row with the sealed numbers opened.
    """

    name: str
    shown: Callable[[dict[str, Any]], R]
    asked: type[Asked]
    place: type[ById | ByText | ByPlace] = ById
    fixed: str = ""
    faults: Callable[[Any], Iterable[str]] = lambda _: ()
    add: Add | None = None
    write: Write | None = None
    end: End | None = None
    is_home: bool = False
    opened: Callable[[Keyring, dict[str, Any]], dict[str, Any]] = lambda _, row: row


async def page(work: Work, kind: Kind[R], asked: Asked) -> tuple[list[Kept[R]], str | None]:
    """One page of the list, and the cursor of the next."""
    last = cursors.after(asked, kind.name, work.scope, kind.place)
    params = {**asked.filters, **_after(last), "id": None, "limit": asked.limit + 1}
    rows = await work.rows(kind.name, params)
    shown, following = cursors.page(rows, lambda row: _place(kind, row), asked, kind.name, work.scope)
    return [_kept(work, kind, row) for row in shown], following


def _after(last: ById | ByText | ByPlace | None) -> dict[str, Any]:
    """After which number, and which place before it, a page begins."""
    return {"after": last and last.id, "after_place": getattr(last, PLACE, None)}


def _place(kind: Kind[Any], row: Mapping[str, Any]) -> msgspec.Struct:
    return kind.place(**{name: row[name] for name in kind.place.__struct_fields__})


async def read(work: Work, kind: Kind[R], number: Ident) -> Kept[R]:
    """One record, retired or not.

    Raises:
        ProblemError: 404.
    """
    everything = {**kind.asked().filters, **_after(None), "retired": True, "id": number, "limit": 1}
    row = await work.maybe(kind.name, everything)
    if row is None:
        raise not_found()
    return _kept(work, kind, row)


async def add(work: Work, kind: Kind[R], within: Mapping[str, Ident], record: Any) -> Kept[R]:
    """Add ``record`` and show it.

    Raises:
        ProblemError: 404 what it shall belong to is not there; 409; 422.
    """
    check(kind, record)
    number = await _offered(kind.add)(work, within, record)
    if number is None:
        raise not_found()
    return await read(work, kind, number)


async def change(work: Work, kind: Kind[R], number: Ident, version: int, record: Any) -> Kept[R]:
    """Make the record what ``record`` says, if it still has ``version``.

    Raises:
        ProblemError: 404; 409 with ``current``; 422.
    """
    check(kind, record)
    before = await read(work, kind, number)
    if kind.fixed and getattr(record, kind.fixed) != getattr(before.record, kind.fixed):
        raise invalid(f"{kind.fixed} names it outside and stays as it is")
    if not await _offered(kind.write)(work, number, version, record):
        raise stale(await read(work, kind, number), version)
    return await read(work, kind, number)


async def retire(work: Work, kind: Kind[R], number: Ident, version: int) -> Kept[R]:
    """Put the record out of use, if it still has ``version``.

    Raises:
        ProblemError: 404; 409 with ``current``.
    """
    await read(work, kind, number)
    if not await _offered(kind.end)(work, number, version):
        raise stale(await read(work, kind, number), version)
    return await read(work, kind, number)


def _offered(way: W | None) -> W:
    if way is None:
        raise LookupError("the routes offer what the kind has")
    return way


def check(kind: Kind[Any], record: Any) -> None:
    """Ask the roster's rules.

    Raises:
        ProblemError: 422 with each fault.
    """
    found = list(kind.faults(record))
    if found:
        raise invalid(*found)


def stale(current: Kept[Any], version: int) -> ProblemError:
    """Why a change of ``current`` made from ``version`` was not made."""
    retired = current.retired_at is not None and current.version == version
    code, detail = ("retired", "It is out of use.") if retired else ("conflict", "Someone was faster.")
    shown = current.model_dump(mode="json", exclude={"record"})
    shown["record"] = msgspec.to_builtins(current.record)
    return ProblemError(HTTPStatus.CONFLICT, code, detail, current=shown)


def refused(code: str, detail: str) -> ProblemError:
    """409: the record is right and still cannot be taken now."""
    return ProblemError(HTTPStatus.CONFLICT, code, detail)


def invalid(*rules: str) -> ProblemError:
    """422: these rules are broken."""
    fields = [InvalidField(where=["body", "record"], rule=rule) for rule in rules]
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "The request breaks a rule.", fields=fields
    )


def values(record: msgspec.Struct) -> dict[str, Any]:
    """The fields of ``record`` as parameters of a statement."""
    fields = msgspec.structs.asdict(record)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def _kept(work: Work, kind: Kind[R], row: dict[str, Any]) -> Kept[R]:
    """The record; the audit trail learns whose it is."""
    meta = {name: row[name] for name in META if name in row}
    home = row["id"] if kind.is_home else row.get("home_id")
    work.call.saw(work.scope.purpose, [home] if home is not None else [])
    row = kind.opened(work.ring, row)
    fields = {name: value for name, value in row.items() if name not in {*META, PLACE}}
    return Kept(**meta, record=kind.shown(fields))
