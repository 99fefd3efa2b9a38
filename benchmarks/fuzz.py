"""``python -m benchmarks.fuzz``: millions of bad bytes through every framer, and good frames in between.

What this is: each framer of the registry fed with noise, torn, damaged and lying frames, cut as a line cuts
them; after each bad stretch, golden frames of its codec until it has caught up. What it is not: a proof for
one format; it runs over whatever is registered. The one idea: nothing may escape, and a good frame may be
lost only inside something that passed for a frame itself.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Final

from firmware_protocols.codec import Frame, Framer
from firmware_protocols.errors import DecodeError
from firmware_protocols.model import DeviceId
from firmware_protocols.registry import CODECS, FRAMERS
from tests.vectors import load

BYTES: Final = 10_000_000
MOST_CALM: Final = 1 << 18
"""Bytes of good frames after which a framer that found none is given up."""
CUTS: Final = (1, 7, 64, 512, 4096)
"""Sizes of what one read brings."""
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)

Bad = Callable[[Sequence[bytes], random.Random], bytes]


def _noise(_golden: Sequence[bytes], rng: random.Random) -> bytes:
    return rng.randbytes(rng.randrange(1, 4000))


def _stuck(golden: Sequence[bytes], rng: random.Random) -> bytes:
    """A line that is shorted, or on which the first byte of a frame comes again and again."""
    return bytes((rng.choice((0x00, 0xFF, golden[0][0])),)) * rng.randrange(1, 2000)


def _starts(golden: Sequence[bytes], rng: random.Random) -> bytes:
    """Beginnings of frames that never end."""
    return b"".join(each[: rng.randrange(1, len(each))] for each in rng.choices(golden, k=60))


def _torn(golden: Sequence[bytes], rng: random.Random) -> bytes:
    """Ends of frames, as after a cable is plugged in."""
    return b"".join(each[rng.randrange(1, len(each)) :] for each in rng.choices(golden, k=60))


def _damaged(golden: Sequence[bytes], rng: random.Random) -> bytes:
    return b"".join(_changed(each, rng) for each in rng.choices(golden, k=60))


def _shifted(golden: Sequence[bytes], rng: random.Random) -> bytes:
    """A byte lost or added in each frame."""
    frames = []
    for each in rng.choices(golden, k=60):
        at = rng.randrange(len(each))
        frames.append(each[:at] + each[at + 1 :] if rng.random() < 0.5 else each[:at] + b"\x00" + each[at:])
    return b"".join(frames)


def _lying(golden: Sequence[bytes], rng: random.Random) -> bytes:
    """A good beginning, then noise."""
    return rng.choice(golden)[: rng.randrange(1, 10)] + _noise(golden, rng)


def _changed(frame: bytes, rng: random.Random) -> bytes:
    changed = bytearray(frame)
    changed[rng.randrange(len(frame))] ^= rng.randrange(1, 256)
    return bytes(changed)


BAD: Final[Mapping[str, Bad]] = {
    "noise": _noise,
    "stuck": _stuck,
    "starts": _starts,
    "torn": _torn,
    "damaged": _damaged,
    "shifted": _shifted,
    "lying": _lying,
}


@dataclass(slots=True)
class Report:
    """What one framer did.

    ``false``: frames that nobody planted (a damaged one whose sum fits, or without a sum). ``wait_bytes``:
    the most good bytes that had to come after a bad stretch until it had caught up.
    """

    framer: str
    bytes: int = 0
    stretches: int = 0
    planted: int = 0
    found: int = 0
    false: int = 0
    discarded: int = 0
    wait_bytes: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def mb_per_s(self) -> float:
        """Throughput of ``feed``."""
        return self.bytes / 1e6 / self.seconds if self.seconds else 0.0


@dataclass(slots=True)
class Line:
    """A framer and what went through it."""

    framer: Framer
    report: Report
    rng: random.Random
    _framed: int = 0

    @property
    def waiting(self) -> int:
        """Bytes that the framer holds back."""
        return self.report.bytes - self.framer.discarded - self._framed

    def send(self, data: bytes) -> list[bytes]:
        """Feed ``data`` cut as a line cuts it."""
        found: list[bytes] = []
        for piece in _pieces(data, self.rng):
            began = time.perf_counter()
            found += self.framer.feed(piece)
            self.report.seconds += time.perf_counter() - began
        self.report.bytes += len(data)
        self._framed += sum(map(len, found))
        return found


def run(name: str, amount: int = BYTES, seed: int = 1) -> Report:
    """Send ``amount`` bytes through the framer ``name``."""
    rng, report = random.Random(f"{name}/{seed}"), Report(name)
    golden = _golden(name)
    line = Line(FRAMERS[name](), report, rng)
    try:
        while report.bytes < amount and not report.faults:
            _stretch(line, golden)
    except Exception as error:  # noqa: BLE001 - that nothing escapes is what is measured
        report.faults.append(f"{type(error).__name__} escaped: {error}")
    report.discarded = line.framer.discarded
    return report


def _stretch(line: Line, golden: Sequence[bytes]) -> None:
    """One bad stretch, then good frames until the framer has caught up."""
    rng, report = line.rng, line.report
    kind = rng.choice(list(BAD))
    passed = line.send(BAD[kind](golden, rng))
    began, planted, found = report.bytes, Counter[bytes](), Counter[bytes]()
    while report.bytes - began < MOST_CALM:
        good = rng.choice(golden)
        frames = line.send(good)
        planted[good] += 1
        found.update(frames)
        if frames and frames[-1] == good and not line.waiting:
            break
    else:
        report.faults.append(f"not caught up within {MOST_CALM} good bytes after {kind}")
    false = len(passed) + (found - planted).total()
    lost = (planted - found).total()
    if lost and not false:
        report.faults.append(f"{lost} frames lost after {kind}, and nothing else passed for a frame")
    report.stretches += 1
    report.planted += planted.total()
    report.found += planted.total() - lost
    report.false += false
    report.wait_bytes = max(report.wait_bytes, report.bytes - began)
    _decode(report.framer, [*passed, *found])


def _decode(name: str, frames: Sequence[bytes]) -> None:
    """Whatever is framed, the codec reads or refuses."""
    for frame in frames:
        with contextlib.suppress(DecodeError):
            CODECS[name].decode(Frame(DeviceId("fuzz"), frame, NOW))


def _golden(name: str) -> list[bytes]:
    """Golden frames that the framer takes whole, each once."""
    understood = {vector.frame.payload for vector in load(name) if vector.refused is None}
    return sorted(frame for frame in understood if FRAMERS[name]().feed(frame) == [frame])


def _pieces(data: bytes, rng: random.Random) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = rng.choice(CUTS)
        yield data[at : at + size]
        at += size


def main(argv: Sequence[str] | None = None) -> int:
    """Run, print, and return 0 if nothing went wrong."""
    parser = argparse.ArgumentParser(prog="benchmarks.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--bytes", type=int, default=BYTES, help="through each framer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    options = parser.parse_args(argv)
    reports = [run(name, options.bytes, options.seed) for name in FRAMERS]
    sys.stdout.write(_document(reports) if options.json else _table(reports))
    return int(any(report.faults for report in reports))


def _document(reports: Sequence[Report]) -> str:
    rows = [asdict(each) | {"mb_per_s": round(each.mb_per_s, 2)} for each in reports]
    return json.dumps({"framers": rows}, indent=1) + "\n"


def _table(reports: Sequence[Report]) -> str:
    lines = [
        f"{'framer':<12} {'bytes':>11} {'stretches':>9} {'planted':>8} {'found':>8} {'false':>7}"
        f" {'discarded':>11} {'wait, bytes':>11} {'MB/s':>6}"
    ]
    for each in reports:
        lines.append(
            f"{each.framer:<12} {each.bytes:>11,} {each.stretches:>9,} {each.planted:>8,} {each.found:>8,}"
            f" {each.false:>7,} {each.discarded:>11,} {each.wait_bytes:>11,} {each.mb_per_s:>6.2f}"
        )
        lines += [f"  FAULT: {fault}" for fault in each.faults]
    wrong = sum(bool(each.faults) for each in reports)
    lines.append(f"{len(reports)} framers, {wrong} with faults.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
