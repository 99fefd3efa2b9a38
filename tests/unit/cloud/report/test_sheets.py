"""A month as a file: numbers are numbers, and nothing is a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from cloud.report import sheets, views
from cloud.report.tally import Cell, Cut, Key
from cloud.report.views import MonthVersion, ReportView
from cloud.report.words import Speech

ENGLISH: Final = Speech("en")
OCTOBER: Final = date(2026, 10, 1)
AT: Final = datetime(2026, 11, 4, tzinfo=UTC)
_SPREADSHEET: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def report(*, name: str = "鹤城区", why: str = "") -> ReportView:
    cells = {Key("answered_60", Cut.ALL, ""): Cell(39, 40, 40), Key("answered_60", Cut.SEX, "f"): None}
    version = MonthVersion(
        code="hecheng", name=name, division_code="431202000000", month=OCTOBER, version=2, counted_at=AT,
        frozen_at=AT, why=why, digest="0" * 64,
    )  # fmt: skip
    return views.report(OCTOBER, [version], cells, Cut, ENGLISH, silent=["431221000000"])


def lines_of_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def cells_of_xlsx(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert not any(b"<f>" in book.read(name) for name in book.namelist() if "worksheets" in name)
        texts = ET.fromstring(book.read("xl/sharedStrings.xml"))
        return [node.text or "" for node in texts.iter(f"{_SPREADSHEET}t")]


def test_a_line_has_its_numbers_and_what_they_mean() -> None:
    head, *lines = lines_of_csv(sheets.as_csv(report(), ENGLISH))
    whole, hidden = (dict(zip(head, line, strict=True)) for line in lines[:2])
    assert [whole[name] for name in ("numerator", "denominator", "value", "met")] == [
        "39",
        "40",
        "0.975",
        "yes",
    ]
    assert [whole[name] for name in ("target", "source of the target")] == [
        "0.975",
        "TSA, telecare services association (UK)",
    ]
    said = [hidden[name] for name in ("suppressed", "numerator", "denominator", "value")]
    assert said == ["yes", "", "", ""]


def test_a_file_speaks_the_language_of_whoever_reads_it() -> None:
    head, line = lines_of_csv(sheets.as_csv(report(), Speech("zh-Hans")))[:2]
    told = dict(zip(head, line, strict=True))
    assert [told[name] for name in ("编号", "指标", "分组", "分母说明", "达标", "已隐藏")] == [
        "answered_60", "60 秒内应答", "全部", "已呼叫人员的一、二级事件", "是", "否",
    ]  # fmt: skip


def test_a_file_says_whose_months_these_are_and_who_is_silent() -> None:
    lines = lines_of_csv(sheets.as_csv(report(why="三份记录晚到"), ENGLISH))
    assert lines[-2][:5] == ["hecheng", "鹤城区", "431202000000", "2026-10", "2"]
    assert lines[-2][7] == "三份记录晚到"
    assert lines[-1][2:6:3] == ["431221000000", "did not answer"]


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", '=HYPERLINK("http://x","y")'])
def test_what_somebody_typed_is_never_a_formula(typed: str) -> None:
    assert typed not in [
        cell for line in lines_of_csv(sheets.as_csv(report(name=typed), ENGLISH)) for cell in line
    ]
    assert f"'{typed}" in cells_of_xlsx(sheets.as_xlsx(report(name=typed), ENGLISH))


def test_a_workbook_has_the_same_words_as_the_csv() -> None:
    words = set(cells_of_xlsx(sheets.as_xlsx(report(), ENGLISH)))
    assert {"answered_60", "鹤城区", "Answered within 60 s", "still counted"} - words == {"still counted"}
