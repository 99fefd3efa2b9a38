"""Which columns hold numbers of people, and how each is sealed and opened.

What this is: from what is known to what is stored and back, a table at a time; everybody who writes or shows
such a column comes through here. What it is not: SQL, keys (``cloud.sealed``), or a home's plan, which ingest
reads too (``cloud.plan_numbers``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cloud import sealed
from cloud.people import phones
from cloud.sealed import Keyring

_OF_RESIDENT: Final = ("phone", "id_number")

Row = dict[str, Any]


def resident_columns(ring: Keyring, home_id: int, *, phone: str, id_number: str) -> Row:
    """The columns of a resident; ``id_number`` is in its normal form, or empty."""
    return {
        "phone": ring.seal(phone, sealed.resident(home_id, "phone")),
        "phone_mark": _mark(ring, phone),
        "id_number": ring.seal(id_number, sealed.resident(home_id, "id_number")),
        "id_number_mark": ring.mark(id_number),
    }


def resident_shown(ring: Keyring, home_id: int, row: Mapping[str, Any]) -> Row:
    """``row`` of a resident with its numbers opened."""
    return {**row, **{what: ring.shown(row[what], sealed.resident(home_id, what)) for what in _OF_RESIDENT}}


def contact_columns(ring: Keyring, home_id: int, *, phone: str, channels: Sequence[str]) -> Row:
    """The columns of a member of the care circle."""
    context = sealed.contact(home_id)
    return {
        "phone": ring.seal(phone, context),
        "phone_mark": _mark(ring, phone),
        "channels": [ring.seal_address(one, context) for one in channels],
    }


def contact_shown(ring: Keyring, home_id: int, row: Mapping[str, Any]) -> Row:
    """``row`` of a member of the care circle with the number opened, and the channels where it has them."""
    context = sealed.contact(home_id)
    opened: Row = {**row, "phone": ring.shown(row["phone"], context)}
    if "channels" in row:
        opened["channels"] = [ring.shown_address(one, context) for one in row["channels"]]
    return opened


def duty_columns(ring: Keyring, tenant_id: int, channels: Sequence[str]) -> list[str]:
    """The stored addresses of a tenant's duty manager."""
    return [ring.seal_address(one, sealed.duty(tenant_id)) for one in channels]


def duty_shown(ring: Keyring, tenant_id: int, channels: Sequence[str]) -> list[str]:
    """What ``duty_columns`` was given."""
    return [ring.shown_address(one, sealed.duty(tenant_id)) for one in channels]


def responder_columns(ring: Keyring, tenant_id: int, *, phone: str, channels: Sequence[str]) -> Row:
    """The columns of somebody who may be called to a door."""
    context = sealed.responder(tenant_id)
    return {
        "phone": ring.seal(phone, context),
        "phone_mark": _mark(ring, phone),
        "channels": [ring.seal_address(one, context) for one in channels],
    }


def responder_shown(ring: Keyring, tenant_id: int, row: Mapping[str, Any]) -> Row:
    """``row`` of somebody who may be called, with the number and the channels opened."""
    context = sealed.responder(tenant_id)
    channels = [ring.shown_address(one, context) for one in row["channels"]]
    return {**row, "phone": ring.shown(row["phone"], context), "channels": channels}


def _mark(ring: Keyring, phone: str) -> bytes | None:
    """By which a number is found again; one of which nothing can be dialled has a mark of its own."""
    return ring.mark(phones.normal(phone) or phone)
