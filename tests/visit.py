"""Visits every route of a running cloud with made-up requests, and compares each answer with the document.

What this is: schemathesis over real HTTP against ``anban-cloud all``, for one role at a time. What it is
not: a check of what an answer means. The one idea: whatever is sent, right or wrong, the answer is one that
the document names, in the shape that it names, and never a server error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from cloud.auth import Role
from firmware_protocols.wire.topics import Lane
from tests.harness import System, Uplink, alarm, eventually, roster

AnyCase = Case[Any]
PASSWORD: Final = "correct horse 电池"
CHECKED: Final = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.unsupported_method,
)
ENDLESS: Final = frozenset({"followChanges", "followWall"})
"""Streams: their answer has no end to wait for; they have tests of their own."""
ENDS_THE_VISIT: Final = frozenset({"signOut", "signIn"})
"""They change who is asking; a visit makes them last."""
SLOW_S: Final = 60.0


@dataclass(slots=True)
class Report:
    """What a visit met: answers by class of their status, and what was wrong."""

    role: str
    operations: int = 0
    requests: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


@contextmanager
def town(data: Path) -> Iterator[System]:
    """A running cloud with one person of each role, two homes and an open incident."""
    staff = [
        {"username": role.value, "password": PASSWORD, "role": role.value, "name": role.value, "homes": homes}
        for role in Role
        for homes in [["h001"] if role in {Role.CASEWORKER, Role.FAMILY} else []]
    ]
    neighbour = {"rank": 1, "name": "邻居", "relation": "neighbour", "phone": "+8613900000002"}
    county = roster(2, staff=staff, contacts=[neighbour])
    county["tenant"]["second_factor_roles"] = []  # a password is enough for a visitor
    with System(data, county).started() as system:
        with Uplink("gw-h001", 1, system.broker_port) as uplink:
            uplink.send(Lane.ALARM, alarm())
            uplink.settle()
        with sign_in(system.address, Role.OPERATOR) as operator:
            eventually(lambda: operator.get("/incidents").json()["items"])
        yield system


@contextmanager
def sign_in(address: str, role: Role | None) -> Iterator[httpx.Client]:
    """A client in which somebody of that role has signed in and just shown who they are; ``None``: nobody."""
    with httpx.Client(base_url=f"{address}/api/v1", headers={"X-Anban": "1"}, timeout=SLOW_S) as client:
        if role is not None:
            answer = client.post("/session", json={"username": role.value, "password": PASSWORD})
            answer.raise_for_status()
            client.post("/session/presence", json={"password": PASSWORD}).raise_for_status()
        yield client


def requests_of(address: str, *, examples: int, number: int = 1) -> list[AnyCase]:
    """For every operation ``examples`` right requests and as many wrong ones; ``number`` seeds them."""
    document = httpx.get(f"{address}/api/v1/openapi.json", timeout=SLOW_S).json()
    return [
        case
        for operation in _operations(document)
        for mode in GenerationMode
        for case in _made_up(operation, mode, examples, number)
    ]


def visit(address: str, role: Role | None, cases: Sequence[AnyCase]) -> Report:
    """Send all ``cases`` as somebody of that role."""
    report = Report(
        role.value if role else "nobody", operations=len({_name(case.operation) for case in cases})
    )
    with sign_in(address, role) as client, requests.Session() as session:
        for case in cases:
            kept = dict(client.cookies)
            response = case.call(base_url=address, session=session, cookies=kept, timeout=SLOW_S)
            session.cookies.clear()
            report.requests += 1
            report.answers[f"{response.status_code // 100}xx"] += 1
            try:
                case.validate_response(response, checks=list(CHECKED))
            except FailureGroup as group:
                report.faults += [f"{_name(case.operation)}: {fault}" for fault in group.exceptions]
    return report


def is_right(case: AnyCase) -> bool:
    """Whether the document allows the request."""
    return case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE


def _operations(document: dict[str, Any]) -> list[APIOperation[Any, Any, Any, Any]]:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.generation.update(with_security_parameters=False)
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    asked = [one for one in found if _name(one) not in ENDLESS]
    return sorted(asked, key=lambda one: _name(one) in ENDS_THE_VISIT)


def _name(operation: APIOperation[Any, Any, Any, Any]) -> str:
    return str(operation.definition.raw["operationId"])


def _made_up(
    operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, examples: int, number: int
) -> list[AnyCase]:
    made: list[AnyCase] = []

    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def keep(case: AnyCase) -> None:
        made.append(case)

    with suppress(Unsatisfiable):  # there is nothing wrong that could be sent, or nothing right that is safe
        keep()
    return made


def faults(reports: Sequence[Report]) -> list[str]:
    """All faults, each with who met it."""
    return [f"{report.role}: {fault}" for report in reports for fault in report.faults]
