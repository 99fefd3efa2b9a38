"""A command is done once, however often a flaky line repeats it.

What this is: the dependency that every route which changes something for a signed-in person takes, and the
one place where an answer is kept for a repeat. What it is not: a rule about what may be done. The one idea:
the answer is kept in the transaction that does the work, so both happened or neither; and it is sealed under
the key that the client drew, so that the table alone tells nothing, neither a claim's code nor a name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Depends, Header, Request
from pydantic import BaseModel

from cloud.access import Api, Call, SignedIn
from cloud.auth import Principal, Scope
from cloud.db import Connection, Queries
from cloud.problems import ProblemError, responses

KEPT: Final = timedelta(hours=24)
"""A repeat later than this is a new command; a screen gives up on a command after minutes."""
RETRY_S: Final = 1
"""Seconds after which a repeat of a command that is still running may be answered."""
ERRORS: Final = responses(HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
"""What a route that takes ``Once`` may answer because of it."""
_NONCE: Final = 12  # bytes, as AES-GCM wants them (NIST SP 800-38D, 5.2.1.1)

_SQL: Final = Queries("cloud", "once.sql")

Answer = TypeVar("Answer", bound=BaseModel)
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,128}$",
        description="drawn by the client, one per command (128 random bits); a repeat gets the first answer",
    ),
]


@dataclass(frozen=True, slots=True)
class OneCommand:
    """The command of one request: who gives it, when, under which key (none: it is not repeated).

    ``asked``: SHA-256 of all that was asked, and of what the asker may see (``bounds``).
    """

    call: Call
    actor: Principal
    key: str | None
    asked: bytes
    bounds: bytes

    async def do(
        self, scope: Scope, kind: type[Answer], work: Callable[[Connection], Awaitable[Answer]]
    ) -> Answer:
        """``work`` in one transaction; or, for a repeat, the answer that it gave the first time.

        What ``work`` raises undoes it and keeps nothing: the key stays free.

        Raises:
            ProblemError: 422 ``key_reused``: the key belongs to another command; 409 ``in_progress``: the
                first one is still running.
        """

        async def sealed(conn: Connection) -> bytes:
            return (await work(conn)).model_dump_json().encode()

        return kind.model_validate_json(await self._done(scope, sealed))

    async def carry_out(self, scope: Scope, work: Callable[[Connection], Awaitable[None]]) -> None:
        """Like ``do``, for a command that answers nothing but that it was done."""

        async def nothing(conn: Connection) -> bytes:
            await work(conn)
            return b""

        await self._done(scope, nothing)

    def part(self, number: int, asked: bytes) -> OneCommand:
        """The ``number``-th of many commands in one request, done once for itself."""
        key = None if self.key is None else f"{self.key}/{number}"
        return replace(self, key=key, asked=_sha256(self.bounds, asked))

    async def _done(self, scope: Scope, work: Callable[[Connection], Awaitable[bytes]]) -> bytes:
        async with self.call.writing(scope) as conn:
            if self.key is None:
                return await work(conn)
            claim = {"staff_id": self.actor.staff_id, "key": _digest("name", self.key)}
            await self._lock(conn, claim)
            kept = await self._kept(conn, claim)
            if kept is not None:
                self.call.saw(scope.purpose, scope.homes)  # whose data it held is not kept
                return kept
            answer = await work(conn)
            keeping = {"now": self.call.now, "command": self.asked, "answer": _seal(self.key, answer)}
            await conn.execute(_SQL["keep_answer"], claim | keeping)
            return answer

    async def _lock(self, conn: Connection, claim: dict[str, Any]) -> None:
        lock = int.from_bytes(claim["key"][:4], signed=True)
        row = await (await conn.execute(_SQL["lock_key"], claim | {"lock": lock})).fetchone()
        if row is None or not row["locked"]:
            raise ProblemError(
                HTTPStatus.CONFLICT,
                "in_progress",
                "The first command with this key is still running.",
                headers={"Retry-After": str(RETRY_S)},
            )

    async def _kept(self, conn: Connection, claim: dict[str, Any]) -> bytes | None:
        asked = claim | {"since": self.call.now - KEPT}
        row = await (await conn.execute(_SQL["kept_answer"], asked)).fetchone()
        if row is None:
            return None
        if row["command"] != self.asked:
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY, "key_reused", "This key belongs to another command."
            )
        return _open(self.key or "", row["answer"])


async def _command(request: Request, api: Api, session: SignedIn, key: IdempotencyKey = None) -> OneCommand:
    who = session.principal
    bounds = f"{who.tenant_id} {who.homes}\n".encode()
    asked = f"{request.method}\n{request.url.path}\n{request.url.query}\n".encode()
    return OneCommand(api, who, key, _sha256(bounds, asked, await request.body()), bounds)


Once = Annotated[OneCommand, Depends(_command)]
"""What a route that changes something takes: ``await once.do(scope, View, work)``."""


async def forget_answers(conn: Connection, now: datetime) -> None:
    """Delete the answers that no repeat asks for any more."""
    await conn.execute(_SQL["forget_answers"], {"before": now - KEPT})


def _sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _digest(use: str, key: str) -> bytes:
    return hashlib.sha256(f"anban once {use}\n{key}".encode()).digest()


def _seal(key: str, answer: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_digest("seal", key)).encrypt(nonce, answer, None)


def _open(key: str, sealed: bytes) -> bytes:
    return AESGCM(_digest("seal", key)).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
