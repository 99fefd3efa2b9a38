"""What holds whatever happens in a home: any sights in any order, restarts and clocks that jump."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocols.model import AlarmKind, AlarmState, Quantity
from tests.unit.edge_agent.rules.dwelling import DEVICES, SENSOR, Dwelling, at

Act = Callable[[Dwelling], None]

WAITING: Final = (
    AlarmKind.LONG_LIE,
    AlarmKind.BED_EXIT,
    AlarmKind.NIGHT_DOOR,
    AlarmKind.STILLNESS,
    AlarmKind.SENSOR_SILENT,
)
"""Kinds that come of waiting: what a restart could lose."""
PLAN: Final = {
    "version": 1,
    "person": {"wanders": True, "ability_level": 3},
    "rest_rooms": ["bedroom"],
    "rules": {"stillness": {"wait_s": 3600}},
}


def _act(name: str, *arguments: object) -> Act:
    return lambda home: getattr(home, name)(*arguments)


ACTS: Final = st.one_of(
    st.sampled_from(sorted(SENSOR)).map(lambda room: _act("move", room)),
    st.sampled_from(["pendant", "bedside", "watch"]).map(lambda button: _act("press", button)),
    st.booleans().map(lambda occupied: _act("bed", occupied)),
    st.booleans().map(lambda there: _act("read", "radar-bath", Quantity.PRESENCE, there)),
    st.sampled_from([0.2, 1.5, None]).map(lambda height: _act("read", "radar-bath", Quantity.HEIGHT, height)),
    st.sampled_from(sorted(DEVICES)).map(
        lambda device: lambda home: home.dead.symmetric_difference_update({device})
    ),
    st.just(_act("door")),
    st.just(_act("fall")),
    st.integers(1, 180).map(lambda minutes: _act("wait_min", minutes)),
)
STORIES: Final = st.lists(ACTS, min_size=3, max_size=12)
JUMPS: Final = st.sampled_from(
    [timedelta(0), timedelta(hours=-3), timedelta(days=90), timedelta(seconds=-20)]
)


def lived(story: list[Act], disturb: Act | None = None, before: int = 0) -> Dwelling:
    home = Dwelling(at("21:30"), PLAN)
    for number, act in enumerate(story):
        if disturb is not None and number == before:
            disturb(home)
        act(home)
    home.wait_min(60)
    return home


def course(home: Dwelling) -> list[tuple[float, AlarmKind, AlarmState]]:
    return [(second, alarm.kind, alarm.state) for second, alarm in home.told if alarm.kind in WAITING]


@settings(max_examples=25, deadline=None)
@given(STORIES, st.integers(0, 11))
def test_a_restart_at_any_moment_changes_nothing_of_what_is_waited_for(story: list[Act], before: int) -> None:
    restarted, undisturbed = (lived(story, act, before) for act in (_act("restart", 0), _act("tick")))
    assert course(restarted) == course(undisturbed)


@settings(max_examples=25, deadline=None)
@given(STORIES, st.integers(0, 11), JUMPS)
def test_each_alarm_lives_one_life(story: list[Act], before: int, jump: timedelta) -> None:
    home = lived(story, lambda home: home.set_clock(jump), before)
    lives: dict[str, list[AlarmState]] = {}
    for _, alarm in home.told:
        lives.setdefault(alarm.id, []).append(alarm.state)
        assert alarm.confirm_s == (20.0 if alarm.state is AlarmState.SUSPECTED else 0.0)
    for life in lives.values():
        first, *rest = life
        asked = first is AlarmState.SUSPECTED
        assert asked or first is AlarmState.RAISED
        if asked and rest:
            assert rest.pop(0) in {AlarmState.RAISED, AlarmState.CANCELLED}
        assert AlarmState.CANCELLED not in life[:-1]
        assert set(rest) <= {AlarmState.UPDATED, AlarmState.CANCELLED}


@settings(max_examples=10, deadline=None)
@given(STORIES)
def test_a_home_whose_sensors_are_all_lost_asks_nobody_anything(story: list[Act]) -> None:
    """Whoever still presses calls; a house that says nothing is not taken for one in which nothing moves."""
    home = lived(story)
    home.dead = set(DEVICES)
    home.wait_min(125)
    before = len(home.told)
    home.wait_min(9 * 60)
    kinds = {alarm.kind for _, alarm in home.told[before:] if alarm.state is not AlarmState.RAISED}
    assert kinds <= {AlarmKind.SENSOR_SILENT}
