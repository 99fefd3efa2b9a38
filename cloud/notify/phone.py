"""A telephone number out of a message's address, as each provider wants it, and as networks say it."""

from __future__ import annotations

import re
from typing import Final

from cloud.notify.model import NotifyError

_HOME: Final = "+86"
_MOBILE: Final = re.compile(r"(?:(?:\+|00)?86)?(1[0-9]{10})")
"""One of China, as networks and modems write it."""


def national(address: str) -> str:
    """``sms:+8613812345678`` → ``13812345678``; abroad the country code stays, without the plus.

    Raises:
        NotifyError: not a telephone number; permanent.
    """
    return _digits(address).removeprefix(_HOME).removeprefix("+")


def international(address: str) -> str:
    """``sms:13812345678`` → ``+8613812345678`` (E.164).

    Raises:
        NotifyError: not a telephone number; permanent.
    """
    digits = _digits(address)
    return digits if digits.startswith("+") else f"{_HOME}{digits.removeprefix('0')}"


def as_said(number: str) -> str:
    """``13812345678``, ``8613812345678`` → ``+8613812345678``, in whichever form a network says a number of
    China; whatever else, a service number or one abroad, stays as it is.
    """
    found = _MOBILE.fullmatch(number)
    return number if found is None else _HOME + found[1]


def _digits(address: str) -> str:
    digits = address.partition(":")[2].strip().replace(" ", "")
    plain = digits.removeprefix("+")
    if not (plain.isascii() and plain.isdigit()):
        raise NotifyError("not a telephone number", permanent=True)
    return digits
