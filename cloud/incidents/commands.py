"""A person's answer to an incident, done once.

What this is: the shell around ``store.act``: one transaction, and the mapping of refusals. What it is not: a
decision, or the memory of what was answered (``cloud.once``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends

from cloud import across, trace
from cloud.access import require
from cloud.auth import Permission, Principal, Purpose, Scope
from cloud.db import Connection
from cloud.incidents import store
from cloud.incidents.machine import Trigger
from cloud.incidents.model import IncidentView
from cloud.once import Once, OneCommand
from cloud.problems import ProblemError, not_found


@dataclass(frozen=True, slots=True)
class Commands:
    """The command of one request, and who gives it."""

    once: OneCommand
    actor: Principal

    async def do(
        self, incident_id: int, trigger: Trigger, version: int, detail: Mapping[str, Any]
    ) -> IncidentView:
        """Apply ``trigger``; return the incident as it then is, or the first answer to the same key.

        Raises:
            ProblemError: 404 absent or not in scope; 409 with ``current``: ``conflict`` when ``version`` is
                old, else the ``Reason`` why it does not apply; and what ``OneCommand.do`` raises.
        """

        scope = self.actor.scope(Purpose.CONSOLE)

        async def work(conn: Connection) -> IncidentView:
            acting = await across.to_act(conn, self.actor, scope, incident_id, self.once.call.now)
            return await step(conn, self.once, acting, incident_id, trigger, version, detail)

        return await self.once.do(scope, IncidentView, work)

    def part(self, number: int, asked: bytes) -> Commands:
        """The ``number``-th of many commands in one request."""
        return replace(self, once=self.once.part(number, asked))


async def step(  # noqa: PLR0917 - what ``store.act`` asks for
    conn: Connection,
    once: OneCommand,
    scope: Scope,
    incident_id: int,
    trigger: Trigger,
    version: int,
    detail: Mapping[str, Any],
) -> IncidentView:
    """``store.act`` for the person who gave the command.

    Raises:
        ProblemError: 404 or 409, as ``Commands.do``.
    """
    actor = f"staff:{once.actor.staff_id}"
    try:
        with trace.span("incident.act", incident_id, trigger=trigger.value):
            view = await store.act(conn, scope, incident_id, trigger, actor, once.call.now, version, **detail)
    except store.NotFound as error:
        raise not_found() from error
    except store.Conflict as error:
        raise _refusal(once, "conflict", "Someone was faster.", error.current) from error
    except store.Refused as error:
        reason = error.reason.value
        raise _refusal(once, reason, "Its state does not allow this.", error.current) from error
    once.call.saw(scope.purpose, [view.home_id])
    return view


def _refusal(once: OneCommand, code: str, detail: str, current: IncidentView | None) -> ProblemError:
    """A conflict; it shows the incident as it is now."""
    if current is None:
        return ProblemError(HTTPStatus.CONFLICT, code, detail)
    once.call.saw(Purpose.CONSOLE, [current.home_id])
    return ProblemError(HTTPStatus.CONFLICT, code, detail, current=current.model_dump(mode="json"))


async def commands(
    once: Once, actor: Annotated[Principal, Depends(require(Permission.HANDLE_INCIDENT))]
) -> Commands:
    """The dependency of every route that changes an incident."""
    return Commands(once, actor)
