"""A little of the fuzzer on every framer; ``python -m benchmarks.fuzz`` sends ten million bytes."""

from __future__ import annotations

import json
import random

import pytest

from benchmarks import fuzz
from firmware_protocols.codec import Framer
from firmware_protocols.registry import FRAMERS
from firmware_protocols.serial import micradar


@pytest.mark.parametrize("name", FRAMERS)
def test_nothing_escapes_and_good_frames_are_found_after_each_bad_stretch(name: str) -> None:
    report = fuzz.run(name, 600_000)
    assert not report.faults
    assert report.planted >= report.stretches > 20
    assert report.found >= 0.9 * report.planted


class Stuck:
    """A framer that gives up at the first garbage."""

    discarded = 0

    def feed(self, data: bytes) -> list[bytes]:
        self.discarded += len(data)
        return []


class Brittle:
    """A framer that cannot stand a byte that no frame begins with."""

    discarded = 0

    def feed(self, data: bytes) -> list[bytes]:
        if data[0] != micradar.START[0]:
            raise IndexError("no frame here")
        return []


@pytest.mark.parametrize(("broken", "fault"), [(Stuck, "not caught up"), (Brittle, "IndexError escaped")])
def test_the_fuzzer_notices(broken: type[Framer], fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "_golden", lambda _name: [micradar.encode_fall(True)])
    monkeypatch.setattr(fuzz, "FRAMERS", {"micradar": broken})
    first, *_ = fuzz.run("micradar", 10_000).faults
    assert first.startswith(fault)


@pytest.mark.parametrize("kind", fuzz.BAD)
def test_each_kind_of_bad_stretch_is_bytes_of_a_line(kind: str) -> None:
    golden = [micradar.encode_fall(True), micradar.encode_heart_rate(70)]
    assert fuzz.BAD[kind](golden, random.Random(1))


def test_the_command_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--bytes", "2000", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["framers"]
    assert [row["framer"] for row in rows] == list(FRAMERS)
    assert fuzz.main(["--bytes", "2000"]) == 0
    assert f"{len(FRAMERS)} framers, 0 with faults." in capsys.readouterr().out
