"""The pace: what a lane that is behind asks for, and what it does to homes that all come back at once."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import pytest

from cloud.ingest.pace import USED, WORTH_SAYING_S, Pace
from edge_agent.frozen import Frozen, Key
from edge_agent.window import RESEND_S, Window
from firmware_protocols.model import GatewayId
from firmware_protocols.wire.control import MAX_SLOW_S, Ack
from firmware_protocols.wire.topics import Lane

PER_S = 200.0
"""Batches that the simulated cloud stores in a second: a tenth of the real one, as is the number of homes."""
ROUND_S = 0.25


@pytest.mark.parametrize("busy", [0.1, 0.5, USED])
def test_a_lane_that_keeps_up_asks_for_nothing(busy: float) -> None:
    pace = Pace()
    for second in range(600):
        pace.spent(float(second), second + busy)
    assert pace.slow_s == 0.0


def test_a_lane_that_is_always_busy_asks_for_ever_more_and_for_nothing_once_it_has_caught_up() -> None:
    pace = Pace()
    for second in range(60):
        pace.spent(float(second), second + 1.0)
    assert pace.slow_s == pytest.approx(60 / USED - 60, abs=0.1)
    pace.spent(90.0, 90.001)
    assert pace.slow_s == 0.0


def test_a_short_burst_is_nobody_s_business() -> None:
    pace = Pace()
    pace.spent(0.0, 3.0)
    assert 0 < 3.0 / USED - 3.0 < WORTH_SAYING_S
    assert pace.slow_s == 0.0


def test_it_never_asks_for_more_than_the_contract_allows() -> None:
    pace = Pace()
    pace.spent(0.0, 100_000.0)
    assert pace.slow_s == MAX_SLOW_S


def test_what_is_asked_for_stands_in_every_ack() -> None:
    pace, acks = Pace(), [(GatewayId("gw-a"), Ack("e", Lane.BULK, (1,)))]
    assert pace.told(acks) == acks
    pace.spent(0.0, 20.0)
    assert pace.told(acks) == [(GatewayId("gw-a"), Ack("e", Lane.BULK, (1,), 5.0))]


@dataclass
class Home:
    """A gateway that has been away: ``backlog`` batches wait in it."""

    backlog: int
    window: Window = field(default_factory=Window)
    stored: int = 0

    def __post_init__(self) -> None:
        self.waiting = [
            Frozen(Key("e", Lane.BULK, first), 1, 0.0, b"") for first in range(1, self.backlog + 1)
        ]

    def send(self, now_s: float) -> list[Frozen]:
        return self.window.choose([], self.waiting[:32], [], now_s)

    def settle(self, frozen: Frozen, slow_s: float) -> None:
        self.window.slow_s = slow_s
        self.window.settled([frozen.key])
        if frozen in self.waiting:
            self.waiting.remove(frozen)
            self.stored += 1


@dataclass
class Cloud:
    """Stores ``PER_S`` batches a second in their order. ``longest_s``: how long one waited at most."""

    homes: list[Home]
    pace: Pace = field(default_factory=Pace)
    queue: deque[tuple[float, int, Frozen]] = field(default_factory=deque)
    longest_s: float = 0.0
    taken: int = 0

    def round(self, now_s: float) -> None:
        for number, home in enumerate(self.homes):
            for frozen in home.send(now_s):
                self.queue.append((now_s, number, frozen))
        due = [self.queue.popleft() for _ in range(min(len(self.queue), round(PER_S * ROUND_S)))]
        self.pace.spent(now_s, now_s + len(due) / PER_S)
        for sent_s, number, frozen in due:
            self.longest_s = max(self.longest_s, now_s - sent_s)
            self.homes[number].settle(frozen, self.pace.slow_s)
        self.taken += len(due)


def test_homes_that_come_back_at_once_share_what_there_is_and_nothing_is_sent_twice() -> None:
    cloud = Cloud([Home(40) for _ in range(300)])
    now_s = 0.0
    while cloud.taken < 6_000:
        cloud.round(now_s)
        now_s += ROUND_S
    assert cloud.longest_s < RESEND_S
    assert cloud.taken == sum(home.stored for home in cloud.homes)
    assert min(home.stored for home in cloud.homes) >= 6_000 / 300 / 2, "nobody starves"


def test_a_home_with_a_month_of_readings_gives_way_to_the_others() -> None:
    flood, others = Home(1_000), [Home(1) for _ in range(300)]
    cloud = Cloud([flood, *others])
    for step in range(int(3 / ROUND_S)):
        cloud.round(step * ROUND_S)
    assert all(home.stored == 1 for home in others)
    assert cloud.longest_s < 2.0
