"""Bounds a transaction: the scope becomes settings that end with it, and row security reads them.

The one idea: nothing set means nothing visible, so a forgotten call shows an empty screen, never a stranger.
"""

from __future__ import annotations

from typing import Protocol

from cloud.db.pool import Connection


class Bounds(Protocol):
    """What ``cloud.auth.Scope`` says to the database."""

    @property
    def settings(self) -> dict[str, str]:
        """Names and values of the settings."""


async def narrow(conn: Connection, bounds: Bounds | None) -> None:
    """Bound the rest of the open transaction of ``conn``; ``None`` leaves it without any resident."""
    if bounds is None:
        return
    names, values = zip(*bounds.settings.items(), strict=True)
    await conn.execute(
        "select set_config(name, value, true) from unnest(%s::text[], %s::text[]) as given (name, value)",
        [list(names), list(values)],
    )
