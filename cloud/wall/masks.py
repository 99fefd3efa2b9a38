"""What a room may know of a person: a surname and a form of address, and the township. Pure.

The one idea: the rule stands on the server, so nothing that a wall must not show ever reaches it.
"""

from __future__ import annotations

from typing import Final, Literal

Sex = Literal["m", "f", ""]

COMPOUND: Final = frozenset({
    "欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "东方", "東方", "皇甫",
    "尉迟", "尉遲", "公孙", "公孫", "慕容", "令狐", "司徒", "夏侯", "宇文", "长孙",
    "長孫", "端木", "南宫", "南宮", "独孤", "獨孤", "呼延", "闻人", "聞人", "轩辕",
    "軒轅", "钟离", "鍾離", "申屠", "太史", "淳于", "濮阳", "濮陽", "公冶", "澹台",
    "澹臺",
})  # fmt: skip
"""Surnames of two characters that people bear (ministry of public security, name reports)."""
_HAN: Final = range(0x3400, 0x9FFF + 1)
_HOMES_OF_A_DOT: Final = 3
"""A dot on the map stands for at least so many homes: the middle of one home is that home. D."""
_DECIMALS: Final = 2
"""Of a degree: a place is told to about a kilometre."""


def surname(name: str) -> str:
    """``向玉珍`` → ``向``, ``欧阳修`` → ``欧阳``, ``Mary Smith`` → ``M.``; empty stays empty."""
    name = name.strip()
    if not name:
        return ""
    if ord(name[0]) not in _HAN:
        return f"{name[0]}."
    return name[:2] if name[:2] in COMPOUND and len(name) > len("欧阳") else name[0]


def sex(stored: str) -> Sex:
    """The form of address; unknown: none."""
    return stored if stored in {"m", "f"} else ""  # type: ignore[return-value]  # mypy does not narrow by a set


def dot(latitude: float | None, longitude: float | None, homes: int) -> tuple[float, float] | None:
    """Where the middle of ``homes`` homes may be shown; ``None``: nowhere."""
    if latitude is None or longitude is None or homes < _HOMES_OF_A_DOT:
        return None
    return round(latitude, _DECIMALS), round(longitude, _DECIMALS)
