"""How a home's batches arrived, by day: what was late, what came twice, what was refused. Pure.

What this is: the counts that one transaction adds to ``delivery_day``. What it is not: the ledger, which
proves that nothing is missing. A day is that of UTC+8, as in every other table of days here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Final

from msgspec import Struct

from cloud.ingest.model import Identity
from cloud.ingest.rows import Parcel
from firmware_protocols.wire.topics import Lane

_ZONE: Final = timezone(timedelta(hours=8))


class Counts(Struct, omit_defaults=True):
    """Of one home and lane: batches stored, records in them, how many of those were late and refused; batches
    of readings that came again (an alarm is sent twice each time, ``topics.qualities``).
    """

    home_id: int
    lane: Lane
    batches: int = 0
    records: int = 0
    late: int = 0
    refused: int = 0
    repeated: int = 0


def by_home(parcels: Iterable[Parcel], fresh: Collection[Identity]) -> list[Counts]:
    """Counts by home and lane, in one order of homes everywhere. What is not ``fresh`` was there already."""
    found: dict[tuple[int, Lane], Counts] = {}
    for parcel in parcels:
        identity = parcel.identity
        key = parcel.gateway.home_id, identity.lane
        counts = found.get(key) or found.setdefault(key, Counts(*key))
        if identity in fresh:
            counts.batches += 1
            counts.records += identity.n
            counts.late += parcel.late
            counts.refused += len(parcel.refused)
        else:
            counts.repeated += identity.lane is Lane.BULK
    return [found[key] for key in sorted(found)]


def day_of(now: datetime) -> date:
    """The day that ``now`` belongs to."""
    return now.astimezone(_ZONE).date()
