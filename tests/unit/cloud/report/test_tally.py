"""Sums by cut: they add up exactly, and what is small is hidden so that nothing tells it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.report.cases import IncidentCase
from cloud.report.tally import CUTS, FEWEST, Cell, Cut, Key, Tally, added, band, setting, shown, slot
from tests.unit.cloud.report.case import FALL, MONTH, TOWN, VILLAGE, whose

TOWNS: Final = ("431202001003", "431202002007", "431221101204", "431221102210")


def tallied(*cases: IncidentCase) -> dict[Key, Cell]:
    tally = Tally()
    for case in cases:
        tally.add(case)
    return tally.cells()


def falls(number: int, **differs: object) -> list[IncidentCase]:
    return [replace(FALL, whose=whose(**differs))] * number


some_falls = st.lists(
    st.builds(
        lambda town, age, sex, late: replace(
            FALL, whose=whose(division=town, age=age, sex=sex), answered_at=None if late else FALL.answered_at
        ),
        st.sampled_from(TOWNS),
        st.sampled_from([None, 64, 71, 88, 95]),
        st.sampled_from(["f", "m", None]),
        st.booleans(),
    ),
    max_size=40,
)


@given(some_falls, some_falls)
def test_every_cut_adds_up_to_the_whole_and_tenants_add_up_to_the_city(
    ones: list[IncidentCase], others: list[IncidentCase]
) -> None:
    cells = tallied(*ones, *others)
    assert added([tallied(*ones), tallied(*others)]) == cells
    for name in {key.indicator for key in cells}:
        for cut in CUTS:
            of_cut = [cell for key, cell in cells.items() if (key.indicator, key.cut) == (name, cut)]
            assert sum(of_cut, Cell()) == cells[Key(name, Cut.ALL, "")]


@pytest.mark.parametrize(
    ("at", "of"), [("2026-10-05 00:00", "1-00"), ("2026-10-09 23:59", "5-21"), ("2026-10-11 14:59", "7-12")]
)
def test_an_incident_falls_into_three_hours_of_a_weekday(at: str, of: str) -> None:
    opened = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    assert slot(replace(FALL, opened_at=opened)) == of
    assert slot(MONTH) == ""


@given(some_falls)
def test_no_hidden_cell_follows_from_the_whole_and_the_others(cases: list[IncidentCase]) -> None:
    cells = tallied(*cases)
    seen = shown(cells)
    for key, cell in seen.items():
        if cell is not None:
            assert cell.cases >= FEWEST
            continue
        others = [other for other in seen if (other.indicator, other.cut) == (key.indicator, key.cut)]
        hidden = [other for other in others if seen[other] is None]
        whole = seen[Key(key.indicator, Cut.ALL, "")]
        assert whole is None or len(hidden) > 1 or len(others) == 1


def test_four_falls_of_a_town_are_hidden_and_the_next_smallest_town_with_them() -> None:
    cells = tallied(*falls(4, division=TOWNS[0]), *falls(6, division=TOWNS[1]), *falls(9, division=TOWNS[2]))
    seen = {
        key.of: cell
        for key, cell in shown(cells).items()
        if (key.indicator, key.cut) == ("answered_60", Cut.TOWN)
    }
    assert seen == {"431202001": None, "431202002": None, "431221101": Cell(9, 9, 9)}


def test_a_numerator_of_one_is_hidden_although_many_are_behind_it() -> None:
    died = [*falls(50), replace(FALL, outcome="F1")]
    assert shown(tallied(*died))[Key("outcome_f1", Cut.ALL, "")] is None
    assert shown(tallied(*falls(50)))[Key("outcome_f1", Cut.ALL, "")] == Cell(0, 50, 50)


def test_days_tell_of_nobody_but_five_homes_are_needed() -> None:
    tally = Tally()
    for home in range(5):
        tally.add(replace(MONTH, whose=whose(home_id=home), heard_days=0))
    assert shown(tally.cells())[Key("device_uptime", Cut.ALL, "")] == Cell(0, 155, 5)


@pytest.mark.parametrize(
    ("division", "said"),
    [
        (TOWN, "town"), (VILLAGE, "rural"), ("431202001000", "unknown"), ("431202001199", "town"),
        ("431202001200", "rural"), ("431202001399", "rural"), ("431202001400", "town"),
        ("431202001500", "rural"),
    ],
)  # fmt: skip
def test_the_committee_of_the_code_says_town_or_rural(division: str, said: str) -> None:
    assert setting(division) == said


def test_bands_begin_at_their_first_year() -> None:
    assert [band(age) for age in (None, 59, 60, 69, 70, 80, 90, 104)] == [
        "unknown", "under 60", "60-69", "60-69", "70-79", "80-89", "90+", "90+",
    ]  # fmt: skip


def test_nothing_to_divide_by_is_no_value() -> None:
    assert Cell().value is None
