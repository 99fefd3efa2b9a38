"""What may be done with visits: each a decision in one transaction.

What this is: the shell around the fold: hold the visit, keep what was said, work out how it went, and let
everything that rests on it follow: duties, hours. What it is not: SQL or HTTP. The one idea: what a worker
sends is never refused for what it says; only where it cannot belong (another person's visit, nobody within
the bounds) it is, and then the device still has it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cloud.db.scope import narrow
from cloud.visits.duties import keeper
from cloud.visits.duties import store as duties
from cloud.visits.duty import Way
from cloud.visits.forms.check import Filled, faults, worries, worse
from cloud.visits.forms.table import Proof, VisitKind
from cloud.visits.hours import bank
from cloud.visits.hours.ledger import Refused
from cloud.visits.hours.store import Desk
from cloud.visits.records import store
from cloud.visits.records.clock import Told, believed
from cloud.visits.records.fold import Record, Sort, fold
from cloud.visits.records.place import Place, sign
from cloud.visits.records.store import Held, Wanted

BOOKED: Final = "booked"


class NotFound(LookupError):  # noqa: N818 - a noun
    """No such visit, person or worker within one's bounds."""


class OtherVisit(Exception):  # noqa: N818 - a noun
    """The visit of this key is another person's, or of another kind: the device mixed two up."""


class KeyReused(Exception):  # noqa: N818 - a noun
    """This key was given to other words before: the device must draw another one."""


class Begun(Exception):  # noqa: N818 - a noun
    """It has begun, or is cancelled: there is nothing left to plan."""


@dataclass(frozen=True, slots=True)
class Meant:
    """Which visit a device means. ``visit``: its key; where that is not known yet, the visit is made."""

    visit: UUID
    resident_id: int
    kind: VisitKind
    way: Way


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a device says about a visit. ``key``: its own, drawn once. ``body``: answers or words.
    ``tag``: what was read at the door.
    """

    meant: Meant
    key: UUID
    sort: Sort
    device_at: datetime
    sent_at: datetime
    body: dict[str, Any]
    tag: str = ""
    place: Place | None = None


def digest_of(tag: str) -> bytes:
    """What is kept of a tag's code, which holds 128 random bits."""
    return hashlib.sha256(tag.encode()).digest()


async def plan(desk: Desk, wanted: Wanted) -> int:
    """The number of a new planned visit.

    Raises:
        NotFound: nobody of that number, or a worker who does not work here.
    """
    if not await store.working(desk.conn, desk.scope, wanted.workers):
        raise NotFound(wanted.workers)
    number = await store.add(desk.conn, desk.scope, wanted, desk.now)
    if number is None:
        raise NotFound(wanted.resident_id)
    return number


async def move(desk: Desk, number: int, workers: tuple[int, ...], planned_at: datetime | None) -> None:
    """Let somebody else go, or at another time.

    Raises:
        NotFound: no such visit or worker.
        Begun: too late.
    """
    held = await _held(desk, number)
    if not await store.working(desk.conn, desk.scope, workers):
        raise NotFound(workers)
    if not await store.move(desk.conn, desk.scope, held.id, workers, planned_at, desk.staff_id):
        raise Begun(number)


async def cancel(desk: Desk, number: int, why: str) -> None:
    """Nobody goes. Who has gone all the same, without a network, is still heard.

    Raises:
        NotFound: no such visit.
        Begun: too late.
    """
    held = await _held(desk, number)
    values = {"id": held.id, "now": desk.now, "staff_id": desk.staff_id, "why": why}
    if not await store.rows(desk.conn, "cancel", desk.scope, **values):
        raise Begun(number)


async def take(desk: Desk, said: Said) -> tuple[int, bool]:
    """Keep what a device says; the number of its visit, and whether it was new.

    Raises:
        NotFound: nobody of that number within the bounds.
        OtherVisit: the visit of this key is about somebody or something else.
        KeyReused: the key belongs to other words.
    """
    held = await visit_of(desk, said.meant)
    told = Told(said.device_at, said.sent_at, desk.now)
    when = believed(told)
    body = said.body | await _shown(desk, held, said)
    if not when.sure:
        body["unsure"] = True
    new = await store.add_event(
        desk.conn, desk.scope, held, desk.staff_id, said.key, said.sort, told, when, body
    )
    if new:
        await follow(desk, held)
    elif not await _same(desk, held, said):
        raise KeyReused(said.key)
    return held.id, new


