"""A county in which somebody needs help: who lives there, who works there, what happens in a shift.

What this is: places, people and incidents, drawn from a seed. What it is not: a map of a real county; where
people live and how they behave is assumed, and each assumption stands here with where it is from. The one
idea: everything that chance decides is drawn from the incident and the person, never from the order of
events, so two policies meet the same people in the same mood (common random numbers).

Sources: W = the published figures that ADR 0062 lists; D = assumed by this project.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cloud.respond import travel
from cloud.respond.model import Kind, Surroundings
from cloud.respond.offer import LEAVES_VISIT, SETS_OUT
from cloud.respond.travel import SPEED_M_S, Mode

TOWNSHIPS: Final = 12
ELDERS: Final = 3_000
TOWN_SHARE: Final = 0.35
"""D. Of the older people, how many live in the county town, the first of the townships."""
APART_M: Final = 12_000.0
"""D. Between the centres of neighbouring townships, four by three: 1,700 km², as counties of the region."""
SPREAD_M: Final[Mapping[bool, float]] = {True: 1_500.0, False: 3_000.0}
"""D. Standard deviation of homes around a centre, in town and elsewhere."""
CAR_M_S: Final[Mapping[bool, float]] = {True: SPEED_M_S[Mode.CAR], False: 40 / 3.6}
"""D. In town and elsewhere; how others travel is as the platform takes it."""
CARS_BY_DAY: Final = 0.2
"""D. Nurses among the workers; the others ride."""
IN_VISIT: Final = 0.55
"""D. Share of the workers who are in a visit at any moment of the day."""
VOLUNTEERS: Final[Mapping[bool, float]] = {True: 6.0, False: 2.0}
"""D. Within a kilometre as the crow flies."""
NEIGHBOUR: Final = 0.6
FAMILY: Final = 0.4
"""D. Share of the older people who have one with a key 300 m away at most, and one 3 km away at most."""
ACCEPTS: Final[Mapping[bool, Mapping[Kind, float]]] = {
    False: {Kind.WORKER: 0.90, Kind.VOLUNTEER: 0.30, Kind.NEIGHBOUR: 0.45, Kind.FAMILY: 0.60},
    True: {Kind.WORKER: 0.90, Kind.VOLUNTEER: 0.15, Kind.NEIGHBOUR: 0.30, Kind.FAMILY: 0.45},
}
"""By night? W for volunteers (17-47 % of alerts); D the others."""
ACCEPTS_IN_VISIT: Final = 0.55
SAYS_NO: Final = 0.5
"""D. Of those who do not accept, how many say so; the others are silent."""
ANSWERS_S: Final[Mapping[Kind, float]] = {
    Kind.WORKER: 25.0,
    Kind.VOLUNTEER: 30.0,
    Kind.NEIGHBOUR: 30.0,
    Kind.FAMILY: 30.0,
}
ANSWERS_IN_VISIT_S: Final = 40.0
COMES: Final[Mapping[Kind, float]] = {
    Kind.WORKER: 0.98,
    Kind.VOLUNTEER: 0.85,
    Kind.NEIGHBOUR: 0.95,
    Kind.FAMILY: 0.95,
}
"""D. Of those who say yes. W: of PulsePoint's volunteers who set out, 70 % arrived."""
SCENE_S: Final = 35 * 60.0
"""D. A worker stays for so long."""


