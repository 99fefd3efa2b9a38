"""The rules over a home that the cloud judges, one line each, by their number in the care domain's table.
Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from cloud.detect.rules.device_days import CARRIED
from cloud.detect.rules.model import INDOORS, WATCHING, WHEREABOUTS, RuleSpec
from cloud.detect.rules.sensors import dumb, restless
from cloud.detect.rules.still import still
from cloud.detect.rules.worn import not_worn
from firmware_protocols.model import AlarmKind, Quantity

_EVERYWHERE: Final = WATCHING | {"door"}

RULES: Final[tuple[RuleSpec, ...]] = (
    RuleSpec(
        3,
        "no_movement",
        AlarmKind.STILLNESS,
        still,
        cool_down=timedelta(hours=1),
        needs=(INDOORS,),
        gate=_EVERYWHERE,
        rests_on=WHEREABOUTS,
    ),
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
