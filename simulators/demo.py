"""``anban demo``: one county on this machine, three alarms, and a console to handle them in.

What this is: the words printed and the order of events; the processes are ``system``'s. The one idea: nothing
is staged behind the product's back; devices act, and what is printed came over the public API or the webhook.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from simulators import scenario
from simulators.children import ChildError
from simulators.inbox import Letter
from simulators.scenario import Step
from simulators.system import Plan, System, running
from simulators.world import World

UP_TARGET_S: Final = 20.0
"""The demonstration is meant to be up within this on two cores."""
CONSOLE_RETRY_S: Final = 1.0
WHOLE: Final = 3
"""Homes with a whole gateway."""
MOST_HOMES: Final = 500
"""One event loop speaks for the fleet; more homes are a load test, not a demonstration."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demonstration until Ctrl-C or ``--duration``; return the exit status."""
    options = _options(argv)
    try:
        with _folder(options) as folder:
            homes, whole = options.homes, min(options.homes, WHOLE)
            plan = Plan(folder, homes=homes, whole=whole, seed=options.seed, port=options.port)
            return asyncio.run(_run(plan, scenario.read(options.scenario), options.duration))
    except BaseExceptionGroup as group:
        sys.stderr.write(f"\nanban demo: {first_of(group)}\n")
        return 1
    except (ChildError, ValueError, OSError, httpx.HTTPError) as error:
        sys.stderr.write(f"\nanban demo: {error}\n")
        return 1


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="anban demo", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--homes", type=int, default=20, help="homes in the county; 3 of them run a whole gateway"
    )
    parser.add_argument("--data", type=Path, help="folder for all data and logs (default: a temporary one)")
    keeping = parser.add_mutually_exclusive_group()
    keeping.add_argument("--keep", action="store_true", help="keep the data at the end (default with --data)")
    keeping.add_argument("--clear", action="store_true", help="remove earlier data first, and all at the end")
    parser.add_argument("--port", type=int, default=0, help="of the console (default: 8080, or any free one)")
    parser.add_argument("--seed", type=int, default=1, help="another county for another number")
    parser.add_argument("--scenario", type=Path, default=scenario.DEMO, help="another story (TOML) to tell")
    parser.add_argument("--duration", type=float, help="stop after so many seconds (default: at Ctrl-C)")
    options = parser.parse_args(argv)
    if not 1 <= options.homes <= MOST_HOMES:
        parser.error(f"--homes must be 1-{MOST_HOMES}")
    return options


@contextmanager
def _folder(options: argparse.Namespace) -> Iterator[Path]:
    """The data folder, cleared before and after as asked."""
    folder = (options.data or Path(tempfile.mkdtemp(prefix="anban-demo-"))).resolve()
    keep = options.keep or (options.data is not None and not options.clear)
    if options.clear:
        _clear(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        yield folder
    finally:
        if keep:
            _say(f"\nData and logs are kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _clear(folder: Path) -> None:
    """Remove an earlier demonstration, and nothing else."""
    if not folder.exists():
        return
    if any(folder.iterdir()) and not (folder / "county.json").exists():
        raise ValueError(f"{folder} is not a demonstration's folder; it is left alone")
    shutil.rmtree(folder)


def first_of(error: BaseException) -> BaseException:
    """What went wrong first, out of a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def _run(plan: Plan, steps: Sequence[Step], duration_s: float | None) -> int:
    task = asyncio.ensure_future(_demonstrate(plan, steps, duration_s))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return 0


async def _demonstrate(plan: Plan, steps: Sequence[Step], duration_s: float | None) -> None:
    started = time.monotonic()
    county = _County()
    try:
        async with running(plan, county.letter, lambda text: _say(f"… {text}")) as system:
            county.world = system.world
            up_s = time.monotonic() - started
            _say(_welcome(system, up_s))
            async with asyncio.timeout(duration_s), asyncio.TaskGroup() as tasks:
                tasks.create_task(system.failed())
                tasks.create_task(_follow(system, county))
                tasks.create_task(_perform(system, county, steps))
    except TimeoutError:
        pass
    finally:
        _say("… stopped" if county.world else "… stopped while starting")


def _welcome(system: System, up_s: float) -> str:
    rows = "\n".join(
        f"    {each.username:<11} {each.password:<24} {each.name}" for each in system.world.staff
    )
    homes, whole = len(system.world.homes), len(system.world.whole)
    return f"""
Up in {up_s:.1f} s: {homes} homes, {whole} of them with a whole gateway over the virtual radio.

  Console  {system.address}
  Sign in  name        password
{rows}
  Data     {system.plan.folder}

Within two minutes an SOS, a fall and a gas alarm arrive. Handle them in the browser, or watch who is asked
when nobody does. Make more happen with: anban-sim do --dir {system.plan.folder / "radio"} h001 press
Ctrl-C stops everything.
"""


class _County:
    """Prints what happens, each line once, with the time since the start."""

    def __init__(self) -> None:
        self.world: World | None = None
        self._started = time.monotonic()
        self._seen: dict[int, str] = {}

    def tell(self, text: str) -> None:
        """One line."""
        elapsed = int(time.monotonic() - self._started)
        _say(f"{elapsed // 60:3}:{elapsed % 60:02}  {text}")

    def letter(self, letter: Letter) -> None:
        """A message arrived at a member of a care circle."""
        contact = self.world.home(letter.home).contacts[letter.rank - 1] if self.world else None
        who = f"{contact.title} {contact.name}" if contact else f"contact {letter.rank}"
        first_line = (letter.title or letter.text).strip().partition("\n")[0]
        self.tell(f"    ✉ to {who}: {first_line}")

    def incident(self, incident: Mapping[str, Any]) -> None:
        """An incident as it now is; printed when its state changed."""
        if self._seen.get(incident["id"]) == incident["state"]:
            return
        self._seen[incident["id"]] = incident["state"]
        self.tell(
            f"  P{incident['priority']} {incident['kind']:<6} #{incident['id']} {incident['resident']}, "
            f"{incident['address']}: {incident['state']}"
        )


async def _follow(system: System, county: _County) -> None:
    """Print every incident that the live stream tells of; open it again when it ends."""
    async with system.console() as console:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                after = (await console.get("snapshot"))["seq"]
                async for event in console.follow(after):
                    if event.name == "inc":
                        county.incident(event.data)
            await asyncio.sleep(CONSOLE_RETRY_S)


async def _perform(system: System, county: _County, steps: Sequence[Step]) -> None:
    """Let the steps happen, each at its time, none waiting for another."""
    up_at = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for step in steps:
            await asyncio.sleep(max(0.0, up_at + step.at_s - time.monotonic()))
            home = next((each for each in system.world.whole if each.key == step.home), None)
            if home is None:
                continue
            county.tell(f"{home.resident} ({home.key}) {step.say}")
            tasks.create_task(_drain(system.happen(home, step.do, **step.arguments)))


async def _drain(reports: Any) -> None:
    async for _ in reports:
        pass


if __name__ == "__main__":
    raise SystemExit(main())
