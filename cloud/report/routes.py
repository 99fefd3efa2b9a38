"""``/api/v1/report``: indicators of a month, as figures, as a file, down to their rows, and corrected.

What this is: parse, hand on, answer. What it is not: the counting (``store``, ``keeper``). The one idea: a
month is read as it was stored, so everybody reads the same; only who follows a figure down to its rows reads
those as they are now, and leaves an entry in the audit trail that says whose they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud import cursors
from cloud.access import Api, Call, Text, needs, require
from cloud.auth import CITY_ROLES, Locale, Module, Permission, Principal, Purpose, Scope
from cloud.cursors import Asked, ById, Page
from cloud.db import Connection
from cloud.figures import directory
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.problems import ProblemError, not_found, responses
from cloud.report import counties, rows, sheets, store, trend, views
from cloud.report.counties import CountyMonth
from cloud.report.indicators import INDICATORS
from cloud.report.months import Month
from cloud.report.store import Draft
from cloud.report.tally import AREAS, COUNTY_DIGITS, Cell, Cells, Cut, Key
from cloud.report.views import (
    FigureView,
    IndicatorView,
    MonthVersion,
    ReportView,
    RowView,
    TenantMonth,
    TrendView,
)
from cloud.report.words import Speech
from cloud.settings import County

router = APIRouter(prefix="/report", tags=["report"], dependencies=[Depends(needs(Module.REPORTS))])

ROWS: Final = "report rows"
Reader = Annotated[Principal, Depends(require(Permission.READ_FIGURES))]
Follower = Annotated[Principal, Depends(require(Permission.READ_QUEUE))]
Lead = Annotated[Principal, Depends(require(Permission.CORRECT_REPORT))]
MonthName = Annotated[
    str, Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="year and month, as 2026-11")
]
Cuts = Annotated[
    list[Cut], Query(min_length=1, max_length=len(Cut), description="by what it is cut; several may be named")
]
In = Annotated[Locale, Query(description="the language of words")]
YEAR: Final = 13
"""Months of a trend: the same one a year ago is among them."""
ERRORS: Final = responses(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class Indicators(BaseModel):
    """Every indicator, in the order in which they are shown."""

    model_config = ConfigDict(frozen=True)

    indicators: list[IndicatorView]


class Months(BaseModel):
    """Every version of every month, the newest month first."""

    model_config = ConfigDict(frozen=True)

    months: list[MonthVersion]


class Correction(BaseModel):
    """``version``: the one that they were looking at. ``why``: in words; it stands in every file."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, lt=2**31)
    why: Text = Field(min_length=1, max_length=1_000)


class Corrected(BaseModel):
    """A new version; ``changed``: the figures that differ from the one before, as they are now."""

    model_config = ConfigDict(frozen=True)

    version: int
    digest: str
    changed: list[FigureView]


class RowsAsked(Asked):
    """Which rows: those behind ``indicator`` in the one ``of`` the ``cut``. ``missed``: only those that are
    in the denominator and not wholly in the numerator (true), or only the others (false).
    """

    indicator: Annotated[str, Field(max_length=64)]
    cut: Cut = Cut.ALL
    of: Annotated[str, Field(max_length=64)] = ""
    missed: bool | None = None


class RowPage(Page[RowView]):
    """Some rows, the oldest first."""


class Form(StrEnum):
    """How a file is made."""

    CSV = "csv"
    XLSX = "xlsx"


FORMS: Final[Mapping[Form, tuple[Callable[[ReportView, Speech], bytes], str]]] = {
    Form.CSV: (sheets.as_csv, sheets.CSV_TYPE),
    Form.XLSX: (sheets.as_xlsx, sheets.XLSX_TYPE),
}
_FILES: Final[dict[str, Any]] = {
    kind.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}} for _, kind in FORMS.values()
}


