"""The telephone numbers in a home's plan, sealed: a document for a document.

What this is: the one part of a plan that names people (``phones``) before it is stored, and after. What it is
not: the plan's meaning (``firmware_protocols.wire.plan``), or the rows it stands in. The one idea: the
context is the care circle's, so SQL lays plan and command together without reading them, and only who shows a
plan or sends it home needs the keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from cloud.sealed import Keyring, contact

Document = dict[str, Any]
_PART: Final = "phones"


def seal(ring: Keyring, home_id: int, plan: Mapping[str, Any]) -> Document:
    """``plan`` (JSON values) as it is stored."""
    return _with(plan, lambda number: ring.seal(number, contact(home_id)))


def opened(ring: Keyring, home_id: int, plan: Mapping[str, Any]) -> Document:
    """What ``seal`` was given.

    Raises:
        SealError: a number does not open. Without it the gateway would text somebody else, or nobody.
    """
    return _with(plan, lambda number: ring.open(number, contact(home_id)))


def shown(ring: Keyring, home_id: int, plan: Mapping[str, Any]) -> Document:
    """Like ``opened`` for a screen: a number that does not open is left out and logged."""
    return _with(plan, lambda number: ring.shown(number, contact(home_id)))


def _with(plan: Mapping[str, Any], change: Callable[[str], str]) -> Document:
    """``plan`` with each of its numbers changed; those that become empty are left out."""
    if _PART not in plan:
        return dict(plan)
    phones = dict(plan[_PART])
    if centre := change(phones.pop("centre", "")):
        phones["centre"] = centre
    if contacts := phones.get("contacts"):
        phones["contacts"] = [number for number in map(change, contacts) if number]
    return {**plan, _PART: phones}
