"""A built set of screens, a scripted platform, and a real Chromium in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from dashboards import hatch_build
from tests import visit
from tests.harness import System
from tests.ui.scripted import PASSWORD, Platform, serve

CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TIMEOUT_MS: Final = 60_000
"""How long anything is waited for: a busy machine is no fault, and what is there is not waited for."""
OURS: Final = ("127.0.0.1", "localhost", None)
"""Hosts that a page may ask; ``None``: what it holds itself (``data:``, ``blob:``)."""


@pytest.fixture(scope="session")
def screens() -> Path:
    """The built screens; built here when a source changed."""
    folder = Path(hatch_build.__file__).parent
    hatch_build.build(folder)
    return folder / "static"


@pytest.fixture(scope="module")  # Playwright keeps an event loop running: it must not outlive these modules
def chromium(screens: Path) -> Iterator[Browser]:
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory, screens: Path) -> Iterator[System]:
    """The whole platform, running (``tests.ui.town``)."""
    assert screens.is_dir()
    with visit.town(tmp_path_factory.mktemp("town")) as running:
        yield running


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def base_url(platform: Platform, screens: Path) -> Iterator[str]:
    with serve(platform) as address:
        yield address


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser that nobody has used; whatever a page in it asks of any host but ours fails its test."""
    context = chromium.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    context.set_default_timeout(TIMEOUT_MS)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    yield context
    context.close()
    assert [url for url in asked if urlsplit(url).hostname not in OURS] == []


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that fails its test when a script throws."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []


def sign_in(page: Page, base_url: str, path: str = "/console/") -> None:
    """Open the console and sign in as the operator on duty."""
    page.goto(base_url + path)
    page.get_by_label("用户名").fill("op1")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator("[data-link=live]")).to_be_visible()
