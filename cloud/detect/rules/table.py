"""The rules over a home that the cloud judges, one line each, by number in the care domain's table. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from cloud.detect.rules.away import not_returned
from cloud.detect.rules.bathroom import bathroom_long
from cloud.detect.rules.bed import not_in_bed
from cloud.detect.rules.device_days import CARRIED
from cloud.detect.rules.meals import no_usual_use, not_eating
from cloud.detect.rules.model import INDOORS, WATCHING, WHEREABOUTS, RuleSpec
from cloud.detect.rules.sensors import dumb, restless
from cloud.detect.rules.silence import battery_low, home_silent
from cloud.detect.rules.still import still
from cloud.detect.rules.up import not_up
from cloud.detect.rules.worn import not_worn
from firmware_protocols.model import AlarmKind, Quantity

_EVERYWHERE: Final = WATCHING | {"door"}
_DOORS: Final = frozenset({"door"})
_BEDS: Final = frozenset({"bed"})
_PLUGS: Final = frozenset({"plug"})
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)

RULES: Final[tuple[RuleSpec, ...]] = (
    RuleSpec(3, "no_movement", AlarmKind.STILLNESS, still, _HOUR, (INDOORS,), _EVERYWHERE, WHEREABOUTS),
    RuleSpec(
        4, "not_up", AlarmKind.NOT_UP, not_up, 12 * _HOUR, (INDOORS | _PLUGS,), _EVERYWHERE, WHEREABOUTS
    ),
    RuleSpec(
        6,
        "not_returned",
        AlarmKind.NOT_RETURNED,
        not_returned,
        _HOUR,
        (_DOORS, INDOORS),
        _EVERYWHERE,
        WHEREABOUTS,
    ),
    RuleSpec(
        8,
        "bathroom_long",
        AlarmKind.BATHROOM_LONG,
        bathroom_long,
        _HOUR,
        (INDOORS,),
        _EVERYWHERE,
        WHEREABOUTS,
    ),
    RuleSpec(
        9,
        "not_in_bed",
        AlarmKind.BED_EXIT,
        not_in_bed,
        _HOUR,
        (_BEDS,),
        _BEDS,
        frozenset({Quantity.IN_BED, Quantity.MOTION, Quantity.PRESENCE, "bed"}),
    ),
    RuleSpec(
        12,
        "not_eating",
        AlarmKind.NOT_EATING,
        not_eating,
        _DAY,
        (INDOORS,),
        _EVERYWHERE | _PLUGS,
        WHEREABOUTS | {"plug", Quantity.POWER},
    ),
    RuleSpec(
        13,
        "no_usual_use",
        AlarmKind.NO_USUAL_USE,
        no_usual_use,
        _DAY,
        (_PLUGS,),
        _EVERYWHERE | _PLUGS,
        WHEREABOUTS | {"plug", Quantity.POWER},
    ),
    RuleSpec(26, "home_silent", AlarmKind.GATEWAY_SILENT, home_silent, timedelta(minutes=10), technical=True),
    RuleSpec(26, "battery_low", AlarmKind.BATTERY_LOW, battery_low, 7 * _DAY, technical=True),
    RuleSpec(
        27,
        "not_worn",
        AlarmKind.NOT_WORN,
        not_worn,
        cool_down=timedelta(days=7),
        needs=(CARRIED, INDOORS),
        rests_on=WHEREABOUTS | {Quantity.WORN},
        technical=True,
    ),
    RuleSpec(
        28,
        "sensor_dumb",
        AlarmKind.DEVICE_FAULT,
        dumb,
        cool_down=timedelta(days=3),
        needs=(WATCHING,),
        rests_on=WHEREABOUTS,
        technical=True,
    ),
    RuleSpec(
        28,
        "sensor_restless",
        AlarmKind.DEVICE_FAULT,
        restless,
        cool_down=timedelta(days=3),
        needs=(WATCHING,),
        rests_on=WHEREABOUTS,
        technical=True,
    ),
)
"""Cool-downs: D."""
