"""The console in a flood, 500 alarms a minute of one county: ``python -m benchmarks.screens_flood [--json]``.

What this is: what the page itself sees of it, its long tasks, how soon a pressed row is open, and the
processor's time that its thread takes for an alarm (the presses' share is in it), before the scripted
platform of the tests; no two alarms are grouped. What it is not: the server's part (``storm``), or
the way there (``screens``). The one idea: rows are pressed from inside the page, so the answer is the page's
alone and not that of whoever drives the browser; the processor's time stays the same on a machine that others
use, too, where waits do not.

``--alarms N --within S``: another flood. Ends with 1 when the page answers too slowly.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any, Final

from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks.pixels import CHROMIUM, FLAGS
from benchmarks.screens_rig import quantile
from tests.ui.people import incident
from tests.ui.scripted import PASSWORD, Platform, serve

ALARMS: Final = 500
WITHIN_S: Final = 60.0
ANSWERS_MS: Final = 500
"""A page that takes longer counts as not answering (Interaction to Next Paint: "poor")."""
PRESS_EVERY: Final = 10
"""Alarms between two presses."""
AMONG: Final = 20
"""Rows that somebody sees without scrolling."""
COSTS: Final = {
    "cpu": "TaskDuration", "script": "ScriptDuration",
    "layout": "LayoutDuration", "style": "RecalcStyleDuration",
}  # fmt: skip
"""What is reported of the page's thread, by the browser's own names."""
SCRIPT: Final = """
window.long = [];
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.long.push(task.duration);
}).observe({ type: "longtask" });
window.press = () => new Promise((done) => {
  const rows = [...document.querySelectorAll("[data-incident]:not(.chosen)")].slice(0, AMONG);
  const row = rows[Math.floor(Math.random() * rows.length)];
  const opened = () => document.querySelector(`[data-pane="${row.dataset.incident}"]`);
  const look = () => requestAnimationFrame(opened() ? () => done(performance.now() - at) : look);
  const at = performance.now();
  row.querySelector(".row-main").click();
  look();
});
""".replace("AMONG", str(AMONG))
"""Presses one of the rows on top, and tells after how many ms the frame with its pane had begun."""


def costs(session: CDPSession) -> dict[str, float]:
    """What the page's thread has taken of the processor so far, ms."""
    told = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return {name: 1_000 * told[theirs] for name, theirs in COSTS.items()}


def flooded(page: Page, platform: Platform, alarms: int, within_s: float) -> dict[str, float]:
    """Let ``alarms`` come to an open console while rows of it are pressed."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before, load = costs(session), os.getloadavg()[0]
    began, presses = time.monotonic(), []
    for number in range(1, alarms + 1):
        page.wait_for_timeout(1_000 * max(0.0, began + number * within_s / alarms - time.monotonic()))
        platform.put(incident(number, "sos", 1 + number % 4))
        if number > AMONG and number % PRESS_EVERY == 0:
            presses.append(float(page.evaluate("window.press()")))
    took_s = time.monotonic() - began
    page.wait_for_timeout(2_000)
    after = costs(session)
    held: list[float] = page.evaluate("window.long")
    return {
        "alarms": alarms,
        "took_s": round(took_s, 1),
        "rows": page.locator("[data-incident]").count(),
        "presses": len(presses),
        "press_p50_ms": round(quantile(presses, 0.5)),
        "press_p95_ms": round(quantile(presses, 0.95)),
        "long_tasks": len(held),
        "long_p95_ms": round(quantile(held, 0.95)) if held else 0,
        "long_worst_ms": round(max(held, default=0)),
        "held_percent": round(sum(held) / took_s / 10, 1),
        **{f"{name}_ms_per_alarm": round((after[name] - before[name]) / alarms, 1) for name in COSTS},
        "load_before": round(load, 1),
    }


def measure(alarms: int, within_s: float) -> dict[str, float]:
    """One flood over one console."""
    platform = Platform()
    with serve(platform) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_page(locale="zh-CN", viewport={"width": 1366, "height": 768})
        page.set_default_timeout(120_000)
        page.add_init_script(SCRIPT)
        page.goto(f"{address}/console/")
        page.get_by_label("用户名").fill("op1")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.locator("[data-link=live]").wait_for()
        figures = flooded(page, platform, alarms, within_s)
        browser.close()
    return figures


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="benchmarks.screens_flood", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--alarms", type=int, default=ALARMS)
    parser.add_argument("--within", type=float, default=WITHIN_S, metavar="S")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    figures: dict[str, Any] = measure(asked.alarms, asked.within)
    print(json.dumps(figures) if asked.json else "\n".join(f"{n:>20}: {v}" for n, v in figures.items()))
    return 0 if figures["press_p95_ms"] <= ANSWERS_MS else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
