"""``python -m benchmarks.hostile``: what strangers send to a running cloud, and what an operator feels of it.

What this is: attacks by table against ``anban-cloud all`` over real sockets; each says how many requests it
made, how they were answered, and how long the slowest took, while an operator reads the queue the whole
time. What it is not: a proof that no other attack exists; ``--minutes`` lets schemathesis look for more. The
one idea: whatever comes, it is refused in bounded time and memory, and whoever is signed in goes on.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Final

import psutil

from benchmarks import hostile_bytes as raw
from benchmarks import hostile_words as words
from cloud.auth import Role
from tests import visit
from tests.harness import System

IDLE: Final = 2_000
SLOW: Final = 100
FLOOD: Final = 3_000
QUIET_S: Final = 5.0
PAUSE_S: Final = 0.06
"""Between two looks of the operator: more often than any console, less than one session may (20 a second)."""


@dataclass(slots=True)
class Outcome:
    """What one attack met. ``answers``: by status, ``closed``: cut off without one, ``open``: never ended.

    ``worst_s``: the slowest answer. ``p95_ms``: the operator's, meanwhile; ``ratio``: to that before.
    ``mib``: what the process grew by.
    """

    attack: str
    requests: int = 0
    answers: dict[str, int] = field(default_factory=Counter)
    worst_s: float = 0.0
    p95_ms: float = 0.0
    ratio: float = 0.0
    mib: float = 0.0

    @property
    def failed(self) -> int:
        """Server errors, and connections that nothing ended."""
        return sum(number for answer, number in self.answers.items() if answer[0] == "5" or answer == "open")


Attack = Callable[[str, Mapping[str, str]], Iterator[tuple[str, float]]]
"""Yields (answer, seconds) for each request to that address, some of them with an operator's cookies."""

ATTACKS: Final[Mapping[str, Attack]] = {
    "words of SQL": words.injections,
    "paths": raw.paths,
    "bodies": words.bodies,
    "malformed requests": raw.malformed,
    "floods of headers": raw.header_floods,
    "pipelines": raw.pipelines,
    "slow heads": lambda address, _: raw.slow(address, raw.SLOW_HEAD, SLOW),
    "slow bodies": lambda address, _: raw.slow(address, raw.SLOW_BODY, SLOW),
    "slow readers": lambda address, cookies: raw.slow_readers(address, cookies, SLOW // 4),
    "idle connections": lambda address, _: raw.idle(address, IDLE),
    "one address": lambda address, _: raw.flood(address, FLOOD),
}


@dataclass(slots=True)
class Operator:
    """Somebody at a console, who reads the queue again and again."""

    took_ms: list[float] = field(default_factory=list)
    refused: int = 0

    @contextmanager
    def watching(self, address: str) -> Iterator[None]:
        """Read until the block ends."""
        stop = threading.Event()

        def read() -> None:
            with visit.sign_in(address, Role.OPERATOR) as client:
                while not stop.wait(PAUSE_S):
                    began = time.perf_counter()
                    self.refused += client.get("/snapshot").status_code != 200
                    self.took_ms.append((time.perf_counter() - began) * 1_000)

        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    @property
    def p95_ms(self) -> float:
        """95 of 100 looks took at most this long."""
        return statistics.quantiles(self.took_ms, n=20)[-1] if len(self.took_ms) > 1 else float("nan")


@dataclass(slots=True)
class Report:
    """All attacks. ``quiet_ms``: the operator's p95 before; ``refused``: looks of theirs that failed."""

    quiet_ms: float
    outcomes: list[Outcome] = field(default_factory=list)
    refused: int = 0
    visits: list[str] = field(default_factory=list)
    visited: int = 0
    told: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """What must not be."""
        errors = [f"{one.attack}: {one.failed} failed" for one in self.outcomes if one.failed]
        lost = [f"the operator was refused {self.refused} times"] if self.refused else []
        return errors + lost + self.visits + [f"the log says {word!r}" for word in self.told]


def run(system: System, attacks: Sequence[str] = tuple(ATTACKS), quiet_s: float = QUIET_S) -> Report:
    """Let the named attacks loose on ``system``, one after the other."""
    with visit.sign_in(system.address, Role.OPERATOR) as client:
        cookies = dict(client.cookies)
    operator = Operator()
    with operator.watching(system.address):
        time.sleep(quiet_s)
    report = Report(operator.p95_ms)
    for name in attacks:
        report.outcomes.append(_one(system, name, cookies, report))
    report.told = [word for word in words.MARKS if word in system.log]
    return report


def _one(system: System, name: str, cookies: Mapping[str, str], report: Report) -> Outcome:
    process, operator, outcome = psutil.Process(system.pid("cloud")), Operator(), Outcome(name)
    before = process.memory_info().rss
    with operator.watching(system.address):
        for answer, took_s in ATTACKS[name](system.address, cookies):
            outcome.requests += 1
            outcome.answers[answer] += 1
            outcome.worst_s = max(outcome.worst_s, round(took_s, 2))
    outcome.mib = round((process.memory_info().rss - before) / 2**20, 1)
    outcome.p95_ms = round(operator.p95_ms, 1)
    outcome.ratio = round(operator.p95_ms / report.quiet_ms, 2)
    report.refused += operator.refused
    return outcome


def look_for_more(system: System, report: Report, minutes: float) -> None:
    """Made-up requests of every role, each round with other ones, for that long."""
    ends_at = time.monotonic() + minutes * 60
    for number in count(1):
        if time.monotonic() > ends_at:
            return
        cases = visit.requests_of(system.address, examples=2, number=number)
        for role in (None, *Role):
            seen = visit.visit(system.address, role, cases)
            report.visited += seen.requests
            report.visits += visit.faults([seen])


def main(argv: Sequence[str] | None = None) -> int:
    """Run, print, and return 0 if nothing went wrong."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.hostile", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--minutes", type=float, default=0.0, help="of made-up requests after the attacks")
    parser.add_argument("--only", nargs="*", choices=list(ATTACKS), default=list(ATTACKS))
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, visit.town(Path(folder)) as system:
        report = run(system, options.only)
        look_for_more(system, report, options.minutes)
    sys.stdout.write(_document(report) if options.json else _table(report))
    return int(bool(report.faults))


def _document(report: Report) -> str:
    plain = replace(report, outcomes=[replace(one, answers=dict(one.answers)) for one in report.outcomes])
    return json.dumps(asdict(plain) | {"faults": report.faults}, indent=1, ensure_ascii=False) + "\n"


def _table(report: Report) -> str:
    lines = [
        f"{'attack':<20} {'requests':>8} {'worst, s':>8} {'p95, ms':>8} {'ratio':>6} {'MiB':>6}  answers"
    ]
    lines += [
        f"{one.attack:<20} {one.requests:>8,} {one.worst_s:>8.2f} {one.p95_ms:>8.1f} {one.ratio:>6.2f}"
        f" {one.mib:>6.1f}  {' '.join(f'{a}:{n}' for a, n in sorted(one.answers.items()))}"
        for one in report.outcomes
    ]
    lines.append(f"The operator's p95 was {report.quiet_ms:.1f} ms before; refused {report.refused} times.")
    lines.append(f"{report.visited:,} made-up requests; {len(report.faults)} faults.")
    return "\n".join([*lines, *(f"FAULT: {fault}" for fault in report.faults)]) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
