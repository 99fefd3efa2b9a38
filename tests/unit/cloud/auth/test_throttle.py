"""The limit per address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cloud.throttle import MAX_ADDRESSES, MAX_ATTEMPTS, WINDOW, Throttle, network

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def test_attempts_within_the_bound_go_on_and_the_next_must_wait_for_the_oldest() -> None:
    throttle = Throttle()
    for second in range(MAX_ATTEMPTS):
        assert throttle.take("192.0.2.1", NOW + timedelta(seconds=second)) is None
    late = NOW + timedelta(seconds=MAX_ATTEMPTS)
    assert throttle.take("192.0.2.1", late) == NOW + WINDOW - late
    assert throttle.take("192.0.2.2", late) is None
    assert throttle.take("192.0.2.1", NOW + WINDOW) is None


def test_a_success_gives_the_count_back() -> None:
    throttle = Throttle()
    for _ in range(MAX_ATTEMPTS):
        throttle.take("192.0.2.1", NOW)
    throttle.forgive("192.0.2.1")
    assert throttle.take("192.0.2.1", NOW) is None


def test_an_attempt_that_nobody_could_judge_is_given_back_and_no_other() -> None:
    throttle = Throttle()
    throttle.give_back("192.0.2.1")
    for _ in range(MAX_ATTEMPTS):
        throttle.take("192.0.2.1", NOW)
    throttle.give_back("192.0.2.1")
    assert throttle.take("192.0.2.1", NOW) is None
    assert throttle.take("192.0.2.1", NOW) is not None


def test_memory_is_bounded_and_the_longest_silent_address_is_forgotten_first() -> None:
    throttle = Throttle()
    for _ in range(MAX_ATTEMPTS):
        throttle.take("first", NOW)
    assert throttle.take("first", NOW) is not None
    for number in range(MAX_ADDRESSES):
        throttle.take(f"host-{number}", NOW)
    assert throttle.take("first", NOW) is None


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_subscriber_counts_once(address: str, counted_as: str) -> None:
    assert network(address) == counted_as
