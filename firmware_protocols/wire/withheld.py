"""What a home's gateway may not collect, because the person who lives there does not allow it (any more).

What this is: the part ``withheld`` of a plan, and the one question that home and cloud both put to it. What
it is not: the reason; purposes and consents stay in the cloud (``cloud.consent``), the gateway learns only
what to leave alone. The one idea: a call for help, a fall, smoke, gas, carbon monoxide and water are never
withheld, whatever a plan says: a device that the person keeps in the home keeps that promise.

Names are plain text: one that this program does not know names something that it cannot collect.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from firmware_protocols.model import Event, EventKind, Observation, Quantity, Reading

SAFETY: Final = frozenset(
    {
        Quantity.SMOKE,
        Quantity.GAS,
        Quantity.CARBON_MONOXIDE,
        Quantity.CO_CONCENTRATION,
        Quantity.MOISTURE,
        Quantity.FALL_STATE,
        EventKind.BUTTON,
        EventKind.FALL_SUSPECTED,
        EventKind.ALL_WELL,
    }
)
"""What nobody can withhold: the signs that somebody is in danger now, and the answer that all is well."""

_Name = Annotated[str, Meta(min_length=1, max_length=48)]
_Names = Annotated[tuple[_Name, ...], Meta(max_length=100)]


class Withheld(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """``kinds``: devices of which nothing is taken; ``quantities`` and ``events``: of any device."""

    kinds: _Names = ()
    quantities: _Names = ()
    events: _Names = ()

    def hides(self, observation: Observation, kind: str) -> bool:
        """Whether ``observation`` of a device of ``kind`` may not be taken. A window of motion tells of
        nothing but a fall and is never stored.
        """
        match observation:
            case Reading(quantity=quantity):
                return quantity not in SAFETY and (kind in self.kinds or quantity in self.quantities)
            case Event(kind=what):
                return what not in SAFETY and (kind in self.kinds or what in self.events)
        return False

    @property
    def names(self) -> frozenset[str]:
        """Everything named, of whatever sort."""
        return frozenset((*self.kinds, *self.quantities, *self.events))


NOTHING: Final = Withheld()
"""Everything may be collected."""
