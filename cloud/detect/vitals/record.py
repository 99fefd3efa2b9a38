"""What a named clinician has decided for one home: SpO2 scale 2, oxygen, limits.

What this is: the writes, each with the clinician's name, and an entry in the audit trail. What it is not:
advice; whoever sets them signs for them. The one idea: a limit that is replaced is ended and kept, so that an
alarm of last month can still be explained.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cloud import trail
from cloud.db import Connection, Queries
from cloud.detect.vitals.gate import WATCHED
from cloud.trail import Entry
from firmware_protocols.model import Quantity

ACTION: Final = "setVitalRecord"
"""Its name in the audit trail."""
_SQL: Final = Queries(__package__ or "", "record.sql")


class RecordError(ValueError):
    """It cannot be set so; ``str()`` says why and what to do."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A limit to be set: at or below ``low``, at or above ``high`` is outside; neither: it ends."""

    quantity: Quantity
    low: float | None
    high: float | None


def limit(text: str) -> Wanted:
    """Read ``QUANTITY:LOW:HIGH``, e.g. ``spo2:86:`` or ``systolic:95:175``; ``spo2::`` ends it.

    Raises:
        RecordError: the quantity is not watched, or the numbers are not limits of it.
    """
    name, *ends = text.split(":")
    if name not in WATCHED or len(ends) != len(("low", "high")):
        raise RecordError(f"{text!r}: write QUANTITY:LOW:HIGH with one of {', '.join(sorted(WATCHED))}")
    quantity = Quantity(name)
    low, high = (_end(quantity, end) for end in ends)
    if low is not None and high is not None and low >= high:
        raise RecordError(f"{text!r}: low must be below high")
    return Wanted(quantity, low, high)


def _end(quantity: Quantity, text: str) -> float | None:
    least, most = WATCHED[quantity]
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise RecordError(f"{text!r}: {quantity} has limits of {least:g}-{most:g} {quantity.unit}")
    return value


async def set_record(
    conn: Connection, home_id: int, by: str, now: datetime, *, scale2: bool, oxygen: bool | None
) -> None:
    """``by`` decides on scale 2, and says whether extra oxygen is breathed (``None``: not known)."""
    values = {"home_id": home_id, "scale2": scale2, "oxygen": oxygen, "by": _named(by), "now": now}
    await conn.execute(_SQL["put_record"], values)
    await conn.execute(_SQL["look_again"], {"home_id": home_id, "now": now})


async def set_limit(conn: Connection, home_id: int, by: str, now: datetime, wanted: Wanted) -> None:
    """``by`` sets the limit of a quantity in place of the one before, or ends it."""
    values = {"home_id": home_id, "quantity": wanted.quantity.number, "by": _named(by), "now": now}
    await conn.execute(_SQL["end_limit"], values)
    if wanted.low is not None or wanted.high is not None:
        await conn.execute(_SQL["add_limit"], values | {"low": wanted.low, "high": wanted.high})
    await conn.execute(_SQL["look_again"], {"home_id": home_id, "now": now})


async def note(conn: Connection, tenant_id: int, home_id: int, now: datetime) -> None:
    """That it was changed, for the audit trail; no value."""
    await trail.append(conn, Entry(now, tenant_id, "console", ACTION, homes=(home_id,)))


def _named(by: str) -> str:
    if not by.strip():
        raise RecordError("say who decides: --by with the clinician's name")
    return by.strip()
