"""The roster: who lives where with which gateway, who answers calls, who may sign in; one JSON file.

What this is: what such a file may say, and what is wrong with one. Pure but for reading it. What it is not:
rows of the database (``roster_store``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import msgspec

from cloud import machine_secret
from cloud.auth import Locale, Role
from cloud.consent.decide import By, Decision, How
from cloud.consent.purposes import Purpose
from cloud.people import divisions, id_number, plans
from firmware_protocols.serial.sms_text import BadNumber, is_number
from firmware_protocols.wire.plan import Plan
from firmware_protocols.wire.topics import SHARDS, valid_gateway_id

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
DivisionCode = Annotated[str, msgspec.Meta(pattern="^[0-9]{12}$")]


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
