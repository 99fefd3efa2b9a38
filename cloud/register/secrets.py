"""Passwords of people and secrets of gateways, as administrators set them.

What this is: the writes of the register in which a secret goes in. What it is not: the loader's upsert
(``cloud.people.roster``), which runs beside the bounds of people at a screen and compares with what stands.
The one idea: a secret is written and never read, so the role that answers people has no right to read one;
what is named is therefore new, even where it happens to be the old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloud import machine_secret
from cloud.passwords import hashed
from cloud.people import roster_store
from cloud.people.roster import Gateway, Staff
from cloud.register.desk import Work, values
from firmware_protocols.wire.sms import key_of


async def add_gateway(work: Work, home_id: int, gateway: Gateway) -> bool:
    """Take in a gateway whose id nobody has; whether the home is there."""
    if await work.maybe("add_gateway", {**_gateway(gateway), "home_id": home_id}) is None:
        return False
    await _expect_texts(work, gateway)
    return True


async def change_gateway(work: Work, gateway: Gateway) -> None:
    """Make a gateway what ``gateway`` says; without a secret it keeps the one it has."""
    if not gateway.phone:
        await work.run("expect_no_texts", {"id": gateway.id})
    await work.maybe("renew_gateway" if gateway.secret else "change_gateway", _gateway(gateway))
    await _expect_texts(work, gateway)


async def add_staff(work: Work, person: Staff, homes: Mapping[str, int]) -> int | None:
    """Take in a person whose user name nobody has; ``homes``: numbers by key."""
    row = await work.maybe("add_staff", {**await _staff(person), "tenant_id": work.actor.tenant_id})
    if row is None:
        return None
    await roster_store.assign_homes(work.conn, row["id"], homes.values())
    return int(row["id"])


async def renew_staff(work: Work, staff_id: int, person: Staff, homes: Mapping[str, int]) -> None:
    """Change a person and give them a new password, which ends their sessions."""
    await work.maybe("renew_staff", {**await _staff(person), "id": staff_id})
    await work.run("end_sessions", {"id": staff_id})
    await roster_store.assign_homes(work.conn, staff_id, homes.values())


async def _expect_texts(work: Work, gateway: Gateway) -> None:
    if gateway.phone:
        await work.run("expect_texts", {"id": gateway.id})


def _gateway(gateway: Gateway) -> dict[str, Any]:
    secret = gateway.secret
    stored = machine_secret.hashed(secret) if secret else ""
    return values(gateway) | {"secret": stored, "sms_key": key_of(secret) if secret else None}


async def _staff(person: Staff) -> dict[str, Any]:
    return values(person) | {"password_hash": await hashed(person.password)}
