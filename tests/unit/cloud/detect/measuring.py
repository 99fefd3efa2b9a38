"""Measurements of somebody, told in a line each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from cloud.detect.vitals.judge import judge
from cloud.detect.vitals.model import Day, Finding, Judged, Person, Sample
from firmware_protocols.model import Quality, Quantity

NOW: Final = datetime(2026, 3, 30, 0, 30, tzinfo=UTC)
TODAY: Final = date(2026, 3, 30)
"""Half past eight at home."""


def sample(
    quantity: Quantity,
    value: float | None,
    minutes_ago: float = 0,
    device: int = 1,
    quality: Quality = Quality.GOOD,
) -> Sample:
    """One measurement before ``NOW``."""
    return Sample(device, quantity, NOW - timedelta(minutes=minutes_ago), value, quality)


def days(quantity: Quantity, means: Iterable[float]) -> list[Day]:
    """A mean for each day until yesterday, oldest first."""
    listed = list(means)
    return [
        Day(quantity, TODAY - timedelta(days=ago), 1, mean)
        for ago, mean in zip(range(len(listed), 0, -1), listed, strict=True)
    ]


def looked(*samples: Sample, past: Iterable[Day] = (), person: Person | None = None) -> Judged:
    """A look at ``NOW``."""
    return judge(samples, past, person or Person(), NOW)


def found(*samples: Sample, past: Iterable[Day] = (), person: Person | None = None) -> list[Finding]:
    """What a look at ``NOW`` finds."""
    return list(looked(*samples, past=past, person=person).findings)


def rules(*samples: Sample, past: Iterable[Day] = (), person: Person | None = None) -> set[tuple[str, bool]]:
    """The rules of what is found, and whether each is confirmed."""
    return {(one.rule.value, one.confirmed) for one in found(*samples, past=past, person=person)}
