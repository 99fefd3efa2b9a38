"""How a visit went, from everything that was said about it. Pure.

What this is: a fold over events, in the order in which they happened and not in which they came. What it is
not: a store that is changed. The one idea: nothing that a worker said is ever overwritten; where two things
cannot both be, the record names the conflict and both stay to be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from cloud.visits.duty import Way
from cloud.visits.forms.check import Filled, faults
from cloud.visits.forms.shapes import Answer
from cloud.visits.forms.table import FORMS, SEEN, Proof, VisitKind
from cloud.visits.hours.ledger import LONGEST_VISIT, Served
from cloud.visits.records.place import How, strongest


class Sort(StrEnum):
    """What is said. ``ANSWERS``: a filled form; ``VOUCH``: who leads
    says that the visitor was there although nothing shows it.
    """

    ARRIVE = "arrive"
    ANSWERS = "answers"
    NOTE = "note"
    DEPART = "depart"
    VOUCH = "vouch"


class File(StrEnum):
    """What is attached. A signature may be given by voice."""

    PHOTO = "photo"
    SIGNATURE = "signature"
    VOICE = "voice"


class Conflict(StrEnum):
    """What cannot be, or needs a person's eye; nothing of it is refused."""

    CLOCK = "clock"
    UNSURE_TIME = "unsure_time"
    CANCELLED = "cancelled"
    OTHER_PERSON = "other_person"
    TWO_FORMS = "two_forms"
    BACKWARDS = "backwards"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Event:
    """``id``: in the order of arrival here. ``at``: believed. ``off_s``: how wrong the device's clock was."""

    id: int
    sort: Sort
    at: datetime
    staff_id: int
    body: Mapping[str, Any]
    off_s: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What was to happen. ``staff``: who was to go; empty: whoever does."""

    kind: VisitKind
    way: Way = Way.HOME
    staff: frozenset[int] = frozenset()
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """``by_id``: who was there. ``complete``: it is over, with everything that its form asks."""

    began_at: datetime | None
    ended_at: datetime | None
    by_id: int | None
    seen: bool | None
    arrival: How | None
    departure: How | None
    filled: Filled
    faults: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    off_s: int

    @property
    def complete(self) -> bool:
        """Whether nothing of it is missing."""
        return self.ended_at is not None and not self.faults

    @property
    def served(self) -> Served | None:
        """When somebody was there, shown at both ends; ``None``: it is not."""
        shown = self.arrival not in {None, How.SAID} and self.departure not in {None, How.SAID}
        if self.began_at is None or self.ended_at is None or not shown or self.ended_at <= self.began_at:
            return None
        return Served(self.began_at, self.ended_at)


def fold(plan: Plan, events: Iterable[Event], files: Sequence[File], *, signed: bool = False) -> Record:
    """What ``events`` and ``files`` together say, whatever order they came in. ``signed``: an assessment that
    was made at this visit bears both signatures.
    """
    said = sorted(events, key=lambda one: (one.at, one.id))
    by_sort = {sort: [one for one in said if one.sort is sort] for sort in Sort}
    arrivals, departures, forms = by_sort[Sort.ARRIVE], by_sort[Sort.DEPART], by_sort[Sort.ANSWERS]
    vouched = [How.VOUCHED] if by_sort[Sort.VOUCH] else []
    first = next(iter(arrivals or forms), None)
    began_at = first.at if first else None
    ended_at = _ended(plan, departures, forms)
    arrival = strongest([How(one.body["how"]) for one in arrivals] + (vouched if arrivals else []))
    departure = strongest([How(one.body["how"]) for one in departures] + (vouched if departures else []))
    answers = answers_of(forms[-1].body) if forms else {}
    seen = answers.get(SEEN)
    proof = _proof(arrival, departure, files, signed=signed)
    filled = Filled(plan.kind, answers, proof, sum(one is File.PHOTO for one in files))
    return Record(
        began_at,
        ended_at,
        first.staff_id if first else None,
        seen if isinstance(seen, bool) else None,
        arrival,
        departure,
        filled,
        tuple(_missing(plan, filled, has_form=bool(forms))),
        tuple(_conflicts(plan, said, began_at, ended_at)),
        max((one.off_s for one in said), key=abs, default=0),
    )


def answers_of(body: Mapping[str, Any]) -> dict[str, Answer]:
    """The answers of a form as the forms have them; JSON knows no tuples."""
    return {key: tuple(one) if isinstance(one, list) else one for key, one in body["answers"].items()}


def _ended(plan: Plan, departures: Sequence[Event], forms: Sequence[Event]) -> datetime | None:
    """When they left; where nobody has to show that, when the form was filled."""
    if departures:
        return departures[-1].at
    needed = plan.way is Way.HOME and Proof.DEPARTURE in FORMS[plan.kind].proof
    return forms[-1].at if forms and not needed else None


def _proof(
    arrival: How | None,
    departure: How | None,
    files: Sequence[File],
    *,
    signed: bool,
) -> frozenset[Proof]:
    shown = {
        Proof.ARRIVAL: arrival not in {None, How.SAID},
        Proof.DEPARTURE: departure not in {None, How.SAID},
        Proof.SIGNATURE: signed or File.SIGNATURE in files or File.VOICE in files,
        Proof.SECOND_SIGNATURE: signed,
    }
    return frozenset(proof for proof, is_shown in shown.items() if is_shown)


def _missing(plan: Plan, filled: Filled, *, has_form: bool) -> Iterable[str]:
    """What keeps it from being whole. On the telephone nobody shows where they are."""
    if not has_form:
        return ("form: not filled",)
    unneeded = () if plan.way is Way.HOME else tuple(f"{proof}: missing" for proof in Proof)
    return [one for one in faults(filled) if one not in unneeded]


def _conflicts(
    plan: Plan, said: Sequence[Event], began_at: datetime | None, ended_at: datetime | None
) -> Iterable[Conflict]:
    there = {one.staff_id for one in said if one.sort in _AT_THE_DOOR}
    forms = [one for one in said if one.sort is Sort.ANSWERS]
    lasted = ended_at - began_at if began_at and ended_at else timedelta()
    holds = {
        Conflict.CLOCK: any(one.off_s for one in said),
        Conflict.UNSURE_TIME: any(one.body.get("unsure") for one in said),
        Conflict.CANCELLED: plan.cancelled and bool(there),
        Conflict.OTHER_PERSON: bool(plan.staff and there - plan.staff),
        Conflict.TWO_FORMS: any(
            one.staff_id != other.staff_id and one.body["answers"] != other.body["answers"]
            for one in forms
            for other in forms
        ),
        Conflict.BACKWARDS: lasted < timedelta(),
        Conflict.TOO_LONG: lasted > LONGEST_VISIT,
    }
    return [conflict for conflict, is_so in holds.items() if is_so]


_AT_THE_DOOR: Final = frozenset({Sort.ARRIVE, Sort.ANSWERS, Sort.DEPART})
"""What only somebody who is there says."""
