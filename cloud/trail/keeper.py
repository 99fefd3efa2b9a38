"""Keeps the audit trail: seals what was written, signs the end of the chain, forgets what is old enough.

What this is: the worker's loop for it. The one idea: sealing follows writing by about a second and any number
of keepers may run, because only one at a time gets the lock.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg_pool import PoolTimeout, TooManyRequests

from cloud.db import Pool
from cloud.metrics import LOOPS
from cloud.secret_files import SecretFileError
from cloud.settings import ConfigError, Settings
from cloud.trail import heads, store

SEAL_S: Final = 1.0
"""How long an entry stays outside the chain, about."""
STUCK_S: Final = 300.0
"""[D] Sealing a day's backlog takes less."""
HEAD_EVERY: Final = timedelta(hours=1)
FORGET_EVERY: Final = timedelta(days=1)

_log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class HeadFile:
    """Where signed heads go, and with which key."""

    file: Path
    key: Ed25519PrivateKey


def head_file(settings: Settings) -> HeadFile | None:
    """As configured; without a data folder or a configured file there is none.

    Raises:
        ConfigError: the key or the file cannot be used.
    """
    files = settings.audit_files()
    if files is None:
        return None
    try:
        return HeadFile(files.heads, heads.signing_key(files.key))
    except SecretFileError as error:
        raise ConfigError(f"audit.key_file: {error}") from error


async def run(settings: Settings, pool: Pool, *, clock: Clock) -> None:
    """Keep the trail until cancelled; outlives every failure of the database and of the heads' disk.

    Raises:
        ConfigError: the signing key cannot be used.
    """
    signed = head_file(settings)
    if signed is None:
        _log.warning("audit.heads_file is not set: a trail cut short at its end will not be seen")
    keep = timedelta(days=settings.audit.keep_days)
    head_at = forget_at = clock()
    LOOPS.expect("audit", within_s=STUCK_S)
    while True:
        now = clock()
        try:
            await seal_all(pool)
            if signed is not None and now >= head_at and await sign_end(pool, signed, now):
                head_at = now + HEAD_EVERY
            if now >= forget_at:
                async with pool.connection() as conn:
                    await store.forget(conn, now - keep)
                forget_at = now + FORGET_EVERY
            LOOPS.turned("audit")
        except (psycopg.Error, PoolTimeout, TooManyRequests, OSError) as error:
            _log.warning("the audit trail waits reason=%s", type(error).__name__)
        await asyncio.sleep(SEAL_S)


async def seal_all(pool: Pool) -> int:
    """Seal until nothing waits; return how many entries."""
    total = 0
    while True:
        async with pool.connection() as conn:
            count = await store.seal(conn)
        total += count
        if count < store.BATCH:
            return total


async def sign_end(pool: Pool, signed: HeadFile, now: datetime) -> bool:
    """Sign the last link and write it down, here and in the log; ``False``: there is none yet."""
    async with pool.connection() as conn:
        last = await store.last(conn)
    if last is None:
        return False
    head = heads.sign(signed.key, *last, now)
    await asyncio.to_thread(heads.write, signed.file, head)
    _log.info("audit head seq=%d hash=%s", head.seq, head.hash)
    return True
