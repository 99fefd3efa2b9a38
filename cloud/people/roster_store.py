"""A roster, brought into the database: an upsert that is safe to repeat.

What this is: what ``roster`` says becomes rows. What it is not: the file and its rules (``roster``). What the
file names becomes as it says, what it does not name stays, with one exception: contacts of a named home that
it no longer lists are removed, because they would be called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from cloud import machine_secret
from cloud.auth import Purpose, Scope
from cloud.consent import effect as consents
from cloud.db import Connection, Queries
from cloud.passwords import hashed, is_outdated, verify
from cloud.people import divisions, id_number, numbers, plans, tenancy
from cloud.people.roster import (
    Contact,
    Device,
    Division,
    Enrolled,
    Gateway,
    Home,
    Roster,
    RosterError,
    Staff,
    Tenant,
)
from cloud.sealed import NO_KEYS, Keyring
from firmware_protocols.wire.plan import Plan
from firmware_protocols.wire.sms import key_of

_SQL: Final = Queries(__package__ or "", "roster.sql")


async def load(conn: Connection, roster: Roster, ring: Keyring = NO_KEYS) -> None:
    """Bring the database to what ``roster`` says, in the caller's transaction; ``ring`` seals the numbers.

    Raises:
        RosterError: it names what belongs to somebody else (a gateway or a user name of another tenant), or
            more homes than the tenant may have.
    """
    await _put_divisions(conn, [*_bundled(roster), *roster.divisions])
    tenant = await _one(conn, "put_tenant", _tenant(roster.tenant))
    duty = numbers.duty_columns(ring, tenant, roster.tenant.duty_channels)
    await conn.execute(_SQL["put_duty"], {"tenant": tenant, "duty_channels": duty})
    scope = Scope((tenant,), None, Purpose.ADMINISTER)
    before = await tenancy.room(conn, scope, tenant)
    homes = {home.key: await _put_home(conn, tenant, home, ring) for home in roster.homes}
    after = await tenancy.room(conn, scope, tenant)
    if after.grown_beyond(before):
        raise RosterError(
            f"roster: with it the tenant would have {after.used} homes, and may have {after.most}: "
            "ask the city for more"
        )
    for home in roster.homes:
        if home.plan is not None:
            await plans.put(conn, ring, homes[home.key], _plan(home, home.plan, roster.tenant))
    for home in roster.homes:  # after plan and contacts, which the consents are laid over
        await consents.load(conn, homes[home.key], map(msgspec.structs.asdict, home.resident.consents))
    for person in roster.staff:
        await _put_staff(conn, tenant, person, homes)


def _tenant(tenant: Tenant) -> dict[str, Any]:
    roles = [role.value for role in tenant.second_factor_roles]
    return msgspec.structs.asdict(tenant) | {"duty_channels": [], "second_factor_roles": roles}


def _plan(home: Home, plan: Plan, tenant: Tenant) -> Plan:
    who = home.resident
    return plans.filled(
        plan, lives_alone=who.lives_alone, ability_level=who.ability_level, time_zone=tenant.time_zone
    )


def _bundled(roster: Roster) -> Iterable[Division]:
    """Huaihua's areas that the roster names without listing them, with what they lie in."""
    listed = {division.code for division in roster.divisions}
    named = {roster.tenant.division, *(home.division for home in roster.homes)}
    named |= {division.parent for division in roster.divisions if division.parent}
    for code, name in divisions.HUAIHUA.items():
        if code not in listed and (code in named or any(divisions.is_below(one, code) for one in named)):
            yield Division(code, name, divisions.parent(code))


async def _put_divisions(conn: Connection, divisions: Iterable[Division]) -> None:
    """In two steps, because a child may be listed before its parent."""
    listed = list(divisions)
    for division in listed:
        await conn.execute(_SQL["put_division"], {"code": division.code, "name": division.name})
    for division in listed:
        await conn.execute(_SQL["put_parent"], {"code": division.code, "parent": division.parent})


async def _put_home(conn: Connection, tenant: int, home: Home, ring: Keyring) -> int:
    fields = ("key", "division", "address", "latitude", "longitude")
    values = {name: getattr(home, name) for name in fields} | {"tenant": tenant}
    known = await (await conn.execute(_SQL["home_as_it_is"], values)).fetchone()
    home_id: int = known["id"] if known else await _one(conn, "put_home", values)
    await _put_resident(conn, home_id, home.resident, ring)
    if home.gateway is not None:
        await _put_gateway(conn, home_id, home.gateway, home.devices)
    await _put_contacts(conn, home_id, home.contacts, ring)
    return home_id


