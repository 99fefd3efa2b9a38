"""What a resident is asked for, purpose by purpose, and which data each purpose covers. Pure.

What this is: one table; screens, gateways, ingest, erasure and sharing all follow it. What it is not: who
said yes (``decide``). The one idea: data are held for exactly one purpose, so withdrawing that purpose says
which data go; what no purpose covers (calls for help, smoke, the state of the devices themselves) serves the
safety that the service is for and is collected as long as the device stands in the home (PIPL art. 13 (2) and
(4)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cloud.auth import Role
from firmware_protocols.model import AlarmKind, EventKind, Quantity
from firmware_protocols.supervision import BY_HAND
from firmware_protocols.wire.plan import LIMITS


class Purpose(StrEnum):
    """One thing to agree to, separately from every other (PIPL art. 14, 23, 29)."""

    MONITORING = "monitoring"
    VITALS = "vitals"
    LOCATION = "location"
    VOICE = "voice_recording"
    CAMERA = "camera"
    FAMILY = "family_sharing"
    DOCTOR = "doctor_sharing"
    GOVERNMENT = "government_sharing"
    RESEARCH = "research"


@dataclass(frozen=True, slots=True)
class PurposeSpec:
    """What a purpose covers and under which terms.

    ``kinds``: devices of which everything is held for it; ``quantities``, ``events``: of whatever device;
    ``alarms``: whose evidence is made of its data. ``readers``: roles that read under it. ``basis``: the
    law's other ground on which a call for help is answered without it, ``""`` where there is none.
    ``recipient``: whether consent must name who receives the data (PIPL art. 23). ``at_load``: what a
    resident who is enrolled is taken to have signed on paper.
    """

    kinds: frozenset[str] = frozenset()
    quantities: frozenset[Quantity] = frozenset()
    events: frozenset[EventKind] = frozenset()
    alarms: frozenset[AlarmKind] = frozenset()
    readers: frozenset[Role] = frozenset()
    basis: str = ""
    recipient: bool = False
    at_load: bool = False

    @property
    def collects(self) -> bool:
        """Whether data are collected for it; the others only share what is there."""
        return bool(self.kinds or self.quantities or self.events)


_CARE: Final = frozenset({Role.ADMIN, Role.OPERATOR, Role.CASEWORKER})
_LIFE: Final = "PIPL art. 13 (4): protecting life in an emergency"
_DUTY: Final = "PIPL art. 13 (3): a statutory duty, where one exists; it names the data and the office"

PURPOSES: Final[Mapping[Purpose, PurposeSpec]] = {
    Purpose.MONITORING: PurposeSpec(
        kinds=frozenset({"motion", "presence", "door", "window", "bed", "plug", "stove", "pill_box"}),
        quantities=frozenset(
            {
                Quantity.MOTION,
                Quantity.PRESENCE,
                Quantity.OPENING,
                Quantity.IN_BED,
                Quantity.VIBRATION,
                Quantity.BODY_MOVEMENT,
                Quantity.DISTANCE,
                Quantity.STILL_TIME,
                Quantity.TARGETS,
                Quantity.SPEED,
                Quantity.HEIGHT,
                Quantity.BED_LOAD,
                Quantity.POWER,
                Quantity.ILLUMINANCE,
                Quantity.ACCELERATION,
                Quantity.WORN,
                Quantity.ENERGY_EXPENDED,
            }
        ),
        events=frozenset({EventKind.LEFT_OPEN}),
        alarms=frozenset(
            {
                AlarmKind.STILLNESS,
                AlarmKind.LONG_LIE,
                AlarmKind.BED_EXIT,
                AlarmKind.NIGHT_DOOR,
                AlarmKind.ROUTINE,
                AlarmKind.WANDERING,
                AlarmKind.MEDICINE,
                AlarmKind.STOVE,
                AlarmKind.NOT_WORN,
                AlarmKind.NOT_UP,
                AlarmKind.NOT_RETURNED,
                AlarmKind.BATHROOM_LONG,
                AlarmKind.NOT_EATING,
                AlarmKind.NO_USUAL_USE,
            }
        ),
        readers=_CARE,
        basis=_LIFE,
        at_load=True,
    ),
    Purpose.VITALS: PurposeSpec(
        kinds=BY_HAND | {"heart_rate"},
        quantities=frozenset(
            {
                *LIMITS,
                Quantity.DIASTOLIC,
                Quantity.BODY_WEIGHT,
                Quantity.BODY_WATER,
                Quantity.MEAN_ARTERIAL_PRESSURE,
                Quantity.RR_INTERVAL,
                Quantity.PULSE_AMPLITUDE,
            }
        ),
        events=frozenset({EventKind.IRREGULAR_PULSE}),
        alarms=frozenset({AlarmKind.VITALS}),
        readers=_CARE,
        basis=_LIFE,
        at_load=True,
    ),
    Purpose.LOCATION: PurposeSpec(kinds=frozenset({"tracker"}), readers=_CARE, basis=_LIFE),
    Purpose.VOICE: PurposeSpec(kinds=frozenset({"microphone"}), readers=_CARE),
    Purpose.CAMERA: PurposeSpec(kinds=frozenset({"camera"}), readers=_CARE),
    Purpose.FAMILY: PurposeSpec(readers=frozenset({Role.FAMILY}), at_load=True),
    Purpose.DOCTOR: PurposeSpec(basis=_LIFE, recipient=True),
    Purpose.GOVERNMENT: PurposeSpec(basis=_DUTY, recipient=True),
    Purpose.RESEARCH: PurposeSpec(recipient=True),
}
"""Kinds are those of ``edge_agent.settings.DeviceKind``; tracker, microphone and camera are named before
there is a driver for one, so that none can be added without its consent. Temperature and humidity of a room,
battery and mains belong to the devices and the dwelling and are covered by none.
"""
