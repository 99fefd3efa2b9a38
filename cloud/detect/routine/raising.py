"""From a finding to an alarm: its evidence, and the device it is of.

What this is: the last step. What it is not: whether to tell (``follow``, ``look``). The one idea: an alarm of
the cloud goes the way of a gateway's, so one trouble stays one incident of the home.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from cloud.db import Connection
from cloud.detect.routine import store
from cloud.detect.routine.findings import Finding
from cloud.detect.routine.sensors import Sensor
from cloud.incidents.store import attach_or_open
from cloud.ingest import alarms
from cloud.ingest.model import Gateway
from cloud.ingest.rows import Device
from cloud.series.signs import SIGNS, Quarter
from firmware_protocols.model import PRIORITY, Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, GatewayId

_MOST_ROWS: Final = 12
"""Quarters of an hour that are kept of one finding: the last ones with a sign of somebody."""
_BACK: Final = timedelta(days=1)


async def tell(
    conn: Connection, home_id: int, sensors: Mapping[int, Sensor], finding: Finding, now: datetime
) -> None:
    """Keep what was found, and hand it to the incidents as an alarm of the sensor that spoke last of it."""
    signs = await _signs(conn, home_id, sensors, finding)
    named = [one.id for one in sensors.values() if one.place in finding.rests_on.places] or list(sensors)
    row = await store.source(conn, signs[-1].sensor if signs else named[0])
    evidence = _evidence(finding, signs)
    alarm_id = _alarm_id(home_id, finding)
    await store.add_finding(conn, home_id, finding, evidence, alarm_id, now)
    alarm = Alarm(
        alarm_id, AlarmKind.ROUTINE, AlarmState.RAISED, DeviceId(row["name"]), finding.onset, evidence
    )
    gateway = Gateway(
        GatewayId(row["gateway"]), row["shard"], row["home_id"], row["tenant_id"], row["revoked"]
    )
    device = Device(row["device_id"], row["room"], row["kind"])
    await alarms.store(conn, gateway, [(alarm, device)], attach_or_open, now, path="cloud")


async def _signs(
    conn: Connection, home_id: int, sensors: Mapping[int, Sensor], finding: Finding
) -> list[Quarter]:
    """The last quarters with a sign of somebody at the places that matter, up to the end of the finding."""
    places, since = finding.rests_on.places, finding.onset - _BACK
    devices = [one.id for one in sensors.values() if one.place in places]
    said = await store.said(conn, home_id, devices, since, finding.rests_on.until)
    told = (one for one in said.signs if one.quantity in SIGNS and one.high > 0)
    return sorted(told, key=lambda one: one.slot)[-_MOST_ROWS:]


def _evidence(finding: Finding, signs: list[Quarter]) -> dict[str, Any]:
    """What an incident shows: the sentence's key, its numbers, and the rows it rests on."""
    rests_on = finding.rests_on
    first = finding.onset - _BACK
    return {
        PRIORITY: finding.priority,
        "finding": finding.sentence,
        "numbers": dict(finding.numbers),
        "weighed": dict(finding.weighed),
        "rests_on": {
            "places": [place.name.lower() for place in rests_on.places],
            "since": rests_on.since.isoformat(),
            "until": rests_on.until.isoformat(),
        },
        "rows": [
            {
                "device": one.sensor,
                "quantity": one.quantity.value,
                "at": (first + one.slot * timedelta(minutes=15)).isoformat(),
                "value": one.total,
            }
            for one in signs
        ],
    }


def _alarm_id(home_id: int, finding: Finding) -> AlarmId:
    """The same for the same finding, whoever makes it."""
    key = f"routine {home_id} {finding.kind} {finding.onset.isoformat()} {finding.priority}"
    return AlarmId(sha256(key.encode()).hexdigest()[:26].upper())
