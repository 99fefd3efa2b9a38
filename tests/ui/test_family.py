"""The family's page on a phone, on the whole real platform."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from cloud.auth import Role
from tests.harness import System
from tests.ui.conftest import TIMEOUT_MS
from tests.ui.judge import faults
from tests.ui.town import come_in

pytestmark = [pytest.mark.browser, pytest.mark.services]

SHOTS: Final = Path(__file__).parent / "shots"
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
LANGUAGES: Final = {"zh-Hans": "正在处理", "zh-Hant": "正在處理", "en": "Under way"}
TOO_WIDE: Final = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(scope="module", autouse=True)
def centre(town: System) -> None:
    """The centre has a number that families may ring."""
    with psycopg.connect(town.dsn) as conn:
        conn.execute("update tenant set phone = '0745-2712345'")


@pytest.fixture
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(locale="zh-CN", viewport=PHONE, device_scale_factor=2)
    context.set_default_timeout(TIMEOUT_MS)
    yield context
    context.close()


def shoot(page: Page, name: str) -> None:
    """A picture for people to look at; git ignores the folder."""
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"family-{name}.png", full_page=True)


def test_a_daughter_sees_that_help_is_on_its_way_and_whom_to_ring_in_every_language_theme_and_size(
    phone: BrowserContext, town: System
) -> None:
    page = come_in(phone, town, Role.FAMILY, "/family/")
    expect(page.locator(".card.help")).to_contain_text("需要帮助")
    expect(page.get_by_role("link", name="给住户1打电话")).to_have_attribute("href", "tel:07450000000")
    expect(page.get_by_role("link", name="联系服务中心")).to_have_attribute("href", "tel:07452712345")
    expect(page.locator(".steps").first).to_contain_text("发现：求助")
    shoot(page, "help")

    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    expect(page.locator(".hours")).to_be_visible()
    found = {}
    for language, word in LANGUAGES.items():
        page.locator(".language").select_option(language)
        expect(page.get_by_role("heading", name=word)).to_be_visible()
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            found[language, theme] = faults(page)
            shoot(page, f"all-{language}-{theme}")
    assert {where: what for where, what in found.items() if what} == {}
    for _ in ("larger", "largest"):
        page.locator(".text-size").click()
        assert not page.evaluate(TOO_WIDE)
    shoot(page, "largest")


def test_hours_of_ones_own_are_kept(phone: BrowserContext, town: System) -> None:
    page = come_in(phone, town, Role.FAMILY, "/family/")
    page.get_by_text("通知与休息时间").click()
    page.get_by_label("从").fill("22:00")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("没有保存")).to_be_visible()
    page.get_by_label("到").fill("06:30")
    page.get_by_label("锁屏时也显示是什么事").check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存。")).to_be_visible()
    page.reload()
    page.get_by_text("通知与休息时间").click()
    expect(page.get_by_label("到")).to_have_value("06:30")


def test_who_wants_to_hear_nothing_for_a_while_sees_that_they_do_and_hears_again(
    phone: BrowserContext, town: System
) -> None:
    page = come_in(phone, town, Role.FAMILY, "/family/")
    page.get_by_text("暂时不通知我", exact=True).click()
    expect(page.get_by_text("有生命危险的事和急事，照样马上通知您。")).to_be_visible()
    page.get_by_role("radio", name="3 天").check(force=True)
    shoot(page, "hush")
    page.get_by_role("button", name="这段时间不通知我").click()
    standing = page.locator(".card.hushed")
    expect(standing).to_contain_text("为止，一般情况不通知您")
    expect(standing).to_contain_text("有生命危险的事和急事，照样马上通知您。")
    page.reload()
    expect(standing).to_be_visible()
    wrong = faults(page)
    shoot(page, "hushed")
    page.get_by_role("button", name="现在恢复通知").click()
    expect(standing).to_have_count(0)
    expect(page.get_by_text("暂时不通知我", exact=True)).to_be_visible()
    assert wrong == []


def test_without_a_network_the_page_opens_and_says_that_it_knows_nothing(
    phone: BrowserContext, town: System
) -> None:
    page = come_in(phone, town, Role.FAMILY, "/family/")
    expect(page.locator(".card")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    phone.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('online'))")  # as if: the read that follows fails
    expect(page.get_by_text("连不上网络。以下是")).to_be_visible()
    shoot(page, "stale")
    page.reload()
    expect(page.get_by_text("没有网络，无法得知现在的情况。")).to_be_visible()
    assert "住户1" not in page.content()
    shoot(page, "offline")
    phone.set_offline(False)
    expect(page.locator(".card")).to_be_visible()
