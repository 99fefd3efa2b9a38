"""Each of the thirty situations has rules that exist, a person's own values, and tests of both sides."""

from __future__ import annotations

import ast
from functools import cache
from typing import Any

import pytest

from cloud.detect.routine.findings import Kind, Trend
from cloud.detect.rules.table import RULES as CLOUD
from cloud.detect.vitals.model import Rule
from edge_agent.rules import RULES as EDGE
from firmware_protocols.model import AlarmKind
from firmware_protocols.wire.plan import DEFAULT
from tests.situations import PAGE, ROOT, SITUATIONS, Situation, page

EXISTING = {
    *(f"edge {name}" for name in EDGE),
    *(f"cloud {spec.name}" for spec in CLOUD),
    *(f"vitals {rule.value}" for rule in Rule),
    *(f"routine {kind.value}" for kind in (*Kind, *Trend)),
    f"area {AlarmKind.AREA_OUTAGE}",
}
each = pytest.mark.parametrize("one", SITUATIONS, ids=lambda one: f"{one.number:02}-{one.name}")


@cache
def defined_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    defined = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, defined))


def test_they_are_thirty_in_order() -> None:
    assert [one.number for one in SITUATIONS] == list(range(1, 31))


@each
def test_its_rules_exist(one: Situation) -> None:
    assert one.by
    assert sorted(set(one.by) - EXISTING) == []


def test_every_rule_of_the_cloud_is_judged_under_its_own_number() -> None:
    listed = {(name, one.number) for one in SITUATIONS for name in one.by if name.startswith("cloud ")}
    assert {(f"cloud {spec.name}", spec.number) for spec in CLOUD} == listed


@each
def test_what_a_person_may_set_is_a_field_of_the_plan(one: Situation) -> None:
    for path in one.own:
        part: Any = DEFAULT
        for name in path.split("."):
            part = getattr(part, name)


@each
def test_both_sides_are_shown_by_tests_that_exist(one: Situation) -> None:
    assert one.raised
    assert one.quiet
    for test in (*one.raised, *one.quiet):
        file, _, name = test.partition("::")
        assert name in defined_in(file), test


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.situations"
