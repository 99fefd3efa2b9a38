"""The alphabets of a text message and how much of each fits into one segment (3GPP TS 23.038).

What this is: GSM 7-bit default alphabet with its extension table, and UCS-2, as pure functions. What it is
not: it never cuts a text into several; half a call for help is worth less than a short one. The one idea: a
text is counted in *units* of the alphabet it needs, 160 septets or 70 UTF-16 units, before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""23.038, 6.2.1: the character of each septet; 1B is the escape to the table below."""
ESCAPE: Final = 0x1B
_EXTENSION: Final[Mapping[int, str]] = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~",
    0x3E: "]", 0x40: "|", 0x65: "€",
}  # fmt: skip
"""23.038, 6.2.1.1: what a septet means after the escape."""
_SEPTETS: Final[Mapping[str, bytes]] = {
    **{character: bytes((code,)) for code, character in enumerate(_BASIC) if code != ESCAPE},
    **{character: bytes((ESCAPE, code)) for code, character in _EXTENSION.items()},
}
_SEPTET_BITS: Final = 7
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")


class Alphabet(Enum):
    """How a text travels. The value is its data coding scheme (23.038, section 4, no message class)."""

    GSM_7 = 0
    UCS_2 = 8


LARGEST: Final[Mapping[Alphabet, int]] = {Alphabet.GSM_7: 160, Alphabet.UCS_2: 70}
"""Units in one segment: 140 octets of user data (3GPP TS 23.040, 9.2.3.24)."""


@dataclass(eq=False)
class TooLong(ValueError):  # noqa: N818 - a reason is a noun
    """The text does not fit into one segment."""

    units: int
    most: int

    def __str__(self) -> str:
        return f"{self.units} characters, at most {self.most} make one text message"


@dataclass(eq=False)
class BadNumber(ValueError):  # noqa: N818 - a reason is a noun
    """Not an international telephone number. The number itself is personal and stays out of the message."""

    def __str__(self) -> str:
        return "not an international number such as +8613800138000 ('+', 7-15 digits, ITU-T E.164)"


def is_number(text: str) -> bool:
    """Whether ``text`` is an E.164 number."""
    return _NUMBER.fullmatch(text) is not None


def checked_number(text: str) -> str:
    """Return ``text`` if it is an E.164 number.

    Raises:
        BadNumber: it is not.
    """
    if not is_number(text):
        raise BadNumber
    return text


def alphabet_of(text: str) -> Alphabet:
    """The alphabet that ``text`` needs: the small one wherever it holds every character."""
    return Alphabet.GSM_7 if all(character in _SEPTETS for character in text) else Alphabet.UCS_2


def units(text: str) -> int:
    """How many units of its alphabet ``text`` takes; a character of the extension table takes two."""
    if alphabet_of(text) is Alphabet.GSM_7:
        return sum(len(_SEPTETS[character]) for character in text)
    return len(text.encode("utf-16-be", "surrogatepass")) // 2


def checked_segment(text: str) -> Alphabet:
    """Return the alphabet of ``text`` if one segment holds it.

    Raises:
        TooLong: it does not.
    """
    alphabet, count = alphabet_of(text), units(text)
    if count > LARGEST[alphabet]:
        raise TooLong(count, LARGEST[alphabet])
    return alphabet


def encode_gsm7(text: str) -> bytes:
    """Return the septets of ``text``, one a byte.

    Raises:
        ValueError: a character is in neither table.
    """
    try:
        return b"".join(_SEPTETS[character] for character in text)
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} is not in the GSM alphabet") from error


def decode_gsm7(septets: Iterable[int]) -> str:
    """Return what ``septets`` (one a byte) say.

    After an escape, a septet that the extension table does not hold is read from the basic one, and an escape
    at the end or before another one is a space, as 23.038 asks of receivers.
    """
    text: list[str] = []
    escaped = False
    for septet in septets:
        code = septet & 0x7F
        if code == ESCAPE:
            text += [" "] if escaped else []
            escaped = not escaped
            continue
        text.append(_EXTENSION.get(code, _BASIC[code]) if escaped else _BASIC[code])
        escaped = False
    return "".join([*text, " "] if escaped else text)


def pack(septets: bytes) -> bytes:
    """Return ``septets`` eight to seven octets, the first in the lowest bits (23.038, 6.1.2.1.1)."""
    number = sum(septet << (_SEPTET_BITS * place) for place, septet in enumerate(septets))
    return number.to_bytes((len(septets) * _SEPTET_BITS + 7) // 8, "little")


def unpack(octets: bytes, count: int) -> bytes:
    """Return the ``count`` septets in ``octets``; 7 octets may hold 7 or 8, so the count travels beside
    them."""
    number = int.from_bytes(octets, "little")
    return bytes(number >> (_SEPTET_BITS * place) & 0x7F for place in range(count))


def to_hex(text: str) -> str:
    """Return ``text`` as a modem with character set UCS2 reads it: four hexadecimal digits a unit (27.005,
    3.1)."""
    return text.encode("utf-16-be", "replace").hex().upper()


def from_hex(digits: str) -> str | None:
    """Return the text that ``to_hex`` wrote; ``None`` for what is not such digits.

    Half of a surrogate pair becomes the replacement character: a stranger may have sent it.
    """
    if len(digits) % 4 or re.fullmatch(r"[0-9A-Fa-f]*", digits) is None:
        return None
    return bytes.fromhex(digits).decode("utf-16-be", "replace")
