"""A telephone number out of a message's address, in the form that each provider wants."""

from __future__ import annotations

from cloud.notify.model import NotifyError

_HOME = "+86"


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


def _digits(address: str) -> str:
    digits = address.partition(":")[2].strip().replace(" ", "")
    plain = digits.removeprefix("+")
    if not (plain.isascii() and plain.isdigit()):
        raise NotifyError("not a telephone number", permanent=True)
    return digits
