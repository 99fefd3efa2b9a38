"""What each kind of alarm means for an incident: its family, its first priority, whether it may be confirmed.

One home has at most one open incident of a family, so a pendant pressed after a fall joins the fall. Sources:
"D" marks a default of this project, shaped by telecare practice, to be confirmed by the care provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cloud.incidents.model import Priority
from firmware_protocols.model import PRIORITY, Alarm, AlarmKind


class Family(StrEnum):
    """What merges: alarms of one family at one home speak of the same trouble. ``WORKER`` is no alarm of the
    home: somebody who was sent there calls for themselves (``worker``).
    """

    PERSON = "person"
    HAZARD = "hazard"
    WATER = "water"
    DWELLING = "dwelling"
    DEVICE = "device"
    AREA = "area"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class KindSpec:
    """``confirmable``: whether the resident's cancel window is honoured; smoke has none. ``graded``: whether
    an alarm may say its own priority, because the kind ranges from a call for help to a note for the doctor.
    """

    family: Family
    priority: Priority
    confirmable: bool
    graded: bool = False


KINDS: Final[Mapping[AlarmKind, KindSpec]] = {
    AlarmKind.SOS: KindSpec(Family.PERSON, Priority.LIFE, confirmable=False),
    AlarmKind.FALL: KindSpec(Family.PERSON, Priority.LIFE, confirmable=True),
    AlarmKind.STILLNESS: KindSpec(Family.PERSON, Priority.URGENT, confirmable=True),
    AlarmKind.LONG_LIE: KindSpec(Family.PERSON, Priority.LIFE, confirmable=True, graded=True),
    AlarmKind.BED_EXIT: KindSpec(Family.PERSON, Priority.URGENT, confirmable=True),
    AlarmKind.NIGHT_DOOR: KindSpec(Family.PERSON, Priority.URGENT, confirmable=True),
    AlarmKind.WANDERING: KindSpec(Family.PERSON, Priority.URGENT, confirmable=True),
    AlarmKind.VISITOR: KindSpec(Family.PERSON, Priority.URGENT, confirmable=False),
    AlarmKind.MEDICINE: KindSpec(Family.PERSON, Priority.URGENT, confirmable=True, graded=True),
    AlarmKind.VITALS: KindSpec(Family.PERSON, Priority.URGENT, confirmable=False, graded=True),
    AlarmKind.ROUTINE: KindSpec(Family.PERSON, Priority.URGENT, confirmable=False, graded=True),
    AlarmKind.SMOKE: KindSpec(Family.HAZARD, Priority.LIFE, confirmable=False),
    AlarmKind.GAS: KindSpec(Family.HAZARD, Priority.LIFE, confirmable=False),
    AlarmKind.CARBON_MONOXIDE: KindSpec(Family.HAZARD, Priority.LIFE, confirmable=False),
    AlarmKind.STOVE: KindSpec(Family.HAZARD, Priority.URGENT, confirmable=True),
    AlarmKind.HEAT: KindSpec(Family.HAZARD, Priority.URGENT, confirmable=False),
    AlarmKind.ROOM_CLIMATE: KindSpec(Family.DWELLING, Priority.URGENT, confirmable=True, graded=True),
    AlarmKind.FLOOD: KindSpec(Family.WATER, Priority.URGENT, confirmable=False),
    AlarmKind.DEVICE_FAULT: KindSpec(Family.DEVICE, Priority.TODAY, confirmable=True),
    AlarmKind.SENSOR_SILENT: KindSpec(Family.DEVICE, Priority.TODAY, confirmable=True),
    AlarmKind.MAINS_LOST: KindSpec(Family.DEVICE, Priority.TODAY, confirmable=True),
    AlarmKind.TAMPER: KindSpec(Family.DEVICE, Priority.TODAY, confirmable=True),
    AlarmKind.NOT_WORN: KindSpec(Family.DEVICE, Priority.PLAN, confirmable=True),
    AlarmKind.BATTERY_LOW: KindSpec(Family.DEVICE, Priority.PLAN, confirmable=True, graded=True),
    AlarmKind.NOT_UP: KindSpec(Family.PERSON, Priority.URGENT, confirmable=False, graded=True),
    AlarmKind.NOT_RETURNED: KindSpec(Family.PERSON, Priority.URGENT, confirmable=False, graded=True),
    AlarmKind.BATHROOM_LONG: KindSpec(Family.PERSON, Priority.URGENT, confirmable=False),
    AlarmKind.NOT_EATING: KindSpec(Family.PERSON, Priority.TODAY, confirmable=False, graded=True),
    AlarmKind.NO_USUAL_USE: KindSpec(Family.PERSON, Priority.TODAY, confirmable=False),
    AlarmKind.GATEWAY_SILENT: KindSpec(Family.DEVICE, Priority.TODAY, confirmable=False, graded=True),
    AlarmKind.AREA_OUTAGE: KindSpec(Family.AREA, Priority.URGENT, confirmable=False),
}

TECHNICAL: Final = frozenset({Family.DEVICE, Family.AREA})
"""About equipment: over when the equipment says so."""
OF_OTHERS: Final = frozenset({Family.WORKER})
"""Not about whoever lives there: their care circle is neither asked nor told."""
LONGEST_CONFIRM: Final = timedelta(seconds=60)
"""D. A gateway asks for at most 20 s; one that asks for more than this is wrong and is not waited for."""
CANCEL_TRANSIT: Final = timedelta(seconds=2)
"""D. What a cancel pressed in the last moment may need to get here. A living gateway raises by itself."""


def priority_of(alarm: Alarm) -> Priority:
    """How fast ``alarm`` must be answered: what its evidence says, where the kind may and it is one."""
    spec, said = KINDS[alarm.kind], alarm.evidence.get(PRIORITY)
    if spec.graded and isinstance(said, int) and Priority.LIFE <= said <= Priority.PLAN:
        return Priority(said)
    return spec.priority


def confirm_until(observed_at: datetime, confirm_s: float, now: datetime) -> datetime:
    """When a suspected alarm is raised unless it is cancelled; never before ``now``.

    ``observed_at`` may be wrong by hours (a gateway's clock, an outage): the window is never longer than the
    one asked for, counted from ``now``.
    """
    window = min(timedelta(seconds=max(confirm_s, 0.0)), LONGEST_CONFIRM)
    return min(max(observed_at + window, now), now + window) + CANCEL_TRANSIT
