"""The nouns of a callout: who may go to a door, who was asked, and what they said.

What this is: frozen values, and what can be read off one of them. What it is not: the policy, which
``policy`` is, nor the care circle's ladder (``cloud.dispatch.escalate``), whose people are asked in an order
that the resident chose. The one idea: an answer is either a word or a trip, so nobody can be on the way
without a promise of when they arrive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What somebody is to the callout. A volunteer here has agreed to be called to emergencies, and is
    trained for them.
    """

    WORKER = "worker"
    NEIGHBOUR = "neighbour"
    VOLUNTEER = "volunteer"
    FAMILY = "family"


class Party(StrEnum):
    """Who is asked side by side: staff can answer for what happens, local people are there first."""

    STAFF = "staff"
    LOCAL = "local"


class Surroundings(StrEnum):
    """How far apart people live around the door."""

    DENSE = "dense"
    TOWN = "town"
    RURAL = "rural"


class Said(StrEnum):
    """A word: none yet, no, or ours that they need not go any more."""

    NOTHING = "nothing"
    NO = "no"
    RELIEVED = "relieved"


class Step(StrEnum):
    """What is done beside asking; each once."""

    WIDEN = "widen"
    PHONE = "phone"
    DUTY_OFFICER = "duty_officer"
    AMBULANCE = "ambulance"


PARTY: Final[Mapping[Kind, Party]] = {
    Kind.WORKER: Party.STAFF,
    Kind.NEIGHBOUR: Party.LOCAL,
    Kind.VOLUNTEER: Party.LOCAL,
    Kind.FAMILY: Party.LOCAL,
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be asked. ``travel``: from their yes to the door, setting out included;
    ``distance_m``: as the crow flies. ``in_visit``: they are at work in another home, and may leave it.
    ``has_key``: they can open the door.
    """

    id: int
    kind: Kind
    travel: timedelta
    distance_m: float
    in_visit: bool = False
    has_key: bool = False

    @property
    def party(self) -> Party:
        """With whom they are asked."""
        return PARTY[self.kind]


@dataclass(frozen=True, slots=True)
class Trip:
    """Somebody said yes at ``since`` and promised to be there at ``promised_at``.

    ``expected_at``: the newest estimate. ``moved_at``: when they were first seen to move; ``arrived_at``:
    when they were at the door. ``telephoned``: the centre has asked them what keeps them.
    """

    since: datetime
    promised_at: datetime
    expected_at: datetime
    moved_at: datetime | None = None
    arrived_at: datetime | None = None
    telephoned: bool = False

    def there_at(self, now: datetime) -> datetime:
        """When they are there: they were, or the newest estimate, or not before now."""
        return self.arrived_at or max(self.expected_at, now)


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody was asked at ``at``."""

    who: Candidate
    at: datetime
    answer: Said | Trip = Said.NOTHING

    @property
    def on_site(self) -> bool:
        """Whether they are at the door."""
        return isinstance(self.answer, Trip) and self.answer.arrived_at is not None


@dataclass(frozen=True, slots=True)
class Callout:
    """One door that people are wanted at, since ``since``. ``asks``: one for each person, the newest.

    ``candidates``: everybody who could be asked now, in any order, those already asked among them or not.
    """

    since: datetime
    surroundings: Surroundings
    night: bool
    candidates: tuple[Candidate, ...]
    asks: tuple[Ask, ...] = ()
    done: frozenset[Step] = frozenset()

    def of(self, party: Party) -> tuple[Ask, ...]:
        """Those of ``party`` who were asked."""
        return tuple(ask for ask in self.asks if ask.who.party is party)


@dataclass(frozen=True, slots=True)
class Orders:
    """What to do now. ``relieve`` and ``telephone``: numbers of people who were asked. ``due_at``: when to
    look again if nothing is heard before; ``None``: nothing is left to wait for.
    """

    ask: tuple[Candidate, ...] = ()
    relieve: tuple[int, ...] = ()
    telephone: tuple[int, ...] = ()
    steps: tuple[Step, ...] = ()
    due_at: datetime | None = None
