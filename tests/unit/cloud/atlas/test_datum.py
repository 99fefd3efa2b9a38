"""WGS-84 and GCJ-02, against positions that others published."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.atlas.datum import Datum, to_gcj02, to_wgs84
from cloud.respond.travel import Point, distance_m

KNOWN = {
    "Shanghai": (Point(31.1774276, 121.5272106), Point(31.17530398364597, 121.531541859215)),
    "Shenzhen": (Point(22.543847, 113.912316), Point(22.540796131694766, 113.9171764808363)),
    "Beijing": (Point(39.911954, 116.377817), Point(39.91334545536069, 116.38404722455657)),
}
"""The vectors of eviltransform (googollee), which its ports in ten languages are tested with."""
CHINA = st.builds(Point, st.floats(18, 53), st.floats(74, 135))


@pytest.mark.parametrize(("true", "shown"), KNOWN.values(), ids=KNOWN)
def test_a_known_place_is_shown_where_others_show_it_and_found_again(true: Point, shown: Point) -> None:
    assert distance_m(to_gcj02(true), shown) < 0.001
    assert distance_m(to_wgs84(shown), true) < 0.001


@given(true=CHINA)
def test_the_way_back_ends_where_the_way_out_began(true: Point) -> None:
    assert distance_m(to_wgs84(to_gcj02(true)), true) < 0.001


@given(true=CHINA)
def test_the_shift_is_never_more_than_a_kilometre(true: Point) -> None:
    assert distance_m(to_gcj02(true), true) < 1_000


def test_huaihua_is_shifted_by_as_much_as_two_collections_of_its_counties_differ() -> None:
    """492 m east and 380 m south: the median over the outlines of twelve counties."""
    true = Point(27.55, 110.0)
    shown = to_gcj02(true)
    assert distance_m(true, Point(true.latitude, shown.longitude)) == pytest.approx(492, abs=60)
    assert distance_m(true, Point(shown.latitude, true.longitude)) == pytest.approx(380, abs=60)


@pytest.mark.parametrize("abroad", [Point(35.68, 139.77), Point(-33.9, 151.2), Point(0.0, 0.0)])
def test_elsewhere_nothing_is_shifted(abroad: Point) -> None:
    assert to_gcj02(abroad) == to_wgs84(abroad) == abroad


def test_what_is_wgs84_already_stays() -> None:
    assert to_wgs84(Point(27.55, 110.0), Datum.WGS84) == Point(27.55, 110.0)
