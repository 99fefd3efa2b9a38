"""What devices tell more than once is taken once: a cuff's memory, a pendant's minute of calling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.drivers import Incoming
from edge_agent.outbox import Outbox
from edge_agent.pipeline import Pipeline
from edge_agent.prompt import Announcer
from edge_agent.replay import NAMES_KEPT, Replay
from edge_agent.rules import RULES, Rule
from edge_agent.rules.sos import SosRule
from edge_agent.settings import Device, DeviceKind
from firmware_protocols.ble import blood_pressure, pendant
from firmware_protocols.ble.blood_pressure import BloodPressure
from firmware_protocols.ble.device_time import DeviceTime
from firmware_protocols.ble.pendant import Call, Message
from firmware_protocols.codec import Decoded, Frame
from firmware_protocols.model import (
    Alarm,
    AlarmKind,
    AlarmState,
    DeviceId,
    Event,
    EventKind,
    Quantity,
    Reading,
)
from firmware_protocols.wire import envelope
from firmware_protocols.wire.topics import Lane
from tests.unit.edge_agent.household import GATEWAY, NOON, PENDANT, Hands, after, home

CUFF = DeviceId("cuff")
KEY = bytes(range(16))
ADDRESS = "C4:0A:00:01:00:00"
DEVICES = {
    PENDANT: Device(PENDANT, DeviceKind.PENDANT, "", ADDRESS, KEY),
    CUFF: Device(CUFF, DeviceKind.BLOOD_PRESSURE, "bedroom", user=1),
}
MORNING = BloodPressure(
    systolic=131.0, diastolic=78.0, mean=96.0, taken=DeviceTime(2026, 6, 1, 8, 0, 0), pulse=70.0, user=1
)
EVENING = replace(MORNING, systolic=128.0, taken=DeviceTime(2026, 6, 1, 11, 59, 0))


@dataclass
class Home:
    """A pipeline on a real outbox; ``restart`` leaves it as a kill would."""

    folder: Path

    def __post_init__(self) -> None:
        self.hands = Hands()
        self.restart()

    def restart(self) -> None:
        self.box = Outbox(self.folder / "outbox.sqlite", GATEWAY)
        self.rules: dict[str, Rule] = {name: make(home()) for name, make in RULES.items()}
        self.pipeline = Pipeline(DEVICES, self.box, self.rules, Announcer(), self.hands.clock())

    def measure(self, *kept: BloodPressure) -> None:
        """The cuff connects and sends what it has kept."""
        for measurement in kept:
            frame = Frame(CUFF, blood_pressure.encode(measurement), self.hands.at)
            self.pipeline.take(Incoming("blood_pressure", frame))

    def call(self, what: Call, counter: int, repeat: int = 0, second: float = 0.0) -> None:
        """The pendant is heard."""
        self.hands.at = after(second)
        payload = pendant.seal(Message(what, 80, repeat), key=KEY, address=ADDRESS, counter=counter)
        self.pipeline.take(Incoming("pendant", Frame(PENDANT, payload, self.hands.at, ADDRESS), True))

    def systolic(self) -> list[tuple[float | bool | None, timedelta]]:
        self.box.flush(self.hands.at)
        frozen = self.box.take(Lane.BULK, 1000)
        records = [record for each in frozen for record in envelope.parse(each.payload).records]
        return [
            (record.value, NOON - record.observed_at)
            for record in records
            if isinstance(record, Reading) and record.quantity is Quantity.SYSTOLIC
        ]

    def told(self) -> list[Alarm | Event]:
        frozen = self.box.take(Lane.ALARM, 1000)
        records = [record for each in frozen for record in envelope.parse(each.payload).records]
        return [record for record in records if isinstance(record, Alarm | Event)]


@pytest.fixture
def house(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_cuff_that_sends_its_whole_memory_each_time_gives_each_measurement_once(house: Home) -> None:
    house.measure(MORNING)
    house.measure(MORNING, EVENING)
    house.restart()
    house.measure(MORNING, EVENING)
    assert house.systolic() == [(131.0, timedelta(hours=4)), (128.0, timedelta(minutes=1))]


def test_a_cuff_without_a_clock_is_believed_each_time(house: Home) -> None:
    unclocked = replace(MORNING, taken=None)
    house.measure(unclocked, unclocked)
    assert house.systolic() == [(131.0, timedelta()), (131.0, timedelta())]


def test_a_measurement_of_another_user_is_not_the_residents(house: Home) -> None:
    house.measure(replace(MORNING, user=2), EVENING)
    assert house.systolic() == [(128.0, timedelta(minutes=1))]


def test_a_measurement_that_never_reached_the_disk_is_taken_when_it_is_told_again(house: Home) -> None:
    house.measure(MORNING)
    house.restart()  # killed before the group of readings was committed
    house.measure(MORNING)
    assert house.systolic() == [(131.0, timedelta(hours=4))]


def test_a_press_repeated_for_a_minute_is_one_call_although_somebody_answered(house: Home) -> None:
    house.call(Call.PRESS, 100)
    sos = house.rules["sos"]
    assert isinstance(sos, SosRule)
    for frame in range(1, 12):
        (alarm,) = [record for record in house.told() if isinstance(record, Alarm)]
        sos.answered(alarm.id)
        house.call(Call.PRESS, 100 + frame, frame, 5.0 * frame)
    assert len([record for record in house.told() if isinstance(record, Event)]) == 1
    house.call(Call.PRESS, 112, 0, 60)
    assert len({record.id for record in house.told() if isinstance(record, Alarm)}) == 2


def test_a_press_whose_first_frames_nobody_heard_is_heard_all_the_same(house: Home) -> None:
    house.call(Call.PRESS, 107, 7)
    assert [record.kind for record in house.told() if isinstance(record, Alarm)] == [AlarmKind.SOS]


def test_no_recording_of_a_pendant_calls_again_not_even_after_a_restart(house: Home) -> None:
    house.call(Call.PRESS, 100)
    house.restart()
    house.call(Call.PRESS, 100, 0, 3600)
    house.call(Call.PRESS, 99, 0, 3700)
    assert len([record for record in house.told() if isinstance(record, Event)]) == 1
    assert house.pipeline.refused == {PENDANT: 2}


def test_a_fall_that_the_wearer_calls_off_ends(house: Home) -> None:
    house.call(Call.FALL, 1)
    house.call(Call.FALL, 2, 1, 5)
    house.call(Call.ALL_WELL, 3, 0, 6)
    states = [record.state for record in house.told() if isinstance(record, Alarm)]
    assert states == [AlarmState.SUSPECTED, AlarmState.CANCELLED]


def test_a_fall_and_then_the_button_is_a_fall_at_once(house: Home) -> None:
    house.call(Call.FALL, 1)
    house.call(Call.PRESS, 2, 0, 3)
    alarms = [(record.kind, record.state) for record in house.told() if isinstance(record, Alarm)]
    assert (AlarmKind.FALL, AlarmState.RAISED) in alarms
    assert (AlarmKind.SOS, AlarmState.RAISED) in alarms


def test_all_is_well_never_ends_a_call_for_help(house: Home) -> None:
    house.call(Call.PRESS, 1)
    house.call(Call.ALL_WELL, 2, 0, 5)
    assert [record.state for record in house.told() if isinstance(record, Alarm)] == [AlarmState.RAISED]


# A contact bursts what it has to say and shows that it is there in between.
MI_PRESS = bytes.fromhex("50 40 63 08 01 01 63 08 38 C1 A4 01 10 03 00 00 00")
MI_IDLE = bytes.fromhex("30 58 5B 05 02 48 3C D4 38 C1 A4 08")


def test_an_idle_frame_between_two_copies_of_a_press_makes_no_second_press(house: Home) -> None:
    for second, payload in enumerate((MI_PRESS, MI_IDLE, MI_PRESS, MI_IDLE, MI_IDLE, MI_PRESS)):
        house.hands.at = after(second)
        house.pipeline.take(Incoming("mibeacon", Frame(CUFF, payload, house.hands.at), broadcast=True))
    assert [record.kind for record in house.told()] == [EventKind.BUTTON]
    assert house.pipeline.silent_s() == {CUFF: 0.0}
    assert not house.pipeline.refused


def test_idle_frames_do_not_make_a_press_of_an_hour_ago_last(house: Home) -> None:
    for second in range(0, 3600, 5):
        house.hands.at = after(second)
        payload = MI_IDLE if second else MI_PRESS
        house.pipeline.take(Incoming("mibeacon", Frame(CUFF, payload, house.hands.at), broadcast=True))
    house.hands.at = after(3600)
    house.pipeline.take(Incoming("mibeacon", Frame(CUFF, MI_PRESS, house.hands.at), broadcast=True))
    assert [record.kind for record in house.told()] == [EventKind.BUTTON, EventKind.BUTTON]


def test_the_memory_of_names_has_a_bound_and_forgets_the_oldest() -> None:
    replay, seen = Replay(DEVICES), Reading(CUFF, Quantity.SYSTOLIC, 120.0, NOON)
    frame = Incoming("blood_pressure", Frame(CUFF, b"", NOON))

    def taken(name: int) -> bool:
        return bool(replay.accept(frame, Decoded((seen,), once=name), NOON))

    assert all(taken(name) for name in range(NAMES_KEPT + 1))
    assert not taken(1)
    assert taken(0)


def test_a_note_of_an_older_program_is_still_understood() -> None:
    replay = Replay(DEVICES)
    replay.restore(PENDANT, "[41, null, true]", NOON)
    assert replay.security(PENDANT).last_counter == 41
    assert replay.security(PENDANT).encrypted
