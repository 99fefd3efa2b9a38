"""The budgets of the screens are the same wherever they are held, and what is missing is not kept."""

from __future__ import annotations

import math

import dashboards
from benchmarks.screens import BUDGETS
from benchmarks.screens_rig import county, met, quantile
from tests.ui.test_quality import BUDGETS as PAGES


def test_every_page_has_the_budget_that_its_test_holds_it_to() -> None:
    assert {
        name.removesuffix("_kib"): most for name, most in BUDGETS.items() if name.endswith("_kib")
    } == PAGES
    assert set(dashboards.PAGES.values()) == set(PAGES)


def test_what_was_not_measured_was_not_kept() -> None:
    assert met({"rows_s": 2.5, "map_s": 3.6}, {"rows_s": 2.5, "map_s": 3.5, "cpu_percent": 25}) == {
        "rows_s": True,
        "map_s": False,
        "cpu_percent": False,
    }


def test_a_quantile_is_a_value_that_was_seen() -> None:
    assert quantile([3, 1, 2, 4], 0.5) == 2
    assert quantile([3, 1, 2, 4], 0.95) == 4
    assert math.isnan(quantile([], 0.95))


def test_only_the_homes_that_call_have_a_gateway() -> None:
    homes = county(5, 2)["homes"]
    assert [("gateway" in home, home["latitude"] is not None) for home in homes] == [
        (True, True), (True, True), (False, True), (False, True), (False, True),
    ]  # fmt: skip
