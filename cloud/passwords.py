"""Passwords: argon2id, checked off the event loop, with the same work for a name nobody has.

What this is: hash and verify. What it is not: it knows no table and no account; lock-out is ``sessions``.
The one idea: whoever measures the answer's time must not learn whether the name exists.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MAX_PASSWORD: Final = 1_024
"""Characters; longer ones are refused unread, because hashing time grows with length."""
QUEUE: Final = 8
"""Checks of strangers that may wait at once; the next is told to come again. [D], about a second of work."""
NICE: Final = 10
"""How far a stranger's check steps back for everything else on the machine."""

_ALPHABET: Final = "23456789abcdefghjkmnpqrstvwxyz"
"""Nothing that looks like another: these are read from paper at night."""
_GROUP: Final = 4

_HASHER: Final = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
"""The second recommended option of RFC 9106 (section 4), on one thread instead of four: a check must not take
every processor from those who watch alarms.
"""


class BusyError(Exception):
    """Too many checks wait already."""


@dataclass(slots=True)
class Lane:
    """One thread of checks, one after the other. ``places``: how many may wait or run, 0: no bound."""

    places: int
    nice: int
    taken: int = 0
    thread: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, "password", initializer=_step_back, initargs=(self.nice,))

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place for the length of the block.

        Raises:
            BusyError: none is free.
        """
        if self.places and self.taken >= self.places:
            raise BusyError
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


def _step_back(nice: int) -> None:
    """On Linux a thread has a priority of its own, by its own number."""
    if nice:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)


@cache
def lane(*, known: bool) -> Lane:
    """The lane of browsers in which somebody has signed in before, or that of all others: whoever floods the
    second does not hold up the first.
    """
    return Lane(0, 0) if known else Lane(QUEUE, NICE)


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_urlsafe())


def readable(length: int) -> str:
    """A secret of ``length`` random letters and digits, 4.9 bits each, in groups that a person can copy."""
    letters = [secrets.choice(_ALPHABET) for _ in range(length)]
    return "-".join("".join(letters[at : at + _GROUP]) for at in range(0, length, _GROUP))


def hash_password(password: str) -> str:
    """Return the argon2id hash to store for ``password``; it carries its own salt and parameters."""
    return _HASHER.hash(password)


async def hashed(password: str) -> str:
    """``hash_password`` off the event loop: with many new people at once the alarms must not wait."""
    return await asyncio.get_running_loop().run_in_executor(lane(known=True).thread, hash_password, password)


def is_outdated(stored: str) -> bool:
    """Whether ``stored`` was made with other parameters than today's and should be made anew."""
    return _HASHER.check_needs_rehash(stored)


def _matches(stored: str | None, password: str) -> bool:
    try:
        _HASHER.verify(stored if stored is not None else _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


async def verify(stored: str | None, password: str, *, known: bool = True) -> bool:
    """Whether ``password`` belongs to ``stored``; ``None`` (no such person) costs as much and never does.

    ``known``: in which ``lane``; whose places the caller takes.
    """
    thread = lane(known=known).thread
    return await asyncio.get_running_loop().run_in_executor(thread, _matches, stored, password)
