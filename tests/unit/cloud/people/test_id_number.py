"""The citizen's number of GB 11643."""

from __future__ import annotations

import pytest

from cloud.people.id_number import BadIdNumber, check_digit, mask, normal

STANDARD = "11010519491231002X"
"""The example of the standard."""


def test_the_example_of_the_standard_is_right_and_its_small_x_becomes_large() -> None:
    assert normal(STANDARD) == normal(" 11010519491231002x ") == STANDARD


def test_an_old_number_gets_its_century_and_its_check_digit() -> None:
    assert normal("110105491231002") == STANDARD


def test_digits_of_full_width_are_the_same_number() -> None:
    assert normal("１１０１０５１９４９１２３１００２Ｘ") == STANDARD


def test_numbers_from_before_the_counties_were_renamed_are_taken() -> None:
    old_county = "43302219420315001"
    assert normal(old_county + check_digit(old_county)).startswith("433022")


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("110105194912310021", "check digit"),
        ("11010519491331002X", "date of birth"),
        ("11010519490229002X", "date of birth"),
        ("1101054912310021", "18 digits"),
        ("1101051949123100", "18 digits"),
        ("A10105194912310021", "18 digits"),
        ("０10105194912310021", "18 digits"),
    ],
)
def test_a_wrong_number_is_refused_and_not_repeated(number: str, rule: str) -> None:
    with pytest.raises(BadIdNumber, match=rule) as raised:
        normal(number)
    assert number not in str(raised.value)


def test_one_wrong_digit_or_two_swapped_ones_are_always_seen() -> None:
    for place in range(17):
        for digit in "0123456789":
            changed = STANDARD[:place] + digit + STANDARD[place + 1 :]
            if changed != STANDARD:
                with pytest.raises(BadIdNumber):
                    normal(changed)
    swapped = STANDARD[:13] + STANDARD[14] + STANDARD[13] + STANDARD[15:]
    with pytest.raises(BadIdNumber):
        normal(swapped)


def test_a_screen_shows_where_it_was_issued_and_its_end() -> None:
    assert mask("43302219420315002X") == "4330**********002X"
    assert mask("") == ""
