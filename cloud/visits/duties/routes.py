"""``/api/v1/visits``: the county's rule and campaigns, who is due by when, and the visiting rate.

What this is: who may ask, and in which words it is answered. What it is not: the rules (``duty``, ``rate``).
The one idea: a rate is never shown without its denominator, and every figure of it leads to people by name.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from http import HTTPStatus
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Depends, Path, Query

from cloud import cursors
from cloud.access import Api, needs, require
from cloud.auth import Module, Permission, Principal, Purpose, Scope
from cloud.cursors import Number
from cloud.db import Connection
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once, OneCommand
from cloud.problems import not_found, responses
from cloud.visits.campaign import proposed
from cloud.visits.duties import keeper, store, survey
from cloud.visits.duties.views import (
    Away,
    Back,
    CampaignList,
    CampaignView,
    Concern,
    DutiesAsked,
    DutyPage,
    NamedList,
    NamedView,
    NewCampaign,
    Occasion,
    OwedView,
    PeopleAsked,
    PersonView,
    Profile,
    ProposedList,
    RateAsked,
    RateList,
    RateView,
    RuleView,
    duty_view,
    proposed_view,
)
from cloud.visits.duty import group_of, period_of
from cloud.visits.rate import Span

router = APIRouter(prefix="/visits", tags=["visits"], dependencies=[Depends(needs(Module.VISITS))])

PURPOSE: Final = Purpose.CONSOLE
DUTIES: Final = "visit duties"
AT_MOST: Final = 500
"""People that one answer names behind a figure."""

Visitor = Annotated[Principal, Depends(require(Permission.MAKE_VISITS))]
Leader = Annotated[Principal, Depends(require(Permission.LEAD_VISITS))]
ResidentId = Annotated[int, Path(ge=1, lt=2**31, description="number of the resident")]
CampaignId = Annotated[int, Path(ge=1, lt=2**31, description="number of the campaign")]
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
CHANGED: Final = ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND)


class ByDue(msgspec.Struct, frozen=True, array_like=True):
    """The place in a list that is sorted by what is owed first."""

    at: datetime
    id: Number


@router.get("/rule", operation_id="readVisitRule", summary="How often whom", responses=ERRORS)
async def read_rule(api: Api, visitor: Visitor) -> RuleView:
    """Of the county; the published one where it has said nothing."""
    scope = visitor.scope(PURPOSE)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        return RuleView.of(await store.rule(conn, scope))


@router.put("/rule", operation_id="putVisitRule", summary="Set how often", responses=ERRORS | ONCE_ERRORS)
async def put_rule(asked: RuleView, leader: Leader, once: Once) -> RuleView:
    """Every duty is worked out anew by it, also of what was done before."""
    scope, now = leader.scope(PURPOSE), once.call.now

    async def work(conn: Connection) -> RuleView:
        values = {**asked.model_dump(mode="json"), "tenant_id": leader.tenant_id, "staff_id": leader.staff_id}
        await store.write(conn, "put_rule", scope, **values, now=now)
        await store.write(conn, "look_at_all", scope, now=now)
        return asked

    return await once.do(scope, RuleView, work)


@router.get("/campaigns", operation_id="listCampaigns", summary="Campaigns", responses=ERRORS)
async def list_campaigns(api: Api, visitor: Visitor) -> CampaignList:
    """Those that are not over."""
    scope = visitor.scope(PURPOSE)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        found = await store.rows(conn, "campaigns", scope, id=None, now=api.now)
    return CampaignList(campaigns=[CampaignView(**row) for row in found])


@router.get(
    "/campaigns/proposed",
    operation_id="proposeCampaigns",
    summary="Festivals that are near",
    responses=ERRORS,
)
async def propose_campaigns(api: Api, visitor: Visitor) -> ProposedList:
    """Spring Festival, Mid-Autumn, Double Ninth; only those without a campaign that is still due then."""
    scope = visitor.scope(PURPOSE)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        zone = ZoneInfo((await store.rows(conn, "zone", scope))[0]["time_zone"])
        made = await store.rows(conn, "campaigns", scope, id=None, now=api.now)
    spans = [(row["since"], row["until"]) for row in made if row["occasion"] == Occasion.FESTIVAL]
    found = proposed(api.now, zone)
    return ProposedList(
        proposed=[
            proposed_view(one)
            for one in found
            if not any(since <= one.campaign.by < until for since, until in spans)
        ]
    )


@router.post(
    "/campaigns",
    operation_id="addCampaign",
    summary="Have everybody asked after",
    status_code=HTTPStatus.CREATED,
    responses=ERRORS | ONCE_ERRORS,
)
async def add_campaign(asked: NewCampaign, leader: Leader, once: Once) -> CampaignView:
    """Whoever is not reached stays in the list until it is over, and in the rate for ever."""
    scope, now = leader.scope(PURPOSE), once.call.now

    async def work(conn: Connection) -> CampaignView:
        values = {**asked.model_dump(mode="json"), "tenant_id": leader.tenant_id, "staff_id": leader.staff_id}
        (row,) = await store.rows(conn, "add_campaign", scope, **values, now=now)
        await store.write(conn, "look_at_all", scope, now=now)
        return await _campaign(conn, scope, row["id"], now)

    return await once.do(scope, CampaignView, work)


@router.post(
    "/campaigns/{campaign_id}/end", operation_id="endCampaign", summary="End one sooner", responses=CHANGED
)
async def end_campaign(campaign_id: CampaignId, leader: Leader, once: Once) -> CampaignView:
    """404 when it is over."""
    scope, now = leader.scope(PURPOSE), once.call.now

    async def work(conn: Connection) -> CampaignView:
        values = {"id": campaign_id, "now": now, "staff_id": leader.staff_id}
        if not await store.rows(conn, "end_campaign", scope, **values):
            raise not_found()
        await store.write(conn, "look_at_all", scope, now=now)
        return await _campaign(conn, scope, campaign_id, now)

    return await once.do(scope, CampaignView, work)


@router.get("/duty", operation_id="listDuties", summary="Who is due by when", responses=ERRORS)
async def list_duties(asked: Annotated[DutiesAsked, Query()], api: Api, visitor: Visitor) -> DutyPage:
    """One line a person, the longest overdue first."""
    scope = visitor.scope(PURPOSE)
    last = cursors.after(asked, DUTIES, scope, ByDue)
    async with api.reading(scope) as conn:
        found = await store.rows(
            conn,
            "overdue",
            scope,
            before=api.now + timedelta(days=asked.within_days),
            reason=asked.reason,
            people_group=asked.group,
            division=asked.division,
            unplanned=asked.unplanned,
            now=api.now,
            after_at=last.at if last else None,
            after_id=last.id if last else None,
            limit=asked.limit + 1,
        )
    api.saw(scope.purpose, {row["home_id"] for row in found})
    shown, following = cursors.page(found, lambda row: ByDue(row["due_at"], row["id"]), asked, DUTIES, scope)
    return DutyPage(items=[duty_view(row, api.now, asked.locale) for row in shown], next=following)


@router.get(
    "/people/{resident_id}",
    operation_id="readDuty",
    summary="What is owed to somebody",
    responses=ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def read_duty(resident_id: ResidentId, api: Api, visitor: Visitor) -> PersonView:
    """Worked out now. 404 also for somebody whose duty has not begun: the loop begins it."""
    scope = visitor.scope(PURPOSE)
    async with api.reading(scope) as conn:
        shown = await _person(conn, scope, resident_id, api.now)
    api.saw(scope.purpose, [shown.home_id])
    return shown


@router.put(
    "/people/{resident_id}", operation_id="putProfile", summary="Say whose duty it is", responses=CHANGED
)
async def put_profile(resident_id: ResidentId, asked: Profile, visitor: Visitor, once: Once) -> PersonView:
    """Special difficulties and conditions decide how often somebody is visited."""
    return await _changed(once, visitor, resident_id, "put_person", **asked.model_dump())


@router.post(
    "/people/{resident_id}/absences",
    operation_id="addAbsence",
    summary="Say that somebody is not at home",
    responses=CHANGED,
)
async def add_absence(resident_id: ResidentId, asked: Away, visitor: Visitor, once: Once) -> PersonView:
    """What falls into it is owed after the return."""
    return await _changed(once, visitor, resident_id, "add_absence", **asked.model_dump())


@router.post(
    "/people/{resident_id}/return",
    operation_id="endAbsence",
    summary="Say that they are back",
    responses=CHANGED,
)
async def end_absence(resident_id: ResidentId, asked: Back, visitor: Visitor, once: Once) -> PersonView:
    """Ends every absence that lasts, from that time on."""
    return await _changed(once, visitor, resident_id, "end_absences", until=asked.at)


@router.post(
    "/people/{resident_id}/concerns",
    operation_id="reportConcern",
    summary="Report that something has changed",
    responses=CHANGED,
)
async def report_concern(resident_id: ResidentId, asked: Concern, visitor: Visitor, once: Once) -> PersonView:
    """A visit follows within the rule's hours. In danger press the alarm instead."""
    return await _changed(once, visitor, resident_id, "add_concern", **asked.model_dump())


