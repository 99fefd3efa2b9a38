"""The view of county and city, on the real platform with a made year: read, follow down, print."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Final
from unicodedata import normalize

import psycopg
import pypdf
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from cloud.auth import Role
from tests.harness import System
from tests.ui import county
from tests.ui.judge import SHOTS, faults, in_every_dress, shoot, zoomed
from tests.ui.town import come_in
from tests.visit import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.services]

A4_PT: Final = (594.96, 841.92)
"""As Chromium rounds it."""


@pytest.fixture(scope="module")
def month(town: System) -> date:
    """The last month of a year that was counted and frozen, with one late answer behind it."""
    with psycopg.connect(town.dsn) as conn:
        last = county.put(conn, datetime.now(UTC))
        county.fall(conn, last)
    return last


def open_month(context: BrowserContext, town: System, role: Role, month: date, path: str = "/kpi/") -> Page:
    page = come_in(context, town, role, path)
    choice = page.get_by_label("月份")
    expect(choice).to_be_visible()
    if choice.input_value() != f"{month}":
        choice.select_option(f"{month}")
    expect(page.locator(f'[data-month="{month}"]')).to_be_visible()
    return page


def test_a_figure_is_read_cut_and_followed_to_its_rows_and_the_trail_says_who_looked(
    context: BrowserContext, town: System, month: date
) -> None:
    page = open_month(context, town, Role.SUPERVISOR, month)
    tile = page.locator('[data-indicator="visiting_rate"]')
    expect(tile).to_contain_text("≥ 100%")
    expect(tile).to_contain_text("未达标")
    page.get_by_role("button", name="细分：15 分钟到门").click()
    worst = page.locator("#breakdown tbody tr").first
    expect(worst).to_contain_text(county.TOWNS[county.FAR])
    page.get_by_role("radio", name="年龄").check(force=True)
    expect(page.locator("#breakdown")).to_contain_text("80–89 岁")
    expect(page.locator(".heat tbody tr")).to_have_count(8)
    shoot(page, "kpi-screen", whole=True)
    assert zoomed(page, "kpi") == {}
    page.get_by_role("button", name="查看明细：60 秒内应答", exact=True).click()
    rows = page.get_by_role("dialog")
    expect(rows).to_contain_text("打开明细会留下记录")
    expect(rows.locator("tbody tr")).to_have_count(1)
    expect(rows.locator("tbody tr")).to_contain_text("0 / 1")
    shoot(page, "kpi-rows", whole=True)
    with psycopg.connect(town.dsn) as conn:
        seen = conn.execute("select actor, homes from audit_entry where action = 'listReportRows'").fetchall()
    assert len(seen) == 1
    assert len(seen[0][1]) == 1


def test_an_evaluator_sees_what_is_hidden_and_why_and_no_way_to_a_home(
    context: BrowserContext, town: System, month: date
) -> None:
    page = open_month(context, town, Role.EVALUATOR, month)
    expect(page.get_by_text("不能打开明细")).to_be_visible()
    expect(page.locator(".heat td.hidden").first).to_have_text("隐藏")
    page.locator("#breakdown select").select_option("battery_lead")  # twelve of them in four towns
    page.get_by_role("radio", name="乡镇街道").check(force=True)
    expect(page.locator("#breakdown")).to_contain_text("少于 5 例的数字不显示")
    expect(page.get_by_role("button", name="查看明细")).to_have_count(0)
    expect(page.get_by_role("heading", name="探访逾期")).to_have_count(0)


def test_a_city_sets_its_counties_side_by_side_and_reaches_no_home(
    context: BrowserContext, town: System, month: date
) -> None:
    with psycopg.connect(town.dsn) as conn:
        county.city(conn, datetime.now(UTC))
    entry = {"username": "city", "password": PASSWORD}
    answer = context.request.post(f"{town.address}/api/v1/session", data=entry, headers={"X-Anban": "1"})
    assert answer.ok, answer.text()
    page = context.new_page()
    page.goto(f"{town.address}/kpi/")
    page.get_by_label("月份").select_option(f"{month}")
    standing = page.get_by_label("这个月的来源")
    expect(standing).to_contain_text("鹤城区")
    expect(standing).to_contain_text("中方县")
    page.get_by_role("radio", name="区县").check(force=True)
    rows = page.locator("#breakdown tbody tr")
    expect(rows).to_have_count(2)
    shares = [float(f"{text}".rstrip("%")) for text in rows.locator("td b").all_inner_texts()]
    assert shares == sorted(shares)  # the worst first
    page.locator("#breakdown select").select_option("visiting_rate")
    expect(rows.filter(has_text="中方县")).to_contain_text("%")
    shoot(page, "kpi-city", whole=True)
    expect(page.get_by_role("button", name="查看明细")).to_have_count(0)


def test_the_month_on_paper_is_a_few_pages_of_a4_that_say_what_they_rest_on(
    context: BrowserContext, town: System, month: date
) -> None:
    page = open_month(context, town, Role.EVALUATOR, month, f"/kpi/report/{month:%Y-%m}")
    expect(page.get_by_role("heading", name=f"{month.year}年{month.month}月养老服务月报")).to_be_visible()
    shoot(page, "kpi-paper", whole=True)
    printed = page.pdf(prefer_css_page_size=True)
    (SHOTS / "kpi-paper.pdf").write_bytes(printed)
    document = pypdf.PdfReader(io.BytesIO(printed))
    sizes = {
        (round(float(one.mediabox.width), 1), round(float(one.mediabox.height), 1)) for one in document.pages
    }
    assert sizes == {tuple(round(side, 1) for side in A4_PT)}
    assert 3 <= len(document.pages) <= 8
    # A font names some of its Han shapes as radicals; NFKC makes characters of them again.
    text = normalize("NFKC", "".join("".join(one.extract_text().split()) for one in document.pages))
    with psycopg.connect(town.dsn) as conn:
        found = conn.execute("select digest from report where month = %s", [month]).fetchone()
    assert found is not None
    for said in ("60秒内应答", "探访率", county.TOWNS[county.FAR], "已隐藏", "周一", "编制", found[0]):
        assert said in text, said
    assert f"1/{len(document.pages)}" in text, "pages are numbered"
    assert "退出" not in text, "nothing to press stands on paper"


def test_no_language_and_no_theme_breaks_the_screen_or_the_paper(
    context: BrowserContext, town: System, month: date
) -> None:
    page = open_month(context, town, Role.SUPERVISOR, month)
    found = in_every_dress(page, "kpi", lambda: expect(page.locator(".heat tbody tr")).to_have_count(8))
    page.goto(f"{town.address}/kpi/report/{month:%Y-%m}")
    expect(page.locator(".paper .heat").first).to_be_visible()
    found["paper"] = faults(page)
    assert {name: what for name, what in found.items() if what} == {}
