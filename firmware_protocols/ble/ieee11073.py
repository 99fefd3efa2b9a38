"""Medical decimal floats of IEEE 11073-20601: SFLOAT (16 bit) and FLOAT (32 bit).

A number is mantissa x 10^exponent, both two's complement, so 36.4 is exact as 364e-1. The one idea: the five
special values ("not a number", "not at this resolution", ...) are not numbers and never become one; they
come out as ``Special`` and turn into a reading without value.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Final

from firmware_protocols.model import Quality


class Special(Enum):
    """The values of the mantissa that stand for "no number" (IEEE 11073-20601, 6.3)."""

    POSITIVE_INFINITY = "+inf"
    NAN = "nan"
    NOT_AT_THIS_RESOLUTION = "nres"
    RESERVED = "reserved"
    NEGATIVE_INFINITY = "-inf"


QUALITIES: Final = {
    Special.POSITIVE_INFINITY: Quality.OUT_OF_RANGE,
    Special.NEGATIVE_INFINITY: Quality.OUT_OF_RANGE,
    Special.NAN: Quality.NO_VALUE,
    Special.NOT_AT_THIS_RESOLUTION: Quality.NO_VALUE,
    Special.RESERVED: Quality.NO_VALUE,
}
"""What a special value means for a reading."""


@dataclass(frozen=True, slots=True)
class _Width:
    """One of the two sizes; ``specials`` maps the whole raw word (exponent 0) to its meaning."""

    mantissa_bits: int
    exponent_bits: int
    specials: dict[int, Special]

    @property
    def size(self) -> int:
        return (self.mantissa_bits + self.exponent_bits) // 8

    @property
    def largest(self) -> int:
        """The largest mantissa that is a number: the five values around the sign change are special."""
        return (1 << (self.mantissa_bits - 1)) - 3

    @property
    def exponents(self) -> range:
        half = 1 << (self.exponent_bits - 1)
        return range(-half, half)


_SFLOAT: Final = _Width(
    mantissa_bits=12,
    exponent_bits=4,
    specials={
        0x07FE: Special.POSITIVE_INFINITY,
        0x07FF: Special.NAN,
        0x0800: Special.NOT_AT_THIS_RESOLUTION,
        0x0801: Special.RESERVED,
        0x0802: Special.NEGATIVE_INFINITY,
    },
)
_FLOAT: Final = _Width(
    mantissa_bits=24,
    exponent_bits=8,
    specials={
        0x007FFFFE: Special.POSITIVE_INFINITY,
        0x007FFFFF: Special.NAN,
        0x00800000: Special.NOT_AT_THIS_RESOLUTION,
        0x00800001: Special.RESERVED,
        0x00800002: Special.NEGATIVE_INFINITY,
    },
)

SFLOAT_SIZE: Final = _SFLOAT.size
FLOAT_SIZE: Final = _FLOAT.size


def decode_sfloat(raw: int) -> float | Special:
    """Return the value of the 16-bit word ``raw``."""
    return _decode(raw, _SFLOAT)


def decode_float(raw: int) -> float | Special:
    """Return the value of the 32-bit word ``raw``."""
    return _decode(raw, _FLOAT)


def encode_sfloat(value: float | Special) -> int:
    """Return the 16-bit word of ``value``, which may have three significant digits (four up to 2045).

    Raises:
        ValueError: ``value`` has more digits, or is outside the range.
    """
    return _encode(value, _SFLOAT)


def encode_float(value: float | Special) -> int:
    """Return the 32-bit word of ``value``, which may have six significant digits (seven up to 8388605).

    Raises:
        ValueError: ``value`` has more digits, or is outside the range.
    """
    return _encode(value, _FLOAT)


def _signed(raw: int, bits: int) -> int:
    return raw - (1 << bits) if raw >> (bits - 1) else raw


def _decode(raw: int, width: _Width) -> float | Special:
    mantissa_word = raw & ((1 << width.mantissa_bits) - 1)
    special = width.specials.get(mantissa_word)
    if special is not None:  # with any exponent: no number may hide behind a reserved mantissa
        return special
    mantissa = _signed(mantissa_word, width.mantissa_bits)
    exponent = _signed(raw >> width.mantissa_bits, width.exponent_bits)
    # Integer division rounds once; times 0.1 would round twice and turn 36.4 into 36.400000000000006.
    return float(mantissa * 10**exponent) if exponent >= 0 else mantissa / 10**-exponent


def _encode(value: float | Special, width: _Width) -> int:
    if isinstance(value, Special):
        return next(raw for raw, special in width.specials.items() if special is value)
    mantissa, exponent = _shortest(value)
    while exponent > 0 and abs(mantissa) * 10 <= width.largest:  # 100 as 100e0, the way devices write it
        mantissa, exponent = mantissa * 10, exponent - 1
    if abs(mantissa) > width.largest or exponent not in width.exponents:
        raise ValueError(f"{value!r} does not fit {width.size * 8} bits")
    exponent_word = exponent & ((1 << width.exponent_bits) - 1)
    return exponent_word << width.mantissa_bits | mantissa & ((1 << width.mantissa_bits) - 1)


def _shortest(value: float) -> tuple[int, int]:
    """Return (mantissa, exponent) of the shortest decimal that reads back as ``value``."""
    if not isfinite(value):
        raise ValueError(f"{value!r} is not a number; say which Special is meant")
    digits, _, exponent = f"{Decimal(repr(value)).normalize():E}".partition("E")
    whole, _, fraction = digits.partition(".")
    return int(whole + fraction), int(exponent) - len(fraction)
