"""One shift in the county under one policy: alarms, questions, answers, trips and arrivals, in order of time.

What this is: the shell that the policy will have, with people who are played instead of a database and
telephones. What it is not: the policy, which it is given. The one idea: it asks for orders after everything
that is heard and whenever the last orders said to look again, exactly as a service must.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, islice
from typing import Final

from benchmarks.county import SCENE_S, Incident, Mood, Person, Place, Shift, car
from cloud.respond.model import Ask, Callout, Candidate, Kind, Orders, Said, Trip
from cloud.respond.policy import carry_out

START: Final = datetime(2026, 3, 30, tzinfo=UTC)
NEAREST: Final = 12
"""How many workers are offered to the policy, the soonest there."""
GIVES_UP_S: Final = 2 * 3_600.0
"""Nothing is looked at any longer then; it counts as never reached."""

Policy = Callable[[Callout, datetime], Orders]


@dataclass(slots=True)
class Case:
    """An incident and what becomes of it, in seconds since its alarm (infinite: never).

    ``due_s``: when it is looked at again, since the shift began. ``staff``: in order, once that is known.
    """

    incident: Incident
    callout: Callout
    people: dict[int, Person] = field(default_factory=dict)
    yes_s: float = math.inf
    reached_s: float = math.inf
    worker_s: float = math.inf
    alerts: int = 0
    arrivals: int = 0
    due_s: float = math.inf
    staff: Sequence[Person] = ()

    @property
    def waits_for_staff(self) -> bool:
        """Whether a worker is still wanted."""
        return math.isinf(self.worker_s)


class World:
    """The shift. ``posts``: where the units of the night wait."""

    def __init__(self, shift: Shift, policy: Policy, posts: Sequence[Place]) -> None:
        self._shift, self._policy, self._posts = shift, policy, posts
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._now_s = 0.0
        self._engaged: dict[int, Case] = {}
        self._busy_until: dict[int, float] = {}
        self._was_at = dict(enumerate(posts))
        self._cases: list[Case] = []

    def run(self, incidents: Sequence[Incident]) -> list[Case]:
        """Every incident of the shift, to its end."""
        for incident in incidents:
            self._at(incident.at_s, partial(self._begin, incident))
        while self._queue:
            self._now_s, _, happen = heapq.heappop(self._queue)
            happen()
        return self._cases

    def _at(self, second: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (second, next(self._numbers), happen))

    @property
    def _now(self) -> datetime:
        return START + timedelta(seconds=self._now_s)

    def _begin(self, incident: Incident) -> None:
        callout = Callout(self._now, incident.surroundings, self._shift.night, ())
        case = Case(incident, callout)
        self._cases.append(case)
        self._look(case)

    def _look(self, case: Case) -> None:
        if self._now_s > case.incident.at_s + GIVES_UP_S:
            return
        offered = replace(case.callout, candidates=tuple(self._candidates(case)))
        orders = self._policy(offered, self._now)
        case.callout = carry_out(offered, orders, self._now)
        for number in orders.relieve:
            self._engaged.pop(number, None)
        for person in orders.ask:
            self._ask(case, person)
        case.due_s = math.inf
        if orders.due_at is not None:
            case.due_s = (orders.due_at - START).total_seconds()
            self._at(case.due_s, lambda: self._look_if_due(case))

    def _look_if_due(self, case: Case) -> None:
        """Unless it was looked at meanwhile, and is due at another time."""
        if case.due_s == self._now_s:
            self._look(case)

    def _candidates(self, case: Case) -> Iterator[Candidate]:
        door = case.incident.door
        free = (person for person in self._staff(case) if self._is_free(person.id))
        for person in (*islice(free, NEAREST), *case.incident.near):
            case.people.setdefault(person.id, person)
            away = math.hypot(person.at.x - door.x, person.at.y - door.y)
            yield Candidate(
                person.id, person.kind, person.travel(door), away, person.in_visit, person.has_key
            )

    def _is_free(self, number: int) -> bool:
        return number not in self._engaged and self._busy_until.get(number, 0) <= self._now_s

    def _staff(self, case: Case) -> Sequence[Person]:
        """The soonest there first; by day they are where the incident found them."""
        door = case.incident.door
        if not self._shift.night:
            case.staff = case.staff or _sorted(case.incident.staff, door)
            return case.staff
        return _sorted(
            [car(number, self._waits_at(number), door) for number in range(self._shift.units)], door
        )

    def _waits_at(self, number: int) -> Place:
        """At the post, or where the unit was last as long as it cannot have driven back."""
        post, last = self._posts[number], self._was_at[number]
        back_s = car(number, last, post).drive_s(post)
        return last if self._now_s < self._busy_until.get(number, -math.inf) + back_s else post

    def _ask(self, case: Case, asked: Candidate) -> None:
        case.alerts += 1
        person = case.people[asked.id]
        if person.kind is Kind.WORKER:
            self._engaged[person.id] = case
        mood, asked_at = case.incident.mood(person), self._now
        if mood.says is not None:
            self._at(self._now_s + mood.after_s, lambda: self._answer(case, person, mood, asked_at))

    def _answer(self, case: Case, person: Person, mood: Mood, asked_at: datetime) -> None:
        ask = _ask_of(case, person)
        if ask.answer is not Said.NOTHING or ask.at != asked_at:
            return  # relieved meanwhile, or asked again
        if not mood.says:
            self._engaged.pop(person.id, None)
            self._hear(case, ask, Said.NO)
            return
        case.yes_s = min(case.yes_s, self._now_s - case.incident.at_s)
        there_at = self._now + person.travel(case.incident.door)
        trip = Trip(self._now, there_at, there_at)
        if mood.comes:
            self._at(self._now_s + mood.sets_out_s, lambda: self._set_out(case, person, trip, mood))
        self._hear(case, ask, trip)

    def _set_out(self, case: Case, person: Person, said: Trip, mood: Mood) -> None:
        trip = _trip_of(case, person, said)
        if trip is None:
            return
        drive_s = person.drive_s(case.incident.door)
        moving = replace(trip, moved_at=self._now, expected_at=self._now + timedelta(seconds=drive_s))
        self._at(self._now_s + drive_s * mood.drive, lambda: self._arrive(case, person, said))
        self._hear(case, _ask_of(case, person), moving)

    def _arrive(self, case: Case, person: Person, said: Trip) -> None:
        trip = _trip_of(case, person, said)
        if trip is None:
            return
        took_s = self._now_s - case.incident.at_s
        case.arrivals += 1
        case.reached_s = min(case.reached_s, took_s)
        if person.kind is Kind.WORKER:
            case.worker_s = min(case.worker_s, took_s)
            self._stay(person.id, case.incident.door)
        self._hear(case, _ask_of(case, person), replace(trip, arrived_at=self._now))

    def _stay(self, number: int, door: Place) -> None:
        self._engaged.pop(number, None)
        self._busy_until[number] = self._now_s + SCENE_S
        self._was_at[number] = door
        self._at(self._now_s + SCENE_S, self._somebody_is_free)

    def _somebody_is_free(self) -> None:
        for case in self._cases:
            if case.waits_for_staff:
                self._look(case)

    def _hear(self, case: Case, ask: Ask, answer: Said | Trip) -> None:
        asks = (replace(one, answer=answer) if one is ask else one for one in case.callout.asks)
        case.callout = replace(case.callout, asks=tuple(asks))
        self._look(case)


def _ask_of(case: Case, person: Person) -> Ask:
    return next(ask for ask in case.callout.asks if ask.who.id == person.id)


def _trip_of(case: Case, person: Person, said: Trip) -> Trip | None:
    """Their trip as it stands; ``None`` when they were relieved, or said yes anew."""
    answer = _ask_of(case, person).answer
    return answer if isinstance(answer, Trip) and answer.since == said.since else None


def _sorted(staff: Sequence[Person], door: Place) -> list[Person]:
    return sorted(staff, key=lambda person: person.travel(door))
