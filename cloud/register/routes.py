"""``/api/v1/register``: the records that administrators keep.

What this is: the same five routes for every kind of record, made from a table. What it is not: a rule, or
SQL. The one idea: whoever has learned one kind knows all of them, and none can be forgotten by a new rule.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from psycopg.errors import CheckViolation, ForeignKeyViolation, UniqueViolation
from pydantic import BaseModel

from cloud.access import Api, require
from cloud.auth import Permission, Principal
from cloud.db import Connection
from cloud.once import Once, OneCommand
from cloud.problems import responses
from cloud.register import desk
from cloud.register.desk import PURPOSE, Work
from cloud.register.model import Kept, Retire
from cloud.register.shelves import SHELVES, Shelf

router = APIRouter(prefix="/register", tags=["register"])

Admin = Annotated[Principal, Depends(require(Permission.ADMINISTER))]
READ_ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
WRITE_ERRORS: Final = READ_ERRORS | responses(HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


def _add_list(shelf: Shelf) -> None:
    async def listed(asked: Any, api: Api, admin: Admin) -> BaseModel:
        """Those in use, in a fixed order; with ``retired``, all."""
        scope = admin.scope(PURPOSE)
        async with api.reading(scope) as conn:
            items, following = await desk.page(Work(conn, admin, scope, api), shelf.kind, asked)
        return shelf.page(items=[shelf.kept(**dict(item)) for item in items], next=following)

    listed.__annotations__ |= {"asked": Annotated[shelf.kind.asked, Query()]}
    router.get(
        f"/{shelf.kind.name}",
        operation_id=f"list{shelf.one}Records",
        summary=f"The register's {shelf.kind.name}",
        response_model=shelf.page,
        responses=READ_ERRORS,
    )(listed)


def _add_read(shelf: Shelf) -> None:
    async def read(number: Any, api: Api, admin: Admin) -> BaseModel:
        """One record, retired or not, with the version that a change of it names."""
        scope = admin.scope(PURPOSE)
        async with api.reading(scope) as conn:
            work = Work(conn, admin, scope, api)
            return shelf.kept(**dict(await desk.read(work, shelf.kind, number)))

    read.__annotations__ |= {"number": shelf.number}
    router.get(
        f"/{shelf.kind.name}/{{number}}",
        operation_id=f"read{shelf.one}Record",
        summary=f"One of the register's {shelf.kind.name}",
        response_model=shelf.kept,
        responses=READ_ERRORS,
    )(read)


def _add_add(shelf: Shelf) -> None:
    async def add(asked: Any, admin: Admin, once: Once) -> BaseModel:
        """Take a new record in; the rules are those of the roster file."""

        async def work(work: Work) -> Kept[Any]:
            return await desk.add(work, shelf.kind, asked.within, asked.record)

        return await _do(shelf, once, admin, work)

    add.__annotations__ |= {"asked": shelf.new}
    router.post(
        f"/{shelf.kind.name}",
        operation_id=f"add{shelf.one}Record",
        summary=f"Add to the register's {shelf.kind.name}",
        status_code=HTTPStatus.CREATED,
        response_model=shelf.kept,
        responses=WRITE_ERRORS,
    )(add)


def _add_change(shelf: Shelf) -> None:
    async def change(number: Any, asked: Any, admin: Admin, once: Once) -> BaseModel:
        """Say the whole record as it shall be, and from which version: 409 if that is not the last."""

        async def work(work: Work) -> Kept[Any]:
            return await desk.change(work, shelf.kind, number, asked.version, asked.record)

        return await _do(shelf, once, admin, work)

    change.__annotations__ |= {"number": shelf.number, "asked": shelf.change}
    router.put(
        f"/{shelf.kind.name}/{{number}}",
        operation_id=f"change{shelf.one}Record",
        summary=f"Change one of the register's {shelf.kind.name}",
        response_model=shelf.kept,
        responses=WRITE_ERRORS,
    )(change)


def _add_retire(shelf: Shelf) -> None:
    async def retire(number: Any, asked: Retire, admin: Admin, once: Once) -> BaseModel:
        """Out of use from now on, and still in the book; nothing is deleted."""

        async def work(work: Work) -> Kept[Any]:
            return await desk.retire(work, shelf.kind, number, asked.version)

        return await _do(shelf, once, admin, work)

    retire.__annotations__ |= {"number": shelf.number}
    router.post(
        f"/{shelf.kind.name}/{{number}}/retire",
        operation_id=f"retire{shelf.one}Record",
        summary=f"Put one of the register's {shelf.kind.name} out of use",
        response_model=shelf.kept,
        responses=WRITE_ERRORS,
    )(retire)


async def _do(shelf: Shelf, once: OneCommand, admin: Principal, work: Any) -> BaseModel:
    scope = admin.scope(PURPOSE)

    async def done(conn: Connection) -> Kept[Any]:
        return shelf.kept(**dict(await work(Work(conn, admin, scope, once.call))))

    try:
        return await once.do(scope, shelf.kept, done)
    except UniqueViolation as error:
        raise desk.refused("taken", "There is such a record already.") from error
    except ForeignKeyViolation as error:
        raise desk.invalid("There is no such division.") from error
    except CheckViolation as error:
        raise desk.invalid("A value is out of its range.") from error


for _shelf in SHELVES:
    _add_list(_shelf)
    _add_read(_shelf)
    if _shelf.new:
        _add_add(_shelf)
    if _shelf.change:
        _add_change(_shelf)
    if _shelf.kind.end:
        _add_retire(_shelf)
