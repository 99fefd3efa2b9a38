"""Sums of counties: a county that does not answer is never a zero."""

from __future__ import annotations

from cloud.figures.model import CountyFigures, TenantFigures, figures
from tests.unit.cloud.town import NOON


def tenant(code: str, *, homes: int) -> TenantFigures:
    return TenantFigures(
        code=code,
        name=code,
        division_code="431202000000",
        homes=homes,
        residents=homes,
        gateways=homes,
        online=homes - 1,
        open_by_priority=[1, 0, 2, 0, 0],
        raised_24h=5,
        urgent_24h=4,
        answered_24h=3,
        messages_failed_24h=0,
    )


def county(division: str, *tenants: TenantFigures, answers: bool = True) -> CountyFigures:
    return CountyFigures(division_code=division, taken_at=NOON, answers=answers, tenants=list(tenants))


def test_what_the_city_and_its_counties_count_is_added() -> None:
    found = figures(
        NOON, [tenant("city", homes=10)], [county("431221000000", tenant("a", homes=4), tenant("b", homes=6))]
    )
    assert (found.sum.tenants, found.sum.homes, found.sum.online) == (3, 20, 17)
    assert found.sum.open_by_priority == [3, 0, 6, 0, 0]
    assert found.silent == []


def test_a_silent_county_counts_with_its_last_word_and_is_named() -> None:
    found = figures(NOON, [], [county("431221000000", tenant("a", homes=4), answers=False)])
    assert (found.sum.homes, found.silent) == (4, ["431221000000"])


def test_a_county_that_never_answered_is_not_among_the_counted() -> None:
    found = figures(NOON, [tenant("city", homes=1)], [county("431221000000", answers=False)])
    assert (found.sum.tenants, found.sum.homes, found.silent) == (1, 1, ["431221000000"])
