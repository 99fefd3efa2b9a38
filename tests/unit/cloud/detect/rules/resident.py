"""A resident and their sensors, told hour by hour, and the rules that look on. No database: rows are lists.

What this is: the road from what a device says to ``frame.look``, under a hand-turned clock. The one idea:
it looks exactly when the frame asked to be called, as the worker does, so a test sees what is found and
when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from cloud.detect.rules import reading
from cloud.detect.rules.frame import Before, End, Looked, Raise, look, window
from cloud.detect.rules.habits import Day, Habits
from cloud.detect.rules.model import Finding, Hole, RuleSpec, Sign
from cloud.detect.rules.table import RULES
from firmware_protocols.model import EventKind, Quantity
from firmware_protocols.supervision import SUPERVISION
from firmware_protocols.wire.plan import DEFAULT, Plan, as_document

DAY: Final = date(2026, 3, 30)
ROOMS: Final = {
    "pir-bedroom": ("motion", "bedroom"),
    "pir-bath": ("motion", "bathroom"),
    "pir-kitchen": ("motion", "kitchen"),
    "pir-living": ("motion", "living_room"),
    "door": ("door", "hall"),
    "bed": ("bed", "bedroom"),
    "kettle": ("plug", "kitchen"),
}
"""Device -> kind and room of a home with everything."""
HEARTBEAT: Final = timedelta(seconds=60)


def at(clock: str, day: int = 0) -> datetime:
    """``HH:MM`` at home, ``day`` days after ``DAY``."""
    local = datetime.combine(DAY + timedelta(days=day), time.fromisoformat(clock))
    return (local - timedelta(hours=8)).replace(tzinfo=UTC)


@dataclass
class Resident:
    """A home with somebody in it. Sensors check in as expected of their kind, unless ``dead`` since then."""

    plan: Plan = DEFAULT
    days: tuple[tuple[date, Day], ...] = ()
    rules: tuple[RuleSpec, ...] = RULES
    devices: dict[str, tuple[str, str]] = field(default_factory=lambda: dict(ROOMS))
    now: datetime = field(default_factory=lambda: at("00:00"))
    gateway_died: datetime | None = None
    dead: dict[str, datetime] = field(default_factory=dict)
    holes: tuple[Hole, ...] = ()
    behind: timedelta = timedelta()
    clock_set: bool = True
    withheld: tuple[str, ...] = ()
    called_at: datetime | None = None
    area_out: bool = False
    listening: bool = True
    said: list[Sign] = field(default_factory=list)
    before: list[Before] = field(default_factory=list)
    raised: list[tuple[datetime, Finding]] = field(default_factory=list)
    ended: list[tuple[datetime, str]] = field(default_factory=list)
    looks: int = 0

    def says(self, device: str, what: Quantity | EventKind, value: float, moment: datetime) -> None:
        """One report."""
        self.said.append(Sign(moment, moment, self._id(device), what, value))

    def moves(self, room: str, moment: datetime) -> None:
        """In front of a motion sensor, which says so and a minute later that nobody moves."""
        device = f"pir-{room}"
        self.says(device, Quantity.MOTION, 1, moment)
        self.says(device, Quantity.MOTION, 0, moment + timedelta(minutes=1))

    def busy(self, room: str, begins: datetime, ends: datetime, every_min: float = 5) -> None:
        """Moves about there for a while."""
        while begins < ends:
            self.moves(room, begins)
            begins += timedelta(minutes=every_min)

    def through_door(self, moment: datetime) -> None:
        """The front door opens and closes."""
        self.says("door", Quantity.OPENING, 1, moment)
        self.says("door", Quantity.OPENING, 0, moment + timedelta(seconds=20))

    def lies(self, moment: datetime, *, down: bool) -> None:
        """Into bed, or out of it."""
        self.says("bed", Quantity.IN_BED, float(down), moment)

    def until(self, moment: datetime) -> list[tuple[str, int]]:
        """Let time pass, looking whenever the frame asked for it; the rules and priorities raised so far."""
        while self.now <= moment:
            looked = self.look()
            for step in looked.steps:
                self._take(step)
            self.looks += 1
            self.now = max(looked.due_at, self.now + timedelta(seconds=1))
        self.now = moment
        return self.found

    @property
    def found(self) -> list[tuple[str, int]]:
        """Rule and priority of each call, in order."""
        return [(finding.rule, int(finding.priority)) for _, finding in self.raised]

    @property
    def standing(self) -> list[str]:
        """The rules whose finding stands."""
        return [one.rule for one in self.before if one.ended_at is None]

    def look(self) -> Looked:
        """What the rules make of the home now."""
        heard = self._heard_at()
        home: dict[str, Any] = {
            "lines": [
                {
                    "id": "gw-1",
                    "heard_at": heard.timestamp(),
                    "online": self.gateway_died is None,
                    "clock": "synced" if self.clock_set else "unsynced",
                    "lanes": {"t": {"depth": 9, "oldest_s": self.behind.total_seconds()}}
                    if self.behind
                    else {},
                }
            ],
            "devices": [self._device(name) for name in self.devices],
            "plan": as_document(self.plan),
            "withheld": [{"kinds": list(self.withheld), "quantities": [], "events": []}],
            "called_at": self.called_at,
            "area_out": self.area_out,
            "listening": self.listening,
        }
        since = window(self.before, self.now)
        arrived = [
            sign
            for sign in self.said
            if since < sign.at <= heard - self.behind
            and not any(hole.since < sign.at < hole.until for hole in self.holes)
        ]
        habits = Habits(self.days, self.days[-1][0] if self.days else None)
        known = reading.known(home, runs(arrived), habits, since, self.now, holes=self._ended_holes())
        return look(known, self.before, self.rules)

    def _take(self, step: Raise | End) -> None:
        if isinstance(step, End):
            self.ended.append((self.now, step.before.rule))
            self.before = [
                Before(one.id, one.rule, one.subject, one.priority, one.since, one.found_at, self.now)
                if one.id == step.before.id
                else one
                for one in self.before
            ]
            return
        finding = step.finding
        self.raised.append((self.now, finding))
        self.before.append(
            Before(len(self.raised), finding.rule, finding.subject, finding.priority, finding.since, self.now)
        )

    def _heard_at(self) -> datetime:
        """The last heartbeat."""
        for hole in self.holes:
            if hole.since <= self.now < hole.until:
                return hole.since
        return min(self.now, self.gateway_died or self.now)

    def _ended_holes(self) -> list[Hole]:
        """As the store finds them: up to what is known when the gateway is back."""
        heard = self._heard_at()
        return [Hole(one.since, one.until - reading.GROUPED) for one in self.holes if one.until <= heard]

    def _device(self, name: str) -> dict[str, Any]:
        kind, room = self.devices[name]
        last = min(self._heard_at() - self.behind, self.dead.get(name, self.now))
        heard_at = self._heard(self._id(name), last, SUPERVISION[kind].expected_s or 3_600)
        return {"id": self._id(name), "name": name, "kind": kind, "room": room, "heard_at": heard_at}

    def _heard(self, device_id: int, last: datetime, every_s: float) -> float:
        """Its last word until ``last``: a report, or a check-in, each device in its turn."""
        turn = device_id * every_s / 8
        check_in = (last.timestamp() - turn) // every_s * every_s + turn
        reports = (sign.at for sign in self.said if sign.device_id == device_id and sign.at <= last)
        return max([check_in, *(moment.timestamp() for moment in reports)])

    def _id(self, name: str) -> int:
        return list(self.devices).index(name) + 1


def runs(said: Iterable[Sign]) -> list[Sign]:
    """Reports in a row that say the same, as the statement ``signs`` makes them."""
    found: list[Sign] = []
    last: dict[tuple[int, str], int] = {}
    for sign in sorted(said, key=lambda one: one.at):
        key = (sign.device_id, sign.what.value)
        index = last.get(key)
        goes_on = (
            index is not None
            and isinstance(sign.what, Quantity)
            and found[index].value == sign.value
            and (sign.what is not Quantity.MOTION or sign.at - found[index].until <= timedelta(minutes=2))
        )
        if goes_on and index is not None:
            before = found[index]
            found[index] = Sign(before.at, sign.at, sign.device_id, sign.what, sign.value)
        else:
            last[key] = len(found)
            found.append(sign)
    return found
