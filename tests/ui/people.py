"""Fictional people for the screens: forty homes around Huaihua, and incidents in every stage."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import cos, pi
from typing import Any, Final

from cloud.incidents.model import HomeView, IncidentState, IncidentView
from tests.ui.scripted import Platform, now

SURNAMES: Final = "李杨石向田舒龙黄刘吴张滕"
GIVEN: Final = ("玉珍", "长贵", "秀兰", "建国", "菊香", "志强", "春梅", "大山", "桂花", "明亮")
VILLAGES: Final = ("坨院街道", "城中街道", "黄金坳镇", "凉亭坳乡", "芦坪乡", "盈口乡")
CENTRE: Final = (27.556, 109.998)

_DEFAULTS: Final[dict[str, Any]] = {
    "due_at": None,
    "acked_at": None,
    "owner": None,
    "evidence": {},
    "responder": "",
    "eta_at": None,
    "outcome": None,
    "note": "",
    "closed_at": None,
    "version": 1,
    "room": "",
    "state": IncidentState.RAISED,
}


def home(number: int) -> HomeView:
    """Home ``number``; always the same one for the same number."""
    # A sunflower spread: even, irregular to the eye, and without randomness.
    distance, turn = 0.013 * number**0.5, 2.399963 * number
    name = SURNAMES[number % len(SURNAMES)] + GIVEN[number * 7 % len(GIVEN)]
    return HomeView(
        id=number,
        resident=name,
        age=68 + number * 5 % 29,
        address=f"{VILLAGES[number % len(VILLAGES)]}第{1 + number * 3 % 12}组{1 + number * 11 % 80}号",
        latitude=CENTRE[0] + distance * cos(turn),
        longitude=CENTRE[1] + 1.12 * distance * cos(turn - pi / 2),
        online=number % 9 != 4,
        state_at=now() - timedelta(minutes=number),
        open_priority=None,
    )


def incident(number: int, kind: str, priority: int, age_s: float = 0, **changes: Any) -> IncidentView:
    """Incident ``number`` at home ``number``, ``age_s`` seconds old, with ``changes``."""
    at = now() - timedelta(seconds=age_s)
    where = home(number)
    return IncidentView.model_validate(
        _DEFAULTS
        | {
            "id": number,
            "kind": kind,
            "priority": priority,
            "state_since": at,
            "observed_at": at,
            "opened_at": at,
            "home_id": number,
            "resident": where.resident,
            "age": where.age,
            "lives_alone": number % 3 != 0,
            "ability_level": number % 4,
            "address": where.address,
            "latitude": where.latitude,
            "longitude": where.longitude,
        }
        | changes
    )


def town(platform: Platform, homes: int = 40) -> None:
    """Give ``platform`` its homes."""
    for number in range(1, homes + 1):
        platform.put_home(home(number))


def busy_evening(platform: Platform) -> None:
    """A lively quarter of an hour: something in every stage, most of it of low priority."""
    town(platform)

    def ago(seconds: float) -> datetime:
        return now() - timedelta(seconds=seconds)

    state = IncidentState
    owner = {"owner": "向玉珍", "acked_at": ago(200)}
    for view in (
        incident(3, "fall", 1, 42, room="bathroom", due_at=ago(12),
                 evidence={"impact_g": 3.2, "still_s": 14, "probability": 0.97}),
        incident(8, "sos", 2, 79, due_at=ago(-41)),
        incident(12, "device_fault", 3, 310, due_at=ago(-590), room="hall"),
        incident(17, "gas", 1, 236, room="kitchen", state=state.EN_ROUTE, responder="舒大山",
                 eta_at=ago(-480), due_at=ago(-780), **owner),
        incident(21, "stillness", 2, 655, room="bedroom", state=state.VOICE, due_at=ago(25), **owner),
        incident(26, "flood", 2, 880, room="kitchen", state=state.ON_SITE, responder="杨秀英",
                 **(owner | {"owner": "田建国"})),
        incident(30, "device_fault", 3, 4_300, state=state.ACKED, **owner),
        incident(33, "device_fault", 4, 15_400, state=state.MONITORING, **owner),
        incident(36, "fall", 1, 8, room="living_room", state=state.DETECTED, due_at=ago(-13)),
    ):  # fmt: skip
        platform.put(view, trigger="alarm")
        platform.put_home(platform.homes[view.home_id].model_copy(update={"open_priority": view.priority}))
