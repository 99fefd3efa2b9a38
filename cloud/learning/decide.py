"""Looking for proposals, and what a named person decides over one.

What this is: the road from outcomes to a new version of a home's plan, each step within the person's bounds.
What it is not: an automatism; without ``approve`` a proposal changes nothing, for ever. The one idea: an
approval is an ordinary change of the plan, by the register's own rules, made from the value that was judged:
if the plan has moved on meanwhile, the proposal is overtaken and nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from cloud.learning import store
from cloud.learning.store import Span
from cloud.learning.suggest import suggest
from cloud.learning.tunable import TUNABLE, changed
from cloud.register import desk
from cloud.register.desk import Work
from cloud.register.kinds import PLANS
from firmware_protocols.wire.plan import Plan


class State(StrEnum):
    """What became of a proposal. ``OVERTAKEN``: the plan was changed by somebody else before."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    OVERTAKEN = "overtaken"


DECIDED: Final = {True: State.APPROVED, False: State.REFUSED}


@dataclass(frozen=True, slots=True)
class Verdict:
    """``version``: of the proposal that they were looking at."""

    number: int
    version: int
    approved: bool
    reason: str


class NotFound(LookupError):  # noqa: N818 - a noun
    """No such proposal, or not within one's bounds."""


@dataclass(eq=False)
class Stale(Exception):  # noqa: N818 - a noun with fields
    """Somebody was faster; ``current`` is the proposal as it is now."""

    current: dict[str, Any]


async def look(work: Work, span: Span) -> list[int]:
    """Make every proposal that the outcomes of ``span`` argue for; the numbers of the new ones."""
    made: list[int] = []
    for (home_id, path), seen in (await store.seen(work.conn, work.scope, span)).items():
        found = suggest(TUNABLE[path], await _plan(work, home_id), seen)
        if found is None:
            continue
        number = await store.propose(
            work.conn, work.scope, home_id, found, span=span, made_by=work.actor.actor
        )
        made += [] if number is None else [number]
    return made


async def decide(work: Work, verdict: Verdict) -> dict[str, Any]:
    """Approve or refuse; an approval writes the home's next plan. Returns the proposal as it is then.

    Raises:
        NotFound: no such proposal.
        Stale: it was decided, or changed, meanwhile.
        ProblemError: the plan that would come of it is not allowed; why.
    """
    if not await store.hold(work.conn, work.scope, verdict.number):
        raise NotFound(verdict.number)
    before = await _shown(work, verdict.number)
    if before["version"] != verdict.version or before["state"] != State.OPEN:
        raise Stale(before)
    state, version = DECIDED[verdict.approved], None
    if verdict.approved:
        state, version = await _put(work, before)
    by = None if state is State.OVERTAKEN else work.actor.staff_id
    values = {"state": state, "decided_by": by, "reason": verdict.reason, "plan_version": version}
    await store.decide(work.conn, verdict.number, now=work.now, **values)
    return await _shown(work, verdict.number)


async def _put(work: Work, proposal: dict[str, Any]) -> tuple[State, int | None]:
    tunable = TUNABLE.get(proposal["path"])
    kept = await desk.read(work, PLANS, proposal["home_id"])
    if tunable is None or tunable.said(kept.record) != proposal["was"]:
        return State.OVERTAKEN, None
    wanted = changed(kept.record, tunable.path, proposal["becomes"])
    written = await desk.change(work, PLANS, kept.id, kept.version, wanted)
    return State.APPROVED, written.version


async def _plan(work: Work, home_id: int) -> Plan:
    return (await desk.read(work, PLANS, home_id)).record


async def _shown(work: Work, number: int) -> dict[str, Any]:
    found = await store.proposal(work.conn, work.scope, number)
    if found is None:
        raise NotFound(number)
    work.call.saw(work.scope.purpose, [found["home_id"]])
    return found
