"""Numbers by name, in the database: what a form's words may mean.

What this is: one statement for each kind of thing that forms ask for. What it is not: the register's lists,
which are paged and tell everything of a record.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from cloud.auth import Scope
from cloud.db import Connection, Queries

_SQL: Final = Queries(__package__ or "", "names.sql")

Of: TypeAlias = Literal["homes", "staff", "residents", "accounts"]
"""The statements."""


async def find(conn: Connection, scope: Scope, of: Of, words: str, limit: int) -> list[dict[str, Any]]:
    """Those in use in which ``words`` stand, what begins with them first: ``id``, ``home_id`` (``None``: of
    no home), ``name``, and ``about``, which tells apart what has the same name.
    """
    asked = {**scope.params, "q": words.strip(), "limit": limit}
    return await (await conn.execute(_SQL[of], asked)).fetchall()
