"""How long each kind of device may be silent before it counts as lost. What the plan says of a device goes
first.

A device that speaks only when somebody uses it (a cuff, an oximeter) has nothing to be missed by: it is left
unsupervised, and so is a pendant that sends no sign of life of its own once the plan says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from firmware_protocols.wire.plan import Supervision

_MAINS: Final = Supervision(expected_s=300, alarm_s=900)
"""Practice of telecare: mains sensors within 15 min, here after the third missed report."""
_BATTERY: Final = Supervision(expected_s=2_400, alarm_s=7_200)
"""Battery contacts within 2 h, after the third missed report."""
_SOS: Final = Supervision(expected_s=32_400, alarm_s=86_400)
"""Pendants say every 9 h that they live; a day without is an alarm."""
UNSUPERVISED: Final = Supervision(expected_s=0, alarm_s=0)

BY_HAND: Final = frozenset({"pulse_oximeter", "blood_pressure", "thermometer", "scale", "glucose_meter"})
"""Kinds of device that say something only while somebody uses them: a sign of life each time."""

SUPERVISION: Final[Mapping[str, Supervision]] = {
    "radar": _MAINS,
    "presence": _MAINS,
    "plug": _MAINS,
    "mains": _MAINS,
    "stove": _MAINS,
    "door": _BATTERY,
    "window": _BATTERY,
    "motion": _BATTERY,
    "bed": _BATTERY,
    "pill_box": _BATTERY,
    "climate": _BATTERY,
    "pendant": _SOS,
    "sos_button": _SOS,
    "cancel_button": _SOS,
    "visitor_button": _SOS,
    "smoke": _SOS,
    "gas": _SOS,
    "carbon_monoxide": _SOS,
    "water": _SOS,
    "wearable": UNSUPERVISED,
    "heart_rate": UNSUPERVISED,
    **dict.fromkeys(sorted(BY_HAND), UNSUPERVISED),
    "gas_valve": _SOS,
    "water_valve": _SOS,
    "other": UNSUPERVISED,
}
"""By kind of device (``settings.DeviceKind``). D."""
