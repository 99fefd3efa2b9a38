"""What detectors run on of one home, as an archive, for somebody of the staff who may read that home.

What this is: who asks, whether they may, an entry in the audit trail, and the rows. What it is not: the
person's own archive (``export``): no name, number or address is in it, and what is withheld is left out. The
one idea: the rows are read as the API's database role within the reader's own bounds, so the console gives
nobody more than their screen would.
"""

from __future__ import annotations

import zipfile
from datetime import datetime
from typing import IO, Final

from cloud import trail
from cloud.auth import RESTRICTED_ROLES, Permission, Principal, Purpose, PurposeError, Role, Scope
from cloud.db import Connection, Queries
from cloud.db.scope import narrow
from cloud.privacy.export import write_table
from cloud.sealed import Keyring
from cloud.trail import Entry

ACTION: Final = "replayHome"
"""Its name in the audit trail."""
PURPOSE: Final = Purpose.CARE
_SQL: Final = Queries(__package__, "excerpt.sql")
TABLES: Final = tuple(name for name in _SQL if name != "reader")
"""In the order of the file."""


class NotForYou(ValueError):  # noqa: N818 - a refusal is a noun
    """The home may not be read so; ``str()`` says why."""


async def reader(conn: Connection, username: str) -> Principal:
    """Who is named ``username``.

    Raises:
        NotForYou: nobody is, or their role reads no home.
    """
    row = await (await conn.execute(_SQL["reader"], {"username": username})).fetchone()
    if row is None:
        raise NotForYou(f"nobody signs in as {username}: see anban-cloud staff list")
    role = Role(row["role"])
    homes = tuple(row["homes"]) if role in RESTRICTED_ROLES else None
    who = Principal(row["id"], row["tenant_id"], role, row["name"], row["locale"], homes)
    if not who.may(Permission.READ_HOME):
        raise NotForYou(f"{username} is {role}, who reads no home")
    return who


def bounds(who: Principal) -> Scope:
    """What ``who`` may read for the care of a home.

    Raises:
        NotForYou: their role reads nothing for that.
    """
    try:
        return who.scope(PURPOSE)
    except PurposeError as error:
        raise NotForYou(str(error)) from error


async def note(conn: Connection, who: Principal, home_id: int, now: datetime) -> None:
    """That ``who`` looks, before the first row is read."""
    entry = Entry(now, who.tenant_id, who.actor, ACTION, str(PURPOSE), (home_id,), "console")
    await trail.append(conn, entry)


async def write(conn: Connection, scope: Scope, home_id: int, file: IO[bytes]) -> None:
    """Write the archive of a home to ``file``; ``conn`` is in a transaction of the API's role.

    Raises:
        NotForYou: the home is not within ``scope``.
    """
    await narrow(conn, scope)
    params = {**scope.params, "home_id": home_id}
    if await (await conn.execute(_SQL["home"], params)).fetchone() is None:
        raise NotForYou("there is no such home, or it is not one of theirs")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for table in TABLES:
            await write_table(conn, archive, table, _SQL[table], params, ring=Keyring())
