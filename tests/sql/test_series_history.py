"""History: as finely as the span allows, whole where roll-ups are behind, and never beyond the scope."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import pytest

from cloud.auth import Purpose, Scope
from cloud.db import Connection, connect
from cloud.series import history
from cloud.series.engine import Engine
from cloud.series.history import Resolution, SeriesView, Span, bucket_of, choose, deviation
from firmware_protocols.model import Quantity
from tests.conftest import Server
from tests.sql.series import ENROL, NOON, Row, catch_up, compress, write

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
HEART: Final = Quantity.HEART_RATE
TENANT: Final = Scope((1,), None, Purpose.CONSOLE)


@pytest.fixture(params=list(Engine))
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """A new, migrated database of either kind."""
    timescale = request.param is Engine.TIMESCALE
    server: Server = request.getfixturevalue("timescale" if timescale else "postgres")
    dsn = server.create(server.template)
    yield dsn
    server.drop(dsn)


@pytest.fixture
async def conn(database: str) -> AsyncIterator[Connection]:
    """A connection that commits each statement, in a database with four homes."""
    connection = await connect(database, autocommit=True)
    await connection.execute(ENROL)
    yield connection
    await connection.close()


@asynccontextmanager
async def _bound(conn: Connection, scope: Scope) -> AsyncIterator[None]:
    async with conn.transaction():
        homes = "" if scope.homes is None else "{" + ",".join(map(str, scope.homes)) + "}"
        tenants = "{" + ",".join(map(str, scope.tenants)) + "}"
        await conn.execute(
            "select set_config('anban.tenants', %s, true), set_config('anban.homes', %s, true)",
            [tenants, homes],
        )
        yield


async def _series(
    conn: Connection, span: Span, now: datetime, resolution: Resolution | None = None, scope: Scope = TENANT
) -> SeriesView | None:
    async with _bound(conn, scope):
        return await history.series(conn, scope, 1, HEART, span=span, now=now, resolution=resolution)


def _counts(view: SeriesView | None) -> list[int]:
    assert view is not None
    return [point.n for line in view.lines for point in line.points]


@pytest.mark.parametrize(
    ("length", "resolution"),
    [(HOUR, "raw"), (12 * HOUR, "raw"), (13 * HOUR, "quarter"), (7 * DAY, "quarter"), (8 * DAY, "hour"),
     (62 * DAY, "hour"), (63 * DAY, "day"), (3_650 * DAY, "day")],
)  # fmt: skip
def test_the_span_chooses_the_resolution(length: timedelta, resolution: str) -> None:
    assert choose(Span(NOON, NOON + length)) == resolution


def test_days_begin_at_midnight_in_the_communities() -> None:
    assert bucket_of(DAY, NOON) == NOON - 20 * HOUR
    assert bucket_of(15 * MINUTE, NOON + 14 * MINUTE) == NOON


def test_a_deviation_is_never_less_than_none() -> None:
    assert deviation(3, 0.3, 0.03) == pytest.approx(0.0, abs=1e-8)
    assert deviation(2, 4.0, 10.0) == 1.0
    assert deviation(1, 7.0, 0.0) == 0.0


async def test_a_short_span_shows_each_reading(conn: Connection) -> None:
    await write(
        conn, [Row(NOON, value=70.0), Row(NOON + MINUTE, value=None), Row(NOON + 2 * MINUTE, value=72.0)]
    )
    await write(conn, [Row(NOON + MINUTE, device=2, value=60.0), Row(NOON, quantity=2, value=97.0)])
    view = await _series(conn, Span(NOON, NOON + HOUR), NOON + HOUR)
    assert view is not None
    assert (view.resolution, view.step_s, view.unit) == (Resolution.RAW, 0, "beat/min")
    shown = [(line.device, [(p.at - NOON, p.mean, p.n) for p in line.points]) for line in view.lines]
    assert shown == [("1", [(0 * MINUTE, 70.0, 1), (2 * MINUTE, 72.0, 1)]), ("2", [(MINUTE, 60.0, 1)])]


async def test_more_readings_than_fit_come_in_quarters(conn: Connection) -> None:
    second = timedelta(seconds=1)
    await write(conn, (Row(NOON + n * second, value=n) for n in range(history.MOST + 1)))
    await catch_up(conn)
    view = await _series(conn, Span(NOON, NOON + 2 * HOUR), NOON + 2 * HOUR)
    assert view is not None
    assert view.resolution is Resolution.QUARTER
    assert _counts(view) == [900] * 5 + [501]


async def test_a_bucket_tells_mean_extremes_and_spread(conn: Connection) -> None:
    await write(conn, (Row(NOON + n * MINUTE, value=60.0 + n % 2 * 10) for n in range(10)))
    await catch_up(conn)
    view = await _series(conn, Span(NOON, NOON + DAY), NOON + DAY)
    assert view is not None
    (point,) = view.lines[0].points
    assert (point.n, point.mean, point.least, point.greatest, point.deviation) == (10, 65.0, 60.0, 70.0, 5.0)


@pytest.mark.parametrize("resolution", [Resolution.HOUR, Resolution.DAY])
async def test_no_resolution_misses_the_newest_hours(conn: Connection, resolution: Resolution) -> None:
    """Coarse roll-ups may be behind; quarters are not."""
    now = NOON + 20 * DAY
    await write(conn, (Row(NOON + n * HOUR) for n in range(0, 20 * 24, 5)))
    await catch_up(conn)
    await compress(conn)
    newest = [Row(now - 2 * HOUR), Row(now - MINUTE)]
    await write(conn, newest)
    before = _counts(await _series(conn, Span(NOON, now), now, resolution))
    await catch_up(conn)
    after = _counts(await _series(conn, Span(NOON, now), now, resolution))
    assert sum(after) == 96 + 2
    assert sum(after) - sum(before) in {0, 2}, "plain roll-ups wait for the keeper's next turn"


@pytest.mark.parametrize(
    "scope",
    [
        Scope((2,), None, Purpose.CONSOLE),
        Scope((1,), (2,), Purpose.CONSOLE),
        Scope((1,), (), Purpose.CONSOLE),
        Scope((), None, Purpose.CONSOLE),
    ],
)
async def test_a_home_outside_the_scope_has_no_history(conn: Connection, scope: Scope) -> None:
    await write(conn, [Row(NOON)])
    assert await _series(conn, Span(NOON, NOON + HOUR), NOON, scope=scope) is None


async def test_divisions_are_counted_within_the_scope(conn: Connection) -> None:
    await write(conn, [Row(NOON, value=70.0), Row(NOON + MINUTE, value=90.0)])
    await write(conn, [Row(NOON, home=3, device=5, value=50.0), Row(NOON, home=2, device=3, quantity=2)])
    await catch_up(conn)
    span = Span(NOON, NOON + HOUR)
    async with _bound(conn, TENANT):
        (mine,) = await history.divisions(conn, TENANT, HEART, span)
    assert (mine.code, mine.homes, mine.heard, mine.n) == ("431202000000", 2, 1, 2)
    assert (mine.mean, mine.least, mine.greatest) == (80.0, 70.0, 90.0)
    city = Scope((1, 2), None, Purpose.CONSOLE)
    async with _bound(conn, city):
        found = await history.divisions(conn, city, HEART, span)
    assert [(one.code, one.heard) for one in found] == [("431202000000", 1), ("431203000000", 1)]
