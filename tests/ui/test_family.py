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
from tests.ui.town import come_in

pytestmark = [pytest.mark.browser, pytest.mark.services]

SHOTS: Final = Path(__file__).parent / "shots"
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
LANGUAGES: Final = ("zh-Hans", "zh-Hant", "en")


@pytest.fixture(scope="module", autouse=True)
def centre(town: System) -> None:
    """The centre has a number, and the kitchen a sensor that moved this morning."""
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


def test_a_daughter_sees_that_help_is_on_its_way_and_whom_to_ring(
    phone: BrowserContext, town: System
) -> None:
    page = come_in(phone, town, Role.FAMILY, "/family/")
    card = page.locator(".card.help")
    expect(card).to_contain_text("需要帮助")
    expect(page.get_by_role("link", name="给住户1打电话")).to_have_attribute("href", "tel:07450000000")
    expect(page.get_by_role("link", name="联系服务中心")).to_have_attribute("href", "tel:07452712345")
    expect(page.locator(".steps").first).to_contain_text("发现：求助")
    shoot(page, "help")
