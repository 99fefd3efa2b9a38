"""Judges a page as it stands: axe, a ruler, and a picture for people.

What this is: what every page must hold in every language and theme. What it is not: a story; a test brings
the page to where it is judged. The one idea: the page stays open, and only its language and its theme change,
so one start of a browser serves all six of its dresses.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Page, ViewportSize

from dashboards import hatch_build

Theme = Literal["light", "dark"]

WEB: Final = Path(hatch_build.__file__).parent / "web"
SHOTS: Final = Path(__file__).parent / "shots"
LANGUAGES: Final = ("en", "zh-Hant", "zh-Hans")
"""A page is left in the last of them, which the tests read."""
THEMES: Final[tuple[Theme, ...]] = ("dark", "light")
PICTURED: Final = ("en-dark", "zh-Hant-light", "zh-Hans-light")
ZOOMED: Final[ViewportSize] = {"width": 640, "height": 400}
_AXE: Final = """async within => {
  const found = await axe.run(within, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"]
  });
  const told = node => node.target + " " + node.failureSummary;
  return found.violations.map(v => v.id + ": " + v.nodes.map(told).join("; "));
}"""
_TOO_SMALL: Final = """() => {
  const seen = element => { const b = element.getBoundingClientRect(); return b.width > 0 && b.height > 0; };
  const target = element => (element.closest("label") ?? element).getBoundingClientRect();
  const small = [...document.querySelectorAll("button, a, select, summary, input")]
    .filter(seen).filter(e => target(e).height < 44 || target(e).width < 44);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const tiny = [];
  while (walker.nextNode()) {
    const holder = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && seen(holder) && parseFloat(getComputedStyle(holder).fontSize) < 15)
      tiny.push(holder);
  }
  return [...small, ...tiny].map(e => e.outerHTML.slice(0, 120));
}"""
_OVERFLOW: Final = """() => [
  document.documentElement, ...document.querySelectorAll(".button, .tag, .band, .chip")
].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML.slice(0, 160))"""


def violations(page: Page, within: str = "html") -> list[str]:
    """What axe finds against WCAG 2.2 AA in the part of the page that the selector ``within`` names."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate((WEB / "node_modules" / "axe-core" / "axe.min.js").read_text())
    found: list[str] = page.evaluate(_AXE, within)
    return found


def faults(page: Page, within: str = "html") -> list[str]:
    """What axe finds within a part of the page, and a ruler on all of it: targets below 44 px (of a control,
    its label is part), letters below 15 px, and what is wider than its place.
    """
    return [*violations(page, within), *page.evaluate(_TOO_SMALL), *page.evaluate(_OVERFLOW)]


def dresses(page: Page) -> Iterator[str]:
    """Show the open page in each language and theme, one after the other; its name.

    A dialog lies over the switch of languages, so the switch is told, not pressed.
    """
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for language in LANGUAGES:
            page.locator("select.language").evaluate(_CHOOSE, language)
            page.locator(f"html[lang^={language}]").wait_for(state="attached")
            yield f"{language}-{theme}"


_LAID_OUT: Final = """async () => {
  for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
}"""
"""What measures its place, as a chart does, hears of a new one in the next frame, and is drawn after it."""


def zoomed(page: Page, name: str) -> dict[str, list[str]]:
    """What is wider than its place, if anything, on a desk of 1280 by 800 that shows the page at 200 %: it is
    then laid out in half as many pixels (WCAG 1.4.4). The page is left as wide as it was.
    """
    before = page.viewport_size
    page.set_viewport_size(ZOOMED)
    page.evaluate(_LAID_OUT)
    found: list[str] = page.evaluate(_OVERFLOW)
    if before is not None:
        page.set_viewport_size(before)
    return {f"{name} at 200 %": found} if found else {}


_CHOOSE: Final = """(choice, language) => {
  choice.value = language;
  choice.dispatchEvent(new Event("change", { bubbles: true }));
}"""


def in_every_dress(
    page: Page,
    name: str,
    settled: Callable[[], Any] = lambda: None,
    within: str = "html",
    pictured: Container[str] = PICTURED,
) -> dict[str, list[str]]:
    """Faults of the page as it stands, by dress, where there are any; a picture in those of ``pictured``.

    ``settled`` waits until the page shows what it should after a change of language.
    """
    found = {}
    for dress in dresses(page):
        settled()
        found[f"{name} {dress}"] = faults(page, within)
        if dress in pictured:
            shoot(page, f"{name}-{dress}")
    return {dress: wrong for dress, wrong in found.items() if wrong}


def shoot(page: Page, name: str, *, whole: bool = False) -> None:
    """A picture of what is seen, or of the ``whole`` page, for people to look at."""
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=whole)
