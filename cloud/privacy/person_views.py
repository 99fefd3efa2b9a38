"""What the routes of one person's rights answer with, and what they take."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from cloud.cursors import Page
from cloud.privacy.retention import Class
from cloud.privacy.rights import DeletionKind, WaitsFor


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class ErasureStep(StrEnum):
    """How far an erasure has come."""

    NOT_ASKED = "not_asked"
    ASKED = "asked"
    UNDER_WAY = "under_way"
    FINISHED = "finished"


class Obstacle(StrEnum):
    """Why nobody may be erased now."""

    LEGAL_HOLD = "legal_hold"
    INCIDENT_OPEN = "incident_open"
    ACCESS_UNREVIEWED = "access_unreviewed"


class HeldBack(_View):
    """``what``: a kind of record that stays without the person; ``why``: the ground for it."""

    what: str
    why: str


class ErasureView(_View):
    """The erasure of one person. ``asked_by``, ``confirmed_by``: numbers of staff, unset: whoever runs the
    cloud. ``obstacles``: what stands in its way now. ``held_back``: what it leaves, and why.
    """

    resident_id: int
    home_id: int
    step: ErasureStep
    reason: str
    asked_by: int | None
    asked_at: datetime | None
    confirmed_by: int | None
    begun_at: datetime | None
    finished_at: datetime | None
    obstacles: list[Obstacle]
    held_back: list[HeldBack]


class HoldView(_View):
    """A legal hold that stands. ``resident``, ``home``: their name and its key. ``actor``: who placed it,
    ``staff:ID`` or ``console``.
    """

    id: int
    resident_id: int
    resident: str
    home_id: int
    home: str
    reason: str
    actor: str
    at: datetime


class HoldPage(Page[HoldView]):
    """Some legal holds, the oldest first."""


class DeletionView(_View):
    """Something that is to be deleted. ``what``: the purpose withdrawn, ``person``, or the class that is
    kept for a time. ``due_at``: when, at the earliest; of what waits for a second person: since when.
    """

    kind: DeletionKind
    id: int
    home_id: int | None
    resident_id: int | None
    what: str
    due_at: datetime
    waits_for: WaitsFor | None


class DeletionPage(Page[DeletionView]):
    """Some of what is to be deleted, the next first."""


class RetentionView(_View):
    """How long the tenant keeps a class, and what it may choose (``least`` to ``most``). ``swept_at``: when
    nothing too old was left. ``note``: what ends it, if not this sweep.
    """

    of: Class
    days: int
    least: int
    most: int
    swept_at: datetime | None
    note: str


class Retentions(_View):
    """All classes."""

    kept: list[RetentionView]


class Days(BaseModel):
    """How long to keep it."""

    model_config = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=1, le=36_500)]
