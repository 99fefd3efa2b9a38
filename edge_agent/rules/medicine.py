"""A medicine of the plan whose box was not opened: the home reminds, then people are told.

What it is not: proof that somebody swallowed anything. The one idea: a dose has a window of the day, and only
a window in which the gateway listened from its first minute to now says that nobody opened the box. Whoever
took it by hand says so with the button that says "I am all right". An empty home is not reminded, and not
told of unless the dose must not be missed; whoever comes home is reminded then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final

from edge_agent.rules.asking import CANCEL_KINDS
from edge_agent.rules.home import Home
from edge_agent.rules.sight import Evidence, Sight
from edge_agent.rules.surroundings import CARRIED_S
from firmware_protocols.model import (
    PRIORITY,
    URGENT,
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    DeviceId,
    Event,
    EventKind,
    JsonValue,
    Quality,
    Quantity,
    Reading,
)
from firmware_protocols.wire.plan import Dose

_TODAY: Final = 3
_REMIND_EVERY_S: Final = 600.0
"""D."""
_GIVEN_UP: Final = timedelta(hours=12)
"""Nobody is told of a dose so late: the next one is nearer. D."""


@dataclass(frozen=True, slots=True)
class _Course:
    """One dose over the days. ``due_at``: which day's it is; ``taken``; ``reminded_s``: listened seconds of
    the first reminder, ``again_s`` of the last; ``alarm``: what told of it; ``missed``: days in a row that
    were told of.
    """

    due_at: datetime
    taken: bool = False
    reminded_s: float | None = None
    again_s: float | None = None
    alarm: AlarmId | None = None
    missed: int = 0


class MedicineRule:
    """Follows each dose of the plan through its day."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._courses: dict[str, _Course] = {}
        self._since: datetime | None = None
        """Since when the gateway has listened without a gap, by its wall clock."""
        self._at: datetime | None = None

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        """The box is opened, or somebody says that all is well."""
        self._listen(now)
        match sight:
            case Reading(quantity=Quantity.OPENING, value=True, quality=Quality.GOOD):
                return self._take(now, sight.device)
            case Event(kind=EventKind.ALL_WELL):
                return self._take(now, None)
            case Event(kind=EventKind.BUTTON) if self._home.kinds.get(sight.device) in CANCEL_KINDS:
                return self._take(now, None)
        return []

    def tick(self, now: datetime) -> list[Alarm]:
        """Tell of what is late."""
        self._listen(now)
        doses = {_name(dose): dose for dose in self._home.plan.doses}
        self._courses = {name: one for name, one in self._courses.items() if name in doses}
        return [alarm for name, dose in doses.items() for alarm in self._follow(name, dose, now)]

    def reminders(self, now: datetime) -> list[AlarmKind]:
        """Whether the home is to remind of a medicine now."""
        due = [dose for dose in self._home.plan.doses if self._reminds(dose, now)]
        for dose in due:
            course, now_s = self._courses[_name(dose)], self._home.surroundings.listened_s
            first_s = now_s if course.reminded_s is None else course.reminded_s
            self._courses[_name(dose)] = replace(course, reminded_s=first_s, again_s=now_s)
        return [AlarmKind.MEDICINE] if due else []

    def state(self) -> JsonValue:
        """The day of each dose, and since when the gateway listens."""
        courses: dict[str, JsonValue] = {
            name: [
                one.due_at.timestamp(),
                one.taken,
                _whole(one.reminded_s),
                _whole(one.again_s),
                one.alarm,
                one.missed,
            ]
            for name, one in self._courses.items()
        }
        return {"courses": courses, "since": _seconds(self._since), "at": _seconds(self._at)}

    def restore(self, state: JsonValue) -> None:
        """Take it up again; without it today's windows are not judged."""
        try:
            self._restore(state)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
            self._courses, self._since, self._at = {}, None, None

    def _restore(self, state: Any) -> None:
        zone = self._home.plan.zone
        self._courses = {
            str(name): _Course(
                datetime.fromtimestamp(due, zone),
                bool(taken),
                reminded,
                again,
                alarm and AlarmId(alarm),
                int(missed),
            )
            for name, (due, taken, reminded, again, alarm, missed) in state["courses"].items()
        }
        since, at = state["since"], state["at"]
        self._since = None if since is None else datetime.fromtimestamp(since, zone)
        self._at = None if at is None else datetime.fromtimestamp(at, zone)

    # -- inside --------------------------------------------------------------------------------------

    def _listen(self, now: datetime) -> None:
        """A gap, or a clock that is set, begins anew: nobody knows what was opened meanwhile."""
        gap_s = (now - self._at).total_seconds() if self._at is not None else -1.0
        self._at = now
        if self._since is None or not 0 <= gap_s <= CARRIED_S:
            self._since = now

    def _window(self, dose: Dose, now: datetime) -> datetime | None:
        """When the dose is due whose window ``now`` is in."""
        early = timedelta(seconds=self._home.plan.rules.medicine.early_s)
        local = self._home.plan.local(now)
        for day in (local.date() + timedelta(days=1), local.date(), local.date() - timedelta(days=1)):
            due_at = datetime.combine(day, time.fromisoformat(dose.at), local.tzinfo)
            if due_at - early <= now < due_at + _GIVEN_UP:
                return due_at
        return None

    def _follow(self, name: str, dose: Dose, now: datetime) -> list[Alarm]:
        due_at = self._window(dose, now)
        if due_at is None:
            return []
        course = self._courses.get(name)
        if course is None or course.due_at != due_at:
            missed = (
                course.missed if course is not None and course.alarm is not None and not course.taken else 0
            )
            course = self._courses[name] = _Course(due_at, missed=missed)
        return self._tell(name, dose, course, now) if self._is_late(dose, course, now) else []

    def _is_open(self, dose: Dose, course: _Course) -> bool:
        """Whether it is known that the box has not been opened in this window."""
        rule, listened_since = self._home.plan.rules.medicine, self._since
        if not rule.armed or course.taken or course.alarm is not None or listened_since is None:
            return False
        whole = listened_since <= course.due_at - timedelta(seconds=rule.early_s)
        return whole and self._home.surroundings.speaks(DeviceId(dose.box))

    def _reminds(self, dose: Dose, now: datetime) -> bool:
        course, around = self._courses.get(_name(dose)), self._home.surroundings
        if course is None or not self._is_open(dose, course) or around.is_empty():
            return False
        if now < course.due_at + timedelta(seconds=self._home.plan.rules.medicine.remind_s):
            return False
        return course.again_s is None or around.since(course.again_s) >= _REMIND_EVERY_S

    def _is_late(self, dose: Dose, course: _Course, now: datetime) -> bool:
        rule, around = self._home.plan.rules.medicine, self._home.surroundings
        if not self._is_open(dose, course) or now < course.due_at + timedelta(seconds=rule.late_s):
            return False
        answered_s = rule.late_s - rule.remind_s
        reminded = course.reminded_s is not None and around.since(course.reminded_s) >= answered_s
        return dose.critical or (reminded and not around.is_empty())

    def _tell(self, name: str, dose: Dose, course: _Course, now: datetime) -> list[Alarm]:
        told = self._courses[name] = replace(course, alarm=self._home.new_id(), missed=course.missed + 1)
        evidence: Evidence = {
            "dose": dose.at,
            "late_min": int((now - course.due_at).total_seconds() // 60),
            **({"in_row": told.missed} if told.missed > 1 else {}),
            PRIORITY: URGENT if dose.critical else _TODAY,
        }
        return self._record(dose, told, AlarmState.RAISED, now, evidence)

    def _take(self, now: datetime, box: DeviceId | None) -> list[Alarm]:
        """Every dose in its window out of ``box`` is taken (``None``: a person says so, of what was
        reminded of).
        """
        ended: list[Alarm] = []
        for dose in self._home.plan.doses:
            course, due_at = self._courses.get(_name(dose)), self._window(dose, now)
            said = box is None and course is not None and course.reminded_s is not None
            if due_at is None or not (said or box == dose.box):
                continue
            if course is None or course.due_at != due_at:
                course = _Course(due_at)
            if course.alarm is not None and not course.taken:
                ended += self._record(dose, course, AlarmState.CANCELLED, now, {"taken_late": True})
            self._courses[_name(dose)] = replace(course, taken=True, missed=0)
        return ended

    @staticmethod
    def _record(dose: Dose, course: _Course, state: AlarmState, now: datetime, said: Evidence) -> list[Alarm]:
        return (
            [Alarm(course.alarm, AlarmKind.MEDICINE, state, DeviceId(dose.box), now, said)]
            if course.alarm
            else []
        )


def _name(dose: Dose) -> str:
    return f"{dose.at} {dose.box}"


def _whole(at_s: float | None) -> int | None:
    return None if at_s is None else round(at_s)


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
