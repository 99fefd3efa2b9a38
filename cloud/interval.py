"""How far a counted figure may lie from what is behind it: 95 % intervals. Pure.

What this is: two formulas that hold for few cases, too. What it is not: a test of anything. The one idea: a
share of three cases and one of three thousand are not the same news, and whoever reads them must see it.
"""

from __future__ import annotations

from math import sqrt
from typing import Final

_Z: Final = 1.959964
"""The 97.5 % point of the normal distribution."""


def wilson(n: float, of: float) -> tuple[float, float]:
    """Of the share ``n`` of ``of``, 0 to 1: the score interval (Wilson, 1927); all there is, of nothing."""
    if of <= 0:
        return 0.0, 1.0
    share, spread = n / of, _Z**2 / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * sqrt(share * (1 - share) / of + spread / (4 * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def byar(n: float) -> tuple[float, float]:
    """Of ``n`` events that come one by one: Byar's approximation (Breslow and Day, 1987, 2.3)."""
    low = n * (1 - 1 / (9 * n) - _Z / (3 * sqrt(n))) ** 3 if n else 0.0
    more = n + 1
    return max(0.0, low), more * (1 - 1 / (9 * more) + _Z / (3 * sqrt(more))) ** 3
