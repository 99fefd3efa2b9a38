"""The plan that each home's gateway shall go by, from the roster into its row.

What this is: the document, filled up with what the roster knows of the resident, and its number. What it is
not: the sending; ``cloud.ingest.plans`` compares the row with what the gateways report. The one idea: the
number is given here and grows with every change of the content, so loading the same roster again sends
nothing. Its telephone numbers are stored sealed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
from psycopg.types.json import Jsonb

from cloud import plan_numbers
from cloud.db import Connection, Queries
from cloud.people import numbers
from cloud.people.phones import mask, normal
from cloud.sealed import Keyring
from firmware_protocols.serial.sms_text import is_number
from firmware_protocols.wire import plan as plans
from firmware_protocols.wire.plan import Plan

_SQL: Final = Queries(__package__ or "", "plans.sql")


def faults(plan: Plan, devices: Iterable[str]) -> Iterator[str]:
    """Why ``plan`` cannot be that of a home with ``devices``; empty if it can."""
    if plan.version:
        yield "leave version out: it is given here and grows with every change"
    yield from plans.faults(plan)
    yield from plans.unknown_devices(plan, devices)


def strangers(plan: Plan, circle: Iterable[str]) -> Iterator[str]:
    """Why ``plan`` may not text whom it names: they are nobody of the care circle, whose numbers ``circle``
    are; there it is kept that they agreed, and there they leave.
    """
    known = {normal(number) for number in circle}
    for number in plan.phones.contacts or ():
        if number not in known:
            yield f"phones.contacts: nobody in the care circle has {mask(number)}; add the contact first"


def filled(plan: Plan, *, lives_alone: bool, ability_level: int, time_zone: str) -> Plan:
    """``plan`` with what the resident's record says, and the tenant's zone if it has none of its own."""
    person = msgspec.structs.replace(plan.person, lives_alone=lives_alone, ability_level=ability_level)
    return msgspec.structs.replace(plan, person=person, time_zone=plan.time_zone or time_zone)


async def put(conn: Connection, ring: Keyring, home_id: int, plan: Plan) -> None:
    """Make ``plan`` the home's; one that is as it was keeps its number, whichever key it was sealed with."""
    row = await (await conn.execute(_SQL["plan_to_compare"], {"home": home_id})).fetchone()
    if row is not None and _says(plan_numbers.shown(ring, home_id, row["body"]), plan):
        return
    body = plan_numbers.seal(ring, home_id, plans.as_document(plan))
    await conn.execute(_SQL["put_plan"], {"home": home_id, "body": Jsonb(body)})


async def follow_circle(
    conn: Connection, ring: Keyring, home_id: int, moved: Mapping[str, str] | None = None
) -> None:
    """The care circle has changed: the home's plan texts nobody who is no longer in it.

    ``moved``: new numbers by old ones, of people who stay.
    """
    row = await (await conn.execute(_SQL["plan_to_follow"], {"home": home_id})).fetchone()
    if row is None:
        return
    plan = msgspec.convert(plan_numbers.shown(ring, home_id, row["body"]), Plan)
    new = {normal(old): normal(number) for old, number in (moved or {}).items()}
    circle = await circle_numbers(conn, ring, home_id)
    known = {number for number in map(normal, circle) if is_number(number)}
    wanted = dict.fromkeys(new.get(number, number) for number in plan.phones.contacts or ())
    contacts = tuple(number for number in wanted if number in known)
    phones = msgspec.structs.replace(plan.phones, contacts=contacts)
    await put(conn, ring, home_id, msgspec.structs.replace(plan, phones=phones))


async def follow_ability(conn: Connection, ring: Keyring, home_id: int, ability_level: int) -> None:
    """Somebody was assessed: the home's plan, if it has one, goes by the level that was found."""
    row = await (await conn.execute(_SQL["plan_to_compare"], {"home": home_id})).fetchone()
    if row is None:
        return
    plan = msgspec.convert(plan_numbers.shown(ring, home_id, row["body"]), Plan)
    person = msgspec.structs.replace(plan.person, ability_level=ability_level)
    await put(conn, ring, home_id, msgspec.structs.replace(plan, person=person))


async def circle_numbers(conn: Connection, ring: Keyring, home_id: int) -> list[str]:
    """The telephone numbers of a home's care circle, as they were written."""
    found = await conn.execute(_SQL["numbers_of_circle"], {"home": home_id})
    return [numbers.contact_shown(ring, home_id, row)["phone"] for row in await found.fetchall()]


def _says(stored: Mapping[str, object], plan: Plan) -> bool:
    """Whether the document ``stored`` is ``plan``; one that an older program wrote may be none any more."""
    try:
        return msgspec.convert(stored, Plan) == plan
    except msgspec.ValidationError:
        return False
