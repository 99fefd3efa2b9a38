"""The indicators of a month, for whoever runs the cloud: as a file, or as a table."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloud.commands.command import Command, database
from cloud.settings import ConfigError, Settings

if TYPE_CHECKING:
    from cloud.auth import Locale
    from cloud.report.views import FigureView, ReportView
    from cloud.report.words import Speech

_MONTH: Final = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


def _report(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud.report import sheets

    with database(settings) as dsn:
        found, speech = asyncio.run(_read(dsn, chosen.tenant, chosen.month, chosen.locale))
    if chosen.file is None:
        sys.stdout.writelines(f"{line}\n" for line in _lines(found))
        return
    forms = {".csv": sheets.as_csv, ".xlsx": sheets.as_xlsx}
    if chosen.file.suffix not in forms:
        raise ConfigError(f"{chosen.file}: name it .csv or .xlsx")
    chosen.file.write_bytes(forms[chosen.file.suffix](found, speech))
    sys.stdout.write(f"{chosen.file}: {len(found.figures)} figures of {chosen.month:%Y-%m}\n")


async def _read(dsn: str, code: str, month: date, locale: Locale) -> tuple[ReportView, Speech]:
    from cloud.auth import Purpose, Scope
    from cloud.db import connect
    from cloud.privacy import retention
    from cloud.report import store, views
    from cloud.report.tally import AREAS, Cut
    from cloud.report.words import Speech

    async with await connect(dsn) as conn:
        tenant_id = await retention.tenant_of(conn, code)
        if tenant_id is None:
            raise ConfigError(f"there is no tenant {code}")
        rows = await store.stored(conn, Scope((tenant_id,), None, Purpose.FIGURES), month)
        if not rows:
            raise ConfigError(
                f"{month:%Y-%m} was never counted for {code}: the worker counts from its day on"
            )
        tenant = views.TenantMonth(**rows[0])
        cells = store.parsed(tenant.cells)
        speech = Speech(locale, await store.areas(conn, {key.of for key in cells if key.cut in AREAS}))
    return views.report(month, [tenant], cells, Cut, speech), speech


def _lines(found: ReportView) -> Iterator[str]:
    from cloud.report.tally import Cut

    for one in found.tenants:
        state = "still counted" if one.frozen_at is None else f"frozen {one.frozen_at:%Y-%m-%d}"
        yield f"{one.name} {one.month:%Y-%m} version {one.version}, {state}, {one.digest}"
        if one.why:
            yield f"corrected: {one.why}"
    yield f"{'indicator':<18} {'numerator':>10} {'denominator':>12} {'value':>9}  target"
    for figure in found.figures:
        if figure.cut is Cut.ALL:
            yield _line(figure)


def _line(figure: FigureView) -> str:
    from cloud.report.indicators import INDICATORS

    target = INDICATORS[figure.indicator].target
    held = {True: "held", False: "missed", None: ""}[figure.met]
    bound = f"{'>=' if target.least else '<='} {target.value:g} ({target.source}) {held}" if target else ""
    value = "-" if figure.value is None else f"{figure.value:.4f}"
    numbers = f"{figure.numerator:>10g} {figure.denominator:>12g} {value:>9}"
    return f"{figure.indicator:<18} {numbers}  {bound}".rstrip()


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tenant", metavar="TENANT", help="code of the tenant")
    parser.add_argument("month", metavar="MONTH", type=_month, help="as 2026-11")
    parser.add_argument("--file", type=Path, metavar="FILE", help="write every cut to FILE (.csv or .xlsx)")
    parser.add_argument(
        "--locale", choices=["zh-Hans", "zh-Hant", "en"], default="zh-Hans", help="words of the file"
    )


def _month(text: str) -> date:
    if not _MONTH.fullmatch(text):
        raise argparse.ArgumentTypeError("a month as 2026-11")
    return date.fromisoformat(f"{text}-01")


COMMANDS: Final[Mapping[str, Command]] = {
    "report": Command("the indicators of a month, as counted and frozen", _report, _arguments),
}
