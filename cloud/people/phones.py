"""Telephone numbers in one form, so that the same number is found however it was written, and masked."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

SHOWN_DIGITS: Final = 4
_NOT_DIALLED: Final = re.compile(r"[\s()./-]")
_MOBILE: Final = re.compile(r"(?:86)?(1[3-9][0-9]{9})")
_TRUNK: Final = "+860"
"""China's code with the 0 that is dialled only from within: no number begins so."""


def normal(phone: str) -> str:
    """``phone`` as E.164 where it can be told (China: +86), else only what is dialled of it.

    A mobile number, and a landline with its area code, gets China's code; a hotline (110, 12345) and a
    landline without an area code stay as they are. Digits of full width become plain ones.
    """
    digits = _NOT_DIALLED.sub("", unicodedata.normalize("NFKC", phone))
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if digits.startswith(_TRUNK):
        return "+86" + digits[len(_TRUNK) :]
    mobile = _MOBILE.fullmatch(digits)
    if mobile:
        return "+86" + mobile[1]
    return "+86" + digits[1:] if digits.startswith("0") else digits


def mask(phone: str) -> str:
    """``phone`` with all but its last four digits hidden; a short one is hidden whole."""
    shown = phone[-SHOWN_DIGITS:] if len(phone) > 2 * SHOWN_DIGITS else ""
    return "*" * (len(phone) - len(shown)) + shown
