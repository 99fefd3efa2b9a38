"""The kinds of records that administrators keep, and what is special about each.

What this is: the table ``KINDS``. What it is not: the roster's rules, which stand at its structs; what the
loader does beyond one row (hash a secret, end sessions, fill a plan) is the loader's own function here, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from cloud import plan_numbers
from cloud.auth import Role
from cloud.consent import effect as consents
from cloud.enrolment import claims
from cloud.incidents import rows
from cloud.people import id_number, numbers, plans, roster, roster_store, tenancy
from cloud.people.roster import Centre, Contact, Device, Division, Gateway, Person, Place, Resident, Tenant
from cloud.register import secrets
from cloud.register.desk import Add, ByPlace, ByText, End, Ident, Kind, Work, Write, invalid, refused, values
from cloud.register.model import Devices, Divisions, Gateways, Homes, Living, OfHome, Staff
from cloud.sealed import Keyring
from firmware_protocols.wire import plan as wire
from firmware_protocols.wire.plan import Plan


class Changed(Person, frozen=True, kw_only=True):
    """A person as they shall be. ``password``: a new one, or empty: it stays."""

    password: Annotated[str, msgspec.Meta(pattern=r"^$|^[\s\S]{8,1024}$")] = ""


def _plain_add(statement: str) -> Add:
    async def add(work: Work, within: Mapping[str, Ident], record: msgspec.Struct) -> Ident | None:
        row = await work.maybe(statement, {**within, **values(record)})
        return row["id"] if row else None

    return add


def _plain_write(statement: str) -> Write:
    async def write(work: Work, number: Ident, version: int, record: msgspec.Struct) -> bool:
        params = {**values(record), "id": number, "version": version}
        return await work.maybe(statement, params) is not None

    return write


def _plain_end(statement: str) -> End:
    async def end(work: Work, number: Ident, version: int) -> bool:
        return await work.maybe(statement, {"id": number, "version": version}) is not None

    return end


async def _add_centre(work: Work, _within: Mapping[str, Ident], centre: Centre) -> Ident | None:
    row = await work.maybe("add_centre", {"tenant_id": work.actor.tenant_id} | values(centre))
    return row["id"] if row else None


async def _add_home(work: Work, _within: Mapping[str, Ident], home: Place) -> Ident | None:
    tenant_id = work.actor.tenant_id
    room = await tenancy.room(work.conn, work.scope, tenant_id)
    if room.most is not None and room.used >= room.most:
        raise refused(
            "quota_reached", f"All {room.most} homes of this tenant are there: ask the city for more."
        )
    row = await work.maybe("add_home", {"tenant_id": tenant_id} | values(home))
    if row is None:
        return None
    await _show(work, row["id"])
    return int(row["id"])


async def _write_home(work: Work, number: Ident, version: int, home: Place) -> bool:
    params = {**values(home), "id": number, "version": version}
    if await work.maybe("change_home", params) is None:
        return False
    await _show(work, int(number))
    return True


async def _end_home(work: Work, number: Ident, version: int) -> bool:
    """Its gateways are shut out with it; an open incident is closed by a person first."""
    home = await work.maybe("lock_home_to_retire", {"id": number})
    if home is not None and home["busy"]:
        raise refused("incident_open", "An incident of this home is open: close it first.")
    if await work.maybe("retire_home", {"id": number, "version": version}) is None:
        return False
    for gateway in await work.rows("gateways_in_force", {"id": number}):
        await _shut_out(work, gateway["id"])
    await rows.start_anew(work.conn, work.actor.tenant_id, int(number), work.now)
    return True


async def _add_resident(work: Work, within: Mapping[str, Ident], resident: Resident) -> Ident | None:
    home = await work.maybe("home_to_fill", within)
    if home is None:
        return None
    if home["taken"]:
        raise refused("occupied", "Somebody is registered in this home: retire them first.")
    home_id = int(within["home_id"])
    row = await work.maybe("add_resident", {**within, **_resident(work, home_id, resident, "")})
    await consents.load(work.conn, home_id, ())
    await _told(work, home_id)
    return row["id"] if row else None


async def _write_resident(work: Work, number: Ident, version: int, resident: Resident) -> bool:
    found = await work.maybe("resident_to_change", {"id": number})
    if found is None:
        return False
    before = numbers.resident_shown(work.ring, found["home_id"], found)["id_number"]
    params = _resident(work, found["home_id"], resident, before)
    row = await work.maybe("change_resident", {**params, "id": number, "version": version})
    if row is not None:
        await _told(work, row["home_id"])
    return row is not None


def _resident(work: Work, home_id: int, resident: Resident, before: str) -> dict[str, Any]:
    """The columns of ``resident``. An ID number that comes back as it was shown, masked, stays ``before``."""
    asked = resident.id_number
    kept = before if asked == id_number.mask(before) else _checked(asked)
    stored = numbers.resident_columns(work.ring, home_id, phone=resident.phone, id_number=kept)
    return values(resident) | stored


def _checked(number: str) -> str:
    try:
        return id_number.normal(number)
    except id_number.BadIdNumber as error:
        raise invalid(str(error)) from error


async def _add_contact(work: Work, within: Mapping[str, Ident], contact: Contact) -> Ident | None:
    params = _contact(work, int(within["home_id"]), contact)
    row = await work.maybe("add_contact", {**within, **params})
    return row["id"] if row else None


async def _write_contact(work: Work, number: Ident, version: int, contact: Contact) -> bool:
    found = await work.maybe("contact_to_change", {"id": number})
    if found is None:
        return False
    home_id = found["home_id"]
    before = numbers.contact_shown(work.ring, home_id, found)["phone"]
    params = {**_contact(work, home_id, contact), "id": number, "version": version}
    if await work.maybe("change_contact", params) is None:
        return False
    await plans.follow_circle(work.conn, work.ring, home_id, {before: contact.phone})
    return True


async def _end_contact(work: Work, number: Ident, version: int) -> bool:
    row = await work.maybe("retire_contact", {"id": number, "version": version})
    if row is not None:
        await plans.follow_circle(work.conn, work.ring, row["home_id"])
    return row is not None


def _contact(work: Work, home_id: int, contact: Contact) -> dict[str, Any]:
    stored = numbers.contact_columns(work.ring, home_id, phone=contact.phone, channels=contact.channels)
    return values(contact) | stored


async def _write_tenant(work: Work, number: Ident, version: int, tenant: Tenant) -> bool:
    """Its division says whose figures it counts in and, for a city, whose it sees: not its own to change."""
    place = await work.maybe("division_of_tenant", {"id": number})
    if place is not None and place["division"] != tenant.division:
        raise refused("division_reserved", "The division is changed by whoever runs the installation.")
    duty = numbers.duty_columns(work.ring, int(number), tenant.duty_channels)
    params = {**values(tenant), "duty_channels": duty, "id": number, "version": version}
    return await work.maybe("change_tenant", params) is not None


async def _end_resident(work: Work, number: Ident, version: int) -> bool:
    row = await work.maybe("retire_resident", {"id": number, "version": version})
    if row is not None:
        await consents.take_effect(work.conn, row["home_id"])
        await _told(work, row["home_id"])
    return row is not None


async def _show(work: Work, home_id: int) -> None:
    await rows.show_home(work.conn, work.actor.tenant_id, home_id, work.now)


async def _told(work: Work, home_id: int) -> None:
    """The screens and the home's gateway learn who lives there."""
    await _show(work, home_id)
    home = await work.maybe("home_to_plan", {"id": home_id})
    if home is not None and home["body"] is not None:
        body = plan_numbers.shown(work.ring, home_id, home["body"])
        await _put_plan(work, home, wire.parse({**body, "version": home["version"]}))