@dataclass(frozen=True, slots=True)
class Place:
    """Metres east and north; ``town``: in the county town."""

    x: float
    y: float
    town: bool

    def road_m(self, other: Place) -> float:
        """How far by road."""
        return travel.WINDING * math.hypot(self.x - other.x, self.y - other.y)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may go. ``speed``: metres a second; ``sets_out_s``: the median; ``accepts``: how often."""

    id: int
    kind: Kind
    at: Place
    speed: float
    sets_out_s: float
    accepts: float
    answers_s: float
    in_visit: bool = False
    has_key: bool = False

    def drive_s(self, door: Place) -> float:
        """Expected seconds on the way."""
        return self.at.road_m(door) / self.speed + travel.STOP.total_seconds()

    def travel(self, door: Place) -> timedelta:
        """What a platform would promise for them: setting out, and the way."""
        return timedelta(seconds=self.sets_out_s + self.drive_s(door))


@dataclass(frozen=True, slots=True)
class Mood:
    """What this person does in this incident. ``says``: ``None``: is silent."""

    says: bool | None
    after_s: float
    sets_out_s: float
    drive: float
    comes: bool


@dataclass(frozen=True, slots=True)
class Incident:
    """Somebody at ``door`` needs help, ``at_s`` after the shift began. ``staff``: by day, where they are."""

    key: str
    at_s: float
    door: Place
    near: tuple[Person, ...]
    staff: tuple[Person, ...]

    @property
    def surroundings(self) -> Surroundings:
        """As the policy knows it."""
        return Surroundings.TOWN if self.door.town else Surroundings.RURAL

    def mood(self, person: Person) -> Mood:
        """The same for each policy."""
        draw = random.Random(f"{self.key}/{person.id}")
        accepts, says_no = draw.random() < person.accepts, draw.random() < SAYS_NO
        says = True if accepts else False if says_no else None
        return Mood(
            says=says,
            after_s=person.answers_s * draw.lognormvariate(0, 0.6),
            sets_out_s=person.sets_out_s * draw.lognormvariate(0, 0.3),
            drive=draw.lognormvariate(0, 0.2),
            comes=draw.random() < COMES[person.kind],
        )


@dataclass(frozen=True, slots=True)
class Shift:
    """``incidents`` in ``hours`` for ``units``: workers by day, cars at their posts by night."""

    name: str
    night: bool
    hours: float
    incidents: int
    units: int


DAY: Final = Shift("day, 300 workers", night=False, hours=9, incidents=40, units=300)
NIGHT_24: Final = Shift("night, 24 cars", night=True, hours=15, incidents=25, units=24)
NIGHT_12: Final = Shift("night, 12 cars", night=True, hours=15, incidents=25, units=12)
NIGHT_12_BUSY: Final = Shift("night, 12 cars, double load", night=True, hours=15, incidents=50, units=12)
SHIFTS: Final = (DAY, NIGHT_24, NIGHT_12, NIGHT_12_BUSY)


@dataclass(frozen=True, slots=True)
class County:
    """``centres``: of the townships; ``homes``: of the older people. ``volunteers`` and ``yes``: by what is
    multiplied how many there are, and how often local people say yes.
    """

    centres: tuple[Place, ...]
    homes: tuple[Place, ...]
    volunteers: float = 1.0
    yes: float = 1.0

    @classmethod
    def draw(cls, seed: int, *, volunteers: float = 1.0, yes: float = 1.0) -> County:
        """A county from ``seed``."""
        draw = random.Random(f"county {seed}")
        centres = [
            Place(column * APART_M + draw.gauss(0, 1_500), row * APART_M + draw.gauss(0, 1_500), town=False)
            for row in range(3)
            for column in range(4)
        ]
        town = centres.pop(5)  # the county town lies in the middle
        centres.insert(0, Place(town.x, town.y, town=True))
        homes = []
        for _ in range(ELDERS):
            centre = centres[0] if draw.random() < TOWN_SHARE else draw.choice(centres[1:])
            spread = SPREAD_M[centre.town]
            homes.append(Place(draw.gauss(centre.x, spread), draw.gauss(centre.y, spread), centre.town))
        return cls(tuple(centres), tuple(homes), volunteers, yes)

    def shift(self, shift: Shift, seed: str) -> list[Incident]:
        """What happens in one shift."""
        draw = random.Random(f"{shift.name} {seed}")
        times = sorted(draw.uniform(0, shift.hours * 3_600) for _ in range(shift.incidents))
        return [
            self._incident(shift, f"{shift.name} {seed} {number}", at_s) for number, at_s in enumerate(times)
        ]

    def _incident(self, shift: Shift, key: str, at_s: float) -> Incident:
        draw = random.Random(key)
        door = draw.choice(self.homes)
        staff = () if shift.night else tuple(self._at_work(draw, number) for number in range(shift.units))
        return Incident(key, at_s, door, self._near(draw, door, night=shift.night), staff)

    def _at_work(self, draw: random.Random, number: int) -> Person:
        at, in_visit = draw.choice(self.homes), draw.random() < IN_VISIT
        by_car = number < CARS_BY_DAY * 300
        return Person(
            id=number,
            kind=Kind.WORKER,
            at=at,
            speed=CAR_M_S[at.town] if by_car else SPEED_M_S[Mode.BIKE],
            sets_out_s=(LEAVES_VISIT if in_visit else SETS_OUT[Kind.WORKER, False]).total_seconds(),
            accepts=ACCEPTS_IN_VISIT if in_visit else ACCEPTS[False][Kind.WORKER],
            answers_s=ANSWERS_IN_VISIT_S if in_visit else ANSWERS_S[Kind.WORKER],
            in_visit=in_visit,
        )

    def _near(self, draw: random.Random, door: Place, *, night: bool) -> tuple[Person, ...]:
        """The local people of one home."""
        found = [
            (Kind.VOLUNTEER, SPEED_M_S[Mode.RUN], 1_000 * math.sqrt(draw.random()))
            for _ in range(_poisson(draw, VOLUNTEERS[door.town] * self.volunteers))
        ]
        if draw.random() < NEIGHBOUR:
            found.append((Kind.NEIGHBOUR, SPEED_M_S[Mode.WALK], 20 + 280 * draw.random()))
        if draw.random() < FAMILY:
            found.append((Kind.FAMILY, SPEED_M_S[Mode.BIKE], 3_000 * math.sqrt(draw.random())))
        return tuple(
            Person(
                id=10_000 + number,
                kind=kind,
                at=Place(door.x + away_m, door.y, door.town),
                speed=speed,
                sets_out_s=SETS_OUT[kind, night].total_seconds(),
                accepts=ACCEPTS[night][kind] * self.yes,
                answers_s=ANSWERS_S[kind],
                has_key=kind is not Kind.VOLUNTEER,
            )
            for number, (kind, speed, away_m) in enumerate(found)
        )


def car(number: int, at: Place, door: Place) -> Person:
    """A unit of the night, wherever it is now, on the way to ``door``."""
    return Person(
        id=number,
        kind=Kind.WORKER,
        at=at,
        speed=CAR_M_S[at.town and door.town],
        sets_out_s=SETS_OUT[Kind.WORKER, True].total_seconds(),
        accepts=ACCEPTS[True][Kind.WORKER],
        answers_s=ANSWERS_S[Kind.WORKER],
    )


def posts(centres: Sequence[Place], units: int) -> list[Place]:
    """Where the units of the night wait by habit: at the townships' centres, in turn."""
    return [centres[number % len(centres)] for number in range(units)]


def _poisson(draw: random.Random, mean: float) -> int:
    """How many arrive within ``mean`` gaps of an exponential clock."""
    count, at = 0, draw.expovariate(1)
    while at < mean:
        count, at = count + 1, at + draw.expovariate(1)
    return count
