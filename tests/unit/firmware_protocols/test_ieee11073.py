"""Medical floats: the published examples, and that no special value is ever a number."""

from __future__ import annotations

import pytest

from firmware_protocols.ble.ieee11073 import (
    QUALITIES,
    Special,
    decode_float,
    decode_sfloat,
    encode_float,
    encode_sfloat,
)

# Examples of HL7/phd, MderFLOATsandSFLOATs.md, and of the Health Thermometer specification; recomputed.
SFLOATS = [(0xF014, 2.0), (0xE0C8, 2.0), (0x1002, 20.0), (0x2002, 200.0), (0x04D2, 1234.0), (0x0B2E, -1234.0)]
FLOATS = [(0xFF000014, 2.0), (0x00FFFB2E, -1234.0), (0xFF00016C, 36.4), (0xFE000D97, 34.79)]
SPECIAL_SFLOATS = [
    (0x07FF, Special.NAN),
    (0x0800, Special.NOT_AT_THIS_RESOLUTION),
    (0x07FE, Special.POSITIVE_INFINITY),
    (0x0802, Special.NEGATIVE_INFINITY),
    (0x0801, Special.RESERVED),
]
SPECIAL_FLOATS = [
    (0x007FFFFF, Special.NAN),
    (0x00800000, Special.NOT_AT_THIS_RESOLUTION),
    (0x007FFFFE, Special.POSITIVE_INFINITY),
    (0x00800002, Special.NEGATIVE_INFINITY),
    (0x00800001, Special.RESERVED),
]


@pytest.mark.parametrize(("raw", "value"), SFLOATS)
def test_an_sfloat_is_exactly_its_decimal(raw: int, value: float) -> None:
    assert decode_sfloat(raw) == value


@pytest.mark.parametrize(("raw", "value"), FLOATS)
def test_a_float_is_exactly_its_decimal(raw: int, value: float) -> None:
    assert decode_float(raw) == value


@pytest.mark.parametrize(("raw", "special"), SPECIAL_SFLOATS)
def test_a_special_sfloat_is_no_number(raw: int, special: Special) -> None:
    assert decode_sfloat(raw) is special
    assert encode_sfloat(special) == raw


@pytest.mark.parametrize(("raw", "special"), SPECIAL_FLOATS)
def test_a_special_float_is_no_number(raw: int, special: Special) -> None:
    assert decode_float(raw) is special
    assert encode_float(special) == raw


def test_a_reserved_mantissa_is_no_number_behind_any_exponent() -> None:
    assert all(decode_sfloat(exponent << 12 | 0x7FF) is Special.NAN for exponent in range(16))


def test_every_special_value_has_a_quality() -> None:
    assert set(QUALITIES) == set(Special)


@pytest.mark.parametrize(("value", "raw"), [(97.0, 0x0061), (100.0, 0x0064), (36.4, 0xF16C), (0.0, 0x0000)])
def test_a_number_is_written_the_way_devices_write_it(value: float, raw: int) -> None:
    assert encode_sfloat(value) == raw


@pytest.mark.parametrize("value", [1234.5, 1e11, 1e-9, 2046.0, float("nan"), float("inf")])
def test_a_number_that_does_not_fit_is_refused_not_rounded(value: float) -> None:
    with pytest.raises(ValueError, match=r"fit|Special"):
        encode_sfloat(value)
