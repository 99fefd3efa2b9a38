"""``python -m benchmarks.road``: how long an alarm takes, stage by stage, through the whole running system.

What this is: the demonstration's system with real processes, real protocols and the virtual radio, in which
people fall and press their pendants; the p50 and p95 of every stage. What it is not: a claim about a radio or
a network; everything is on this machine. The one idea: the detector needs two seconds after an impact by its
design, and the resident twenty to say "I am all right"; both are stated apart from what the software takes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from simulators import children, journey, motion, papers
from simulators.inbox import Letter
from simulators.journey import STAGES, WINDOW_AFTER, Journey, Witnesses, witnesses
from simulators.system import Plan, System, free_port, running
from simulators.world import Home, build

WHOLE: Final = 3
TARGET_S: Final = 2.0
"""From the last sample of the impact window to a console's screen, 95 of 100."""
CONFIRM_S: Final = 20.0
"""The resident's window to cancel (`[rules] fall_confirm_s`), by design."""
CALM_S: Final = 12.0
"""Between two falls of one home: the detector reports one fall of several peaks once in 10 s."""
CALL_S: Final = 61.0
"""Between two calls of one pendant: presses within a minute are one call."""
SETTLE_S: Final = 8.0
FALL_STEPS: Final = (
    ("sample", "sent"),
    ("sent", "frame"),
    ("frame", "decided"),
    ("decided", "stored"),
    ("stored", "published"),
    ("published", "screen"),
    ("published", "acked"),
)
PRESS_STEPS: Final = (("pressed", "frame"), *FALL_STEPS[2:])


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0 if the target is met."""
    parser = argparse.ArgumentParser(prog="benchmarks.road", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-n", type=int, default=20, help="falls (and a third as many calls)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--browser", action="store_true", help="also measure to the pixels of a Chromium")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="anban-road-") as folder:
        result = asyncio.run(_measure(Path(folder), options))
    sys.stdout.write(json.dumps(result, indent=1) + "\n" if options.json else _table(result))
    return 0 if result["fall"]["end_to_end"]["p95"] <= TARGET_S else 1


async def _measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    letters: list[Letter] = []
    plan = Plan(folder, homes=20, whole=WHOLE, seed=options.seed, trace=True)
    async with running(plan, letters.append) as system, contextlib.AsyncExitStack() as stack:
        watching = await stack.enter_async_context(witnesses(system, letters))
        browser = await stack.enter_async_context(_browser(system)) if options.browser else None
        await asyncio.sleep(SETTLE_S)
        fallen = await _in_every_home(system, watching, options.n, _falls)
        called = await _in_every_home(system, watching, max(WHOLE, options.n // 3), _calls)
        painted = await browser.painted() if browser else {}
        resident = [_resident_mib(child.pid) for child in system.agents.values()]
        without = await _without_model(plan)
    for each in (*fallen, *called):
        if each.marks["screen"] <= painted.get(each.incident, 0.0):
            each.mark(painted=painted[each.incident])
    return {
        "fall": _summary(fallen, FALL_STEPS, "sample"),
        "sos": _summary(called, PRESS_STEPS, "pressed"),
        "by_design_s": {
            "detector_looks_on_after_impact": WINDOW_AFTER / motion.RATE_HZ,
            "resident_may_cancel": CONFIRM_S,
        },
        "agent_resident_mib": {"with_fall_model": max(resident), "without_fall_model": without},
    }


def _browser(system: System) -> Any:
    from benchmarks import pixels

    return pixels.console(system)


async def _in_every_home(system: System, watching: Witnesses, total: int, run: Any) -> list[Journey]:
    """Share ``total`` among the homes, which go on at the same time, each a little later than the last."""
    homes = system.world.whole
    shares = [total // len(homes) + (index < total % len(homes)) for index in range(len(homes))]
    async with asyncio.TaskGroup() as tasks:
        running_ = [
            tasks.create_task(run(watching, home, share, index))
            for index, (home, share) in enumerate(zip(homes, shares, strict=True))
        ]
    return [each for task in running_ for each in task.result()]


async def _falls(watching: Witnesses, home: Home, count: int, index: int) -> list[Journey]:
    """Falls, each cancelled by the resident once a console has seen it, so that the next is a new one."""
    journeys = []
    await asyncio.sleep(index * CALM_S / WHOLE)
    for number in range(count):
        samples = list(motion.fall(random.Random(f"{home.key}/{number}"), still_s=3.0))
        journeys.append(Journey(home.key))
        await journey.fall(watching, journeys[-1], samples, motion.RANGE_G)
        async for _ in watching.system.happen(home, "press", device="cancel-bed"):
            pass
        await asyncio.sleep(CALM_S)
    return journeys


async def _calls(watching: Witnesses, home: Home, count: int, index: int) -> list[Journey]:
    journeys = []
    await asyncio.sleep(index * CALL_S / WHOLE)
    for number in range(count):
        if number:
            await asyncio.sleep(CALL_S)
        journeys.append(Journey(home.key))
        await journey.press(watching, journeys[-1])
    return journeys


async def _without_model(plan: Plan) -> float:
    """Resident MiB of an agent with its radio and sensors, but without a wearable and so no fall model."""
    folder = plan.folder / "plain"
    folder.mkdir()
    home = build(1, 1, plan.seed).homes[0]
    plain = dataclasses.replace(home, devices=tuple(each for each in home.devices if each.kind != "wearable"))
    arguments = ("--dir", str(folder), "--homes", "1", "--whole", "1", "--seed", str(plan.seed))
    radio = await children.start("simulators", "radio", *arguments, log=folder / "radio.log", says_ready=True)
    try:
        ready = await radio.ready()
        transport, serial = ready["transports"][home.key], ready["serial"][home.key]
        config = folder / "gateway.toml"
        config.write_text(
            papers.gateway(plain, papers.Wiring(folder, free_port(), transport, serial)), "utf-8"
        )
        agent = await children.start("edge_agent", "run", "--config", str(config), log=folder / "agent.log")
        try:
            await asyncio.sleep(SETTLE_S)
            return _resident_mib(agent.pid)
        finally:
            await agent.stop()
    finally:
        await radio.stop()


def _resident_mib(pid: int) -> float:
    return round(psutil.Process(pid).memory_info().rss / 2**20, 1)


def _summary(journeys: Sequence[Journey], steps: Sequence[tuple[str, str]], first: str) -> dict[str, Any]:
    return {
        "count": len(journeys),
        "stages": {f"{a} → {b}": _quantiles(journeys, a, b) for a, b in steps},
        "end_to_end": _quantiles(journeys, first, "screen"),
        **({"to_the_pixels": _quantiles(journeys, first, "painted")} if _painted(journeys) else {}),
    }


def _painted(journeys: Sequence[Journey]) -> bool:
    return any("painted" in each.marks for each in journeys)


def _quantiles(journeys: Sequence[Journey], first: str, last: str) -> dict[str, float]:
    """p50, p95 (nearest rank) and the longest, in seconds."""
    values = sorted(value for each in journeys if (value := each.between(first, last)) is not None)
    if not values:
        raise ValueError(f"no journey has both {first} and {last}")
    rank = {
        name: values[max(0, -(-len(values) * part // 100) - 1)] for name, part in (("p50", 50), ("p95", 95))
    }
    return {name: round(value, 4) for name, value in (rank | {"max": values[-1]}).items()}


def _table(result: Mapping[str, Any]) -> str:
    lines = []
    for kind, title in (("fall", "A fall"), ("sos", "A press of the pendant")):
        part = result[kind]
        lines += [f"{title}, {part['count']} times, seconds:", f"  {'':<66} {'p50':>8} {'p95':>8} {'max':>8}"]
        for name, figures in part["stages"].items():
            lines.append(_row(f"→ {STAGES[name.split(' → ')[1]]}", figures))
        lines.append(_row("END TO END, to a console's stream", part["end_to_end"]))
        if "to_the_pixels" in part:
            lines.append(_row("END TO END, to the pixels of a browser", part["to_the_pixels"]))
        lines.append("")
    design, memory = result["by_design_s"], result["agent_resident_mib"]
    met = result["fall"]["end_to_end"]["p95"] <= TARGET_S
    return "\n".join(
        [
            *lines,
            f"Apart, by design: the detector looks on for {design['detector_looks_on_after_impact']:g} s "
            f"after an impact, the resident may cancel for {design['resident_may_cancel']:g} s.",
            f"Agent, resident: {memory['with_fall_model']} MiB with the fall model, "
            f"{memory['without_fall_model']} MiB without.",
            f"Target p95 ≤ {TARGET_S:g} s from the last sample to a console: {'met' if met else 'MISSED'}.",
            "",
        ]
    )


def _row(name: str, figures: Mapping[str, float]) -> str:
    return f"  {name:<66} {figures['p50']:>8.3f} {figures['p95']:>8.3f} {figures['max']:>8.3f}"


if __name__ == "__main__":
    raise SystemExit(main())
