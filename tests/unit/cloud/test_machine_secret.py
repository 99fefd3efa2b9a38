"""Machine secrets: random, long, and cheap to check."""

from __future__ import annotations

import pytest

from cloud import machine_secret


def test_a_new_secret_is_usable_and_matches_only_itself() -> None:
    secret, other = machine_secret.new(), machine_secret.new()
    stored = machine_secret.hashed(secret)
    assert machine_secret.matches(secret, stored)
    assert not machine_secret.matches(other, stored)


@pytest.mark.parametrize("secret", ["short", "", "x" * 73, "好" * 25])
def test_a_secret_that_is_too_short_or_too_long_is_refused(secret: str) -> None:
    assert not machine_secret.usable(secret)
    with pytest.raises(ValueError, match="16-72 bytes"):
        machine_secret.hashed(secret)


def test_what_is_no_hash_matches_nothing() -> None:
    assert not machine_secret.matches("x" * 20, "not a hash")
