"""On which line of a JSON file a value stands: parsers forget it, and people look for it.

What this is: one pass over text that a parser has already taken. What it is not: a parser; it judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

Where = tuple[str | int, ...]

_PIECE: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,\n]|[^\s{}\[\]:,"]+')


def lines(text: str) -> dict[Where, int]:
    """The line, from 1, of every value in ``text`` by its place, e.g. ``("homes", 3, "key")``."""
    found: dict[Where, int] = {}
    place: list[str | int] = []
    kinds: list[str] = []
    line, value_expected = 1, True
    for piece in _PIECE.findall(text):
        if piece == "\n":
            line += 1
        elif piece in "{[":
            found.setdefault(tuple(place), line)
            kinds.append(piece)
            place.append(0 if piece == "[" else "")
            value_expected = piece == "["
        elif piece in "}]":
            kinds.pop()
            place.pop()
        elif piece == ",":
            value_expected = kinds[-1] == "["
            if value_expected:
                place[-1] = int(place[-1]) + 1
        elif piece == ":":
            value_expected = True
        elif value_expected:
            found.setdefault(tuple(place), line)
        else:
            place[-1] = piece[1:-1]
    return found


def line_of(found: Mapping[Where, int], where: Where) -> int:
    """The line of what stands at ``where``, or of the nearest thing around it that is there."""
    for length in range(len(where), -1, -1):
        if where[:length] in found:
            return found[where[:length]]
    return 0
