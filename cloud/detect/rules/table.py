"""The rules over a home that the cloud judges, one line each, by their number in the care domain's table.
Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from cloud.detect.rules.model import INDOORS, WATCHING, WHEREABOUTS, RuleSpec
from cloud.detect.rules.still import still
from firmware_protocols.model import AlarmKind

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
)
