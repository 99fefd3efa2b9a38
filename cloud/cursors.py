"""Where a long list goes on: a cursor that holds the place of the last item seen.

What this is: the query parameters and the page of every list, and the cursor between two pages. What it is
not: SQL; a list's statement starts after a place (keyset), so what is inserted meanwhile neither repeats nor
hides an item. The one idea: a cursor carries a digest of its place, its list, its filters and its reader's
bounds, so that one used elsewhere is refused. It is no secret and grants nothing: the bounds stand in the
statement itself.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from cloud.auth import Scope
from cloud.problems import ProblemError

LIMIT: Final = 50
MAX_LIMIT: Final = 200
_MAX_CURSOR: Final = 256
_DIGEST: Final = 12  # bytes; against mistakes, not against forgers

Item = TypeVar("Item")
Place = TypeVar("Place", bound=msgspec.Struct)
"""The sort key of one item: a frozen, array-like struct."""
Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""A record's number in a place."""


class ById(msgspec.Struct, frozen=True, array_like=True):
    """The place in a list that is sorted by number."""

    id: Number


class Asked(BaseModel):
    """What every list takes. Its subclasses add filters."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str | None, Field(max_length=_MAX_CURSOR, description="``next`` of a page")] = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="most items on the page")] = LIMIT

    @property
    def filters(self) -> dict[str, Any]:
        """The filters of this list, as parameters of its statement."""
        return self.model_dump(exclude={"cursor", "limit"})


class Page(BaseModel, Generic[Item]):
    """Some items of a list. ``next``: the cursor of the following page; ``None``: this is the last one."""

    items: list[Item]
    next: str | None


def after(asked: Asked, what: str, scope: Scope, kind: type[Place]) -> Place | None:
    """The place (a ``kind``) after which the page begins; ``None``: at the beginning.

    Raises:
        ProblemError: 422 ``cursor_invalid``: not ours, damaged, or of another list, filter or reader.
    """
    if asked.cursor is None:
        return None
    try:
        content = base64.b64decode(asked.cursor.encode(), altchars=b"-_", validate=True)
        digest, place = content[:_DIGEST], msgspec.json.decode(content[_DIGEST:], type=kind)
    except (binascii.Error, UnicodeEncodeError, msgspec.DecodeError) as error:
        raise _invalid() from error
    if digest != _digest(asked, what, scope, place):
        raise _invalid()
    return place


def page(
    items: Sequence[Item], place: Callable[[Item], msgspec.Struct], asked: Asked, what: str, scope: Scope
) -> tuple[list[Item], str | None]:
    """The items of one page and the cursor of the next, from up to ``limit + 1`` found items."""
    shown = list(items[: asked.limit])
    if len(items) <= asked.limit:
        return shown, None
    last = place(shown[-1])
    content = _digest(asked, what, scope, last) + msgspec.json.encode(last)
    return shown, base64.urlsafe_b64encode(content).decode()


def _digest(asked: Asked, what: str, scope: Scope, place: msgspec.Struct) -> bytes:
    filters = asked.model_dump(mode="json", exclude={"cursor", "limit"})
    bound = msgspec.json.encode([what, filters, scope.tenants, scope.homes, place], order="sorted")
    return hashlib.sha256(bound).digest()[:_DIGEST]


def _invalid() -> ProblemError:
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "cursor_invalid",
        "This cursor belongs to no such list: begin without one.",
    )
