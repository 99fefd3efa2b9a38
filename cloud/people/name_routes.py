"""``/names``: numbers by name, for the forms of whoever leads.

What this is: a home, a resident, a member of staff or an account of the time bank, found by words. What it is
not: a list to page through, or the register: it tells apart what has the same name, and no more. The one
idea: a person types what a thing is called, and a program sends its number.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from cloud.access import Api, Text, require
from cloud.auth import Permission, Principal, Purpose
from cloud.people import names
from cloud.people.names import Of
from cloud.problems import responses

router = APIRouter(prefix="/names", tags=["names"])

MOST: Final = 20
"""D. What a person looks through; with more they say more."""
PURPOSE: Final = Purpose.CONSOLE
NAMED: Final[dict[Of, tuple[str, Permission]]] = {
    "homes": ("Homes", Permission.MANAGE_RESPONDERS),
    "staff": ("Staff", Permission.MANAGE_RESPONDERS),
    "residents": ("Residents", Permission.MANAGE_HOURS),
    "accounts": ("TimeAccounts", Permission.MANAGE_HOURS),
}
"""What is asked for -> what the operation's name ends with, and who fills in forms that need it."""
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class NamesAsked(BaseModel):
    """``q``: words that stand in the name, or in what is told beside it, whatever their case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: Annotated[Text, Field(max_length=100, description="left out: the first of all")] = ""


class Named(BaseModel):
    """``name``: what it is called. ``about``: what tells it apart from others of that name."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str
    about: str


class Names(BaseModel):
    """What was found, what begins with the words first; as many as there may be: it may not be all."""

    items: list[Named]


def _add(of: Of, noun: str, permission: Permission) -> None:
    async def find(asked: Annotated[NamesAsked, Query()], api: Api, leader: Principal) -> Names:
        scope = leader.scope(PURPOSE)
        async with api.reading(scope) as conn:
            found = await names.find(conn, scope, of, asked.q, MOST)
        api.saw(PURPOSE, {row["home_id"] for row in found if row["home_id"] is not None})
        return Names(items=[Named(**row) for row in found])

    find.__annotations__ |= {"leader": Annotated[Principal, Depends(require(permission))]}
    router.get(
        f"/{of}",
        operation_id=f"find{noun}",
        summary=f"{of.capitalize()} by name",
        description=f"At most {MOST} in use: what begins with the words comes first.",
        responses=ERRORS,
    )(find)


for _of, (_noun, _permission) in NAMED.items():
    _add(_of, _noun, _permission)
