"""``/api/v1/time``: accounts of hours, what moves between them, and certificates.

What this is: who may ask, and the words of a refusal. What it is not: the rules (``ledger``) or their shell
(``bank``). The one idea: hours are moved by a named person with a source that is found again, and never
changed afterwards; a mistake is taken back by an entry of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query

from cloud import cursors
from cloud.access import Api, needs, require
from cloud.auth import Module, Permission, Principal, Purpose
from cloud.cursors import Asked, ById
from cloud.db import Connection
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once, OneCommand
from cloud.problems import ProblemError, Refusals, not_found, refusal, responses
from cloud.visits.at_desk import done
from cloud.visits.hours import bank, store
from cloud.visits.hours.bank import Gift, NoKey, NotFound
from cloud.visits.hours.ledger import Refusal, Refused, Served
from cloud.visits.hours.store import Desk, Holder
from cloud.visits.hours.views import (
    AccountPage,
    AccountView,
    CertificateAsked,
    CheckedView,
    CodeAsked,
    EarnedView,
    EntriesAsked,
    EntryPage,
    EntryView,
    GiftAsked,
    NewAccount,
    PaperView,
    RulesView,
    Undoing,
    Visit,
)

router = APIRouter(prefix="/time", tags=["time"], dependencies=[Depends(needs(Module.VISITS))])

PURPOSE: Final = Purpose.CONSOLE
ACCOUNTS: Final = "time accounts"
ENTRIES: Final = "time entries"
Banker = Annotated[Principal, Depends(require(Permission.MANAGE_HOURS))]
AccountId = Annotated[int, Path(ge=1, lt=2**31, description="number of the account")]
EntryId = Annotated[int, Path(ge=1, lt=2**63, description="number of the entry")]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
CHANGED: Final = ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND)

SAID: Final[Mapping[Refusal, str]] = {
    Refusal.NO_ROAD: "Hours do not go this way: a group may only donate, and what is everybody's stays open.",
    Refusal.SAME_ACCOUNT: "Giver and taker are the same account.",
    Refusal.NOTHING: "There is nothing to move or to certify.",
    Refusal.CLOSED: "One of the accounts is closed.",
    Refusal.OVERDRAWN: "The account does not hold so many minutes.",
    Refusal.OVER_CAP: "The taker would hold more than the rules allow: give less, or donate.",
    Refusal.NOT_A_VISIT: "A visit is over, not a year ago, and lasted from a minute to twelve hours.",
    Refusal.OVERLAPS: "Whoever served was somewhere else at that time: look at both visits.",
    Refusal.TWICE: "This has been booked already.",
    Refusal.NOT_EMPTY: "The account still holds hours: give or donate them first.",
}
"""What to do about each refusal; its name is the code of the problem."""

REFUSALS: Final[Refusals] = {
    NotFound: lambda _: not_found(),
    Refused: lambda error: ProblemError(HTTPStatus.CONFLICT, error.why, SAID[error.why]),
    NoKey: refusal(HTTPStatus.CONFLICT, "no_key", "A code needs a key: set keys.file."),
}


@router.get("/rules", operation_id="readTimeRules", summary="What one person may hold", responses=ERRORS)
async def read_rules(api: Api, banker: Banker) -> RulesView:
    """Of the tenant; 1,500 hours with the surplus donated where it has said nothing."""
    scope = banker.scope(PURPOSE)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        found, _ = await store.rules(_desk(conn, banker, api))
    return RulesView(**asdict(found))


@router.put("/rules", operation_id="putTimeRules", summary="Set the bounds", responses=ERRORS | ONCE_ERRORS)
async def put_rules(asked: RulesView, banker: Banker, once: Once) -> RulesView:
    """What is held already stays."""

    async def work(desk: Desk) -> RulesView:
        await store.put_rules(desk, asked.rules)
        return asked

    return await done(once, banker, RulesView, work, REFUSALS)


@router.get("/accounts", operation_id="listTimeAccounts", summary="Accounts of hours", responses=ERRORS)
async def list_accounts(asked: Annotated[Asked, Query()], api: Api, banker: Banker) -> AccountPage:
    """With what each holds, closed ones too."""
    scope = banker.scope(PURPOSE)
    last = cursors.after(asked, ACCOUNTS, scope, ById)
    async with api.reading(scope) as conn:
        rows = await store.accounts(conn, scope, after=last.id if last else None, limit=asked.limit + 1)
    found = [AccountView(**row) for row in rows]
    api.saw(scope.purpose, {one.home_id for one in found if one.home_id is not None})
    items, following = cursors.page(found, lambda one: ById(one.id), asked, ACCOUNTS, scope)
    return AccountPage(items=items, next=following)


@router.post("/accounts", operation_id="openTimeAccount", summary="Open an account", responses=CHANGED)
async def open_account(asked: NewAccount, banker: Banker, once: Once) -> AccountView:
    """For a member of staff, a resident, or a group that serves; 404 also for somebody who has one."""

    async def work(desk: Desk) -> AccountView:
        holder = Holder(asked.staff_id, asked.resident_id, asked.group.strip())
        return await _account(desk, once, await bank.open_account(desk, holder))

    return await done(once, banker, AccountView, work, REFUSALS)


@router.post(
    "/accounts/{account_id}/close", operation_id="closeTimeAccount", summary="End one", responses=CHANGED
)
async def close_account(account_id: AccountId, banker: Banker, once: Once) -> AccountView:
    """Its entries stay."""

    async def work(desk: Desk) -> AccountView:
        await bank.close(desk, account_id)
        return await _account(desk, once, account_id)

    return await done(once, banker, AccountView, work, REFUSALS)


@router.get("/entries", operation_id="listTimeEntries", summary="What moved", responses=ERRORS)
async def list_entries(asked: Annotated[EntriesAsked, Query()], api: Api, banker: Banker) -> EntryPage:
    """The oldest first."""
    scope = banker.scope(PURPOSE)
    last = cursors.after(asked, ENTRIES, scope, ById)
    async with api.reading(scope) as conn:
        rows = await store.entries(
            conn,
            scope,
            account_id=asked.account_id,
            after=last.id if last else None,
            limit=asked.limit + 1,
        )
    api.saw(scope.purpose, {home for row in rows for home in row.pop("homes")})
    items, following = cursors.page(
        [EntryView(**row) for row in rows], lambda one: ById(one.id), asked, ENTRIES, scope
    )
    return EntryPage(items=items, next=following)


@router.post(
    "/accounts/{account_id}/visits",
    operation_id="bookVisit",
    summary="Book a proven visit",
    responses=CHANGED,
)
async def book_visit(account_id: AccountId, asked: Visit, banker: Banker, once: Once) -> EarnedView:
    """Once for each source, whatever is sent twice."""

    async def work(desk: Desk) -> EarnedView:
        await _account(desk, once, account_id)
        served = Served(asked.began_at, asked.ended_at)
        return EarnedView(**asdict(await bank.serve(desk, account_id, served, asked.source)))

    return await done(once, banker, EarnedView, work, REFUSALS)


@router.post(
    "/accounts/{account_id}/gifts", operation_id="giveTime", summary="Give or use hours", responses=CHANGED
)
async def give(account_id: AccountId, asked: GiftAsked, banker: Banker, once: Once) -> EntryView:
    """To another person, to the pool, from the pool to the account, or for help that was had."""

    async def work(desk: Desk) -> EntryView:
        await _account(desk, once, account_id)
        gift = Gift(asked.kind, account_id, asked.other, asked.minutes, asked.source)
        return await _entry(desk, once, await bank.give(desk, gift))

    return await done(once, banker, EntryView, work, REFUSALS)


@router.post("/entries/{entry_id}/undo", operation_id="undoTime", summary="Take back", responses=CHANGED)
async def undo(entry_id: EntryId, asked: Undoing, banker: Banker, once: Once) -> EntryView:
    """Whole and once, by an entry of its own."""

    async def work(desk: Desk) -> EntryView:
        return await _entry(desk, once, await bank.undo(desk, entry_id, asked.source))

    return await done(once, banker, EntryView, work, REFUSALS)


@router.post(
    "/accounts/{account_id}/certificates",
    operation_id="certifyTime",
    summary="Certify what was served",
    responses=CHANGED,
)
async def certify(account_id: AccountId, asked: CertificateAsked, banker: Banker, once: Once) -> PaperView:
    """With a code by which anybody of the tenant can have it checked."""

    async def work(desk: Desk) -> PaperView:
        await _account(desk, once, account_id)
        paper, code = await bank.certify(desk, account_id, asked.since, asked.until, once.call.parts.ring)
        return PaperView(**asdict(paper), code=code)

    return await done(once, banker, PaperView, work, REFUSALS)


@router.post(
    "/certificates/check",
    operation_id="checkTimeCertificate",
    summary="Is a paper genuine?",
    responses=ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def check(asked: CodeAsked, api: Api, banker: Banker) -> CheckedView:
    """By its number, with the name and the code on it; which of the two is wrong is not told."""
    scope = banker.scope(PURPOSE)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        desk = _desk(conn, banker, api)
        try:
            paper = await bank.check(desk, asked.number, asked.holder, asked.code, api.parts.ring)
        except NotFound as error:
            raise not_found() from error
    if paper is None:
        return CheckedView(right=False)
    return CheckedView(
        right=True, served_min=paper.served_min, visits=paper.visits, since=paper.since, until=paper.until
    )


def _desk(conn: Connection, banker: Principal, api: Api) -> Desk:
    return Desk(conn, banker.scope(PURPOSE), banker.tenant_id, banker.staff_id, banker.actor, api.now)


async def _account(desk: Desk, once: OneCommand, number: int) -> AccountView:
    rows = await store.accounts(desk.conn, desk.scope, ids=[number], limit=1)
    if not rows:
        raise NotFound(number)
    found = AccountView(**rows[0])
    once.call.saw(desk.scope.purpose, () if found.home_id is None else [found.home_id])
    return found


async def _entry(desk: Desk, once: OneCommand, number: int) -> EntryView:
    row = (await store.entries(desk.conn, desk.scope, id=number, limit=1))[0]
    once.call.saw(desk.scope.purpose, row.pop("homes"))
    return EntryView(**row)
