"""Places by their statistics code: 2+2+2+3+3 digits for province, city, county, town and village.

What this is: the arithmetic of codes, and Huaihua's areas as the public division data name them. What it is
not: a register of towns and villages; a roster brings its own. The one idea: the code alone tells the parent
and the subtree, so nothing about the tree can be wrong that the code has right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

LEVELS: Final = (2, 4, 6, 9, 12)
"""Digits that a province, a city, a county, a town and a village have of their own."""
_CODE: Final = re.compile(r"(?!00)[0-9]{12}")

HUAIHUA: Final[Mapping[str, str]] = {
    "430000000000": "湖南省",
    "431200000000": "怀化市",
    "431202000000": "鹤城区",
    "431221000000": "中方县",
    "431222000000": "沅陵县",
    "431223000000": "辰溪县",
    "431224000000": "溆浦县",
    "431225000000": "会同县",
    "431226000000": "麻阳苗族自治县",
    "431227000000": "新晃侗族自治县",
    "431228000000": "芷江侗族自治县",
    "431229000000": "靖州苗族侗族自治县",
    "431230000000": "通道侗族自治县",
    "431271000000": "洪江管理区",
    "431281000000": "洪江市",
}
"""The city, what it lies in, and its 13 county-level areas: GB/T 2260 but for 431271, which is a statistics
code only. A roster may name them without listing them."""


def is_code(text: str) -> bool:
    """Whether ``text`` can be a division: twelve digits, in some province, and no gap before its zeros."""
    if not _CODE.fullmatch(text):
        return False
    own = text[: LEVELS[level(text) - 1]]
    groups = [own[start:end] for start, end in zip((0, *LEVELS), LEVELS, strict=False) if end <= len(own)]
    return all(group.strip("0") for group in groups)


def level(code: str) -> int:
    """1 for a province, 2 a city, 3 a county, 4 a town, 5 a village."""
    return next(number for number, digits in enumerate(LEVELS, 1) if not code[digits:].strip("0"))


def parent(code: str) -> str | None:
    """The next place above; ``None`` for a province."""
    above = level(code) - 1
    return code[: LEVELS[above - 1]].ljust(12, "0") if above else None


def own_digits(code: str) -> str:
    """The digits that the code of every place in ``code`` begins with, its own code among them."""
    return code[: LEVELS[level(code) - 1]]


def is_below(code: str, other: str) -> bool:
    """Whether ``code`` lies in ``other`` and is not ``other`` itself."""
    return code != other and code.startswith(own_digits(other))
