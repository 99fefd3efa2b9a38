"""The history of one home over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from cloud.db import Connection
from firmware_protocols.model import Quantity
from tests.sql.series import catch_up
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON

HOUR: Final = timedelta(hours=1)
HEART: Final = Quantity.HEART_RATE


async def _fill(conn: Connection, home: int) -> None:
    """Two days of a heart rate, one reading each ten minutes."""
    await conn.execute(
        "insert into reading"
        " select %s - n * interval '10 minutes', home.tenant_id, home.id, device.id, %s, 0,"
        " 60 + n from home join gateway on gateway.home_id = home.id"
        " join device on device.gateway_id = gateway.id, generate_series(1, 288) n where home.id = %s",
        [NOON, HEART.number, home],
    )
    await conn.commit()
    await catch_up(conn)


def _asked(begin: datetime, end: datetime, **more: str) -> dict[str, str]:
    return {"quantity": HEART.value, "begin": begin.isoformat(), "end": end.isoformat(), **more}


async def _get(site: Site, who: str, home: int, asked: dict[str, str]) -> Any:
    return await (await site.signed_in(who)).get(f"/homes/{home}/series", params=asked)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (_asked(NOON - HOUR, NOON), ("raw", 6, 6)),
        (_asked(NOON - 24 * HOUR, NOON), ("quarter", 96, 144)),
        (_asked(NOON - 24 * HOUR, NOON, resolution="hour"), ("hour", 24, 144)),
        (_asked(NOON - 300 * HOUR, NOON, resolution="day"), ("day", 3, 288)),
    ],
)
async def test_history_comes_as_finely_as_the_span_allows(
    site: Site, conn: Connection, asked: dict[str, str], shown: tuple[str, int, int]
) -> None:
    """The resolution, how many points, and how many readings they tell of."""
    await _fill(conn, site.town.yellow)
    view = (await _get(site, "operator", site.town.yellow, asked)).json()
    (line,) = view["lines"]
    points = line["points"]
    assert (view["resolution"], len(points), sum(point["n"] for point in points)) == shown
    assert line["device"] == "pendant"


async def test_what_is_withheld_is_left_out(site: Site, conn: Connection) -> None:
    await _fill(conn, site.town.yellow)
    await conn.execute(
        "insert into withheld (home_id, purpose, standing, asked, kinds, quantities, events, alarms)"
        " values (%s, 'vitals', true, true, '{}', %s, '{}', '{}')",
        [site.town.yellow, [HEART.number]],
    )
    await conn.commit()
    view = (await _get(site, "operator", site.town.yellow, _asked(NOON - HOUR, NOON))).json()
    assert view["lines"] == []


@pytest.mark.parametrize(
    ("who", "home"), [("operator", "foreign"), ("family", "green"), ("stranger", "yellow")]
)
async def test_a_home_out_of_scope_looks_exactly_like_one_that_does_not_exist(
    site: Site, conn: Connection, who: str, home: str
) -> None:
    number = getattr(site.town, home)
    await _fill(conn, number)
    hidden = await _get(site, who, number, _asked(NOON - HOUR, NOON))
    absent = await _get(site, who, 999_999, _asked(NOON - HOUR, NOON))
    assert hidden.status_code == absent.status_code == 404
    assert hidden.content == absent.content


@pytest.mark.parametrize(
    "asked",
    [
        _asked(NOON, NOON),
        _asked(NOON, NOON - HOUR),
        _asked(NOON.replace(tzinfo=None), NOON),
        _asked(NOON - HOUR, NOON) | {"quantity": "mood"},
        _asked(NOON - HOUR, NOON) | {"resolution": "week"},
        {"quantity": HEART.value},
    ],
)
async def test_a_span_that_is_none_is_refused(site: Site, asked: dict[str, str]) -> None:
    assert (await _get(site, "operator", site.town.yellow, asked)).status_code == 422
