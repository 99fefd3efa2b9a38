"""Why an incident did not take a step. None of them changes anything.

The classes are not frozen: an exception that leaves a context manager gets its traceback assigned.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloud.incidents.model import IncidentView


class Reason(StrEnum):
    """Why a trigger is refused; the value is the key of the sentence that a screen shows."""

    NOT_IN_STATE = "not_in_state"
    NOT_AN_ACTION = "not_an_action"
    NOT_DUE = "not_due"
    OUTCOME_REQUIRED = "outcome_required"
    NOTE_REQUIRED = "note_required"
    RESPONDER_REQUIRED = "responder_required"
    ARRIVAL_REQUIRED = "arrival_required"
    REOPEN_TOO_LATE = "reopen_too_late"
    ANOTHER_OPEN = "another_open"


@dataclass(eq=False)
class IncidentError(Exception):
    """The incident stays as it is."""

    def __str__(self) -> str:
        return self.__class__.__name__


@dataclass(eq=False)
class NotFound(IncidentError):  # noqa: N818 - a noun with fields
    """No such incident, or not one that the reader may know of; the two look alike."""


@dataclass(eq=False)
class Conflict(IncidentError):  # noqa: N818 - a noun with fields
    """Someone else was faster; ``current`` is the incident as it is now."""

    current: IncidentView


@dataclass(eq=False)
class Refused(IncidentError):  # noqa: N818 - a noun with fields
    """The trigger does not apply. ``current`` is filled in by ``store``."""

    reason: Reason
    current: IncidentView | None = None

    def __str__(self) -> str:
        return self.reason.value
