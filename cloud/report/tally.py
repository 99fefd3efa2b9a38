"""From cases to cells: sums by indicator and cut, what may be shown of them, and what they say. Pure.

What this is: adding up, and hiding what is small. What it is not: an indicator (``indicators``). The one
idea: a cell is two sums and how many cases are behind them, so cells of tenants and counties add up; and
whoever may not see rows sees no cell of fewer than five, nor one more where the others would tell it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cloud.report.cases import Case, IncidentCase
from cloud.report.indicators import INDICATORS, parts

FEWEST: Final = 5
"""A cell of fewer is not shown to who may not see its rows. D; usual in official statistics."""
UNKNOWN: Final = "unknown"
_BANDS: Final = ((90, "90+"), (80, "80-89"), (70, "70-79"), (60, "60-69"))
SLOT_HOURS: Final = 3
"""D. Hours of a day that are counted as one; single ones would mostly hold fewer than five cases, and be
hidden."""
COUNTY_DIGITS: Final = 6
_TOWN_DIGITS: Final = 9


class Cut(StrEnum):
    """By what is cut; ``ALL`` is not."""

    ALL = "all"
    COUNTY = "county"
    TOWN = "town"
    SETTING = "setting"
    AGE = "age"
    SEX = "sex"
    KIND = "kind"
    SLOT = "slot"


@dataclass(frozen=True, slots=True)
class Cell:
    """``part`` over ``whole``, from ``cases`` cases."""

    part: float = 0.0
    whole: float = 0.0
    cases: int = 0

    def __add__(self, other: Cell) -> Cell:
        return Cell(self.part + other.part, self.whole + other.whole, self.cases + other.cases)

    @property
    def value(self) -> float | None:
        """``None`` where there was nothing to divide by, which is not the same as nought."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Which cell: the indicator, the cut, and the one of it."""

    indicator: str
    cut: Cut
    of: str


Cells = Mapping[Key, Cell]


def setting(division: str) -> str:
    """Town or rural, by the kind of committee that the statistical code names: residents' (``001``-``199``,
    and ``400``-``499`` for what is like one) or villagers' (``200``-``399``, ``500``-``599``).

    Source: the National Bureau of Statistics' rule for codes of divisions.
    """
    committee = int(division[_TOWN_DIGITS:] or 0)
    if 0 < committee < 200 or 400 <= committee < 500:  # noqa: PLR2004 - the ranges above
        return "town"
    return "rural" if 200 <= committee < 400 or 500 <= committee < 600 else UNKNOWN  # noqa: PLR2004 - as above


def band(age: int | None) -> str:
    """The age band."""
    if age is None:
        return UNKNOWN
    return next((name for least, name in _BANDS if age >= least), "under 60")


def slot(case: Case) -> str:
    """The weekday (1 is Monday) and the first of the three hours in which an incident was opened, by the
    tenant's clock, as ``5-21``; nothing for what has no hour.
    """
    if not isinstance(case, IncidentCase):
        return ""
    at = case.opened_at
    return f"{at.isoweekday()}-{at.hour // SLOT_HOURS * SLOT_HOURS:02d}"


CUTS: Final[Mapping[Cut, Callable[[Case], str]]] = {
    Cut.ALL: lambda _: "",
    Cut.COUNTY: lambda case: case.whose.division[:COUNTY_DIGITS],
    Cut.TOWN: lambda case: case.whose.division[:_TOWN_DIGITS],
    Cut.SETTING: lambda case: setting(case.whose.division),
    Cut.AGE: lambda case: band(case.whose.age),
    Cut.SEX: lambda case: case.whose.sex or UNKNOWN,
    Cut.KIND: lambda case: case.kind if isinstance(case, IncidentCase) else "",
    Cut.SLOT: slot,
}

AREAS: Final = frozenset({Cut.COUNTY, Cut.TOWN})
"""Cuts whose ones are codes of divisions."""


def area(division: str) -> str:
    """The digits of the town that a home with the 12 digits ``division`` lies in."""
    return division[:_TOWN_DIGITS]


class Tally:
    """Cases added one by one; nothing of them is kept but the sums."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._cells: dict[tuple[str, Cut, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0])

    def add(self, case: Case) -> None:
        """Count ``case``."""
        places = [(cut, of) for cut, rule in CUTS.items() if (of := rule(case)) or cut is Cut.ALL]
        for name, part, whole in parts(case):
            for cut, of in places:
                sums = self._cells[name, cut, of]
                sums[0] += part
                sums[1] += whole
                sums[2] += 1

    def cells(self) -> dict[Key, Cell]:
        """The sums so far, in a fixed order."""
        found = sorted(self._cells.items())
        return {Key(*key): Cell(part, whole, int(n)) for key, (part, whole, n) in found}


def added(many: Iterable[Cells]) -> dict[Key, Cell]:
    """Cells of several tenants as one."""
    sums: dict[Key, Cell] = {}
    for cells in many:
        for key, cell in cells.items():
            sums[key] = sums.get(key, Cell()) + cell
    return dict(sorted(sums.items()))


def shown(cells: Cells) -> dict[Key, Cell | None]:
    """``cells`` for who may not see rows: ``None`` in place of what would tell of a few people.

    Where one cell of a cut is hidden, the smallest of the others is, too: else the whole less the rest would
    tell it.
    """
    hidden = {key for key, cell in cells.items() if _tells(key, cell)}
    for group in _groups(cells):
        within = [key for key in group if key in hidden]
        others = sorted((cells[key].cases, key) for key in group if key not in hidden)
        if len(within) == 1 and others and group[0].cut is not Cut.ALL:
            hidden.add(others[0][1])
    return {key: None if key in hidden else cell for key, cell in cells.items()}


def _tells(key: Key, cell: Cell) -> bool:
    counted = INDICATORS[key.indicator].counts if key.indicator in INDICATORS else True
    return cell.cases < FEWEST or (counted and 0 < cell.part < FEWEST)


def _groups(cells: Cells) -> Iterator[list[Key]]:
    groups: dict[tuple[str, Cut], list[Key]] = defaultdict(list)
    for key in cells:
        groups[key.indicator, key.cut].append(key)
    yield from groups.values()
