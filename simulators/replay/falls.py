"""``anban replay falls``: one published recording of a real person travels the whole road.

What this is: the recording is felt by a virtual wearable, in real time, in a home of a whole system that is
started for it; each stage is printed when it saw it. What it is not: an evaluation (``benchmarks.falls``).
The one idea: nothing on the road is shortened, so what is printed is what an operator would have seen.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx

from simulators import journey, motion, recordings
from simulators.children import ChildError
from simulators.demo import first_of
from simulators.inbox import Letter
from simulators.journey import STAGES, Journey, Witnesses, witnesses
from simulators.recordings import SETS, Recording, RecordingError
from simulators.system import Plan, System, running

SETTLE_S: Final = 12.0
"""The wearable's connection and a few seconds of stillness before the recording begins."""
LYING_S: Final = 5.0
"""Recordings may end soon after the impact; the person is taken to lie still then."""
CONFIRM_S: Final = 40.0
"""Until the gateway's confirmation window has passed and the alarm is raised."""
FIRST_MESSAGE_S: Final = 120.0
CLOCK: Final = "%H:%M:%S.%f"


def main(argv: Sequence[str] | None = None) -> int:
    """Replay one trial; return 0 if the road was travelled to its end, 3 if no alarm came of it."""
    options = _options(argv)
    try:
        recording = recordings.read(options.data, options.set, options.trial)
        with tempfile.TemporaryDirectory(prefix="anban-replay-") as folder:
            return asyncio.run(_run(options, recording, Path(folder)))
    except BaseExceptionGroup as group:
        error: BaseException = first_of(group)
    except (RecordingError, ChildError, ValueError, OSError, httpx.HTTPError) as caught:
        error = caught
    sys.stderr.write(f"anban replay: {error}\n")
    return 1


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="anban replay", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=("falls",), help="what kind of recording")
    parser.add_argument("--data", type=Path, required=True, help="folder with the recordings")
    parser.add_argument("--set", choices=sorted(SETS), required=True, help="which of the published sets")
    parser.add_argument("--trial", required=True, help="name of the trial, from the set's table")
    return parser.parse_args(argv)


async def _run(options: argparse.Namespace, recording: Recording, folder: Path) -> int:
    task = asyncio.ensure_future(_replay(options, recording, folder))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        return await task
    return 130


async def _replay(options: argparse.Namespace, recording: Recording, folder: Path) -> int:
    chosen = SETS[options.set]
    kind = "a fall" if recording.is_fall else "daily activity"
    _say(
        f"{options.set} {options.trial}: subject {recording.subject}, activity {recording.activity} ({kind}),"
    )
    _say(f"{len(recording.samples) / motion.RATE_HZ:.1f} s at the {chosen.position}; {chosen.source}")
    letters: list[Letter] = []
    plan = Plan(folder, homes=1, whole=1, speed=1.0, hour=14.9, position=chosen.position, trace=True)
    async with running(plan, letters.append, lambda text: _say(f"… {text}")) as system:
        _say("… the console answers and the home is online; the recording begins in a moment")
        await asyncio.sleep(SETTLE_S)
        async with witnesses(system, letters) as watching:
            return await _travel(system, watching, recording, chosen.range_g)


async def _travel(system: System, watching: Witnesses, recording: Recording, range_g: float) -> int:
    home = system.world.homes[0]
    samples = [*recording.samples, *[recording.samples[-1]] * round(LYING_S * motion.RATE_HZ)]
    road = Journey(home.key)
    _say(f"\n  {'time':<15} {'since the impact window':>23}  stage")
    try:
        seen = await journey.fall(watching, road, samples, range_g)
    except TimeoutError:
        _say("\nNo alarm: the detector did not take this for a fall." if not recording.is_fall else NOT_SEEN)
        return 0 if not recording.is_fall else 3
    _print(road)
    await _after_confirmation(watching, road, seen.data["id"], seen.at)
    return 0


NOT_SEEN: Final = "\nNo alarm came within the time: the detector missed this fall."


async def _after_confirmation(watching: Witnesses, road: Journey, incident_id: int, since: float) -> None:
    """The rest of the road, which waits for the resident to cancel and for an operator to act."""
    home = watching.system.world.home(road.home)
    printed = set(road.marks)
    raised = await watching.incident(home, since, lambda each: each["state"] != "detected", CONFIRM_S)
    road.mark(raised=raised.at)
    _print(road, printed)
    printed = set(road.marks)
    with contextlib.suppress(TimeoutError):
        letter = await watching.letter(home, since, FIRST_MESSAGE_S)
        messages = (await watching.detail(incident_id))["messages"]
        queued = min(datetime.fromisoformat(each["created_at"]).timestamp() for each in messages)
        road.mark(queued=queued, delivered=letter.at)
    _print(road, printed)


def _print(road: Journey, printed: frozenset[str] | set[str] = frozenset()) -> None:
    """One line for each stage not printed before, by time."""
    for stage, at in road.in_order():
        if stage not in printed:
            clock = datetime.fromtimestamp(at).astimezone().strftime(CLOCK)
            _say(f"  {clock} {at - road.marks['sample']:>+21.3f} s  {STAGES[stage]}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
