"""The roster: who lives where with which gateway, who answers calls, who may sign in; one JSON file.

Loading is an upsert and safe to repeat: what the file names becomes as the file says, what it does not
name stays, with one exception: contacts of a named home that the file no longer lists are removed,
because they would be called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import available_timezones

import msgspec

from cloud import machine_secret
from cloud.auth import Locale, Role, Scope
from cloud.auth import Purpose as Reason
from cloud.consent import effect as consents
from cloud.consent.decide import By, Decision, How
from cloud.consent.purposes import Purpose
from cloud.db import Connection, Queries
from cloud.passwords import hashed, is_outdated, verify
from cloud.people import divisions, id_number, numbers, plans, tenancy
from cloud.sealed import NO_KEYS, Keyring
from firmware_protocols.serial.sms_text import BadNumber, is_number
from firmware_protocols.wire.plan import Plan
from firmware_protocols.wire.sms import key_of
from firmware_protocols.wire.topics import SHARDS, valid_gateway_id

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
DivisionCode = Annotated[str, msgspec.Meta(pattern="^[0-9]{12}$")]

_SQL: Final = Queries(__package__ or "", "roster.sql")


class RosterError(Exception):
    """The roster cannot be loaded; ``str()`` says where and why. Nothing was changed."""


class Division(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An administrative division by its 12-digit statistics code."""

    code: DivisionCode
    name: Text
    parent: DivisionCode | None = None


class Tenant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The organisation that answers. ``duty_channels``: where its duty manager is reached. ``phone``: where
    families reach it; they are shown it.
    ``second_factor_roles``: who must sign in with two factors.
    """

    code: Text
    name: Text
    division: DivisionCode
    time_zone: str = "Asia/Shanghai"
    duty_channels: tuple[str, ...] = ()
    duty_locale: Locale = "zh-Hans"
    second_factor_roles: tuple[Role, ...] = (Role.ADMIN,)
    phone: Annotated[str, msgspec.Meta(pattern=r"^[0-9+() -]{0,32}$")] = ""


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Someone who signs in. ``homes``: keys of the only homes a caseworker or a family member sees."""

    username: Text
    role: Role
    name: Text
    locale: Locale = "zh-Hans"
    homes: tuple[str, ...] = ()


class Staff(Person, frozen=True, kw_only=True):
    """A person with the password they sign in with."""

    password: Annotated[str, msgspec.Meta(min_length=8, max_length=1_024)]


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A word of the resident that is on file (``cloud.consent.decide.Entry``). ``at`` unset: before anything
    was collected.
    """

    purpose: Purpose
    decision: Decision = Decision.GIVEN
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    by: By = By.SELF
    how: How = How.ROSTER
    by_name: str = ""
    authority: str = ""
    capacity: str = ""
    witness: str = ""
    recipient: str = ""
    text_version: str = ""
    valid_until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class Resident(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who lives there. ``ability_level``: 0-4 of GB/T 42195-2022. ``id_number``: GB 11643, or none."""

    name: Text
    birth_year: Annotated[int, msgspec.Meta(ge=1890, le=2100)]
    sex: Literal["f", "m"]
    lives_alone: bool = True
    ability_level: Annotated[int, msgspec.Meta(ge=0, le=4)] = 0
    phone: str = ""
    id_number: str = ""
    notes: str = ""


class Enrolled(Resident, frozen=True, kw_only=True):
    """A resident with what is on file. ``died_at``: from then on next of kin speak. ``consents``: what an
    enrolled person has signed anyway (``PurposeSpec.at_load``) need not be named, and nothing here undoes
    what was said since.
    """

    died_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    consents: tuple[Consent, ...] = ()


class Gateway(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The home's gateway. ``secret``: 16-72 random bytes, its sign-in at the broker; none: by certificate.
    ``phone``: the number of the card in its modem; empty: it has none, and no texts are expected.
    """

    id: str
    shard: Annotated[int, msgspec.Meta(ge=0, lt=SHARDS)]
    secret: str = ""
    phone: str = ""


class Device(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A device that the gateway names; ``room`` is where help should look first."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    kind: str = ""
    room: str = ""


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rung of the ladder. ``channels``: tried in order."""

    rank: Annotated[int, msgspec.Meta(ge=1, le=99)]
    name: Text
    relation: Text
    phone: str = ""
    has_key: bool = False
    locale: Locale = "zh-Hans"
    channels: tuple[str, ...] = ()


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a home is. ``key``: its name outside, which stays. Coordinates are WGS-84 degrees."""

    key: Text
    division: DivisionCode
    address: Text
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None


class Centre(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where workers start from: a station, a day centre. Coordinates are WGS-84 degrees."""

    name: Text
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]


class Home(Place, frozen=True, kw_only=True):
    """A home with everything in it. ``plan``: how its gateway shall judge, without a version; whether the
    resident lives alone and how able they are is taken from ``resident``.
    """

    resident: Enrolled
    gateway: Gateway | None = None
    devices: tuple[Device, ...] = ()
    contacts: tuple[Contact, ...] = ()
    plan: Plan | None = None


