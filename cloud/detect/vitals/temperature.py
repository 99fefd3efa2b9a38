"""Fever in older adults, who are often ill below 38 °C.

Source: High et al., IDSA guideline for fever in older adult residents of long-term care facilities, Clinical
Infectious Diseases 48:149, 2009: one oral temperature above 37.8 °C, or repeated ones above 37.2 °C, or a
rise of more than 1.1 °C over the person's own baseline. What this is: these three, the gravest that holds.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from cloud.detect.vitals.model import Finding, Rule
from cloud.detect.vitals.personal import LEAST_D, WEEKS_D
from cloud.detect.vitals.view import View
from firmware_protocols.model import Quantity

HIGH_CEL: Final = 39.1
"""The highest band of NEWS2."""
SINGLE_CEL: Final = 37.8
REPEATED_CEL: Final = 37.2
RISE_CEL: Final = 1.1
_APART: Final = timedelta(hours=4)
_WITHIN: Final = timedelta(hours=48)
"""Repeated: so far apart at the least and at the most, and nothing lower between. D."""


def fever(seen: View) -> Iterator[Finding]:
    """At most one finding."""
    newest = seen.current(Quantity.BODY_TEMPERATURE)
    if newest is None:
        return
    at_once = {Rule.FEVER_HIGH: newest.value >= HIGH_CEL, Rule.FEVER: newest.value > SINGLE_CEL}
    rule = next((rule for rule, holds in at_once.items() if holds), None)
    limits = {Rule.FEVER_HIGH: HIGH_CEL, Rule.FEVER: SINGLE_CEL}
    if rule is not None:
        yield Finding(rule, newest.quantity, {"value": newest.value, "limit": limits[rule]}, (newest,))
        return
    yield from _slower(seen)


def _slower(seen: View) -> Iterator[Finding]:
    """What only earlier measurements show."""
    newest, *earlier = seen.measured[Quantity.BODY_TEMPERATURE]
    above = [newest]
    for one in earlier:
        if one.value <= REPEATED_CEL or newest.at - one.at > _WITHIN:
            break
        above.append(one)
    if newest.value > REPEATED_CEL and newest.at - above[-1].at >= _APART:
        numbers = {"value": newest.value, "limit": REPEATED_CEL, "times": len(above)}
        yield Finding(Rule.FEVER_REPEATED, newest.quantity, numbers, tuple(above))
        return
    days = seen.past(newest.quantity, WEEKS_D, 1)
    if len(days) >= LEAST_D and newest.value - (own := statistics.median(days)) > RISE_CEL:
        numbers = {"value": newest.value, "usual": round(own, 1), "change": round(newest.value - own, 1)}
        yield Finding(Rule.FEVER_RISE, newest.quantity, numbers, (newest,))
