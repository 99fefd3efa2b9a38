"""Which rules rest on what the person does not allow to be collected, and so must not judge.

What this is: a table, and the plan as the rules get it. What it is not: the dropping itself (``pipeline``).
The one idea: a rule that no longer sees a part of the home would take its silence for stillness, so it is
switched off and says so, instead of calling about nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from firmware_protocols.model import Quantity
from firmware_protocols.wire.plan import LIMITS, Plan

_WHEREABOUTS: Final = frozenset(
    {
        Quantity.MOTION,
        Quantity.PRESENCE,
        Quantity.OPENING,
        Quantity.IN_BED,
        Quantity.BODY_MOVEMENT,
        Quantity.HEIGHT,
        Quantity.VIBRATION,
        "motion",
        "presence",
        "radar",
        "bed",
        "door",
    }
)

RESTS_ON: Final[Mapping[str, frozenset[str]]] = {
    "long_lie": _WHEREABOUTS,
    "bed_exit": frozenset({Quantity.IN_BED, Quantity.MOTION, Quantity.PRESENCE, "bed"}),
    "night_door": frozenset({Quantity.OPENING, Quantity.MOTION, Quantity.PRESENCE, "door", "motion"}),
    "pacing": frozenset({Quantity.OPENING, "door"}),
    "stillness": _WHEREABOUTS,
    "stove": frozenset({Quantity.POWER, Quantity.MOTION, Quantity.PRESENCE, "stove", "motion", "presence"}),
    "medicine": frozenset({Quantity.OPENING, "pill_box"}),
    "vitals": frozenset(LIMITS),
}
"""Rule of ``Rules`` -> the quantities and kinds of device without which it would judge a home that it half
sees. Calls for help, falls and hazards are not among them: what they rest on is never withheld.
"""


def unarmed(plan: Plan) -> tuple[str, ...]:
    """The rules that are off in ``plan`` because of what is withheld, by name."""
    names = plan.withheld.names
    return tuple(rule for rule, needs in RESTS_ON.items() if needs & names)


def disarmed(plan: Plan) -> Plan:
    """``plan`` with those rules off."""
    off = unarmed(plan)
    if not off:
        return plan
    parts = {rule: msgspec.structs.replace(getattr(plan.rules, rule), armed=False) for rule in off}
    return msgspec.structs.replace(plan, rules=msgspec.structs.replace(plan.rules, **parts))
