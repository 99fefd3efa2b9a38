"""How a home's batches arrived, by day: what was late, what came twice, what was refused. Pure.

What this is: the counts that one transaction adds to ``delivery_day``. What it is not: the ledger, which
proves that nothing is missing. A day is that of UTC+8, as in every other table of days here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Final, NamedTuple

from cloud.ingest.model import Identity
from cloud.ingest.rows import Parcel
from firmware_protocols.wire.topics import Lane

_ZONE: Final = timezone(timedelta(hours=8))


class Counts(NamedTuple):
    """Batches stored, records in them, how many of those were late and refused; batches of readings that came
    again (an alarm is sent twice each time, ``topics.qualities``).
    """

    batches: int = 0
    records: int = 0
    late: int = 0
    refused: int = 0
    repeated: int = 0


def by_home(parcels: Iterable[Parcel], fresh: Collection[Identity]) -> dict[tuple[int, str], Counts]:
    """Counts by home and lane, in one order of homes everywhere. What is not ``fresh`` was there already."""
    sums: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0] * len(Counts._fields))
    for parcel in parcels:
        identity = parcel.identity
        new = Counts(1, identity.n, parcel.late, len(parcel.refused))
        added = new if identity in fresh else Counts(repeated=int(identity.lane is Lane.BULK))
        row = sums[parcel.gateway.home_id, identity.lane.value]
        row[:] = map(sum, zip(row, added, strict=True))
    return {key: Counts(*sums[key]) for key in sorted(sums)}


def day_of(now: datetime) -> date:
    """The day that ``now`` belongs to."""
    return now.astimezone(_ZONE).date()
