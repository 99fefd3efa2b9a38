"""Days on which families come home: the great festivals of the lunar year and the long holidays.

What this is: a table. What it is not: the state council's list of days off, which is made anew each year. The
one idea: on these days a home is unlike itself for a good reason. Lunar dates as the Hong Kong Observatory
publishes them in its conversion tables; the table must be carried on before its last year ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

_LUNAR: Final = (
    # spring festival, dragon boat, mid-autumn
    (date(2026, 2, 17), date(2026, 6, 19), date(2026, 9, 25)),
    (date(2027, 2, 6), date(2027, 6, 9), date(2027, 9, 15)),
    (date(2028, 1, 26), date(2028, 5, 28), date(2028, 10, 3)),
    (date(2029, 2, 13), date(2029, 6, 16), date(2029, 9, 22)),
    (date(2030, 2, 3), date(2030, 6, 5), date(2030, 9, 12)),
    (date(2031, 1, 23), date(2031, 6, 24), date(2031, 10, 1)),
    (date(2032, 2, 11), date(2032, 6, 12), date(2032, 9, 19)),
    (date(2033, 1, 31), date(2033, 6, 1), date(2033, 9, 8)),
    (date(2034, 2, 19), date(2034, 6, 20), date(2034, 9, 27)),
    (date(2035, 2, 8), date(2035, 6, 10), date(2035, 9, 16)),
)
_DAY: Final = timedelta(days=1)


def _days(first: date, days: int, name: str) -> dict[date, str]:
    return {first + index * _DAY: name for index in range(days)}


def _year(spring: date, dragon_boat: date, mid_autumn: date) -> dict[date, str]:
    """The eve of the new year and seven days, the week of the national day, and the shorter ones."""
    return {
        **_days(date(spring.year, 4, 4), 2, "qingming"),
        **_days(date(spring.year, 5, 1), 3, "labour"),
        **_days(date(spring.year, 10, 1), 7, "national"),
        **_days(spring - _DAY, 8, "spring"),
        **_days(dragon_boat, 1, "dragon_boat"),
        **_days(mid_autumn, 1, "mid_autumn"),
    }


FESTIVALS: Final[Mapping[date, str]] = MappingProxyType(
    {day: name for lunar in _LUNAR for day, name in _year(*lunar).items()}
)
