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

from cloud import trace
from cloud.access import require
from cloud.auth import Permission, Principal, Purpose
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

        async def work(conn: Connection) -> IncidentView:
            return await self._act(conn, incident_id, trigger, version, detail)

        return await self.once.do(self.actor.scope(Purpose.CONSOLE), IncidentView, work)

    def part(self, number: int, asked: bytes) -> Commands:
        """The ``number``-th of many commands in one request."""
        return replace(self, once=self.once.part(number, asked))

    async def _act(
        self,
        conn: Connection,
        incident_id: int,
        trigger: Trigger,
        version: int,
        detail: Mapping[str, Any],
    ) -> IncidentView:
        scope = self.actor.scope(Purpose.CONSOLE)
        try:
            with trace.span("incident.act", incident_id, trigger=trigger.value):
                view = await store.act(
                    conn,
                    scope,
                    incident_id,
                    trigger,
                    f"staff:{self.actor.staff_id}",
                    self.once.call.now,
                    version,
                    **detail,
                )
        except store.NotFound as error:
            raise not_found() from error
        except store.Conflict as error:
            raise self._refusal("conflict", "Someone was faster.", error.current) from error
        except store.Refused as error:
            reason = error.reason.value
            raise self._refusal(reason, "Its state does not allow this.", error.current) from error
        self.once.call.saw(scope.purpose, [view.home_id])
        return view

    def _refusal(self, code: str, detail: str, current: IncidentView | None) -> ProblemError:
        """A conflict; it shows the incident as it is now."""
        if current is None:
            return ProblemError(HTTPStatus.CONFLICT, code, detail)
        self.once.call.saw("console", [current.home_id])
        return ProblemError(HTTPStatus.CONFLICT, code, detail, current=current.model_dump(mode="json"))


async def commands(
    once: Once, actor: Annotated[Principal, Depends(require(Permission.HANDLE_INCIDENT))]
) -> Commands:
    """The dependency of every route that changes an incident."""
    return Commands(once, actor)
