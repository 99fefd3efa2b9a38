"""What somebody has to be visited for: the noun between duties and plans. Pure.

What this is: one frozen value. What it is not: where it comes from (``tasks``), or who goes (``plans``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from cloud.visits.duty import Group
from cloud.visits.forms.table import VisitKind
from cloud.visits.week import Because


@dataclass(frozen=True, slots=True)
class Task:
    """One visit to be made. ``visit_id``: it is booked already; ``None``: a duty. ``open_at`` to ``due_at``:
    when it may begin; without ``open_at`` any time up to ``due_at``, and ``due_at`` is ``None`` for what
    was booked for no time. ``usual``: who came most in the last half year, the most often first. ``sooner``:
    something has happened to the person. ``chosen``, ``because``: the day that a duty was given, and why;
    ``None``: none yet.
    """

    resident_id: int
    home_id: int
    division: str
    latitude: float | None
    longitude: float | None
    kind: VisitKind
    visit_id: int | None
    open_at: datetime | None
    due_at: datetime | None
    overdue: bool
    group: Group | None
    minutes: int
    people: int
    skills: frozenset[str]
    usual: tuple[int, ...]
    sooner: bool = False
    chosen: date | None = None
    because: Because | None = None
