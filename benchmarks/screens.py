"""What the screens cost, against their budgets: ``python -m benchmarks.screens [--json] [--only PART ...]``.

What this is: the console in a real Chromium over the real platform with 3,000 homes, and 400 consoles that
only listen. Parts: ``bytes`` (what each page loads), ``first`` (rows and map on a slow PC: processor four
times slower, 10 Mbit/s, 40 ms), ``steady`` (5 changes a second for ten minutes), ``streams`` (400 of them, 5
changes a second), ``alarm`` (from a gateway's call to the frame that shows it). What it is not: a statement
about a PC; the slowdown is Chromium's own. The one idea: what counts is what a person sees.

``--homes N``, ``--minutes N``, ``--runs N``: more or less of it. Ends with 1 when a budget is not kept.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg
from playwright.async_api import Browser, CDPSession, Page, async_playwright

import dashboards
from benchmarks.pixels import CHROMIUM, FLAGS, OBSERVER
from benchmarks.screens_rig import Streams, changing, cookie, county, met, open_incidents, quantile
from benchmarks.split import ROLES, Part, Split, split
from benchmarks.storm import call

KIB, MIB = 1_024, 1_048_576
ROWS: Final = 200
CLIENTS: Final = 400
PER_S: Final = 5.0
ALARMS: Final = 40
SLOWER: Final = 4
MBIT_S, DELAY_MS = 10, 40
API: Final[Part] = "api"
WAIT_MS: Final = 60_000
SETTLE_S: Final = 5.0
CHECKS: Final = 10
"""How often the heap is weighed in the steady part; the first is after everything was drawn."""
BUDGETS: Final[Mapping[str, float]] = {
    "console_kib": 130, "wall_kib": 130, "field_kib": 60, "family_kib": 40, "kpi_kib": 260,
    "admin_kib": 130,
    "rows_s": 2.5, "map_s": 3.5, "cpu_percent": 25, "heap_mib": 60, "heap_growth_mib": 2,
    "server_percent": 12, "stream_mib": 0.2, "shown_p95_s": 1.0,
}  # fmt: skip
"""``ui.md`` 5.7; ``heap_growth_mib`` is what "flat" means here: the last third of the weighings against the
first, of the medians."""

DRAWN: Final = """
window.seen = {};
let looked = 0;
const look = () => {
  const rows = document.querySelectorAll("[data-incident]").length;
  if (!seen.rows && rows >= ROWS) seen.rows = performance.now();
  const canvas = document.querySelector(".map-canvas canvas");
  const now = performance.now();
  if (!seen.map && canvas && canvas.width > 0 && now - looked > 100) {
    looked = now;
    const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    if (data.some((value, i) => i % 4 === 3 && value > 0)) seen.map = performance.now();
  }
  if (!seen.rows || !seen.map) requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
"""Looks at each frame for the rows, and every 100 ms, because that costs, for a map that is not empty."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How much is measured."""

    homes: int
    minutes: float
    runs: int


# What is loaded -----------------------------------------------------------------------------------------


def weigh() -> dict[str, float]:
    """KiB compressed of everything that each page asks for before anybody touches it."""
    manifest = json.loads((dashboards.STATIC / ".vite" / "manifest.json").read_text())

    def parts(key: str) -> set[str]:
        part = manifest[key]
        return {part["file"], *part.get("css", ())}.union(*map(parts, part.get("imports", ())))

    def weight(page: str) -> float:
        names = {f"{page}.html", *parts(f"{page}.html")}
        return sum(len(gzip.compress((dashboards.STATIC / name).read_bytes(), 9)) for name in names) / KIB

    return {f"{page}_kib": round(weight(page), 1) for page in sorted(set(dashboards.PAGES.values()))}


# The browser --------------------------------------------------------------------------------------------


@asynccontextmanager
async def browsing() -> Any:
    """A Chromium that reports exact heaps."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, "--enable-precise-memory-info"]
        )
        try:
            yield browser
        finally:
            await browser.close()


async def console(
    browser: Browser, cloud: Split, *, slow: bool = False, script: str = ""
) -> tuple[Page, CDPSession]:
    """A page of somebody who is signed in, and what Chromium can be told of it; it is at no address yet."""
    context = await browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    name, _, value = cookie(cloud.address).partition("=")
    await context.add_cookies([{"name": name, "value": value, "url": cloud.address}])
    page = await context.new_page()
    await page.add_init_script(script)
    session = await context.new_cdp_session(page)
    await session.send("Performance.enable")
    if slow:
        await session.send("Network.enable")
        rate = MBIT_S * 1_000_000 / 8
        limits = {"offline": False, "latency": DELAY_MS, "downloadThroughput": rate, "uploadThroughput": rate}
        await session.send("Network.emulateNetworkConditions", limits)
        await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return page, session


async def first(cloud: Split, asked: Asked) -> dict[str, float]:
    """Medians, s, from the address to the rows and to the map, each time in a browser that knows nothing."""
    rows, maps = [], []
    async with browsing() as browser:
        for _ in range(asked.runs):
            page, _session = await console(browser, cloud, slow=True, script=DRAWN.replace("ROWS", str(ROWS)))
            await page.goto(f"{cloud.address}/console/")
            seen = await _drawn(page)
            rows.append(seen["rows"] / 1_000)
            maps.append(seen["map"] / 1_000)
            await page.context.close()
    return {
        "rows_s": round(statistics.median(rows), 2),
        "map_s": round(statistics.median(maps), 2),
        "rows_worst_s": round(max(rows), 2),
        "map_worst_s": round(max(maps), 2),
    }


async def _drawn(page: Page) -> dict[str, float]:
    """When rows and map were there, ms; asked from outside, for the page allows no strings to be run."""
    until = time.monotonic() + WAIT_MS / 1_000
    while time.monotonic() < until:
        seen = await page.evaluate("window.seen")
        if {"rows", "map"} <= seen.keys():
            return {name: float(at) for name, at in seen.items()}
        await page.wait_for_timeout(200)
    raise TimeoutError("the console shows no rows or no map")


async def steady(cloud: Split, asked: Asked) -> dict[str, float]:
    """Processor of all of Chromium, and the page's heap after it was tidied, over the minutes."""
    async with browsing() as browser:
        page, session = await console(browser, cloud)
        await page.goto(f"{cloud.address}/console/")
        await page.locator("[data-link=live]").wait_for(timeout=WAIT_MS)
        await asyncio.sleep(SETTLE_S)
        with changing(cloud.postgres.dsn, PER_S):
            heaps, used, span_s = [], 0.0, asked.minutes * 60 / CHECKS
            for _ in range(CHECKS):
                before = _chromium_s()
                await asyncio.sleep(span_s)
                used += _chromium_s() - before  # the weighing itself is not counted
                heaps.append(await _heap_mib(session))
    third = max(1, CHECKS // 3)
    return {
        "cpu_percent": round(100 * used / (CHECKS * span_s), 1),
        "heap_mib": round(max(heaps), 1),
        "heap_growth_mib": round(statistics.median(heaps[-third:]) - statistics.median(heaps[:third]), 2),
        "minutes": asked.minutes,
    }


async def _heap_mib(session: CDPSession) -> float:
    await session.send("HeapProfiler.collectGarbage")
    found = await session.send("Performance.getMetrics")
    return float(next(one["value"] for one in found["metrics"] if one["name"] == "JSHeapUsedSize")) / MIB


def _chromium_s() -> float:
    """Processor time of the browser and all it has started, s."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if "chromium" in process.name():
                total += sum(process.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return total


# The server ---------------------------------------------------------------------------------------------


async def streams(cloud: Split, asked: Asked) -> dict[str, float]:
    """What listening consoles cost the process that serves them, beside what the changes cost it anyway."""
    serving = cloud.roles["api"].process
    if serving is None:
        raise RuntimeError("the API is not running")
    server, listening = psutil.Process(serving.pid), Streams()
    empty = server.memory_info().rss
    await listening.open(cloud.address, CLIENTS)
    await asyncio.sleep(SETTLE_S)
    with changing(cloud.postgres.dsn, PER_S):
        before, began = sum(server.cpu_times()[:2]), time.monotonic()
        await asyncio.sleep(asked.minutes * 6)
        used, span_s = sum(server.cpu_times()[:2]) - before, time.monotonic() - began
    full = server.memory_info().rss
    await asyncio.sleep(1)
    fewest, most = min(listening.events), max(listening.events)
    await listening.close()
    return {
        "server_percent": round(100 * used / span_s, 1),
        "stream_mib": round((full - empty) / CLIENTS / MIB, 3),
        "events_fewest": fewest,
        "events_most": most,
        "ended": listening.ended,
    }


# An alarm -----------------------------------------------------------------------------------------------


async def alarm(cloud: Split, _: Asked) -> dict[str, float]:
    """From a gateway's call to pixels, with the county's usual changes beside it."""
    async with browsing() as browser:
        page, _session = await console(browser, cloud, script=OBSERVER)
        await page.goto(f"{cloud.address}/console/")
        await page.locator("[data-link=live]").wait_for(timeout=WAIT_MS)
        called: dict[int, float] = {}
        with changing(cloud.postgres.dsn, PER_S):
            for number in range(ROWS + 1, ROWS + 1 + ALARMS):
                called[number] = await asyncio.to_thread(call, number, cloud.nats.mqtt_port)
                await asyncio.sleep(0.3)
            await asyncio.sleep(SETTLE_S)
            painted = await page.evaluate("window.painted")
    with psycopg.connect(cloud.postgres.dsn) as conn:
        found = conn.execute(
            "select incident.id, key from incident join home on home.id = home_id"
        ).fetchall()
    homes = {int(key[1:]): number for number, key in found if int(key[1:]) in called}
    shown = {home: painted.get(str(number), 0) / 1_000 for home, number in homes.items()}
    waits = [at - called[home] for home, at in shown.items() if at]
    return {
        "shown_p50_s": round(quantile(waits, 0.5), 3),
        "shown_p95_s": round(quantile(waits, 0.95), 3),
        "shown": len(waits),
        "called": len(called),
    }


PARTS: Final[Mapping[str, Callable[[Split, Asked], Awaitable[dict[str, float]]]]] = {
    "first": first,
    "alarm": alarm,
    "streams": streams,
    "steady": steady,
}


async def measure(folder: Path, asked: Asked, only: Collection[str]) -> dict[str, float]:
    """The parts that were asked for, one after the other."""
    figures = weigh() if "bytes" in only else {}
    wanted = {name: part for name, part in PARTS.items() if name in only}
    if not wanted:
        return figures
    parts = ROLES if "alarm" in wanted else (API,)
    with split(folder, county(asked.homes, ROWS + ALARMS), parts=parts) as cloud:
        open_incidents(cloud.postgres.dsn, ROWS)
        for part in wanted.values():
            figures |= await part(cloud, asked)
    return figures


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.screens", description=(__doc__ or "").splitlines()[0])
    every = ("bytes", *PARTS)
    parser.add_argument("--only", nargs="+", choices=every, default=every, metavar="PART")
    parser.add_argument("--homes", type=int, default=3_000)
    parser.add_argument(
        "--minutes", type=float, default=10.0, help="of the steady part; streams: a tenth of it"
    )
    parser.add_argument("--runs", type=int, default=5, help="of the first part")
    parser.add_argument("--json", action="store_true")
    said = parser.parse_args(argv)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="anban-screens-") as folder:
        figures = asyncio.run(measure(Path(folder), Asked(said.homes, said.minutes, said.runs), said.only))
    kept = met(figures, {name: most for name, most in BUDGETS.items() if name in figures})
    if said.json:
        print(
            json.dumps(
                {**figures, "missed": [n for n, ok in kept.items() if not ok], "load_before": round(load, 1)}
            )
        )
    else:
        for name, value in figures.items():
            budget = f"  of {BUDGETS[name]:g}{'' if kept[name] else '  MISSED'}" if name in BUDGETS else ""
            print(f"{name:>18}: {value:g}{budget}")
    return 0 if all(kept.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
