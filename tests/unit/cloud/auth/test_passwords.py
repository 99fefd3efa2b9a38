"""Hashing and checking passwords."""

from __future__ import annotations

import time

import pytest
from argon2 import PasswordHasher

from cloud import passwords


async def test_the_right_password_fits_and_a_wrong_one_does_not() -> None:
    stored = passwords.hash_password("开门 please")
    assert stored.startswith("$argon2id$")
    assert await passwords.verify(stored, "开门 please")
    assert not await passwords.verify(stored, "开门 pleas")


async def test_a_name_nobody_has_is_never_right_and_costs_the_same_work() -> None:
    stored = passwords.hash_password("x")
    assert not await passwords.verify(None, "x")  # makes the stand-in hash

    async def cost_s(hashed: str | None) -> float:
        begun = time.process_time()
        assert not await passwords.verify(hashed, "wrong")
        return time.process_time() - begun

    known = min([await cost_s(stored) for _ in range(3)])
    unknown = min([await cost_s(None) for _ in range(3)])
    assert unknown > known / 2


@pytest.mark.parametrize("stored", ["", "plain text", "$argon2id$v=19$m=1"])
async def test_a_damaged_hash_lets_nobody_in(stored: str) -> None:
    assert not await passwords.verify(stored, stored)


def test_a_hash_made_with_weaker_parameters_is_outdated() -> None:
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=1024).hash("x"))
    assert not passwords.is_outdated(passwords.hash_password("x"))
