"""A month as CSV and XLSX. Pure: views in, bytes out.

What this is: one table of figures, every line with what it is divided by, its target and the target's
source, and a second one that says whose months these are. What it is not: a layout for print; the screen has
that. The one idea: a cell is a number or a text and never a formula, whatever somebody has typed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final, TypeAlias

from cloud.report import words
from cloud.report.indicators import INDICATORS
from cloud.report.tally import AREAS
from cloud.report.views import FigureView, ReportView
from cloud.report.words import Speech

Value: TypeAlias = str | float | int | None

CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BOM: Final = "\ufeff"
"""Without it spreadsheets read the Chinese of a CSV as another character set."""
_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula (OWASP, CSV injection)."""


def as_csv(report: ReportView, speech: Speech) -> bytes:
    """The figures; UTF-8 with a mark for spreadsheets, lines end as RFC 4180 says."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(words.HEADS[speech.locale])
    for line in _lines(report, speech):
        writer.writerow(["" if value is None else _plain(value) for value in line])
    out.write("\r\n")
    writer.writerow(words.ABOUT[speech.locale])
    for line in _about(report, speech):
        writer.writerow(["" if value is None else _plain(value) for value in line])
    return (_BOM + out.getvalue()).encode()


def as_xlsx(report: ReportView, speech: Speech) -> bytes:
    """Two sheets: the figures, and whose months they are."""
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True})
        figures, about = words.SHEETS[speech.locale]
        for name, head, lines in (
            (figures, words.HEADS[speech.locale], _lines(report, speech)),
            (about, words.ABOUT[speech.locale], _about(report, speech)),
        ):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, head, bold)
            sheet.freeze_panes(1, 0)
            for number, line in enumerate(lines, 1):
                sheet.write_row(number, 0, [_plain(value) for value in line])
            sheet.autofit()
    return out.getvalue()


def _plain(value: Value) -> Value:
    """A text that no spreadsheet takes for a formula, and a number without a point where it has no need."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_STARTS_A_FORMULA) else value


def _lines(report: ReportView, speech: Speech) -> Iterator[tuple[Value, ...]]:
    yes, no = words.YES_NO[speech.locale]
    for one in report.figures:
        of, said = INDICATORS[one.indicator], speech.said(one.indicator)
        yield (
            one.indicator, said.title, words.CUT_NAMES[speech.locale][one.cut], _of(report, one),
            one.numerator, one.denominator, one.value, one.low, one.high, one.cases,
            of.target.value if of.target else None,
            None if one.met is None else yes if one.met else no, yes if one.suppressed else no,
            said.numerator, said.denominator, speech.source(of.target.source) if of.target else None,
        )  # fmt: skip


def _of(report: ReportView, one: FigureView) -> str:
    """With its code, for many towns have the same name."""
    label = report.labels[one.cut][one.of]
    return f"{label} {one.of}" if one.cut in AREAS and label != one.of else label


def _about(report: ReportView, speech: Speech) -> Iterator[tuple[Value, ...]]:
    for one in report.tenants:
        frozen = one.frozen_at.isoformat() if one.frozen_at else words.COUNTED[speech.locale]
        yield (
            one.code, one.name, one.division_code, f"{one.month:%Y-%m}", one.version,
            one.counted_at.isoformat(), frozen, one.why, one.digest,
        )  # fmt: skip
    silent = words.SILENT[speech.locale]
    for division in report.silent:
        yield (None, None, division, f"{report.month:%Y-%m}", None, silent, None, None, None)
