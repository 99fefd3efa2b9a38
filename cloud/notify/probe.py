"""Each channel is tried every hour at an address of our own, and its silence is told by the others.

What this is: the worker's loop over ``channel_probe``. What it is not: a message about anybody; it goes to a
telephone or a mailbox of whoever runs the cloud (``notify.probes``). The one idea: a way that is needed at
three in the morning is used every hour, so that its silence is noticed by day; a provider that accepts and
delivers nothing is as silent as one that is down.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from cloud.db import Connection, Pool, Queries
from cloud.metrics import SILENT_CHANNEL
from cloud.notify import wording
from cloud.notify.model import Notifier, NotifyError, Outgoing, Receipt
from cloud.settings import ConfigError

EVERY: Final = timedelta(hours=1)
WORD_WITHIN: Final = timedelta(minutes=10)
"""For a provider's word that it was delivered. D: carriers are slow at New Year."""
AGAIN: Final = timedelta(minutes=5)
"""After a try that failed; the second failure in a row is silence."""
REMIND: Final = timedelta(hours=6)
"""How often a silent channel is told again. D."""
LEASE: Final = timedelta(seconds=60)

_SQL: Final = Queries(__package__, "probe.sql")
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Prober:
    """``addresses``: where each channel is tried. ``enrolled``: the table knows them."""

    pool: Pool
    notifiers: Mapping[str, Notifier]
    addresses: Mapping[str, str]
    enrolled: bool = field(default=False)

    async def due(self, conn: Connection, now: datetime, skip: Sequence[int], limit: int) -> list[int]:
        """Channels to try, or to ask after."""
        if not self.addresses:
            return []
        asked = {"now": now, "skip": list(skip), "limit": limit, "channels": list(self.addresses)}
        if not self.enrolled:
            await conn.execute(_SQL["enrol"], asked)
            self.enrolled = True
        return [row["id"] for row in await (await conn.execute(_SQL["due_probes"], asked)).fetchall()]

    async def work(self, probe_id: int, now: datetime) -> bool:
        """Try one, or give up on the last try; ``False`` when another worker is at it."""
        async with self.pool.connection() as conn:
            taken = {"id": probe_id, "now": now, "lease": now + LEASE}
            row = await (await conn.execute(_SQL["take_up"], taken)).fetchone()
        if row is None:
            return False
        SILENT_CHANNEL.labels(row["channel"]).set(row["silent_since"] is not None)
        if row["waits"]:
            await self._silent(row, now, "no word of its delivery")
        elif _came_through(row) and now < row["sent_at"] + EVERY:
            async with self.pool.connection() as conn:
                await conn.execute(_SQL["rest"], {"id": probe_id, "due_at": row["sent_at"] + EVERY})
        else:
            await self._tried(row, now)
        return True

    async def _tried(self, row: Mapping[str, Any], now: datetime) -> None:
        try:
            receipt = await self._try(row["channel"], now)
        except NotifyError as error:
            await self._failed(row, now, error.reason)
        else:
            await self._sent(row, now, receipt)

    async def _try(self, channel: str, now: datetime) -> Receipt:
        notifier = self.notifiers.get(channel)
        if notifier is None:
            raise NotifyError(f"no channel {channel} here", permanent=True)
        said = {"time": f"{now:%H:%M}"}
        title, body = wording.render("probe", wording.DEFAULT, said)
        return await notifier.deliver(
            Outgoing(self.addresses[channel], "probe", title, body, said, priority=5)
        )

    async def _sent(self, row: Mapping[str, Any], now: datetime, receipt: Receipt) -> None:
        """Where nobody tells of the delivery, the acceptance is all that can be known."""
        due_at = now + (WORD_WITHIN if receipt.followed else EVERY)
        taken = {"provider": receipt.provider, "reference": receipt.reference, "waits": receipt.followed}
        async with self.pool.connection() as conn:
            await conn.execute(_SQL["sent"], {"id": row["id"], "now": now, "due_at": due_at, **taken})
            if not receipt.followed:
                await conn.execute(_SQL["heard"], {"id": row["id"], "now": now, "due_at": due_at})
        if not receipt.followed:
            _speaks(row)

    async def _failed(self, row: Mapping[str, Any], now: datetime, reason: str) -> None:
        """The first failure is looked at once more; the second is silence."""
        last = row["sent_at"]
        if row["silent_since"] or (last is not None and now - last <= 2 * AGAIN):
            await self._silent(row, now, reason)
            return
        nobody = {"provider": "", "reference": "", "waits": False}
        async with self.pool.connection() as conn:
            await conn.execute(_SQL["sent"], {"id": row["id"], "now": now, "due_at": now + AGAIN, **nobody})

    async def _silent(self, row: Mapping[str, Any], now: datetime, reason: str) -> None:
        channel, since = row["channel"], row["silent_since"] or now
        tell = row["told_at"] is None or now - row["told_at"] >= REMIND
        if row["silent_since"] is None:
            _log.error("channel is silent channel=%s reason=%s", channel, reason)
        SILENT_CHANNEL.labels(channel).set(1)
        async with self.pool.connection() as conn, conn.transaction():
            if tell:
                heard = row["heard_at"] or since
                await conn.execute(_SQL["tell_duty"], {"channel": channel, "since": heard, "now": now})
            written = {"id": row["id"], "now": now, "due_at": now + AGAIN, "tell": tell}
            await conn.execute(_SQL["silent"], written)


def _came_through(row: Mapping[str, Any]) -> bool:
    """The provider's word of the last try is in."""
    heard, sent = row["heard_at"], row["sent_at"]
    return heard is not None and sent is not None and heard >= sent


def _speaks(row: Mapping[str, Any]) -> None:
    SILENT_CHANNEL.labels(row["channel"]).set(0)
    if row["silent_since"] is not None:
        _log.warning("channel speaks again channel=%s", row["channel"])


async def word(conn: Connection, provider: str, reference: str, now: datetime) -> bool:
    """A provider's word that a try came through; false: it is none of ours."""
    about = {"provider": provider, "reference": reference, "now": now}
    return bool((await conn.execute(_SQL["word"], about)).rowcount)


def by_channel(addresses: Sequence[str], notifiers: Mapping[str, Notifier]) -> dict[str, str]:
    """Each address under its scheme.

    Raises:
        ConfigError: a scheme twice, or one that is not configured.
    """
    found: dict[str, str] = {}
    for address in addresses:
        scheme = address.partition(":")[0]
        if scheme not in notifiers:
            raise ConfigError(f"notify.probes: no channel {scheme} is configured")
        if scheme in found:
            raise ConfigError(f"notify.probes: {scheme} twice; one address for each channel")
        found[scheme] = address
    return found
