"""``attach_or_open`` that leaves spans: one for the hook, and the trace's root when it opened the incident.

Put in the hook's place only where traces are wanted, so that without them nothing is asked or compared.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final

from cloud import trace
from cloud.db import Connection
from cloud.incidents import rows
from cloud.incidents.store import attach_or_open as untraced
from cloud.ingest.model import StoredAlarm

ROOT: Final = "alarm"
_NS: Final = 1_000_000_000


async def attach_or_open(conn: Connection, alarm: StoredAlarm, now: datetime) -> None:
    """As ``store.attach_or_open``. The root span begins at ``now``, when ingest took the alarm up."""
    began_ns = time.time_ns()
    await untraced(conn, alarm, now)
    key = {"home_id": alarm.home_id, "alarm_id": alarm.alarm.id}
    found = await rows.maybe(conn, "opened_by_alarm", now=now, **key)
    if found is None:
        return
    if found["opened"]:
        facts: trace.Facts = {"kind": found["kind"], "priority": found["priority"]}
        trace.record(ROOT, found["id"], int(now.timestamp() * _NS), root=True, **facts)
    trace.record("incident.attach", found["id"], began_ns, kind=alarm.alarm.kind.value)
