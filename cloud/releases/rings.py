"""Which gateways get a release next, and whether it goes on. Pure.

The one idea: a gateway's place is a hash of its name and the version: stable while a release runs, and with
another release others go first, so that no home is the one that always tries what nobody has tried. The ring
before is the judge of the next one: it must have kept the release, for long enough, and next to nobody may
have taken it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

KEPT: Final = 0.9
"""[D] Of the gateways of a ring that can be reached, so many must run the release before the next ring."""
ASKED_AGAIN: Final = timedelta(hours=1)
"""[D] Whoever has taken a release up and then says nothing of it (a new disk) is told again after this."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How a release goes out. ``shares``: of all gateways, growing; ``most_back``: share that may go back."""

    version: str
    pilots: frozenset[str]
    shares: Sequence[float]
    soak: timedelta
    most_back: float
    again_at: datetime | None = None

    @property
    def last(self) -> int:
        """The last ring; ring 0 are the pilots."""
        return len(self.shares)


@dataclass(frozen=True, slots=True)
class Standing:
    """One gateway. ``runs``: its version. ``about``, ``state``: which release its heartbeat speaks of, and
    how far that is. ``told_at``, ``answer``, ``waits``: of the newest command about this release.
    """

    gateway: str
    online: bool
    runs: str = ""
    about: str = ""
    state: str = ""
    told_at: datetime | None = None
    answer: bool | None = None
    waits: bool = False


class Step(StrEnum):
    """What becomes of a release now."""

    STAY = "stay"
    NEXT = "next"
    PAUSE = "pause"


def place(gateway: str, version: str) -> float:
    """Where ``gateway`` stands among all, 0 to below 1, for this version."""
    return int.from_bytes(sha256(f"{version} {gateway}".encode()).digest()[:8], "big") / 2**64


def ring_of(gateway: str, policy: Policy) -> int:
    """In which ring ``gateway`` is; one beyond the last: in none."""
    if gateway in policy.pilots:
        return 0
    where = place(gateway, policy.version)
    return next((n for n, share in enumerate(policy.shares, 1) if where < share), policy.last + 1)


@dataclass(frozen=True, slots=True)
class Tally:
    """The gateways of the rings that are offered: all, those that can be reached, and what became of them."""

    members: int = 0
    reachable: int = 0
    kept: int = 0
    back: int = 0
    failed: int = 0
    refused: int = 0


def tally(standings: Iterable[Standing], policy: Policy, ring: int) -> Tally:
    """Count the gateways of the rings up to ``ring``. Who is away, or takes no updates, is not waited for."""
    ours = [one for one in standings if ring_of(one.gateway, policy) <= ring]
    kept = [one for one in ours if one.runs == policy.version and one.state != "trial"]
    ended = [one for one in ours if one.about == policy.version and one.runs != policy.version]
    refused = [one for one in ours if one.answer is False and one.runs != policy.version]
    return Tally(
        members=len(ours),
        reachable=sum(one.runs == policy.version or (one.online and one not in refused) for one in ours),
        kept=len(kept),
        back=sum(one.state == "back" for one in ended),
        failed=sum(one.state == "failed" for one in ended),
        refused=len(refused),
    )


def judge(policy: Policy, ring: int, ring_at: datetime, count: Tally, now: datetime) -> tuple[Step, str]:
    """What to do with a release that is offered to the rings up to ``ring`` since ``ring_at``, and why."""
    tried = count.kept + count.back
    if tried and count.back / tried > policy.most_back:
        return Step.PAUSE, f"{count.back} of {tried} gateways that tried it went back"
    if ring >= policy.last:
        return Step.STAY, f"offered to all: {_told(count)}"
    if not count.members:
        return Step.NEXT, f"nobody is in ring {ring}"
    if not count.kept or count.kept < KEPT * count.reachable:
        return Step.STAY, f"ring {ring}: {_told(count)}"
    if now < ring_at + policy.soak:
        return (
            Step.STAY,
            f"ring {ring} is watched until {ring_at + policy.soak:%Y-%m-%d %H:%M} UTC: {_told(count)}",
        )
    return Step.NEXT, f"ring {ring} is well: {_told(count)}"


def to_tell(standings: Iterable[Standing], policy: Policy, ring: int, now: datetime) -> list[str]:
    """The gateways of the rings up to ``ring`` that must be told (again) now."""
    return [
        one.gateway
        for one in standings
        if one.online
        and one.runs != policy.version
        and not one.waits
        and ring_of(one.gateway, policy) <= ring
        and _is_due(one, policy, now)
    ]


def _is_due(one: Standing, policy: Policy, now: datetime) -> bool:
    if one.told_at is None or one.answer is None:
        return True
    if policy.again_at is not None and one.told_at < policy.again_at:
        return True
    return one.answer and one.about != policy.version and now - one.told_at >= ASKED_AGAIN


def _told(count: Tally) -> str:
    return (
        f"{count.kept} of {count.reachable} reachable run it, {count.back} went back, {count.failed} could "
        f"not install it, {count.refused} refuse it"
    )
