"""What may be done with assessments: each a decision in one transaction.

What this is: the shell around ``ability.judge``: judge, keep, and let everything follow that goes by the
level. What it is not: SQL or HTTP. The one idea: two people sign under their own names; the level holds from
the second signature on, and not before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from cloud.incidents import rows
from cloud.people import plans
from cloud.sealed import Keyring
from cloud.visits.ability.due import COUNTED, Reason, counted
from cloud.visits.ability.judge import Ability, Answers, RiskEvent, judge
from cloud.visits.assessments import store
from cloud.visits.duties import keeper
from cloud.visits.duties import store as duties
from cloud.visits.forms.table import VisitKind
from cloud.visits.hours.store import Desk
from cloud.visits.records import desk as visits
from cloud.visits.records import store as records

MOST_PAST: Final = 366
"""Days after which an assessment is drawn up too late to hold. D."""


class NotFound(LookupError):  # noqa: N818 - a noun
    """No such person, assessment or visit within one's bounds."""


class SameHand(Exception):  # noqa: N818 - a noun
    """Whoever signed first cannot sign second."""


class Signed(Exception):  # noqa: N818 - a noun
    """It bears a second word already."""


class NoDay(ValueError):  # noqa: N818 - a noun
    """The day lies ahead, or too long ago."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """An assessment as its first assessor draws it up. ``key``: drawn by their device. ``answers``: without
    counts of care-risk events they are counted from what is known.
    """

    key: UUID
    resident_id: int
    visit_id: int | None
    reason: Reason
    assessed_on: date
    informant: str
    answers: Answers


async def draw_up(desk: Desk, drawn: Drawn) -> int:
    """The number of the assessment, judged and signed once; the same for what comes again.

    Raises:
        NotFound: nobody of that number, or no assessment visit of theirs.
        NoDay: it cannot have been held on that day.
        BadAnswers: the form cannot be judged.
    """
    who = await _person(desk, drawn.resident_id)
    if not 0 <= (who["today"] - drawn.assessed_on).days <= MOST_PAST:
        raise NoDay(drawn.assessed_on)
    if drawn.visit_id is not None:
        held = await records.hold(desk.conn, desk.scope, number=drawn.visit_id)
        if held is None or (held.resident_id, held.plan.kind) != (drawn.resident_id, VisitKind.ASSESSMENT):
            raise NotFound(drawn.visit_id)
    answers = drawn.answers if drawn.answers.risk_events else await _counted(desk, drawn)
    values = _columns(drawn, answers, judge(answers))
    named = {"home_id": who["home_id"], "staff_id": desk.staff_id, "now": desk.now}
    added = await store.rows(desk.conn, "add", desk.scope, **values, **named)
    if not added:
        key = {"resident_id": drawn.resident_id, "key": drawn.key}
        added = await store.rows(desk.conn, "of_key", desk.scope, **key)
    return int(added[0]["id"])


async def sign(desk: Desk, number: int, ring: Keyring) -> None:
    """A second person signs: from now on the level holds, wherever something goes by it.

    Raises:
        NotFound: no such assessment.
        SameHand: they signed first.
        Signed: somebody was faster.
    """
    held = await _held(desk, number)
    await store.carry_out(desk.conn, "sign", id=number, staff_id=desk.staff_id, now=desk.now)
    await _follow(desk, held, ring)


async def refuse(desk: Desk, number: int, why: str) -> None:
    """The second person judges otherwise: it never holds, and stays with the reason.

    Raises:
        NotFound, SameHand, Signed: as for ``sign``.
    """
    await _held(desk, number)
    await store.carry_out(desk.conn, "refuse", id=number, staff_id=desk.staff_id, now=desk.now, why=why)


async def note(desk: Desk, resident_id: int, kind: RiskEvent, on_day: date, words: str) -> None:
    """Write down a care-risk event that no alarm and no form has told.

    Raises:
        NotFound: nobody of that number.
        NoDay: it lies ahead, or too long ago to count.
    """
    who = await _person(desk, resident_id)
    if not 0 <= (who["today"] - on_day).days <= MOST_PAST:
        raise NoDay(on_day)
    values = {"resident_id": resident_id, "home_id": who["home_id"], "kind": kind.value, "on_day": on_day}
    about = {"words": words, "staff_id": desk.staff_id, "now": desk.now}
    await store.carry_out(desk.conn, "add_care_event", **values, **about)
    await _refresh(desk, resident_id, who["home_id"])


async def _follow(desk: Desk, held: store.Row, ring: Keyring) -> None:
    """What goes by the level: the register, the home's plan, the screens, duties, the visit's signatures."""
    conn, resident_id, home_id = desk.conn, held["resident_id"], held["home_id"]
    await store.carry_out(conn, "follow_newest", resident_id=resident_id)
    (row,) = await store.rows(conn, "level", desk.scope, resident_id=resident_id)
    await plans.follow_ability(conn, ring, home_id, row["level"])
    await rows.show_home(conn, desk.tenant_id, home_id, desk.now)
    await _refresh(desk, resident_id, home_id)
    if held["visit_id"] is not None:
        visit = await records.hold(conn, desk.scope, number=held["visit_id"])
        assert visit is not None  # noqa: S101 - it is of the same home
        await visits.follow(desk, visit)


async def _refresh(desk: Desk, resident_id: int, home_id: int) -> None:
    named = {"resident_id": resident_id, "home_id": home_id, "now": desk.now}
    await duties.write(desk.conn, "begin_person", desk.scope, **named)
    await keeper.refresh(desk.conn, desk.scope, [resident_id], desk.now)


async def _counted(desk: Desk, drawn: Drawn) -> Answers:
    """The answers with the events of the 30 days that end with the assessment."""
    asked = {"ids": [drawn.resident_id], "since": drawn.assessed_on - COUNTED}
    found = await store.rows(desk.conn, "care_events", desk.scope, **asked)
    known = counted(map(store.happened, found), drawn.assessed_on)
    said = drawn.answers
    return Answers(said.points, said.coma, said.diagnoses, dict(known))


async def _person(desk: Desk, resident_id: int) -> store.Row:
    found = await store.rows(desk.conn, "person", desk.scope, resident_id=resident_id, now=desk.now)
    if not found:
        raise NotFound(resident_id)
    return found[0]


async def _held(desk: Desk, number: int) -> store.Row:
    found = await store.rows(desk.conn, "hold", desk.scope, id=number)
    if not found:
        raise NotFound(number)
    if found[0]["second_id"] is not None:
        raise Signed(number)
    if found[0]["first_id"] == desk.staff_id:
        raise SameHand(number)
    return found[0]


def _columns(drawn: Drawn, answers: Answers, ability: Ability) -> dict[str, Any]:
    diagnoses = [{"code": one.code, "by_psychiatrist": one.by_psychiatrist} for one in answers.diagnoses]
    return {
        "key": drawn.key,
        "resident_id": drawn.resident_id,
        "visit_id": drawn.visit_id,
        "reason": drawn.reason.value,
        "assessed_on": drawn.assessed_on,
        "informant": drawn.informant,
        "points": Jsonb(dict(answers.points)),
        "coma": answers.coma,
        "diagnoses": Jsonb(diagnoses),
        "risk_events": Jsonb(dict(answers.risk_events)),
        "total": ability.total,
        "domains": Jsonb(dict(ability.domains)),
        "by_points": int(ability.by_points),
        "level": int(ability.level),
        "overrides": [one.value for one in ability.overrides],
    }
