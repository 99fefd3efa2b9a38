"""What is told of a home before seven days of its own are known.

What this is: the one rule for everybody that needs a whole day (domain table, section 5, row 12). What it is
not: rows 3 and 4. Who is not up by ten and who has not moved for four hours is judged in the first week by
the deadlines (``cloud.detect.rules``), which know doors, beds, the evening before and what is withheld; here
it would be a guess from counts, and the same people would be called twice. The one idea: a home that is not
known yet is not called about on guesses.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from cloud.detect.routine.findings import Finding, Kind, finding
from cloud.detect.routine.grid import MEALS
from cloud.detect.routine.history import History


def night(history: History, day: int, now: datetime) -> Finding | None:
    """A day without kitchen or fridge in a home that has been seen to use them."""
    meals = history.counts[: day + 1, :, MEALS].sum(axis=(1, 2))
    if meals[day] > 0 or not meals[:day].any():
        return None
    found = finding(Kind.NO_MEALS, {"now": 0.0}, history.midnight + timedelta(days=day), now)
    return replace(found, first_week=True)
