"""What every screen must hold: accessibility, sizes, weight, types, and the modules' own tests."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboards import hatch_build
from tests.ui.conftest import sign_in
from tests.ui.judge import WEB, in_every_dress, zoomed
from tests.ui.people import busy_evening
from tests.ui.scripted import Platform

pytestmark = pytest.mark.browser

BUDGETS: Final = {"console": 130, "wall": 130, "field": 60, "family": 40, "kpi": 260, "admin": 130}
"""Of each page, KiB compressed; a phone's are the smallest."""


def open_queue(page: Page) -> None:
    expect(page.locator("[data-incident]").first).to_be_visible()


def open_pane(page: Page) -> None:
    page.locator('[data-incident="17"] .row-main').click()
    expect(page.locator(".rung").first).to_be_visible()


def open_dispatch(page: Page) -> None:
    open_pane(page)
    page.keyboard.press("d")
    expect(page.get_by_role("dialog")).to_be_visible()


def open_close(page: Page) -> None:
    page.locator('[data-incident="26"] > .button').click()
    expect(page.get_by_role("dialog")).to_be_visible()


def open_homes(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.locator(".home").first).to_be_visible()


SCREENS: Final[dict[str, Callable[[Page], None]]] = {
    "queue": open_queue,
    "pane": open_pane,
    "dispatch": open_dispatch,
    "close": open_close,
    "homes": open_homes,
}


def test_no_screen_breaks_wcag_or_its_own_sizes_in_any_language_and_theme(
    page: Page, base_url: str, platform: Platform
) -> None:
    busy_evening(platform)
    page.goto(base_url)
    expect(page.locator("form")).to_be_visible()
    found = in_every_dress(page, "sign-in")
    sign_in(page, base_url)
    for name, show in SCREENS.items():
        show(page)
        found |= in_every_dress(page, f"console-{name}") | zoomed(page, name)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.locator("h2").first.click()
    assert found == {}


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080), (1024, 600)])
def test_the_page_itself_never_scrolls(
    chromium: Browser, base_url: str, platform: Platform, width: int, height: int
) -> None:
    busy_evening(platform)
    context = chromium.new_context(locale="zh-CN", viewport={"width": width, "height": height})
    page = context.new_page()
    sign_in(page, base_url)
    open_pane(page)
    size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    context.close()
    assert size == [width, height]


@pytest.mark.parametrize("page", sorted(BUDGETS))
def test_the_first_load_stays_in_its_budget(screens: Path, page: str) -> None:
    files = [screens / f"{page}.html", *(screens / name for name in loaded(screens, page))]
    assert sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) <= BUDGETS[page] * 1024


def loaded(screens: Path, page: str) -> set[str]:
    """The scripts and styles that a page asks for before anybody touches it."""
    manifest = json.loads((screens / ".vite" / "manifest.json").read_text())

    def of(key: str) -> set[str]:
        part = manifest[key]
        return {part["file"], *part.get("css", ())}.union(*map(of, part.get("imports", ())))

    return of(f"{page}.html")


def node(*command: str) -> None:
    """Run a tool of ``web/`` with the Node of the build; its output is the failure."""
    done = subprocess.run(
        [str(hatch_build.node_home() / "bin" / "node"), *command],
        cwd=WEB, capture_output=True, text=True, check=False, timeout=150,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_types_hold(screens: Path) -> None:
    assert screens.is_dir()  # the build installed the tools
    node("node_modules/typescript/bin/tsc", "--noEmit")


def test_the_modules_pass_their_own_tests(screens: Path) -> None:
    assert screens.is_dir()
    node("node_modules/vitest/vitest.mjs", "run")


def test_the_types_are_those_of_the_interface(screens: Path, tmp_path: Path) -> None:
    assert screens.is_dir()
    fresh = tmp_path / "schema.d.ts"
    node("node_modules/openapi-typescript/bin/cli.js", "openapi.json", "--output", str(fresh))
    assert fresh.read_text() == (WEB / "src" / "core" / "schema.d.ts").read_text(), "run: npm run schema"


def test_the_interface_document_is_json_of_version_3_1() -> None:
    assert json.loads((WEB / "openapi.json").read_text())["openapi"].startswith("3.1")