async def _add_gateway(work: Work, within: Mapping[str, Ident], gateway: Gateway) -> Ident | None:
    if await work.maybe("home_to_fill", within) is None:
        return None
    taken = await work.maybe("gateway_taken", {"gateway": gateway.id})
    if taken is None or taken["taken"]:
        raise refused("taken", "There is such a gateway already.")
    return gateway.id if await secrets.add_gateway(work, int(within["home_id"]), gateway) else None


async def _write_gateway(work: Work, number: Ident, version: int, gateway: Gateway) -> bool:
    row = await work.maybe("lock_gateway", {"id": number, "version": version})
    if row is not None:
        await secrets.change_gateway(work, gateway)
    return row is not None


async def _end_gateway(work: Work, number: Ident, version: int) -> bool:
    if await work.maybe("lock_gateway", {"id": number, "version": version}) is None:
        return False
    return await _shut_out(work, str(number))


async def _shut_out(work: Work, gateway: str) -> bool:
    return await claims.revoke(work.conn, work.scope, gateway, f"staff:{work.actor.staff_id}", work.now)


GIVEN: Final = frozenset(
    {Role.ADMIN, Role.SUPERVISOR, Role.OPERATOR, Role.CASEWORKER, Role.RESPONDER, Role.FAMILY, Role.EVALUATOR}
)
"""Roles that an administrator gives and takes. Not the auditor's: whoever is audited does not choose who
audits; nor those above the tenant, nor a machine's: they come from whoever runs the installation."""


def _given(*roles: str) -> None:
    if not GIVEN.issuperset(roles):
        raise refused("role_reserved", "This role is given by whoever runs the installation.")


async def _add_staff(work: Work, _within: Mapping[str, Ident], person: roster.Staff) -> Ident | None:
    _given(person.role)
    taken = await work.maybe("username_taken", {"username": person.username})
    if taken is None or taken["taken"]:
        raise refused("taken", "Somebody has this user name already.")
    return await secrets.add_staff(work, person, await _homes(work, person))


