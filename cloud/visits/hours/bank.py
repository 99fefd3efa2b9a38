"""What may be done with hours: each a decision in one transaction, by the rules of ``ledger``.

What this is: the shell around the rules: hold the accounts, ask the rule, write its entries. What it is not:
SQL or HTTP. The one idea: accounts are held before they are judged, so that two who spend the same hours at
once are judged one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from cloud.sealed import Keyring
from cloud.visits.hours import store
from cloud.visits.hours.certificate import Certificate, code, is_right
from cloud.visits.hours.ledger import (
    Account,
    Earned,
    Entry,
    Kind,
    Refusal,
    Refused,
    Served,
    Sort,
    earned,
    entries_of,
    minutes_of,
    moved,
    undone,
)
from cloud.visits.hours.store import Desk, Holder, Written

ONE_DAY: Final = timedelta(days=1)
BOOKED_WITHIN: Final = timedelta(days=366)
"""A visit that ended longer ago is not booked any more: nobody could still tell. D."""
COMMON: Final = {Kind.DONATE: Sort.POOL, Kind.GRANT: Sort.POOL, Kind.REDEEM: Sort.SERVICES}
"""Kinds whose other side is an account that everybody shares."""


class NotFound(LookupError):  # noqa: N818 - a noun
    """No such account, person, entry or paper within one's bounds."""


class NoKey(RuntimeError):  # noqa: N818 - a noun
    """The installation has no key ring, and a code without a key proves nothing."""


@dataclass(frozen=True, slots=True)
class Gift:
    """Hours that somebody gives or uses. ``other``: to whom, for a transfer; else ``None``. ``source``: what
    it rests on, in words that are found again.
    """

    kind: Kind
    account: int
    other: int | None
    minutes: int
    source: str


async def open_account(desk: Desk, holder: Holder) -> int:
    """The number of a new account.

    Raises:
        NotFound: no such person within one's bounds, or somebody who has one already.
    """
    number = await store.open_account(desk, holder)
    if number is None:
        raise NotFound(holder)
    return number


async def serve(desk: Desk, account_id: int, served: Served, source: str) -> Earned:
    """Book a visit that was proven: once, whatever is sent twice.

    Raises:
        NotFound: no such account.
        Refused: it is no visit, or one that is not over or long past; it was booked already; its visitor
            was elsewhere at that time.
    """
    bounds, zone = await store.rules(desk)
    services, pool = await store.common(desk, Sort.SERVICES), await store.common(desk, Sort.POOL)
    account = await _held(desk, account_id)
    if account.closed:
        raise Refused(Refusal.CLOSED)
    if not timedelta() <= desk.now - served.ended_at <= BOOKED_WITHIN:
        raise Refused(Refusal.NOT_A_VISIT)
    minutes = minutes_of(served)
    on_day = served.began_at.astimezone(zone).date()
    near = await store.served(desk, account_id, on_day - ONE_DAY, on_day + ONE_DAY)
    if account.sort is Sort.PERSON:
        minutes = minutes_of(served, (one.served for one in near))
    today_min = sum(one.minutes for one in near if one.on_day == on_day)
    worth = earned(account, minutes, today_min, bounds)
    for entry in entries_of(worth, services, account_id, pool):
        about = Written(on_day, source, served if entry.kind is Kind.EARN else None)
        await _write(desk, entry, about)
    return worth


async def give(desk: Desk, gift: Gift) -> int:
    """Give hours to somebody or to the pool, or use them; the number of the entry.

    Raises:
        NotFound: no such account.
        Refused: the rules do not let them go there.
    """
    bounds, zone = await store.rules(desk)
    other = gift.other
    if gift.kind in COMMON:
        other = await store.common(desk, COMMON[gift.kind])
    if other is None or gift.kind in {Kind.EARN, Kind.SURPLUS, Kind.UNDO}:
        raise Refused(Refusal.NO_ROAD)
    held = await store.hold(desk, {gift.account, other})
    if held.keys() != {gift.account, other}:
        raise NotFound(gift.account)
    giver, taker = held[gift.account], held[other]
    if gift.kind is Kind.GRANT:
        giver, taker = taker, giver
    entry = moved(gift.kind, giver, taker, gift.minutes, bounds)
    return await _write(desk, entry, Written(desk.now.astimezone(zone).date(), gift.source))


async def undo(desk: Desk, number: int, source: str) -> int:
    """Take an entry back, whole and once; the number of the entry that does. What was earned beyond a bound
    and went to the pool is two entries: the later one is taken back first.

    Raises:
        NotFound: no such entry.
        Refused: it was taken back already, or its hours have been given on.
    """
    rows = await store.entries(desk.conn, desk.scope, id=number, limit=1)
    if not rows:
        raise NotFound(number)
    entry = Entry(Kind(rows[0]["kind"]), rows[0]["giver"], rows[0]["taker"], rows[0]["minutes"])
    held = await store.hold(desk, {entry.giver, entry.taker})
    if held.keys() != {entry.giver, entry.taker}:
        raise NotFound(number)
    _, zone = await store.rules(desk)
    about = Written(desk.now.astimezone(zone).date(), source, undoes=number)
    return await _write(desk, undone(entry, held[entry.giver], held[entry.taker]), about)


async def close(desk: Desk, account_id: int) -> None:
    """End an account that holds nothing: who leaves gives or donates their hours first.

    Raises:
        NotFound: no such account.
        Refused: it is everybody's, or holds hours.
    """
    account = await _held(desk, account_id)
    if account.sort in {Sort.SERVICES, Sort.POOL}:
        raise Refused(Refusal.NO_ROAD)
    if account.balance_min:
        raise Refused(Refusal.NOT_EMPTY)
    await store.close(desk, account_id)


async def certify(
    desk: Desk, account_id: int, since: date, until: date, ring: Keyring
) -> tuple[Certificate, str]:
    """A certificate of what was served on those days, and its code.

    Raises:
        NotFound: no such account.
        Refused: nothing was served.
        NoKey: there is no key to make a code with.
    """
    rows = await store.accounts(desk.conn, desk.scope, ids=[account_id], limit=1)
    if not rows:
        raise NotFound(account_id)
    _, zone = await store.rules(desk)
    visits = await store.served(desk, account_id, since, until)
    if not visits:
        raise Refused(Refusal.NOTHING)
    number = await store.issue(
        desk,
        account_id,
        served_min=sum(one.minutes for one in visits),
        visits=len(visits),
        since=since,
        until=until,
        issued_on=desk.now.astimezone(zone).date(),
    )
    found = await store.certificate(desk.conn, desk.scope, number, rows[0]["name"])
    mark = ring.mark(found[0].text) if found else None
    if found is None or mark is None:
        raise NoKey
    return found[0], code(mark)


async def check(desk: Desk, number: int, holder: str, written: str, ring: Keyring) -> Certificate | None:
    """What a paper says, if name and code belong to its number; else nothing, not even which is wrong.

    Raises:
        NotFound: no such paper.
    """
    found = await store.certificate(desk.conn, desk.scope, number, holder)
    if found is None:
        raise NotFound(number)
    return found[0] if is_right(written, ring.marks(found[0].text)) else None


async def _held(desk: Desk, account_id: int) -> Account:
    held = await store.hold(desk, {account_id})
    if account_id not in held:
        raise NotFound(account_id)
    return held[account_id]


async def _write(desk: Desk, entry: Entry, about: Written) -> int:
    number = await store.write(desk, entry, about)
    if number is None:
        raise Refused(Refusal.TWICE)
    return number