async def _put_contacts(conn: Connection, home_id: int, contacts: Iterable[Contact], ring: Keyring) -> None:
    """Who has a rank stays who they are, with what is new of them; the plan's numbers follow."""
    known = await (await conn.execute(_SQL["circle"], {"home": home_id})).fetchall()
    before = {row["rank"]: numbers.contact_shown(ring, home_id, row)["phone"] for row in known}
    after = {contact.rank: contact.phone for contact in contacts}
    await conn.execute(_SQL["drop_contacts"], {"home": home_id, "ranks": list(after)})
    for contact in contacts:
        stored = numbers.contact_columns(ring, home_id, phone=contact.phone, channels=contact.channels)
        await conn.execute(_SQL["put_contact"], msgspec.structs.asdict(contact) | stored | {"home": home_id})
    moved = {before[rank]: after[rank] for rank in before.keys() & after.keys()}
    await plans.follow_circle(conn, ring, home_id, moved)


async def _put_resident(conn: Connection, home_id: int, resident: Enrolled, ring: Keyring) -> None:
    """The home's resident takes the new name too: correcting one must not make a second person."""
    number = id_number.normal(resident.id_number) if resident.id_number else ""
    stored = numbers.resident_columns(ring, home_id, phone=resident.phone, id_number=number)
    values = msgspec.structs.asdict(resident) | stored | {"home": home_id}
    values.pop("consents")
    if (await conn.execute(_SQL["change_resident"], values)).rowcount == 0:
        await conn.execute(_SQL["add_resident"], values)


async def _put_gateway(
    conn: Connection, home_id: int, gateway: Gateway, devices: Iterable[Device] = ()
) -> None:
    """Make ``gateway`` the home's, or change it; without a secret it keeps the one it has.

    Raises:
        RosterError: it belongs to another home.
    """
    known = await (await conn.execute(_SQL["gateway_secret"], {"id": gateway.id})).fetchone()
    if known is not None and known["home_id"] != home_id:
        raise RosterError(f"roster: gateway {gateway.id} belongs to another home")
    stored = known["secret"] if known is not None else ""
    values = {
        "id": gateway.id,
        "home": home_id,
        "shard": gateway.shard,
        "secret": _stored_secret(gateway, stored),
        "sms_key": key_of(gateway.secret) if gateway.secret else None,
        "phone": gateway.phone,
    }
    if not gateway.phone:
        await conn.execute(_SQL["drop_path"], values)
    await conn.execute(_SQL["put_gateway"], values)
    if gateway.phone:
        await conn.execute(_SQL["put_path"], values)
    for device in devices:
        await conn.execute(_SQL["put_device"], {**msgspec.structs.asdict(device), "gateway": gateway.id})


def _stored_secret(gateway: Gateway, stored: str) -> str:
    """What to store: as before if the secret is the same or none is named, else the hash of the new one."""
    if not gateway.secret or machine_secret.matches(gateway.secret, stored):
        return stored
    return machine_secret.hashed(gateway.secret)


async def _put_staff(conn: Connection, tenant: int, person: Staff, homes: Mapping[str, int]) -> None:
    """Make or change a person. A new password ends their sessions.

    Raises:
        RosterError: the user name belongs to another tenant.
    """
    known = await (await conn.execute(_SQL["staff_password"], {"username": person.username})).fetchone()
    if known is not None and known["tenant_id"] != tenant:
        raise RosterError(f"roster: user name {person.username} belongs to another tenant")
    same = known is not None and await verify(known["password_hash"], person.password)
    keep = known is not None and same and not is_outdated(known["password_hash"])
    values = {
        "tenant": tenant,
        "username": person.username,
        "password_hash": known["password_hash"]
        if known is not None and keep
        else await hashed(person.password),
        "role": person.role.value,
        "name": person.name,
        "locale": person.locale,
    }
    staff_id = await _one(conn, "put_staff", values)
    if known is not None and not same:
        await conn.execute(_SQL["end_sessions"], {"staff": staff_id})
    await assign_homes(conn, staff_id, (homes[key] for key in person.homes))


async def assign_homes(conn: Connection, staff_id: int, homes: Iterable[int]) -> None:
    """Make ``homes`` the only ones that a caseworker or a family member sees."""
    await conn.execute(_SQL["assign_homes"], {"staff": staff_id, "homes": sorted(homes)})


async def _one(conn: Connection, statement: str, values: dict[str, Any]) -> int:
    row = await (await conn.execute(_SQL[statement], values)).fetchone()
    if row is None:
        raise RosterError(f"roster: {statement} changed nothing")
    return int(row["id"])
