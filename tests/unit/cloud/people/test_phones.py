"""One form for a number, however it was written down."""

from __future__ import annotations

import pytest

from cloud.people.phones import mask, normal


@pytest.mark.parametrize(
    "written",
    [
        "13874512345",
        "138 7451 2345",
        "138-7451-2345",
        "+86 138 7451 2345",
        "+86-13874512345",
        "0086 13874512345",
        "86 13874512345",
        "013874512345",
        "１３８７４５１２３４５",
    ],
)
def test_a_mobile_number_is_found_however_it_was_written(written: str) -> None:
    assert normal(written) == "+8613874512345"


@pytest.mark.parametrize(
    "written",
    ["0745-2712345", "(0745) 271 2345", "+86 745 2712345", "+86 (0)745 2712345", "0086 0745 2712345"],
)
def test_a_landline_keeps_its_area_code_and_loses_its_zero(written: str) -> None:
    assert normal(written) == "+867452712345"


@pytest.mark.parametrize("hotline", ["110", "119", "120", "122", "12345", "2712345"])
def test_a_hotline_or_a_number_without_its_area_is_left_alone(hotline: str) -> None:
    assert normal(hotline) == hotline


@pytest.mark.parametrize("first", range(10))
def test_a_mobile_number_begins_with_13_to_19(first: int) -> None:
    number = f"1{first}874512345"
    assert normal(number) == ("+86" + number if first >= 3 else number)


@pytest.mark.parametrize("written", ["+852 9123 4567", "00852-91234567"])
def test_a_number_of_another_country_keeps_its_country(written: str) -> None:
    assert normal(written) == "+85291234567"


def test_normal_twice_is_normal_once() -> None:
    for written in ("13874512345", "0745-2712345", "00852 91234567", "110"):
        assert normal(normal(written)) == normal(written)


def test_a_mask_shows_four_digits_of_a_long_number_and_none_of_a_short_one() -> None:
    assert (mask("+8613874512345"), mask("12345678"), mask("110"), mask("")) == (
        "**********2345", "********", "***", "",
    )  # fmt: skip