@router.get(
    "/indicators",
    operation_id="listIndicators",
    summary="What each indicator divides by what",
    responses=ERRORS,
)
async def list_indicators(api: Api, reader: Reader, locale: In = "zh-Hans") -> Indicators:
    """With its target and the source of that."""
    api.saw(reader.scope(Purpose.FIGURES).purpose, ())
    return Indicators(indicators=views.indicators(Speech(locale)))


@router.get("/months", operation_id="listReportMonths", summary="Which months there are", responses=ERRORS)
async def list_months(api: Api, reader: Reader) -> Months:
    """With every version of each, and why it was corrected."""
    scope = reader.scope(Purpose.FIGURES)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        return Months(months=[MonthVersion(**row) for row in await store.versions(conn, scope)])


@router.get(
    "/months/{month}",
    operation_id="readReport",
    summary="The indicators of a month",
    responses=ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def read_report(
    month: MonthName,
    api: Api,
    reader: Reader,
    cut: Cuts = [Cut.ALL],  # noqa: B006 - FastAPI copies it
    locale: In = "zh-Hans",
) -> ReportView:
    """As counted last night, or as frozen. Numbers only; what would tell of fewer than five people is hidden
    from who may not see rows. A city adds the tenants and counties below it.
    """
    return (await _report(api, reader, _first(month), cut, locale))[0]


@router.get(
    "/months/{month}/file",
    operation_id="downloadReport",
    summary="The same as a file",
    response_class=Response,
    responses={HTTPStatus.OK.value: {"content": _FILES}, **ERRORS, **responses(HTTPStatus.NOT_FOUND)},
)
async def download_report(
    month: MonthName,
    api: Api,
    reader: Reader,
    *,
    form: Form = Form.XLSX,
    cut: Cuts = list(Cut),  # noqa: B006 - FastAPI copies it
    locale: In = "zh-Hans",
) -> Response:
    """CSV or XLSX; no cell of it is a formula."""
    made, kind = FORMS[form]
    report, speech = await _report(api, reader, _first(month), cut, locale)
    headers = {"Content-Disposition": f'attachment; filename="report-{month}.{form.value}"'}
    return Response(made(report, speech), headers=headers, media_type=kind)


@router.get("/trend", operation_id="readTrend", summary="The months of a year", responses=ERRORS)
async def read_trend(
    api: Api, reader: Reader, months: Annotated[int, Query(ge=1, le=61)] = YEAR
) -> TrendView:
    """The undivided figures of the last months, this one too, as counted or frozen; hidden as in a month."""
    scope = reader.scope(Purpose.FIGURES)
    api.saw(scope.purpose, ())
    since = trend.months_ago(api.now.date(), months - 1)
    async with api.reading(scope) as conn:
        below = await directory.below(conn, scope, _asked(api, reader))
        own = [TenantMonth(**row) for row in await store.recent(conn, scope, since)]
    told = await counties.trend(below, since)
    found = [*own, *(one for county in told for one in county or ())]
    silent = [county.division for county, answer in zip(below, told, strict=True) if answer is None]
    return TrendView(months=trend.side_by_side(found, hide=not _sees_rows(reader)), silent=silent)


@router.get(
    "/months/{month}/rows",
    operation_id="listReportRows",
    summary="The rows behind a figure, as they are now",
    responses=ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def list_rows(
    month: MonthName, asked: Annotated[RowsAsked, Query()], api: Api, reader: Follower
) -> RowPage:
    """For who may see the homes, within their bounds; whose rows were shown is kept in the audit trail. What
    was stored after the month was frozen, or erased since, makes a difference to the figure: see corrections.
    """
    if asked.indicator not in INDICATORS:
        raise not_found()
    scope = reader.scope(Purpose.CONSOLE)
    last = cursors.after(asked, ROWS, scope, ById)
    which = rows.Which(asked.indicator, asked.cut, asked.of, asked.missed)
    async with api.reading(scope) as conn:
        zone = await store.zone_of(conn, scope, reader.tenant_id)
        span = store.span_of(Month(_first(month), zone), api.now)
        found = await rows.find(conn, scope, span, which, after=last.id if last else 0, most=asked.limit + 1)
    api.saw(scope.purpose, {row.home_id for row in found})
    items, following = cursors.page(found, lambda row: ById(row.record), asked, ROWS, scope)
    return RowPage(items=items, next=following)


@router.post(
    "/months/{month}/corrections",
    operation_id="correctReport",
    summary="Count a frozen month again, and say why",
    responses=ERRORS | ONCE_ERRORS | responses(HTTPStatus.NOT_FOUND),
)
async def correct_report(month: MonthName, asked: Correction, lead: Lead, once: Once) -> Corrected:
    """What was frozen stays; the new version stands beside it with its reason."""
    first, scope = _first(month), lead.scope(Purpose.CONSOLE)

    async def work(conn: Connection) -> Corrected:
        once.call.saw(scope.purpose, ())
        before = await store.last(conn, scope, lead.tenant_id, first)
        if before is None or before.frozen_at is None:
            raise not_found()
        if before.number != asked.version:
            raise ProblemError(HTTPStatus.CONFLICT, "conflict", "Someone was faster: read the month again.")
        zone = await store.zone_of(conn, scope, lead.tenant_id)
        cells = await store.count(conn, scope, store.span_of(Month(first, zone), once.call.now))
        changed = _changed(before.cells, cells)
        if not changed:
            raise ProblemError(HTTPStatus.CONFLICT, "nothing_changed", "Counted again, it says the same.")
        draft = Draft(lead.tenant_id, first, cells)
        said = await store.correct(conn, draft, before, once.call.now, why=asked.why, staff_id=lead.staff_id)
        return Corrected(version=before.number + 1, digest=said, changed=views.figures(changed, Cut))

    return await once.do(scope, Corrected, work)


async def _report(
    api: Call, reader: Principal, month: date, cuts: list[Cut], locale: Locale
) -> tuple[ReportView, Speech]:
    scope = reader.scope(Purpose.FIGURES)
    api.saw(scope.purpose, ())
    async with api.reading(scope) as conn:
        below = await directory.below(conn, scope, _asked(api, reader))
        own = [TenantMonth(**row) for row in await store.stored(conn, scope, month)]
    told = await _of_counties(api, reader, below, month) if below else []
    tenants = [*own, *(tenant for county in told for tenant in county.tenants)]
    if not tenants and not told:
        raise not_found()
    cells = trend.cells_of(tenants, hide=not _sees_rows(reader))
    speech = Speech(locale, await _areas(api, scope, cells, tenants))
    silent = [county.division for county in told if not county.answers]
    return views.report(month, tenants, cells, cuts, speech, silent=silent), speech


def _asked(api: Call, reader: Principal) -> Sequence[County]:
    return api.parts.settings.county if reader.role in CITY_ROLES else ()


async def _areas(
    api: Call, scope: Scope, cells: Iterable[Key], tenants: list[TenantMonth]
) -> Mapping[str, str]:
    """A county that keeps its own database names its towns there; what it is called itself, it tells."""
    told = {one.division_code[:COUNTY_DIGITS]: one.name for one in tenants}
    async with api.reading(scope) as conn:
        return told | await store.areas(conn, {key.of for key in cells if key.cut in AREAS})


async def _of_counties(api: Call, reader: Principal, below: list[Any], month: date) -> list[CountyMonth]:
    answers = await counties.ask(below, month, api.now)
    async with api.writing(reader.scope(Purpose.FIGURES)) as conn:
        await counties.keep(conn, answers, month, api.now)
        return await counties.with_last_words(conn, answers, month)


def _sees_rows(reader: Principal) -> bool:
    """Whether nothing needs to be hidden: they may open every home that is counted."""
    return reader.may(Permission.READ_QUEUE) and reader.homes is None and not reader.below


def _changed(before: Cells, after: Cells) -> dict[Key, Cell | None]:
    """Cells that say something else; one that is gone is empty now."""
    keys = sorted({*before, *after})
    return {key: after.get(key, Cell()) for key in keys if before.get(key, Cell()) != after.get(key, Cell())}


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")
