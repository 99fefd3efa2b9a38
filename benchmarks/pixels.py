"""A real Chromium at the operator's console, that notes when each incident was painted.

What this is: the console as it ships, with one observer of the page's own. The one idea: a row counts when
the frame after the one that holds it has begun: not when it was known, but when it was shown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Page, async_playwright

from simulators.system import System

CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
READY_MS: Final = 20_000
OBSERVER: Final = """
window.painted = {};
new MutationObserver(() => {
  const shown = [...document.querySelectorAll("[data-incident]")].map(row => row.dataset.incident);
  const fresh = shown.filter(id => !(id in window.painted));
  for (const id of fresh) window.painted[id] = 0;
  if (fresh.length) requestAnimationFrame(() => requestAnimationFrame(() => {
    for (const id of fresh) window.painted[id] = Date.now();
  }));
}).observe(document, {childList: true, subtree: true});
"""


class Pixels:
    """The open console."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def painted(self) -> dict[int, float]:
        """Incident → when it was first on the screen (epoch, s)."""
        seen = await self._page.evaluate("window.painted")
        return {int(number): at / 1000 for number, at in seen.items() if at}


@asynccontextmanager
async def console(system: System) -> AsyncIterator[Pixels]:
    """Sign in at the console of ``system`` and stay for the length of the block."""
    operator = next(each for each in system.world.staff if each.role == "operator")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = await browser.new_page(locale="zh-CN", viewport={"width": 1366, "height": 768})
        await page.add_init_script(OBSERVER)
        await page.goto(f"{system.address}/console/")
        await page.get_by_label("用户名").fill(operator.username)
        await page.get_by_label("密码").fill(operator.password)
        await page.get_by_role("button", name="登录").click()
        await page.locator("[data-link=live]").wait_for(timeout=READY_MS)
        try:
            yield Pixels(page)
        finally:
            await browser.close()
