"""Spans: nothing when nobody wants them, and never a word too many."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from cloud import trace
from cloud.trace import SWITCH
from tests.harness import ROOT


@dataclass
class Kept:
    """Keeps what is recorded."""

    spans: list[tuple[str, int, dict[str, str | int], bool]] = field(default_factory=list)
    lengths_ns: list[int] = field(default_factory=list)

    def record(
        self,
        name: str,
        incident_id: int,
        began_ns: int,
        ended_ns: int,
        facts: Mapping[str, str | int],
        *,
        root: bool,
    ) -> None:
        self.spans.append((name, incident_id, dict(facts), root))
        self.lengths_ns.append(ended_ns - began_ns)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    """Somebody who wants spans."""
    made = Kept()
    monkeypatch.setattr(SWITCH, "recorder", made)
    return made


def test_a_span_is_as_long_as_its_block_and_says_its_facts(kept: Kept) -> None:
    with trace.span("message.send", 7, channel="sms", attempt=2):
        pass
    assert kept.spans == [("message.send", 7, {"channel": "sms", "attempt": 2}, False)]
    assert kept.lengths_ns[0] >= 0


def test_an_error_is_told_by_its_kind_and_goes_on(kept: Kept) -> None:
    with pytest.raises(ValueError, match="secret"), trace.span("timer.fire", 7):
        raise ValueError("secret: 向秀英")
    assert kept.spans == [("timer.fire", 7, {"error": "ValueError"}, False)]


def test_what_belongs_to_no_incident_leaves_no_span(kept: Kept) -> None:
    with trace.span("message.send", None):
        pass
    assert kept.spans == []


def test_without_a_collector_nothing_is_recorded_and_nothing_is_loaded() -> None:
    code = (
        "import sys; from cloud import trace\n"
        "with trace.span('x', 1): pass\n"
        "import cloud.single, cloud.worker, cloud.web\n"
        "sys.exit(trace.on() or 'opentelemetry.sdk' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
