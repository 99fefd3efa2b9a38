"""A month as CSV and XLSX. Pure: views in, bytes out.

What this is: one table of figures, every line with what it is divided by, its target and the target's
source, and a second one that says whose months these are. What it is not: a layout for print; the screen has
that. The one idea: a cell is a number or a text and never a formula, whatever somebody has typed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from cloud.report.indicators import INDICATORS
from cloud.report.views import FigureView, ReportView

Value: TypeAlias = str | float | int | None

CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BOM: Final = "\ufeff"
"""Without it spreadsheets read the Chinese of a CSV as another character set."""
_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula (OWASP, CSV injection)."""
_HEAD: Final = (
    "indicator", "cut", "of", "numerator", "denominator", "value", "cases", "target", "met", "suppressed",
    "numerator is", "denominator is", "source of the target",
)  # fmt: skip
_ABOUT: Final = ("tenant", "name", "division", "month", "version", "counted at", "frozen at", "why", "digest")


def as_csv(report: ReportView) -> bytes:
    """The figures; UTF-8 with a mark for spreadsheets, lines end as RFC 4180 says."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_HEAD)
    for line in _lines(report.figures):
        writer.writerow(["" if value is None else _plain(value) for value in line])
    out.write("\r\n")
    writer.writerow(_ABOUT)
    for line in _about(report):
        writer.writerow(["" if value is None else _plain(value) for value in line])
    return (_BOM + out.getvalue()).encode()


def as_xlsx(report: ReportView) -> bytes:
    """Two sheets: the figures, and whose months they are."""
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True})
        for name, head, lines in (
            ("figures", _HEAD, _lines(report.figures)),
            ("about", _ABOUT, _about(report)),
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


def _lines(figures: Iterable[FigureView]) -> Iterator[tuple[Value, ...]]:
    for one in figures:
        of = INDICATORS[one.indicator]
        yield (
            one.indicator, one.cut.value, one.of, one.numerator, one.denominator, one.value, one.cases,
            of.target.value if of.target else None,
            None if one.met is None else _said(yes=one.met), _said(yes=one.suppressed),
            of.numerator, of.denominator, of.target.source if of.target else None,
        )  # fmt: skip


def _about(report: ReportView) -> Iterator[tuple[Value, ...]]:
    for one in report.tenants:
        yield (
            one.code, one.name, one.division_code, f"{one.month:%Y-%m}", one.version,
            one.counted_at.isoformat(), one.frozen_at.isoformat() if one.frozen_at else "still counted",
            one.why, one.digest,
        )  # fmt: skip
    for division in report.silent:
        yield (None, None, division, f"{report.month:%Y-%m}", None, "did not answer", None, None, None)


def _said(*, yes: bool) -> str:
    return "yes" if yes else "no"
