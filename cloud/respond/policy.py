"""Who goes now: one worker and five local people at once, more the longer it is quiet, nobody called back
who could still be the first.

What this is: ``decide(callout, now) -> Orders`` and ``carry_out``, pure functions. What it is not: it knows
no message, no map and no database; who may be asked at all and how long they travel is given to it. The one
idea: an answer that is late may still be the quickest help, so silence adds people and never takes one away;
people are relieved only when enough others are surely on the way. Everything is read off what was asked and
answered, so the orders are the same after a restart, and given twice they change nothing.

Sources: S = measured by ``python -m benchmarks.dispatch`` against asking one after the other; D = this
project's default, shaped by the published practice of volunteer responder systems (ADR 0062).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from cloud.respond.model import Ask, Callout, Candidate, Kind, Orders, Party, Said, Step, Surroundings, Trip


@dataclass(frozen=True, slots=True)
class Rule:
    """``at_once``: how many of a party are asked together and kept asked; ``every``: how long after the last
    one another is added; ``keep``: how many are let go there; ``most``: how many are asked in all.
    """

    at_once: int
    every: timedelta
    keep: int
    most: int


RULES: Final[Mapping[Party, Rule]] = {
    Party.STAFF: Rule(at_once=1, every=timedelta(seconds=45), keep=1, most=10),  # S; D most
    Party.LOCAL: Rule(at_once=5, every=timedelta(seconds=20), keep=2, most=20),  # S; D most
}
OPEN_FOR: Final = timedelta(seconds=240)
"""S. How long somebody who has not answered counts as asked; a yes is welcome after that, too."""
RADIUS_M: Final[Mapping[Surroundings, float]] = {
    Surroundings.DENSE: 500.0,
    Surroundings.TOWN: 1_000.0,
    Surroundings.RURAL: 3_000.0,
}
"""D. How far away a neighbour or volunteer may be, as the crow flies; twice that once the circle is wide."""
FAMILY_WITHIN: Final = timedelta(minutes=10)
"""D. Family who need longer are told, not sent."""
STEPS: Final[Mapping[Step, timedelta]] = {
    Step.WIDEN: timedelta(minutes=3),
    Step.PHONE: timedelta(minutes=3),
    Step.DUTY_OFFICER: timedelta(minutes=5),
    Step.AMBULANCE: timedelta(minutes=5),
}
"""D. What is done when nobody is surely on the way so long after the callout, or at once with nobody left to
ask.
"""
FINDS_STAFF: Final = frozenset({Step.PHONE, Step.DUTY_OFFICER})
"""Done for want of a worker, whoever else is there; the others only for want of anybody."""
SETS_OUT_WITHIN: Final = timedelta(seconds=120)
"""D. From a yes to the first movement; volunteers need 1:45 in the median (Region der Lebensretter, 2025)."""
SETS_OUT_AT_NIGHT: Final = timedelta(seconds=180)
"""D. The same for who must dress first (median 2:22 there)."""
SLIP: Final = timedelta(minutes=3)
"""D. How much later than promised somebody may be before another is asked as well."""


def decide(callout: Callout, now: datetime) -> Orders:
    """What to do for ``callout`` at ``now``; carry it out, and look again at its ``due_at`` or when anything
    is heard.
    """
    steps = tuple(_steps(callout, now))
    known = replace(callout, done=callout.done | set(steps))
    orders = Orders(
        ask=tuple(person for party in Party for person in _more(known, party, now)),
        relieve=tuple(ask.who.id for ask in callout.asks if _needless(callout, ask, now)),
        telephone=tuple(ask.who.id for ask in callout.asks if _to_telephone(callout, ask, now)),
        steps=steps,
    )
    return replace(orders, due_at=_look_at(carry_out(callout, orders, now), now))


def carry_out(callout: Callout, orders: Orders, now: datetime) -> Callout:
    """The callout after ``orders``."""
    anew = {person.id for person in orders.ask}
    asks = tuple(_told(ask, orders) for ask in callout.asks if ask.who.id not in anew)
    asked = tuple(Ask(person, now) for person in orders.ask)
    return replace(callout, asks=asks + asked, done=callout.done | set(orders.steps))


def accountable(callout: Callout, now: datetime) -> Ask | None:
    """The one who answers for the resident from here on: a worker before a local person, who is there before
    who is on the way, and of those the first to arrive. ``None``: the operator still does.
    """
    trips = [ask for ask in callout.asks if isinstance(ask.answer, Trip)]
    return min(trips, key=lambda ask: _standing(callout, ask, now), default=None)


def is_late(callout: Callout, trip: Trip, now: datetime) -> bool:
    """Whether somebody who said yes does not move, or will be there much later than they promised."""
    if trip.arrived_at is not None:
        return False
    stays = trip.moved_at is None and now >= trip.since + _sets_out_within(callout)
    return stays or trip.there_at(now) >= trip.promised_at + SLIP


def _standing(callout: Callout, ask: Ask, now: datetime) -> tuple[bool, bool, datetime, int]:
    trip = _trip(ask)
    local = ask.who.party is not Party.STAFF
    return local, is_late(callout, trip, now), trip.there_at(now), ask.who.id


def _sets_out_within(callout: Callout) -> timedelta:
    return SETS_OUT_AT_NIGHT if callout.night else SETS_OUT_WITHIN


def _trip(ask: Ask) -> Trip:
    if not isinstance(ask.answer, Trip):
        raise TypeError(f"{ask.who.id} is not on the way")
    return ask.answer


def _sure(callout: Callout, party: Party, now: datetime) -> list[Trip]:
    """The trips of ``party`` that can be relied on."""
    trips = [ask.answer for ask in callout.of(party) if isinstance(ask.answer, Trip)]
    return [trip for trip in trips if not is_late(callout, trip, now)]


def _staff_is_there(callout: Callout) -> bool:
    return any(ask.on_site for ask in callout.of(Party.STAFF))


# More people -------------------------------------------------------------------------------------------


def _more(callout: Callout, party: Party, now: datetime) -> list[Candidate]:
    """Whom of ``party`` to ask now, the soonest there first."""
    if _staff_is_there(callout) or _sure(callout, party, now):
        return []
    rule, asks = RULES[party], callout.of(party)
    missing = rule.at_once - sum(_is_open(ask, now) for ask in asks)
    if missing <= 0 and now >= max(ask.at for ask in asks) + rule.every:
        missing = 1
    return _key_first(callout, _waiting(callout, party), now)[: max(0, min(missing, rule.most - len(asks)))]


def _is_open(ask: Ask, now: datetime) -> bool:
    return ask.answer is Said.NOTHING and now < ask.at + OPEN_FOR


def _waiting(callout: Callout, party: Party) -> list[Candidate]:
    """Those of ``party`` who can be asked; who was relieved can be asked again. By arrival alone: weighing it
    with how often somebody accepts gained nothing (S).
    """
    asked = {ask.who.id for ask in callout.asks if ask.answer is not Said.RELIEVED}
    wide = Step.WIDEN in callout.done
    people = (one for one in callout.candidates if one.party is party and one.id not in asked)
    near = (one for one in people if _is_near(one, callout.surroundings, wide=wide))
    return sorted(near, key=lambda one: (one.travel, one.id))


def _key_first(callout: Callout, people: list[Candidate], now: datetime) -> list[Candidate]:
    """``people``, the soonest of them with a key before all unless somebody with one may come already."""
    if any(ask.who.has_key and _may_come(ask, now) for ask in callout.asks):
        return people
    return sorted(people, key=lambda one: one is not next((one for one in people if one.has_key), None))


def _may_come(ask: Ask, now: datetime) -> bool:
    return isinstance(ask.answer, Trip) or _is_open(ask, now)


def _is_near(person: Candidate, surroundings: Surroundings, *, wide: bool) -> bool:
    match person.kind:
        case Kind.WORKER:
            return True
        case Kind.FAMILY:
            return person.travel <= FAMILY_WITHIN
        case _:
            return person.distance_m <= RADIUS_M[surroundings] * (2 if wide else 1)


# Fewer people ------------------------------------------------------------------------------------------


def _needless(callout: Callout, ask: Ask, now: datetime) -> bool:
    """Whether enough others are surely there before this one, who has not arrived."""
    if isinstance(ask.answer, Trip):
        if ask.on_site:
            return False
        enough = _staff_is_there(callout) or _is_enough(callout, ask, now)
        return enough and not _brings_the_key(callout, ask, now)
    return ask.answer is Said.NOTHING and (
        _staff_is_there(callout) or not _could_be_first(callout, ask.who, now)
    )


def _is_enough(callout: Callout, ask: Ask, now: datetime) -> bool:
    party = ask.who.party
    return _before(callout, ask, callout.of(party), now) >= RULES[party].keep


def _before(callout: Callout, ask: Ask, asks: Iterable[Ask], now: datetime) -> int:
    """How many of ``asks`` are surely there no later than this one; of two that are equal, one."""
    place = (_trip(ask).there_at(now), ask.who.id)
    others = [other for other in asks if isinstance(other.answer, Trip) and other is not ask]
    sure = [other for other in others if not is_late(callout, _trip(other), now)]
    return sum((_trip(other).there_at(now), other.who.id) < place for other in sure)


def _brings_the_key(callout: Callout, ask: Ask, now: datetime) -> bool:
    """Whether nobody who is surely there before this one could open the door."""
    keys = [other for other in callout.asks if other.who.has_key]
    return ask.who.has_key and not _before(callout, ask, keys, now)


def _could_be_first(callout: Callout, person: Candidate, now: datetime) -> bool:
    """Whether a yes at this moment would still help: too few are surely on the way, or it would overtake."""
    sure = sorted(trip.there_at(now) for trip in _sure(callout, person.party, now))
    keep = RULES[person.party].keep
    return len(sure) < keep or now + person.travel < sure[keep - 1]


def _to_telephone(callout: Callout, ask: Ask, now: datetime) -> bool:
    trip = ask.answer
    return (
        isinstance(trip, Trip)
        and not trip.telephoned
        and is_late(callout, trip, now)
        and not _needless(callout, ask, now)
    )


def _told(ask: Ask, orders: Orders) -> Ask:
    if ask.who.id in orders.relieve:
        return replace(ask, answer=Said.RELIEVED)
    if ask.who.id in orders.telephone and isinstance(ask.answer, Trip):
        return replace(ask, answer=replace(ask.answer, telephoned=True))
    return ask


# The clock ---------------------------------------------------------------------------------------------


def _steps(callout: Callout, now: datetime) -> Iterator[Step]:
    """What is due beside asking; with nobody left to wait for, one step after another until there is."""
    for step, after in STEPS.items():
        wanted: tuple[Party, ...] = (Party.STAFF,) if step in FINDS_STAFF else tuple(Party)
        if step in callout.done or any(_sure(callout, party, now) for party in wanted):
            continue
        if now >= callout.since + after or not any(_hope(callout, party, now) for party in wanted):
            yield step
            callout = replace(callout, done=callout.done | {step})


def _hope(callout: Callout, party: Party, now: datetime) -> bool:
    """Whether anybody can still be asked, may still answer, or is on the way although late."""
    return bool(_more_to_come(callout, party)) or any(
        _is_open(ask, now) or isinstance(ask.answer, Trip) for ask in callout.of(party)
    )


def _more_to_come(callout: Callout, party: Party) -> bool:
    return len(callout.of(party)) < RULES[party].most and bool(_waiting(callout, party))


def _look_at(callout: Callout, now: datetime) -> datetime | None:
    """The next moment at which the orders may differ although nothing is heard."""
    if _staff_is_there(callout):
        return None
    return min((at for at in _moments(callout) if at > now), default=None)


def _moments(callout: Callout) -> Iterator[datetime]:
    yield from (callout.since + after for step, after in STEPS.items() if step not in callout.done)
    for ask in callout.asks:
        if isinstance(ask.answer, Trip):
            yield from _moments_of(callout, ask.answer)
        elif ask.answer is Said.NOTHING:
            yield ask.at + OPEN_FOR
            yield from _overtaken(callout, ask)
    for party in Party:
        if callout.of(party) and _more_to_come(callout, party):
            yield max(ask.at for ask in callout.of(party)) + RULES[party].every


def _moments_of(callout: Callout, trip: Trip) -> Iterator[datetime]:
    if trip.arrived_at is None:
        yield trip.since + _sets_out_within(callout)
        yield trip.expected_at
        yield trip.promised_at + SLIP


def _overtaken(callout: Callout, ask: Ask) -> Iterator[datetime]:
    """When it becomes too late for somebody's yes to overtake those on the way."""
    for other in callout.of(ask.who.party):
        if isinstance(other.answer, Trip) and other.answer.arrived_at is None:
            yield other.answer.expected_at - ask.who.travel
