"""What a gateway is told of consents: the part that is laid over its home's plan. Pure.

The one idea: it says only what makes a difference in this home. A purpose that nobody was ever asked for is
told only where a device of its kind stands there, so a home in which nothing was refused keeps the plan it
had.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloud.consent.purposes import PURPOSES, Purpose


@dataclass(frozen=True, slots=True)
class Facts:
    """What counts of a home: its devices' ``kinds``, and how long withdrawn data stay, in days."""

    kinds: frozenset[str]
    grace_days: int


def overlay(
    purposes: Mapping[Purpose, bool], facts: Facts, family_until: datetime | None = None
) -> dict[str, Any]:
    """The members of the plan that are laid over those of the roster while ``purposes`` (value: somebody was
    asked) are not allowed; empty if nothing is to be said. ``family_until``: when sharing with the family,
    allowed now, ends by itself.
    """
    asked = [PURPOSES[purpose] for purpose, was_asked in purposes.items() if was_asked]
    kinds = {kind for purpose in purposes for kind in PURPOSES[purpose].kinds} & facts.kinds
    names: dict[str, list[str]] = {
        "kinds": sorted(kinds),
        "quantities": sorted({quantity.value for spec in asked for quantity in spec.quantities}),
        "events": sorted({event.value for spec in asked for event in spec.events}),
    }
    withheld = {name: values for name, values in names.items() if values}
    return ({"withheld": withheld} if withheld else {}) | _phones(purposes, family_until)


def _phones(purposes: Mapping[Purpose, bool], family_until: datetime | None) -> dict[str, Any]:
    """Without family sharing only the alarm centre is texted: a number does not say whose it is. What ends by
    itself ends at home too, because texts go out exactly when the cloud cannot be heard.
    """
    if Purpose.FAMILY in purposes:
        return {"phones": {"contacts": []}}
    if family_until is not None:
        return {"phones": {"until": int(family_until.timestamp())}}
    return {}
