"""What the routes of people who may be called have in common: numbers in a path, errors, and their desk."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Path

from cloud.access import Call
from cloud.auth import Principal, Purpose
from cloud.db import Connection
from cloud.dispatch.people import Desk
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.problems import ProblemError, responses

IncidentId = Annotated[int, Path(ge=1, lt=2**63, description="number of the incident")]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
FOUND: Final = ERRORS | responses(HTTPStatus.NOT_FOUND)
CHANGED: Final = FOUND | ONCE_ERRORS


def desk_of(call: Call, conn: Connection, who: Principal, purpose: Purpose) -> Desk:
    """What the register is worked with."""
    return Desk(conn, who.scope(purpose), call.parts.ring, call.now)


def refuse_past(end_at: datetime | None, now: datetime) -> None:
    """A shift ends later than ``now``, or is open.

    Raises:
        ProblemError: a shift that ends at ``end_at`` would be over.
    """
    if end_at is not None and end_at <= now:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "shift_over", "The shift would be over: say when it ends."
        )