@router.get("/rate", operation_id="readVisitRate", summary="The visiting rate", responses=ERRORS)
async def read_rate(asked: Annotated[RateAsked, Query()], api: Api, leader: Leader) -> RateList:
    """By area, each with its denominator and everybody who is not in it."""
    scope = leader.scope(PURPOSE)
    api.saw(scope.purpose, scope.homes)
    async with api.reading(scope) as conn:
        found = await survey.rate(conn, scope, await _span(conn, scope, asked), asked.digits)
        names = await store.rows(conn, "divisions", scope, digits=asked.digits)
    by_code = {row["code"][: asked.digits]: row["name"] for row in names}
    return RateList(
        areas=[
            RateView(
                division=area,
                name=by_code.get(area, ""),
                owed=one.owed,
                visited=one.visited,
                share=one.share,
                people={stands: len(who) for stands, who in one.people.items()},
            )
            for area, one in found.items()
            if _within(area, asked.division)
        ]
    )


@router.get("/rate/people", operation_id="readVisitRatePeople", summary="Who they are", responses=ERRORS)
async def read_rate_people(asked: Annotated[PeopleAsked, Query()], api: Api, leader: Leader) -> NamedList:
    """Whoever stands so in that time, at most 500 of them by name."""
    scope = leader.scope(PURPOSE)
    async with api.reading(scope) as conn:
        span = await _span(conn, scope, asked)
        ids = [
            who
            async for who, division, stands in survey.standings(conn, scope, span)
            if stands is asked.standing and _within(division, asked.division)
        ]
        found = await store.rows(conn, "named", scope, ids=ids[:AT_MOST])
    api.saw(scope.purpose, {row["home_id"] for row in found})
    return NamedList(people=[NamedView(**row) for row in found], more=max(0, len(ids) - AT_MOST))


