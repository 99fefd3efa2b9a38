"""Telephone numbers in one form, so that the same number is found however it was written, and masked."""

from __future__ import annotations

import re
from typing import Final

SHOWN_DIGITS: Final = 4
_NOT_DIALLED: Final = re.compile(r"[\s()./-]")
_MOBILE: Final = re.compile(r"1[3-9]\d{9}")


def normal(phone: str) -> str:
    """``phone`` as E.164 where it can be told (China: +86), else only what is dialled of it."""
    digits = _NOT_DIALLED.sub("", phone)
    if digits.startswith("00"):
        return "+" + digits[2:]
    if _MOBILE.fullmatch(digits):
        return "+86" + digits
    return "+86" + digits[1:] if digits.startswith("0") else digits


def mask(phone: str) -> str:
    """``phone`` with all but its last four digits hidden; a short one is hidden whole."""
    shown = phone[-SHOWN_DIGITS:] if len(phone) > 2 * SHOWN_DIGITS else ""
    return "*" * (len(phone) - len(shown)) + shown
