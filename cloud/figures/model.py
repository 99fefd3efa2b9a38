"""What a county and a city see of their duty.

What this is: the views of ``/figures`` and how they add up. What it is not: a person; nothing here names one.
The one idea: a sum says from how many counties it is, so that one that does not answer is never a zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

PRIORITIES: Final = 5


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class TenantFigures(_View):
    """One county, or one centre of it.

    ``open_by_priority``: five counts, priority 1 first. ``urgent_24h``: incidents of priority 1 and 2 opened
    within 24 h; ``answered_24h``: those of them that a person took within 60 s of their opening (the measure
    of telecare centres). ``online``: gateways connected now, of ``gateways``.
    """

    code: str
    name: str
    division_code: str
    homes: int
    residents: int
    gateways: int
    online: int
    open_by_priority: list[int] = Field(min_length=PRIORITIES, max_length=PRIORITIES)
    raised_24h: int
    urgent_24h: int
    answered_24h: int
    messages_failed_24h: int


class CountyFigures(_View):
    """What one database says. ``taken_at``: when; ``answers``: whether that was now, or it is away and this
    is its last word. ``tenants`` is empty for one that has never answered.
    """

    division_code: str
    taken_at: datetime | None
    answers: bool
    tenants: list[TenantFigures]


class Sum(_View):
    """All counted tenants together. ``tenants``: how many those are."""

    tenants: int
    homes: int
    residents: int
    gateways: int
    online: int
    open_by_priority: list[int]
    raised_24h: int
    urgent_24h: int
    answered_24h: int
    messages_failed_24h: int


class Figures(_View):
    """``sum`` counts ``own`` and what every county said last; ``silent`` names the counties whose word is old
    or missing.
    """

    now: datetime
    own: list[TenantFigures]
    counties: list[CountyFigures]
    silent: list[str]
    sum: Sum


_ADDED: Final = tuple(name for name in Sum.model_fields if name not in {"tenants", "open_by_priority"})


def added(tenants: Sequence[TenantFigures]) -> Sum:
    """The sum of ``tenants``."""
    return Sum(
        tenants=len(tenants),
        open_by_priority=[sum(one.open_by_priority[n] for one in tenants) for n in range(PRIORITIES)],
        **{name: sum(getattr(one, name) for one in tenants) for name in _ADDED},
    )


def figures(now: datetime, own: Sequence[TenantFigures], counties: Iterable[CountyFigures]) -> Figures:
    """Put together what the own database and those of the counties say."""
    asked = sorted(counties, key=lambda county: county.division_code)
    return Figures(
        now=now,
        own=list(own),
        counties=asked,
        silent=[county.division_code for county in asked if not county.answers],
        sum=added([*own, *(tenant for county in asked for tenant in county.tenants)]),
    )
