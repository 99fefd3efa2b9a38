"""Cases as the tests need them: one that is as it should be, and what differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from cloud.report.cases import HomeCase, IncidentCase, PersonCase, Whose

AT: Final = datetime(2026, 10, 5, 3, 0, tzinfo=UTC)
TOWN: Final = "431202001003"
VILLAGE: Final = "431202101205"
WHO: Final = Whose(1, 7, TOWN, 84, "f")
FALL: Final = IncidentCase(
    whose=WHO,
    id=1,
    kind="fall",
    priority=1,
    test=False,
    opened_at=AT,
    raised_at=AT,
    answered_at=AT + timedelta(seconds=20),
    sent_at=AT + timedelta(minutes=1),
    coming_at=AT + timedelta(minutes=2),
    there_at=AT + timedelta(minutes=12),
    inside_at=AT + timedelta(minutes=14),
    outcome="A2",
    rung=1,
    foreseen=False,
)
"""A fall in town: answered after 20 s, somebody at the door after 12 min, helped at home."""
MONTH: Final = HomeCase(
    WHO, days=31, heard_days=31, alarms=1, false=0, calls=1, paths=1, paths_heard=1, near=True
)
SEEN: Final = PersonCase(WHO, id=7, owed=True, visited=True, overdue_days=0.0)


def whose(**differs: object) -> Whose:
    """``WHO`` but for what differs."""
    return replace(WHO, **differs)  # type: ignore[arg-type] # fields by name