def _within(code: str, division: str | None) -> bool:
    """Whether one of the two areas lies in the other."""
    return division is None or code.startswith(division) or division.startswith(code)


async def _span(conn: Connection, scope: Scope, asked: RateAsked) -> Span:
    zone = ZoneInfo((await store.rows(conn, "zone", scope))[0]["time_zone"])
    return Span(
        datetime.combine(asked.since, time(), zone),
        datetime.combine(asked.until + timedelta(days=1), time(), zone),
    )


async def _campaign(conn: Connection, scope: Scope, number: int, now: datetime) -> CampaignView:
    return CampaignView(**(await store.rows(conn, "campaigns", scope, id=number, now=now))[0])


async def _changed(
    once: OneCommand, visitor: Principal, resident_id: int, statement: str, **values: object
) -> PersonView:
    """Carry out ``statement`` for somebody within the bounds, and show what is owed to them then."""
    scope, now = visitor.scope(PURPOSE), once.call.now

    async def work(conn: Connection) -> PersonView:
        who = await store.find(conn, scope, resident_id)
        if who is None:
            raise not_found()
        named = {"resident_id": resident_id, "home_id": who["home_id"], "staff_id": visitor.staff_id}
        await store.write(conn, "begin_person", scope, **named, now=now)
        await store.write(conn, statement, scope, **named, **values, now=now)
        await keeper.refresh(conn, scope, [resident_id], now)
        once.call.saw(scope.purpose, [who["home_id"]])
        return await _person(conn, scope, resident_id, now)

    return await once.do(scope, PersonView, work)


async def _person(conn: Connection, scope: Scope, resident_id: int, now: datetime) -> PersonView:
    found = await keeper.owed(conn, scope, resident_id, now)
    if found is None:
        raise not_found()
    known, owed = found
    rule = await store.rule(conn, scope)
    return PersonView(
        resident_id=known.resident_id,
        home_id=known.home_id,
        group=group_of(known.person, now),
        period_days=period_of(known.person, rule, now).days,
        since=known.person.since,
        ended_at=known.person.ended_at,
        difficulties=sorted(known.person.difficulties),
        conditions=sorted(known.person.conditions),
        owed=[
            OwedView(
                due_at=due.at,
                overdue=due.overdue(now),
                reason=due.reason,
                name=due.name,
                ways=sorted(due.ways),
            )
            for due in owed
        ],
    )