class Roster(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    divisions: tuple[Division, ...]
    tenant: Tenant
    staff: tuple[Staff, ...] = ()
    homes: tuple[Home, ...] = ()


def read(path: Path) -> Roster:
    """Read and check a roster file.

    Raises:
        RosterError: unreadable, not a roster, or at odds with itself.
    """
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise RosterError(f"cannot read the roster: {error}") from error


def parse(content: bytes) -> Roster:
    """Check the bytes of a roster file.

    Raises:
        RosterError: not a roster, or at odds with itself.
    """
    try:
        roster = msgspec.json.decode(content, type=Roster)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RosterError(f"roster: {error}") from error
    for fault in faults(roster):
        raise RosterError(f"roster: {fault}")
    return roster


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
    scope = Scope((tenant,), None, Reason.ADMINISTER)
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
        await put_staff(conn, tenant, person, homes)


def faults(roster: Roster) -> Iterable[str]:
    """What is wrong between the parts of ``roster`` although each of its fields is what it should be."""
    codes = {division.code for division in roster.divisions} | set(divisions.HUAIHUA)
    named = [roster.tenant.division, *(home.division for home in roster.homes)]
    parents = [division.parent for division in roster.divisions if division.parent]
    yield from (f"division {code} is not listed" for code in [*named, *parents] if code not in codes)
    yield from (
        f"division {code} is no 12-digit statistics code" for code in codes if not divisions.is_code(code)
    )
    yield from (
        f"division {one.code} does not lie in {one.parent}"
        for one in roster.divisions
        if one.parent and not divisions.is_below(one.code, one.parent)
    )
    yield from tenant_faults(roster.tenant)
    gateways = [home.gateway for home in roster.homes if home.gateway]
    for gateway in gateways:
        yield from gateway_faults(gateway)
    for home in roster.homes:
        yield from (f"home {home.key}: {fault}" for fault in resident_faults(home.resident))
    yield from _twice("home", [home.key for home in roster.homes])
    yield from _twice("gateway", [gateway.id for gateway in gateways])
    yield from _twice("username", [person.username for person in roster.staff])
    for home in roster.homes:
        yield from _twice(f"home {home.key}: rank", [contact.rank for contact in home.contacts])
        names = [device.name for device in home.devices]
        yield from _twice(f"home {home.key}: device", names)
        if home.plan is not None:
            circle = [contact.phone for contact in home.contacts]
            found = (*plans.faults(home.plan, names), *plans.strangers(home.plan, circle))
            yield from (f"home {home.key}: plan: {fault}" for fault in found)
    keys = {home.key for home in roster.homes}
    for person in roster.staff:
        missing = sorted(set(person.homes) - keys)
        yield from (f"staff {person.username}: home {key} is not listed" for key in missing)


def tenant_faults(tenant: Tenant) -> Iterable[str]:
    """What is wrong with ``tenant`` although each of its fields is what it should be."""
    if not _known_zone(tenant.time_zone):
        yield f"time_zone {tenant.time_zone!r} is not known here: messages would tell a wrong time"


def gateway_faults(gateway: Gateway) -> Iterable[str]:
    """What is wrong with ``gateway`` although each of its fields is what it should be."""
    if not valid_gateway_id(gateway.id):
        yield f"gateway id {gateway.id!r} is not valid"
    if gateway.secret and not machine_secret.usable(gateway.secret):
        yield f"gateway {gateway.id}: its secret must have 16-72 bytes"
    if gateway.phone and not is_number(gateway.phone):
        yield f"gateway {gateway.id}: its phone is {BadNumber()}"


def resident_faults(resident: Resident) -> Iterable[str]:
    """What is wrong with ``resident`` although each of its fields is what it should be."""
    if resident.id_number:
        try:
            id_number.normal(resident.id_number)
        except id_number.BadIdNumber as error:
            yield str(error)


def _known_zone(name: str) -> bool:
    """Whether the system knows the zone ``name``; one without any zones cannot tell."""
    zones = available_timezones()
    return not zones or name in zones


def _twice(what: str, values: Iterable[Any]) -> Iterable[str]:
    return [f"{what} {value} is listed twice" for value, count in Counter(values).items() if count > 1]


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
        await put_gateway(conn, home_id, home.gateway, home.devices)
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


async def put_gateway(
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


async def put_staff(conn: Connection, tenant: int, person: Staff, homes: Mapping[str, int]) -> int:
    """Make or change a person; returns their number. A new password ends their sessions.

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
    return staff_id


async def assign_homes(conn: Connection, staff_id: int, homes: Iterable[int]) -> None:
    """Make ``homes`` the only ones that a caseworker or a family member sees."""
    await conn.execute(_SQL["assign_homes"], {"staff": staff_id, "homes": sorted(homes)})


async def _one(conn: Connection, statement: str, values: dict[str, Any]) -> int:
    row = await (await conn.execute(_SQL[statement], values)).fetchone()
    if row is None:
        raise RosterError(f"roster: {statement} changed nothing")
    return int(row["id"])
