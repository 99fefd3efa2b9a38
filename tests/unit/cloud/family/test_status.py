"""The one sentence: the gravest fact decides, and calm is never assumed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cloud.family import words
from cloud.family.status import FRESH, Facts, Level, Open, status
from cloud.incidents.model import IncidentState, Priority

NOW = datetime(2026, 3, 30, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
QUIET = Facts(
    NOW, NOW - timedelta(minutes=1), up_at=NOW - 2 * HOUR, moved_at=NOW - timedelta(minutes=10), nights_up=2
)
FALL = Open(Priority.LIFE, IncidentState.RAISED, technical=False)
VALUES = {"up_at": "7:10", "nights_up": "2", "moved_at": "8:00", "out_since": "8:10"}


def said(facts: Facts) -> tuple[Level, str, tuple[str, ...]]:
    found = status(facts)
    return found.level, found.headline, found.parts


def test_a_quiet_morning_is_told_in_one_sentence() -> None:
    assert said(QUIET) == (Level.CALM, "no_alarm", ("up_at", "nights_up", "moved_lately"))
    assert words.sentence(status(QUIET).parts, VALUES) == {
        "zh-Hans": "7:10起床，昨夜起夜 2 次，半小时内有活动。",
        "zh-Hant": "7:10起床，昨夜起夜 2 次，半小時內有活動。",
        "en": "Up at 7:10, in the bathroom 2 × last night, moved within the last half hour.",
    }


def test_who_is_out_is_out_and_not_last_seen() -> None:
    assert said(replace(QUIET, out_since=NOW - HOUR))[2] == ("up_at", "nights_up", "out_since")


def test_nothing_seen_yet_says_so() -> None:
    assert said(Facts(NOW, NOW))[2] == ("no_sign_today",)


@pytest.mark.parametrize("known_until", [None, NOW - FRESH - timedelta(seconds=1)])
def test_a_home_that_is_not_heard_is_never_calm(known_until: datetime | None) -> None:
    level, headline, parts = said(replace(QUIET, known_until=known_until))
    assert (level, headline) == (Level.UNKNOWN, "not_heard")
    assert "moved_lately" not in parts


@pytest.mark.parametrize(
    ("incident", "level", "part"),
    [
        (FALL, Level.HELP, "being_seen_to"),
        (replace(FALL, state=IncidentState.DETECTED), Level.WATCH, "being_asked"),
        (replace(FALL, state=IncidentState.EN_ROUTE), Level.HELP, "someone_coming"),
        (replace(FALL, state=IncidentState.ON_SITE), Level.HELP, "someone_there"),
        (replace(FALL, priority=Priority.TODAY), Level.WATCH, "being_seen_to"),
    ],
)
def test_an_open_incident_says_how_far_help_is(incident: Open, level: Level, part: str) -> None:
    found = status(replace(QUIET, incidents=(incident,), known_until=None))
    assert (found.level, found.parts) == (level, (part,))


def test_the_gravest_of_several_decides() -> None:
    later = replace(FALL, priority=Priority.TODAY, state=IncidentState.ON_SITE)
    assert status(replace(QUIET, incidents=(later, FALL))).level is Level.HELP


def test_a_matter_for_later_or_of_equipment_does_not_frighten() -> None:
    plan = Open(Priority.PLAN, IncidentState.RAISED, technical=False)
    device = Open(Priority.TODAY, IncidentState.RAISED, technical=True)
    level, headline, parts = said(replace(QUIET, incidents=(plan, device)))
    assert (level, headline) == (Level.CALM, "no_alarm")
    assert parts[-1] == "equipment"


def test_who_is_away_or_keeps_their_days_to_themselves_is_said_to_be() -> None:
    assert said(replace(QUIET, away_until=NOW + HOUR))[1:] == ("away", ("away_until",))
    assert said(replace(QUIET, away_until=NOW - HOUR))[1] == "no_alarm"
    assert said(replace(QUIET, observed=False))[2] == ("not_observed",)


def test_of_a_home_that_ended_nothing_is_told_but_whom_to_ask() -> None:
    assert said(replace(QUIET, ended=True, incidents=(FALL,))) == (
        Level.UNKNOWN,
        "ended",
        ("ask_the_centre",),
    )


MEDICAL = re.compile("健康|正常|良好|危险|危險|病|异常|異常|health|normal|fine|danger|sick", re.IGNORECASE)


@pytest.mark.parametrize("table", [words.HEADLINES, words.PARTS, words.STEPS, words.OUTCOMES])
def test_no_sentence_says_how_healthy_somebody_is(table: dict[str, words.Said]) -> None:
    assert [text for said in table.values() for text in said.values() if MEDICAL.search(text)] == []


def test_every_text_is_there_in_every_language() -> None:
    tables = (words.HEADLINES, words.PARTS, words._MOMENTS, words.STEPS, words.OUTCOMES)
    assert all(set(said) == set(words.LOCALES) for table in tables for said in table.values())
