"""Every route, whoever asks, answers what the document says, whatever is sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cloud.auth import Role
from tests import visit
from tests.harness import System

pytestmark = pytest.mark.services

ASKERS = (None, Role.ADMIN, Role.OPERATOR, Role.FAMILY, Role.AUDITOR, Role.CITY_ADMIN)
"""Nobody, and one for each set of things that a role may see. Which route answers whom is asked of every role
by ``tests/unit/cloud/web/test_access.py``."""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with visit.town(tmp_path_factory.mktemp("contract")) as running:
        yield running


@pytest.mark.timeout(600)
def test_every_answer_to_right_and_wrong_requests_is_one_of_the_document(system: System) -> None:
    cases = visit.requests_of(system.address, examples=1)
    right = [case for case in cases if visit.is_right(case)]
    thorough = (None, Role.ADMIN)  # whoever may do nothing or all; what is wrong is wrong for everybody
    reports = [visit.visit(system.address, role, cases if role in thorough else right) for role in ASKERS]
    assert visit.faults(reports) == []
    assert {report.role: report.operations for report in reports if report.operations < 70} == {}
    assert all(report.answers["4xx"] for report in reports)
    assert next(report for report in reports if report.role == "admin").answers["2xx"] > 20
    assert "unexpected" not in system.log
