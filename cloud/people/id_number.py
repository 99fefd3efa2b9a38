"""The citizen's identification number (GB 11643-1999): checked, in one form, shown with its middle hidden."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""GB 11643-1999, annex A (from ISO 7064, MOD 11-2)."""
CHECK: Final = "10X98765432"
"""The check digit by the weighted sum modulo 11; the same source."""
_FORM: Final = re.compile(r"[1-9][0-9]{16}[0-9X]")
_OLD: Final = re.compile(r"[1-9][0-9]{14}")
_SHOWN: Final = 4


class BadIdNumber(ValueError):  # noqa: N818 - a noun
    """No such number can exist; ``str()`` says which rule it breaks, never the number."""


def normal(number: str) -> str:
    """The 18 characters of ``number``: an ``x`` becomes ``X``, digits of full width become plain ones, an old
    one of 15 digits gets its century and check digit. Where the first six digits lie is not judged: they stay
    as they were, whatever that county is called today.

    Raises:
        BadIdNumber: its form, its date of birth, or its check digit is wrong.
    """
    text = unicodedata.normalize("NFKC", number).strip().upper()
    if _OLD.fullmatch(text):
        text = text[:6] + "19" + text[6:]
        text += check_digit(text)
    if not _FORM.fullmatch(text):
        raise BadIdNumber("an ID number has 18 digits, the last may be X")
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError as error:
        raise BadIdNumber("the ID number holds no date of birth") from error
    if text[17] != check_digit(text):
        raise BadIdNumber("the check digit of the ID number is wrong")
    return text


def check_digit(number: str) -> str:
    """The 18th character that belongs to the first 17."""
    return CHECK[
        sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number, strict=False)) % len(CHECK)
    ]


def mask(number: str) -> str:
    """``4330**********002X``: where it was issued and its end."""
    return number[:_SHOWN] + "*" * (len(number) - 2 * _SHOWN) + number[-_SHOWN:] if number else ""
