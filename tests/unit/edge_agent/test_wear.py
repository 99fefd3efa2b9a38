"""What the agent says of the memory card it writes to."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_agent.health import Today, wear, written_bytes

GIB = 2**30


def test_a_hundred_megabytes_a_day_wear_out_eight_gigabytes_in_two_centuries() -> None:
    """8 GB x 1,000 writes / 0.1 GB a day / 365 = 219 years."""
    hour = wear(4_166_667, 3600.0, 8_000_000_000)
    assert hour == {"written_mb_per_day": 100.0, "card_years": 219.2}


def test_the_start_is_not_taken_for_the_rule_and_silence_not_for_eternal_life() -> None:
    assert wear(10_000_000, 59.0, 8 * GIB) == {}
    assert wear(0, 3600.0, 8 * GIB) == {}


def test_what_this_process_writes_to_a_disk_is_counted() -> None:
    before = written_bytes()
    with tempfile.NamedTemporaryFile(dir=Path(__file__).parent, prefix=".wear-") as file:
        file.write(bytes(1_000_000))
        file.flush()
        os.fsync(file.fileno())
    assert written_bytes() - before >= 1_000_000


def test_what_was_written_today_begins_anew_at_midnight() -> None:
    today, evening = Today(), datetime(2026, 6, 1, 23, 59, tzinfo=UTC)
    assert today.figures(5_000_000, evening) == {"written_mb_today": 5.0}
    assert today.figures(7_000_000, evening + timedelta(minutes=1)) == {"written_mb_today": 0.0}
    assert today.figures(9_500_000, evening + timedelta(hours=1)) == {"written_mb_today": 2.5}
