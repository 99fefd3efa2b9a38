"""A person's answer to an incident, done once.

What this is: the shell around ``store.act``: transaction, idempotency, and the mapping of refusals. What it
is not: a decision. The one idea: the key's row is inserted first, in the same transaction as the act; a
repeat that arrives meanwhile waits on that row and then finds the finished answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, Header
from psycopg.types.json import Jsonb

from cloud.access import Api, Call, require
from cloud.auth import Permission, Principal
from cloud.db import Connection, Queries
from cloud.incidents import store
from cloud.incidents.machine import Trigger
from cloud.incidents.model import IncidentView
from cloud.problems import ProblemError, not_found

KEYS_KEPT: Final = timedelta(hours=24)
"""A repeat later than this is a new command; a screen gives up on a command after minutes."""

_SQL: Final = Queries(__package__, "commands.sql")

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,128}$",
        description="drawn by the client, one per command; a repeat with it returns the first answer",
    ),
]


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands of one request: who gives them, when, and under which key."""

    call: Call
    actor: Principal
    key: str | None

    async def do(
        self, incident_id: int, trigger: Trigger, version: int, detail: Mapping[str, Any]
    ) -> IncidentView:
        """Apply ``trigger``; return the incident as it then is, or the first answer to the same key.

        Raises:
            ProblemError: 404 absent or not in scope; 409 with ``current``: ``conflict`` when ``version`` is
                old, else the ``Reason`` why it does not apply; 422 when the key was used for another command.
        """
        async with self.call.writing() as conn:
            if self.key is None:
                return await self._act(conn, incident_id, trigger, version, detail)
            fingerprint = _fingerprint(incident_id, trigger, version, detail)
            claim = {"staff_id": self.actor.staff_id, "key": self.key}
            claimed = await conn.execute(_SQL["claim_key"], claim | {"now": self.call.now})
            if not claimed.rowcount:
                return await _first_answer(conn, claim, fingerprint)
            view = await self._act(conn, incident_id, trigger, version, detail)
            response = Jsonb({"command": fingerprint, "view": view.model_dump(mode="json")})
            await conn.execute(_SQL["keep_response"], claim | {"response": response})
            return view

    async def _act(
        self,
        conn: Connection,
        incident_id: int,
        trigger: Trigger,
        version: int,
        detail: Mapping[str, Any],
    ) -> IncidentView:
        scope = self.actor.scope("console")
        try:
            return await store.act(
                conn,
                scope,
                incident_id,
                trigger,
                f"staff:{self.actor.staff_id}",
                self.call.now,
                version,
                **detail,
            )
        except store.NotFound as error:
            raise not_found() from error
        except store.Conflict as error:
            raise _refusal("conflict", "Someone was faster.", error.current) from error
        except store.Refused as error:
            raise _refusal(error.reason.value, "Its state does not allow this.", error.current) from error


async def commands(
    api: Api,
    actor: Annotated[Principal, Depends(require(Permission.HANDLE_INCIDENT))],
    key: IdempotencyKey = None,
) -> Commands:
    """The dependency of every route that changes an incident."""
    return Commands(api, actor, key)


async def forget_keys(conn: Connection, now: datetime) -> None:
    """Delete the answers that no repeat asks for any more."""
    await conn.execute(_SQL["forget_keys"], {"before": now - KEYS_KEPT})


def _fingerprint(incident_id: int, trigger: str, version: int, detail: Mapping[str, Any]) -> str:
    command = msgspec.json.encode([incident_id, trigger, version, detail], order="sorted")
    return hashlib.sha256(command).hexdigest()


async def _first_answer(conn: Connection, claim: Mapping[str, Any], fingerprint: str) -> IncidentView:
    cursor = await conn.execute(_SQL["claimed_response"], claim)
    row = await cursor.fetchone()
    if row is None or row["response"]["command"] != fingerprint:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "key_reused", "This key belongs to another command."
        )
    return IncidentView.model_validate(row["response"]["view"])


def _refusal(code: str, detail: str, current: IncidentView | None) -> ProblemError:
    view = current.model_dump(mode="json") if current is not None else None
    return ProblemError(HTTPStatus.CONFLICT, code, detail, current=view)
