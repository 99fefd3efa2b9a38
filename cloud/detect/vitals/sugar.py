"""Blood glucose: too little is answered within minutes, too much within the day.

Sources: below 3.9 mmol/L is hypoglycaemia, below 3.0 a person may soon not be able to help themselves; both
are treated with sugar and measured again after 15 minutes (American Diabetes Association, Standards of Care
in Diabetes, levels 1 and 2). Above 16.7 mmol/L ketones are looked for (Chinese guideline for type 2 diabetes,
2020). Figures marked D are defaults of this project; a named clinician's limits for a person go first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloud.detect.vitals.model import Finding, Limit, Number, Rule
from cloud.detect.vitals.personal import crossed, twice
from cloud.detect.vitals.view import View
from firmware_protocols.model import Quantity

VERY_LOW_MMOL_L: Final = 3.0
LOW_MMOL_L: Final = 3.9
HIGH_MMOL_L: Final = 16.7
VERY_HIGH_MMOL_L: Final = 33.3
"""What meters show as "HI". D."""

_STEPS: Final = (
    (Rule.SUGAR_VERY_LOW, Limit(VERY_LOW_MMOL_L, None, ""), True),
    (Rule.SUGAR_LOW, Limit(LOW_MMOL_L, None, ""), False),
    (Rule.SUGAR_VERY_HIGH, Limit(None, VERY_HIGH_MMOL_L, ""), True),
    (Rule.SUGAR_HIGH, Limit(None, HIGH_MMOL_L, ""), False),
)
"""Rule, its limit, and whether one drop of blood is enough."""


def sugar(seen: View) -> Iterator[Finding]:
    """The gravest that holds of the newest measurement."""
    newest = seen.current(Quantity.GLUCOSE)
    if newest is None or Quantity.GLUCOSE in seen.person.limits:
        return
    for rule, bounds, at_once in _STEPS:
        limit = crossed(bounds, newest.value)
        if limit is not None:
            numbers: dict[str, Number] = {"value": newest.value, "limit": limit}
            yield twice(seen, rule, newest, bounds, numbers, at_once=at_once)
            return
