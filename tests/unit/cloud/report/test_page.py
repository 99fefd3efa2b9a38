"""The page of indicators says what the program counts by."""

from __future__ import annotations

from cloud.report.indicators import INDICATORS
from cloud.report.page import PAGE, renew, table


def test_the_page_is_as_the_table_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == renew(page), "python -m cloud.report.page"


def test_a_line_has_the_target_and_whose_it_is() -> None:
    lines = table().splitlines()
    assert len(lines) == 2 + len(INDICATORS)
    (answered,) = [line for line in lines if "`answered_60`" in line]
    assert answered.endswith("| ≥ 97.5 % (TSA, telecare services association (UK)) |")
    (alarms,) = [line for line in lines if "`alarms_home_day`" in line]
    assert "≤ 0.1 (a default of this project" in alarms
