"""What a gateway is told of consents: the part that is laid over its home's plan. Pure.

The one idea: it says only what makes a difference in this home. A purpose that nobody was ever asked for is
told only where a device of its kind stands there, so a home in which nothing was refused keeps the plan it
had.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud.consent.purposes import PURPOSES, Purpose


@dataclass(frozen=True, slots=True)
class Facts:
    """What counts of a home: its devices' ``kinds``, ``phones`` of the plan (as ``wire.plan.Phones``), and
    how long withdrawn data stay, in days.
    """

    kinds: frozenset[str]
    phones: Mapping[str, Any]
    grace_days: int


def overlay(purposes: Mapping[Purpose, bool], facts: Facts) -> dict[str, Any]:
    """The members of the plan that replace those of the roster while ``purposes`` (value: somebody was asked)
    are not allowed; empty if nothing is to be said.
    """
    asked = [PURPOSES[purpose] for purpose, was_asked in purposes.items() if was_asked]
    kinds = {kind for purpose in purposes for kind in PURPOSES[purpose].kinds} & facts.kinds
    names: dict[str, list[str]] = {
        "kinds": sorted(kinds),
        "quantities": sorted({quantity.value for spec in asked for quantity in spec.quantities}),
        "events": sorted({event.value for spec in asked for event in spec.events}),
    }
    withheld = {name: values for name, values in names.items() if values}
    return ({"withheld": withheld} if withheld else {}) | _phones(purposes, facts)


def _phones(purposes: Mapping[Purpose, bool], facts: Facts) -> dict[str, Any]:
    """Without family sharing only the alarm centre is texted: a number does not say whose it is."""
    if Purpose.FAMILY not in purposes or not facts.phones.get("contacts"):
        return {}
    return {"phones": {name: value for name, value in facts.phones.items() if name != "contacts"}}
