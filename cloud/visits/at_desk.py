"""A command at a desk: once, in one transaction, and what its errors are answered with.

What this is: the step that every route of ``visits`` takes which changes something by a ``Desk``. What it is
not: a rule; those raise errors that know nothing of HTTP. The one idea: a table says how each error is
answered, so that a route names what may be refused and never catches it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel

from cloud.auth import Principal, Purpose
from cloud.db import Connection
from cloud.once import OneCommand
from cloud.problems import Refusals, refusing
from cloud.visits.hours.store import Desk

Answer = TypeVar("Answer", bound=BaseModel)


async def done(
    once: OneCommand,
    who: Principal,
    kind: type[Answer],
    work: Callable[[Desk], Awaitable[Answer]],
    refusals: Refusals,
) -> Answer:
    """What ``work`` answers at the desk of ``who``, who reads for the console.

    Raises:
        ProblemError: an error of ``refusals``, as that says.
    """
    scope = who.scope(Purpose.CONSOLE)

    async def at_desk(conn: Connection) -> Answer:
        return await work(Desk(conn, scope, who.tenant_id, who.staff_id, who.actor, once.call.now))

    with refusing(refusals):
        return await once.do(scope, kind, at_desk)
