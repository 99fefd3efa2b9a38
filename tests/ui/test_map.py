"""The county in one picture, on the real platform: what is drawn is listed, and the corner is honest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Route, expect

from cloud.auth import Role
from tests.harness import System
from tests.ui.judge import in_every_dress
from tests.ui.town import come_in

pytestmark = [pytest.mark.browser, pytest.mark.services]

OUTLINE: Final = [
    {
        "name": "鹤城区",
        "lines": [[[27.45, 109.85], [27.45, 110.15], [27.7, 110.1], [27.65, 109.8], [27.45, 109.85]]],
    }
]
OUTSIDE: Final = re.compile(r"到达圈外 [1-9]\d* 户")
NEIGHBOUR: Final = """
insert into responder (tenant_id, kind, name, latitude, longitude, mode, consent_at)
select id, 'volunteer', '舒大山', 27.561, 109.991, 'walk', now() from tenant where code = 'hecheng'
"""


@pytest.fixture
def county(town: System) -> Iterator[None]:
    """A station 20 km from the homes, a volunteer next to them, and an outline; gone afterwards."""
    with psycopg.connect(town.dsn, autocommit=True) as conn:
        conn.execute(
            "insert into centre (tenant_id, name, latitude, longitude)"
            " select id, '中方站', 27.4, 109.9 from tenant where code = 'hecheng'"
        )
        conn.execute(NEIGHBOUR)
        conn.execute(
            "insert into map_layer (name, datum, attribution, review_no, outlines, within_m, imported_at)"
            " values ('怀化市界', 'gcj02', '湖南省地图院', '湘S(2026)001号', %s, 5, %s)",
            [json.dumps(OUTLINE, ensure_ascii=False), datetime.now(UTC)],
        )
        yield
        conn.execute("delete from centre where name = '中方站'")
        conn.execute("delete from responder where name = '舒大山'")
        conn.execute("delete from map_layer")


DRAWN: Final = """() => [...document.querySelectorAll(".map-canvas canvas")].some(c => c.width > 0 &&
  c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 === 3 && v > 0))"""
"""Whether the canvas shows anything."""


def test_from_the_circle_to_the_homes_outside_and_to_the_incident(
    context: BrowserContext, town: System, county: None
) -> None:
    del county
    page = come_in(context, town, Role.OPERATOR, "/console/map")
    listed = page.locator(".map-list")
    page.get_by_label("在岗人员").uncheck()
    outside = listed.get_by_role("heading", name="到达圈外")
    expect(outside).to_have_text(OUTSIDE)
    before = outside.inner_text()
    page.get_by_label("邻里志愿者").check()
    expect(outside).not_to_have_text(before)
    expect(listed.get_by_role("button", name="舒大山")).to_contain_text("可派")
    expect(page.locator(".map-corner")).to_contain_text("湖南省地图院 · 审图号：湘S(2026)001号")
    expect(page.locator(".map-corner")).to_contain_text("无底图")
    listed.get_by_role("button", name="中方站").click()
    page.wait_for_function(DRAWN, polling=100)
    listed.locator(".map-row").first.get_by_role("button").first.click()
    expect(page.locator("[data-pane]")).to_be_visible()
    page.go_back()
    expect(page.locator(".map-page")).to_be_visible()


def test_a_base_map_that_does_not_answer_is_said_to_be_off_and_the_map_goes_on(
    context: BrowserContext, town: System
) -> None:
    def with_tiles(
        route: Route,
    ) -> None:  # the platform of these tests has none, and answers 404 for a picture
        answer = route.fetch()
        layer = {"id": "vec", "attribution": "天地图", "review_no": "GS(2024)0650号", "datum": "gcj02"}
        route.fulfill(
            response=answer, json={**answer.json(), "tiles": [{**layer, "min_zoom": 0, "max_zoom": 18}]}
        )

    context.route("**/api/v1/map", with_tiles)
    page = come_in(context, town, Role.OPERATOR, "/console/map")
    expect(page.locator(".map-corner")).to_contain_text("底图已关闭 · 审图号：GS(2024)0650号")
    expect(page.locator(".map-list")).to_contain_text("未结事件")


def test_what_cannot_be_read_is_said_with_the_age_of_what_stands(
    context: BrowserContext, town: System
) -> None:
    context.clock.install()
    page = come_in(context, town, Role.OPERATOR, "/console/map")
    expect(page.locator(".map-list")).to_contain_text("人员位置：")
    context.route("**/api/v1/map", lambda route: route.abort())
    context.clock.fast_forward("00:16")
    expect(page.locator(".map-list .warning")).to_contain_text("人员位置未能更新，数据截至")


def test_whoever_may_not_see_helpers_is_told_so_and_sees_their_homes(
    context: BrowserContext, town: System
) -> None:
    page = come_in(context, town, Role.CASEWORKER, "/console/map")
    expect(page.locator(".map-list")).to_contain_text("您的角色看不到人员位置")
    expect(page.locator(".map-page .legend")).to_be_visible()


def test_no_language_and_no_theme_breaks_the_map(context: BrowserContext, town: System, county: None) -> None:
    del county
    page = come_in(context, town, Role.OPERATOR, "/console/map")
    expect(page.locator(".map-corner")).to_contain_text("湖南省地图院")
    assert in_every_dress(page, "map") == {}
