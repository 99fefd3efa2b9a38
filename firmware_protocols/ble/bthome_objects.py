"""The objects of BTHome v2: how long each is and what number its bytes hold (https://bthome.io/format).

What this is: the whole catalogue, also of objects that mean nothing to us, because the length of one tells
where the next begins. What it is not: what an object means (``bthome.MEANINGS``). A test compares it with the
catalogue of ``bthome_ble``, so that we learn of objects that are added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Kind(Enum):
    """What the bytes of an object are; numbers are little-endian."""

    UNSIGNED = auto()
    SIGNED = auto()
    OTHER = auto()
    """Times and versions, of fixed length."""
    PREFIXED = auto()
    """A byte says how many follow."""
    COMMAND = auto()
    """An opcode, whose low bits say how many bytes of arguments follow."""


@dataclass(frozen=True, slots=True)
class Form:
    """``size`` in bytes, of those of fixed length; ``factor``: what one step of the number is in its unit."""

    kind: Kind
    size: int = 1
    factor: float = 1

    @property
    def is_number(self) -> bool:
        return self.kind in {Kind.UNSIGNED, Kind.SIGNED}


_FORMS: Final[Mapping[Form, str]] = {
    Form(Kind.UNSIGNED): (
        "00 01 09 0F 10 11 15 16 17 18 19 1A 1B 1C 1D 1E 1F 20 21 22 23 24 25 26 27 28 29 2A 2B 2C 2D 2E 2F"
        " 3A 60 64 65"
    ),
    Form(Kind.UNSIGNED, 1, 0.1): "46",
    Form(Kind.UNSIGNED, 2): "0D 0E 12 13 3C 3D 40 48 56 61",
    Form(Kind.UNSIGNED, 2, 0.1): "41 47 4A 5F",
    Form(Kind.UNSIGNED, 2, 0.01): "03 06 07 14 44 5E",
    Form(Kind.UNSIGNED, 2, 0.001): "0C 43 49 51 52",
    Form(Kind.UNSIGNED, 3, 0.01): "04 05 0B",
    Form(Kind.UNSIGNED, 3, 0.001): "0A 42 4B",
    Form(Kind.UNSIGNED, 4): "3E",
    Form(Kind.UNSIGNED, 4, 0.001): "4C 4D 4E 4F 55",
    Form(Kind.SIGNED): "57 59",
    Form(Kind.SIGNED, 1, 0.35): "58",
    Form(Kind.SIGNED, 2): "5A",
    Form(Kind.SIGNED, 2, 0.1): "3F 45",
    Form(Kind.SIGNED, 2, 0.01): "02 08",
    Form(Kind.SIGNED, 2, 0.001): "5D",
    Form(Kind.SIGNED, 4): "5B",
    Form(Kind.SIGNED, 4, 0.01): "5C",
    Form(Kind.SIGNED, 4, 1e-6): "62 63",
    Form(Kind.OTHER, 2): "F0",
    Form(Kind.OTHER, 3): "F2",
    Form(Kind.OTHER, 4): "50 F1",
    Form(Kind.PREFIXED): "53 54",
    Form(Kind.COMMAND): "3B",
}


def _objects() -> Iterator[tuple[int, Form]]:
    for form, ids in _FORMS.items():
        yield from ((object_id, form) for object_id in bytes.fromhex(ids))


OBJECTS: Final[Mapping[int, Form]] = dict(_objects())
"""Object id to the form of its bytes."""

PRESSES: Final[Mapping[str, int]] = {
    "press": 0x01,
    "double_press": 0x02,
    "triple_press": 0x03,
    "long_press": 0x04,
    "long_double_press": 0x05,
    "long_triple_press": 0x06,
    "hold_press": 0x80,
    "hold_release": 0x81,
}
"""What can be done with a button, to its code; code 0 is "none"."""