async def _write_staff(work: Work, number: Ident, version: int, person: Changed) -> bool:
    before = await work.maybe("lock_staff", {"id": number, "version": version})
    if before is None:
        return False
    _given(before["role"], person.role)
    _not_oneself(work, number, person.role)
    homes = await _homes(work, person)
    if person.password:
        fields = msgspec.structs.asdict(person)
        await secrets.renew_staff(work, int(number), roster.Staff(**fields), homes)
    else:
        await work.maybe("change_staff", {**values(person), "id": number})
        await roster_store.assign_homes(work.conn, int(number), homes.values())
    return True


async def _end_staff(work: Work, number: Ident, version: int) -> bool:
    _not_oneself(work, number, None)
    before = await work.maybe("lock_staff", {"id": number, "version": version})
    _given(before["role"] if before else Role.OPERATOR)
    return await work.maybe("retire_staff", {"id": number, "version": version}) is not None


def _not_oneself(work: Work, number: Ident, role: Role | None) -> None:
    """An administrator who locks themselves out may be the last one."""
    if number == work.actor.staff_id and role != work.actor.role:
        raise refused("oneself", "Another administrator must take this from you.")


async def _homes(work: Work, person: Person) -> dict[str, int]:
    found = {row["key"]: row["id"] for row in await work.rows("homes_of_keys", {"keys": list(person.homes)})}
    missing = [f"there is no home {key}" for key in person.homes if key not in found]
    if missing:
        raise invalid(*missing)
    return found


async def _write_plan(work: Work, number: Ident, version: int, plan: Plan) -> bool:
    home = await work.maybe("home_to_plan", {"id": number})
    if home is None or home["version"] != version:
        return False
    circle = await plans.circle_numbers(work.conn, work.ring, int(number))
    wrong = [*plans.faults(plan, home["devices"]), *plans.strangers(plan, circle)]
    if wrong:
        raise invalid(*wrong)
    await _put_plan(work, home, plan)
    return True


async def _put_plan(work: Work, home: Mapping[str, Any], plan: Plan) -> None:
    full = plans.filled(
        msgspec.structs.replace(plan, version=0),
        lives_alone=home["lives_alone"],
        ability_level=home["ability_level"],
        time_zone=home["time_zone"],
    )
    await plans.put(work.conn, work.ring, home["id"], full)


def _plan(row: dict[str, Any]) -> Plan:
    return msgspec.convert(row["body"], Plan)


def _resident_shown(ring: Keyring, row: dict[str, Any]) -> dict[str, Any]:
    opened = numbers.resident_shown(ring, row["home_id"], row)
    return opened | {"id_number": id_number.mask(opened["id_number"])}


def _gateway(row: dict[str, Any]) -> Gateway:
    return Gateway(id=row["gateway"], shard=row["shard"], phone=row["phone"])


DIVISIONS: Final = Kind("divisions", lambda row: Division(**row), Divisions, ByText)
TENANTS: Final = Kind(
    "tenants",
    lambda row: msgspec.convert(row, Tenant),
    Living,
    fixed="code",
    faults=roster.tenant_faults,
    write=_write_tenant,
    opened=lambda ring, row: {
        **row,
        "duty_channels": numbers.duty_shown(ring, row["id"], row["duty_channels"]),
    },
)
STAFF: Final = Kind(
    "staff",
    lambda row: msgspec.convert(row, Person),
    Staff,
    ByPlace,
    fixed="username",
    add=_add_staff,
    write=_write_staff,
    end=_end_staff,
)
HOMES: Final = Kind(
    "homes",
    lambda row: Place(**row),
    Homes,
    ByPlace,
    fixed="key",
    add=_add_home,
    write=_write_home,
    end=_end_home,
    is_home=True,
)
RESIDENTS: Final = Kind(
    "residents",
    lambda row: Resident(**row),
    OfHome,
    ByPlace,
    add=_add_resident,
    write=_write_resident,
    end=_end_resident,
    opened=_resident_shown,
)
CONTACTS: Final = Kind(
    "contacts",
    lambda row: msgspec.convert(row, Contact),
    OfHome,
    ByPlace,
    add=_add_contact,
    write=_write_contact,
    end=_end_contact,
    opened=lambda ring, row: numbers.contact_shown(ring, row["home_id"], row),
)
GATEWAYS: Final = Kind(
    "gateways",
    _gateway,
    Gateways,
    ByText,
    fixed="id",
    faults=roster.gateway_faults,
    add=_add_gateway,
    write=_write_gateway,
    end=_end_gateway,
)
DEVICES: Final = Kind(
    "devices",
    lambda row: Device(**row),
    Devices,
    ByPlace,
    fixed="name",
    add=_plain_add("add_device"),
    write=_plain_write("change_device"),
    end=_plain_end("retire_device"),
)
CENTRES: Final = Kind(
    "centres",
    lambda row: Centre(**row),
    Living,
    add=_add_centre,
    write=_plain_write("change_centre"),
    end=_plain_end("retire_centre"),
)
PLANS: Final = Kind(
    "plans",
    _plan,
    Living,
    write=_write_plan,
    opened=lambda ring, row: {**row, "body": plan_numbers.shown(ring, row["home_id"], row["body"])},
)
