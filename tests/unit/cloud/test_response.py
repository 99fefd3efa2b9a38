"""The chapter on the whole response says what the tables say."""

from __future__ import annotations

from cloud.incidents.model import IncidentState
from cloud.incidents.timers import Effect
from cloud.response import PAGE, STAGES, WRITES, effects, picture, renew


def test_the_page_is_as_the_tables_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == renew(page), "python -m cloud.response"


def test_every_state_has_one_stage_and_every_effect_a_place() -> None:
    states = [state for stage in STAGES.values() for state in stage]
    assert sorted(states) == sorted(IncidentState)
    assert set(WRITES) == set(Effect)


def test_the_picture_shows_how_help_is_sent_and_comes_back_when_nobody_arrives() -> None:
    drawn = picture()
    assert "called --> sent:" in drawn
    assert "sent --> called:" in drawn
    assert "incident --> rung: renew_ladder, start_ladder, stop_ladder" in drawn


def test_the_table_says_what_asks_for_each_effect() -> None:
    assert "| `check_entry` | desk |" in effects()
    assert "30 s in `raised` (P1)" in effects()
