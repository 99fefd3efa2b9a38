"""The order of the queue and its floods, by the vectors that the screens are tested with, too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.incidents import flood
from cloud.incidents.model import IncidentState, IncidentView
from tests.unit.cloud.town import NOON

VECTORS: Final = json.loads((Path(__file__).parents[3] / "web" / "flood.json").read_text())
NOW: Final = NOON + timedelta(seconds=VECTORS["now_s"])
TOWN: Final = "431202001000"


def at(seconds: float | None) -> datetime | None:
    return None if seconds is None else NOON + timedelta(seconds=seconds)


def incident(said: Mapping[str, Any]) -> IncidentView:
    """An incident of which the vectors say only what matters."""
    number, opened_at = said["id"], at(said["opened_s"])
    return IncidentView.model_validate({
        "id": number, "kind": said["kind"], "priority": said["priority"],
        "state": said.get("state", "raised"), "state_since": opened_at,
        "due_at": at(said.get("due_s")), "observed_at": opened_at,
        "opened_at": opened_at, "acked_at": None, "owner": None, "home_id": said.get("home", number),
        "resident": "", "age": 80, "lives_alone": True, "ability_level": 0, "address": "", "room": "",
        "latitude": None, "longitude": None, "evidence": {"homes": said["homes"]} if "homes" in said else {},
        "responder": "", "eta_at": None, "outcome": None, "note": "", "closed_at": None, "version": 1,
        "area": said.get("area", TOWN), "area_name": "",
    })  # fmt: skip


def many(kind: str, priority: int, of: int, from_s: int, every_s: int) -> list[IncidentView]:
    said = (
        {"id": n, "kind": kind, "priority": priority, "opened_s": from_s + every_s * n} for n in range(of)
    )
    return [incident(one) for one in said]


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_the_queue_of(case: Mapping[str, Any]) -> None:
    given = many(**case["many"]) if "many" in case else [incident(one) for one in case["incidents"]]
    rows = flood.rows(reversed(given), NOW)
    if "rows_of" in case:
        assert [len(row.incidents) for row in rows] == case["rows_of"]
        return
    found = [
        {"cause": row.cause, "ids": [one.id for one in row.incidents], "homes": row.homes} for row in rows
    ]
    assert found == case["rows"]


def test_the_vectors_know_every_kind_of_equipment_and_every_cause() -> None:
    assert sorted(flood._EQUIPMENT) == VECTORS["equipment"]
    assert VECTORS["causes"] == flood.CAUSES


_INCIDENTS: Final = st.lists(
    st.fixed_dictionaries({
        "kind": st.sampled_from(["mains_lost", "gateway_silent", "tamper", "sos"]),
        "priority": st.integers(1, 4),
        "opened_s": st.integers(0, 3600),
        "home": st.integers(1, 30),
        "state": st.sampled_from([state.value for state in IncidentState]),
        "area": st.sampled_from([TOWN, "431202002000"]),
    }),
    max_size=40,
)  # fmt: skip


@given(_INCIDENTS)
def test_every_incident_stands_in_exactly_one_row_and_the_most_urgent_leads(
    said: list[dict[str, Any]],
) -> None:
    incidents = [incident({"id": number, **one}) for number, one in enumerate(said)]
    queue = [one.id for one in flood.order(incidents, NOW)]
    rows = [[one.id for one in row.incidents] for row in flood.rows(incidents, NOW)]
    assert sorted(one for row in rows for one in row) == sorted(queue)
    assert [row[0] for row in rows] == [one for one in queue if one in {row[0] for row in rows}]
    assert all(row == [one for one in queue if one in row] for row in rows)
