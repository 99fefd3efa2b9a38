"""What a page of ``/lite`` shows, from what the interface says. Pure.

The one idea: a template only places words; which word, which age and which step is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from dashboards.lite.speech import Words

ZONE: Final = ZoneInfo("Asia/Shanghai")
"""The whole country has one clock, and a page without script cannot ask the browser for its own."""
MOST_AT_ONCE: Final = 100
"""Incidents that one request can take (``POST /incidents/actions``)."""
_LEAST_URGENT: Final = 4
_OPEN_STEPS: Final = ("ack", "note", "close")


@dataclass(frozen=True, slots=True)
class Line:
    """One incident in the list. ``danger``: nobody has taken a danger to life."""

    id: int
    version: int
    priority: int
    priority_word: str
    what: str
    who: str
    where: str
    state: str
    age: str
    owner: str
    can_take: bool
    danger: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the list: a line, or (``title``) several below one heading."""

    title: str
    lines: Sequence[Line]
    taking: str
    """``id:version`` of what one press takes, with commas; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the timeline."""

    at: str
    what: str
    note: str


@dataclass(frozen=True, slots=True)
class Contact:
    """One person who is asked, or the resident."""

    name: str
    relation: str
    phone: str
    state: str


@dataclass(frozen=True, slots=True)
class Page:
    """One incident as a page."""

    line: Line
    opened_at: str
    address: str
    notes: str
    phone: str
    ladder: Sequence[Contact]
    timeline: Sequence[Step]
    steps: frozenset[str]


def rows(queue: Mapping[str, Any], words: Words) -> list[Row]:
    """The list, from ``GET /queue``."""
    now = _time(queue["now"])
    return [_row(row, now, words) for row in queue["rows"]]


def page(detail: Mapping[str, Any], now: datetime, words: Words) -> Page:
    """One incident, from ``GET /incidents/{id}``."""
    incident = detail["incident"]
    return Page(
        line=_line(incident, now, words),
        opened_at=clock(incident["opened_at"]),
        address=incident["address"],
        notes=detail["notes"],
        phone=detail["resident_phone"],
        ladder=[
            Contact(
                rung["name"],
                words.term("relation", rung["relation"]),
                rung["phone"],
                words.term("rung", rung["state"]),
            )
            for rung in detail["ladder"]
        ],
        timeline=[
            Step(
                clock(step["at"]), words.term("trigger", step["trigger"]), str(step["detail"].get("note", ""))
            )
            for step in reversed(detail["timeline"])
        ],
        steps=frozenset(_OPEN_STEPS).intersection(detail["actions"]),
    )


def clock(iso: str) -> str:
    """A moment as the centre's clock shows it, e.g. ``11-26 16:02:11``."""
    return _time(iso).astimezone(ZONE).strftime("%m-%d %H:%M:%S")


def age(since: str, now: datetime, words: Words) -> str:
    """How long ago, e.g. ``3 分钟``; below a minute in seconds."""
    passed = max(timedelta(0), now - _time(since))
    minutes, hours, days = passed // timedelta(minutes=1), passed // timedelta(hours=1), passed.days
    for key, number in (("lite.days", days), ("lite.hours", hours), ("unit.minutes", minutes)):
        if number:
            return words.t(key, n=number)
    return words.t("lite.seconds", n=int(passed.total_seconds()))


def _row(row: Mapping[str, Any], now: datetime, words: Words) -> Row:
    lines = [_line(incident, now, words) for incident in row["incidents"]]
    group = row["group"]
    if group is None:
        return Row("", lines, "")
    title = words.t(
        "group.title", cause=_cause(group["cause"], words), area=group["area_name"], n=group["homes"]
    )
    takable = [line for line in lines if line.can_take][:MOST_AT_ONCE]
    return Row(title, lines, ",".join(f"{line.id}:{line.version}" for line in takable))


def _line(incident: Mapping[str, Any], now: datetime, words: Words) -> Line:
    urgency, raised = min(incident["priority"], _LEAST_URGENT), incident["state"] == "raised"
    room = words.term("room", incident["room"]) if incident["room"] else ""
    return Line(
        id=incident["id"],
        version=incident["version"],
        priority=urgency,
        priority_word=words.t(f"priority.{urgency}"),
        what=words.term("kind", incident["kind"]),
        who=words.t("person.name_age", name=incident["resident"], age=incident["age"]),
        where=" · ".join(part for part in (incident["address"], room) if part),
        state=words.term("state", incident["state"]),
        age=age(incident["opened_at"], now, words),
        owner=incident["owner"] or "",
        can_take=raised,
        danger=raised and urgency == 1,
    )


def _cause(cause: str, words: Words) -> str:
    """A cause is a kind of alarm, or has a word of its own (``cloud.incidents.flood.CAUSES``)."""
    own = words.term("cause", cause)
    return own if own != cause else words.term("kind", cause)


def _time(iso: str) -> datetime:
    return datetime.fromisoformat(iso)
