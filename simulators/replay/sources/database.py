"""A home in the cloud's database, for somebody of the staff: read only, within their bounds, and noted.

What this is: who asks, and an excerpt in a file that nobody else can open and that is gone afterwards. What
it is not: another reader of tables; what ``archive`` reads is what is written here. The one idea: the note
that somebody looks is committed before the first row is read.
"""

from __future__ import annotations

import asyncio
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import psycopg

from cloud.commands.command import database
from cloud.db import connect, roles
from cloud.embedded import ServiceError
from cloud.enrolment import claims
from cloud.enrolment.claims import ClaimError
from cloud.privacy import excerpt
from cloud.privacy.excerpt import NotForYou
from cloud.settings import ConfigError, load
from simulators.replay.model import Record, RecordError
from simulators.replay.sources import archive


def read(config: Path | None, data: Path | None, tenant: str | None, home: str, by: str) -> Record:
    """The record of the home with the key ``home``, as ``by`` may see it.

    Raises:
        RecordError: there is no such home or person, they may not read it, or the database is away.
    """
    try:
        with database(load(config, data=data)) as dsn, tempfile.TemporaryFile() as file:
            asyncio.run(_excerpt(dsn, tenant, home, by, file))
            with zipfile.ZipFile(file) as found:
                return archive.from_zip(home, found)
    except (NotForYou, ClaimError, ConfigError, ServiceError, psycopg.Error) as error:
        raise RecordError(str(error).strip()) from error


async def _excerpt(dsn: str, tenant: str | None, home: str, by: str, file: IO[bytes]) -> None:
    now = datetime.now(UTC)
    async with await connect(dsn) as conn, conn.transaction():
        who = await excerpt.reader(conn, by)
        scope = excerpt.bounds(who)
        home_id, _ = await claims.home_of_key(conn, home, tenant)
        await excerpt.note(conn, who, home_id, now)
    async with await connect(roles.taking_on(dsn, roles.API)) as conn, conn.transaction():
        await conn.execute("set transaction isolation level repeatable read, read only")
        await excerpt.write(conn, scope, home_id, file)