async def visit_of(desk: Desk, meant: Meant) -> Held:
    """The visit that is meant; made where its key is not known yet, whatever is said of it first.

    Raises:
        NotFound: nobody of that number within the bounds.
        OtherVisit: the visit of this key is about somebody or something else.
    """
    held = await store.hold(desk.conn, desk.scope, key=meant.visit)
    if held is None:
        wanted = Wanted(meant.visit, meant.resident_id, meant.kind, meant.way)
        await store.add(desk.conn, desk.scope, wanted, desk.now)  # somebody may have been faster
        held = await store.hold(desk.conn, desk.scope, key=meant.visit)
    if held is None:
        raise NotFound(meant.resident_id)
    if (held.resident_id, held.plan.kind, held.plan.way) != (meant.resident_id, meant.kind, meant.way):
        raise OtherVisit(meant.visit)
    return held


async def vouch(desk: Desk, number: int, key: UUID, words: str) -> None:
    """Who leads says that the visitor was there, although neither tag nor place shows it.

    Raises:
        NotFound: no such visit, or one's own.
    """
    held = await _held(desk, number)
    if any(row["staff_id"] == desk.staff_id for row in await store.events(desk.conn, desk.scope, held.id)):
        raise NotFound(number)
    told = Told(desk.now, desk.now, desk.now)
    body = {"words": words}
    if await store.add_event(
        desk.conn, desk.scope, held, desk.staff_id, key, Sort.VOUCH, told, believed(told), body
    ):
        await follow(desk, held)


async def follow(desk: Desk, held: Held) -> Record:
    """Work out how a visit went, and let duties and hours follow; ``held`` is held."""
    conn, scope = desk.conn, desk.scope
    said = [store.event_of(row) for row in await store.events(conn, scope, held.id)]
    files = await store.files(conn, scope, held.id)
    signed = await store.signed(conn, scope, held.id)
    record = fold(held.plan, said, files, signed=signed)
    await store.keep(conn, held, record, *await _looked_at(desk, held, record))
    await duties.write(
        conn, "begin_person", scope, resident_id=held.resident_id, home_id=held.home_id, now=desk.now
    )
    await keeper.refresh(conn, scope, [held.resident_id], desk.now)
    if held.hours != BOOKED:
        await _book(desk, held, record)
    return record


async def _shown(desk: Desk, held: Held, said: Said) -> dict[str, Any]:
    """What shows that somebody stood at the door. Where exactly they were is kept nowhere."""
    if said.sort not in {Sort.ARRIVE, Sort.DEPART}:
        return {}
    digest = digest_of(said.tag)
    found = await store.rows(desk.conn, "is_tag", desk.scope, home_id=held.home_id, digest=digest)
    shown = sign(held.home, said.place, tag=bool(said.tag) and found[0]["is_tag"])
    return {"how": shown.how.value, "distance_m": shown.distance_m}


async def _same(desk: Desk, held: Held, said: Said) -> bool:
    """Whether the words that are kept under this key are these; what shows the place may have changed."""
    kept = next(row for row in await store.events(desk.conn, desk.scope, held.id) if row["key"] == said.key)
    before: dict[str, Any] = kept["body"]
    return bool(kept["sort"] == said.sort and all(before.get(key) == one for key, one in said.body.items()))


async def _looked_at(desk: Desk, held: Held, record: Record) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Answers that somebody must look at, and those that are worse than the last time; of a form that is
    not whole nothing is judged.
    """
    now = Filled(held.plan.kind, record.filled.answers, frozenset(Proof))
    if record.began_at is None or any(faults(now)):
        return (), ()
    before = await store.form_before(desk.conn, desk.scope, held, record.began_at)
    return worries(now), () if before is None or any(faults(before)) else worse(before, now)


async def _book(desk: Desk, held: Held, record: Record) -> None:
    """A visit that was proven, by somebody who serves for hours, is booked in this transaction.

    The books of a tenant are seen whole or not at all: while they are written, the bounds are the tenant's.
    """
    if record.by_id is None or record.served is None or not record.complete:
        return
    whole = replace(desk, scope=replace(desk.scope, homes=None))
    await narrow(desk.conn, whole.scope)
    account = await store.account_of(desk.conn, whole.scope, record.by_id)
    if account is not None:
        await store.booked(desk.conn, held.id, await _served(whole, account, record, held.id))
    await narrow(desk.conn, desk.scope)


async def _served(desk: Desk, account: int, record: Record, visit_id: int) -> str:
    assert record.served is not None  # noqa: S101 - asked by the only caller
    try:
        await bank.serve(desk, account, record.served, f"visit:{visit_id}")
    except Refused as error:
        return error.why.value
    return BOOKED


async def _held(desk: Desk, number: int) -> Held:
    held = await store.hold(desk.conn, desk.scope, number=number)
    if held is None:
        raise NotFound(number)
    return held
