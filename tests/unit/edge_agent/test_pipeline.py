"""From a frame to the outbox: what is taken once, what is refused, what is durable together."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.downlink import Downlink
from edge_agent.drivers import Incoming
from edge_agent.outbox import Outbox
from edge_agent.pipeline import Pipeline
from edge_agent.planned import recall
from edge_agent.prompt import Announcer, Phrase
from edge_agent.rules import RULES, FallSign, InForce, Rule, Sight
from edge_agent.rules.asked import AskedRule
from edge_agent.rules.sos import SosRule
from edge_agent.rules.surroundings import Surroundings
from firmware_protocols.codec import Frame
from firmware_protocols.local.message import pack
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    DeviceId,
    Event,
    JsonValue,
    MotionWindow,
    Quality,
    Quantity,
    Reading,
)
from firmware_protocols.serial import micradar, tinyframe
from firmware_protocols.wire import envelope
from firmware_protocols.wire import plan as plans
from firmware_protocols.wire.control import Command
from firmware_protocols.wire.topics import Lane
from tests.unit.edge_agent.household import (
    DEVICES,
    GATEWAY,
    NOON,
    PENDANT,
    RADAR,
    SMOKE,
    WATCH,
    Hands,
    after,
    counting,
    home,
)

LONG_PRESS = bytes.fromhex("40 3A 04")
SMOKE_ON = bytes.fromhex("40 29 01")


class OneFall:
    """A fall model that takes every window for a fall."""

    def see(self, window: MotionWindow, now: datetime) -> list[FallSign]:
        return [FallSign(window.device, window.observed_at, {"probability": 1.0})]

    def tick(self, now: datetime) -> list[FallSign]:
        return []


class Watching:
    """A rule that only counts what it sees."""

    def __init__(self) -> None:
        self.seen = 0

    def see(self, sight: Sight, now: datetime) -> list[Alarm]:
        self.seen += 1
        return []

    def tick(self, now: datetime) -> list[Alarm]:
        return []

    def state(self) -> JsonValue:
        return None

    def restore(self, state: JsonValue) -> None:
        pass


class Reminds(Watching):
    """A rule that has the home remind of the cooker once."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds = [AlarmKind.STOVE]

    def reminders(self, now: datetime) -> list[AlarmKind]:
        kinds, self.kinds = self.kinds, []
        return kinds


class Gateway:
    """A pipeline on a real outbox; ``restart`` leaves it as a kill would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hands = Hands()
        self.restart()

    def restart(self) -> None:
        self.box = Outbox(self.folder / "outbox.sqlite", GATEWAY)
        around = home()
        around.in_force = self.in_force = InForce(recall(self.box))
        self.rules: dict[str, Rule] = {name: make(around) for name, make in RULES.items()}
        self.urgent = 0
        self.pipeline = Pipeline(
            DEVICES,
            self.box,
            self.rules,
            Announcer(),
            self.hands.clock(),
            OneFall(),
            self.count_urgent,
            in_force=self.in_force,
        )

    def count_urgent(self) -> None:
        self.urgent += 1

    def hear(
        self, device: DeviceId, payload: bytes, codec: str = "bthome", *, broadcast: bool = True
    ) -> None:
        self.pipeline.take(Incoming(codec, Frame(device, payload, self.hands.at), broadcast))

    def hear_local(
        self, device: DeviceId, text: str, subject: str = "state", *, retained: bool = False
    ) -> None:
        frame = Frame(device, pack(subject, text.encode()), self.hands.at)
        self.pipeline.take(Incoming("zigbee2mqtt", frame, retained=retained))

    def at(self, seconds: float) -> None:
        self.hands.at = after(seconds)

    def stored(self, lane: Lane) -> list[envelope.Record]:
        self.box.flush(self.hands.at)
        return [r for frozen in self.box.take(lane, 1000) for r in envelope.parse(frozen.payload).records]

    def alarms(self) -> list[Alarm]:
        return [record for record in self.stored(Lane.ALARM) if isinstance(record, Alarm)]


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


def test_a_press_is_an_event_and_an_alarm_in_one_commit_and_wakes_the_uplink(gateway: Gateway) -> None:
    gateway.hear(PENDANT, LONG_PRESS)
    (batch,) = gateway.box.take(Lane.ALARM, 10)
    alarm, event = envelope.parse(batch.payload).records
    assert isinstance(alarm, Alarm)
    assert isinstance(event, Event)
    assert (alarm.kind, alarm.actions) == (AlarmKind.SOS, ("voice",))
    assert gateway.urgent == 1


def test_a_radios_repetitions_of_one_press_are_one_press(gateway: Gateway) -> None:
    for tenth in range(50):
        gateway.at(tenth / 10)
        gateway.hear(PENDANT, LONG_PRESS)
    assert len([record for record in gateway.stored(Lane.ALARM) if isinstance(record, Event)]) == 1


def test_a_press_after_silence_is_a_new_press(gateway: Gateway) -> None:
    gateway.hear(PENDANT, LONG_PRESS)
    gateway.at(11)
    gateway.hear(PENDANT, LONG_PRESS)
    assert len([record for record in gateway.stored(Lane.ALARM) if isinstance(record, Event)]) == 2


def test_the_same_packet_id_is_the_same_press_even_after_a_restart(gateway: Gateway) -> None:
    packet = bytes.fromhex("44 00 07 3A 01")
    gateway.hear(PENDANT, packet)
    gateway.hear(PENDANT, bytes.fromhex("44 00 07 01 64 3A 01"))  # the same packet, another payload
    gateway.restart()
    gateway.hear(PENDANT, packet)
    assert len([record for record in gateway.stored(Lane.ALARM) if isinstance(record, Event)]) == 1
    gateway.hear(PENDANT, bytes.fromhex("44 00 08 3A 01"))
    assert len([record for record in gateway.stored(Lane.ALARM) if isinstance(record, Event)]) == 2


def test_an_unchanged_sensor_gives_a_reading_a_minute(gateway: Gateway) -> None:
    for second in range(0, 185, 5):
        gateway.at(second)
        gateway.hear(SMOKE, SMOKE_ON)
    assert len([record for record in gateway.stored(Lane.BULK) if isinstance(record, Reading)]) == 3
    assert [alarm.kind for alarm in gateway.alarms()] == [AlarmKind.SMOKE]


def test_what_a_radar_says_again_and_again_is_stored_once_a_minute_and_seen_by_the_rules_each_time(
    gateway: Gateway,
) -> None:
    watching = gateway.rules["watching"] = Watching()
    for tenth in range(1200):
        gateway.at(tenth / 10)
        gateway.hear(RADAR, micradar.encode_heart_rate(65), "micradar", broadcast=False)
    assert watching.seen == 1200
    kept = [(record.observed_at - NOON).total_seconds() for record in gateway.stored(Lane.BULK)]
    assert kept == [0.0, 55.0, 110.0]


def test_what_a_radar_says_anew_is_stored_at_once(gateway: Gateway) -> None:
    for tenth, rate in enumerate((65, 66, 67, 65, 0, 0, 65)):
        gateway.at(tenth / 10)
        gateway.hear(RADAR, micradar.encode_heart_rate(rate), "micradar", broadcast=False)
    values = [record.value for record in gateway.stored(Lane.BULK) if isinstance(record, Reading)]
    assert values == [65.0, 67.0, 65.0, None, 65.0]


@pytest.mark.parametrize("codec", ["mr60fda2", "ld6002c"])
def test_a_fall_that_a_tinyframe_radar_sees_is_suspected_and_raised(gateway: Gateway, codec: str) -> None:
    for second in range(25):
        gateway.at(second)
        gateway.hear(RADAR, tinyframe.encode_fall(True, number=second), codec, broadcast=False)
        gateway.pipeline.tick()
    assert [(alarm.kind, alarm.state) for alarm in gateway.alarms()] == [
        (AlarmKind.FALL, AlarmState.SUSPECTED),
        (AlarmKind.FALL, AlarmState.RAISED),
    ]


def test_a_fall_that_a_radar_goes_on_reporting_is_stored_once_a_minute_and_at_once_when_it_is_a_new_one(
    gateway: Gateway,
) -> None:
    """Each stored event is a commit of its own: an hour on the floor must not wear the card out."""
    watching = gateway.rules["watching"] = Watching()
    for second in range(120):
        gateway.at(second)
        gateway.hear(RADAR, micradar.encode_fall(second != 70), "micradar", broadcast=False)
    events = [record for record in gateway.stored(Lane.ALARM) if isinstance(record, Event)]
    assert [(event.observed_at - NOON).total_seconds() for event in events] == [0.0, 55.0, 71.0]
    assert watching.seen == 2 * 120 - 1


def test_each_press_is_stored_however_quickly_they_follow(gateway: Gateway) -> None:
    for packet in range(5):
        gateway.at(packet / 10)
        gateway.hear(PENDANT, bytes((0x44, 0x00, packet, 0x3A, 0x01)))
    assert len([record for record in gateway.stored(Lane.ALARM) if isinstance(record, Event)]) == 5


def test_after_a_restart_the_first_reading_is_stored_again(gateway: Gateway) -> None:
    for _ in range(2):
        gateway.hear(RADAR, micradar.encode_heart_rate(65), "micradar", broadcast=False)
        gateway.box.flush(gateway.hands.at)
        gateway.restart()
    assert len(gateway.stored(Lane.BULK)) == 2


def test_garbage_and_strangers_are_counted_and_logged_ever_more_rarely(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(100):
        gateway.hear(PENDANT, bytes((0xFF, n)))
    gateway.hear(DeviceId("stranger"), LONG_PRESS)
    gateway.hear(PENDANT, LONG_PRESS, "no such codec")
    assert gateway.pipeline.refused == {PENDANT: 101, "stranger": 1}
    assert len([r for r in caplog.records if "device=pendant" in r.getMessage()]) == 7  # 1 2 4 8 16 32 64
    assert gateway.stored(Lane.ALARM) == []


def test_a_wearables_motion_is_judged_and_not_sent(gateway: Gateway) -> None:
    window = MotionWindow(WATCH, NOON, 1, 50.0, 8.0, ((0, 0, 1000),))
    gateway.pipeline._see((window,), *gateway.pipeline.clock.moment())
    (alarm,) = gateway.alarms()
    assert (alarm.kind, alarm.state, alarm.device) == (AlarmKind.FALL, AlarmState.SUSPECTED, WATCH)
    assert gateway.stored(Lane.BULK) == []


def test_a_suspicion_is_raised_by_the_restarted_gateway(gateway: Gateway) -> None:
    gateway.hear(RADAR, micradar.encode_fall(True), "micradar", broadcast=False)
    gateway.restart()
    gateway.at(21)
    gateway.pipeline.tick()
    assert [(alarm.id, alarm.state) for alarm in gateway.alarms()] == [
        ("1", AlarmState.SUSPECTED),
        ("1", AlarmState.RAISED),
    ]
    assert gateway.pipeline.announcer.tick(after(21)) == [Phrase.HELP_CALLED]


def test_a_receive_time_far_from_the_gateways_own_is_replaced(gateway: Gateway) -> None:
    gateway.pipeline.take(Incoming("bthome", Frame(PENDANT, LONG_PRESS, after(-1e8)), True))
    assert {record.observed_at for record in gateway.stored(Lane.ALARM)} == {NOON}


# -- commands ----------------------------------------------------------------------------------------


def downlink(gateway: Gateway) -> Downlink:
    sos = gateway.rules["sos"]
    assert isinstance(sos, SosRule)
    return Downlink(gateway.pipeline, gateway.box, sos, gateway.hands.clock(), counting())


def command(name: str, identity: str = "c1", until: float = 60, **args: object) -> Command:
    return Command(identity, name, after(until).timestamp(), args)


def test_a_command_is_done_once_even_over_a_restart(gateway: Gateway) -> None:
    assert downlink(gateway).do(command("test")).ok
    gateway.restart()
    again = downlink(gateway).do(command("test"))
    assert (again.ok, again.detail) == (True, "done before")
    (alarm,) = gateway.alarms()
    assert alarm.evidence == {"test": True}


def test_an_expired_or_unknown_or_wrong_command_says_why(gateway: Gateway) -> None:
    answers = [
        downlink(gateway).do(request)
        for request in (
            command("test", "1", until=-1),
            command("dance", "2"),
            command("cancel", "3"),
            command("mute", "4", seconds="long"),
            command("mute", "5", seconds=1e9),
            command("accepted", "6"),
        )
    ]
    assert [answer.ok for answer in answers] == [False] * 6
    assert [answer.detail for answer in answers] == [
        "expired",
        "no such command; known: cancel, test, mute, accepted, closed, plan, update",
        "no such suspicion is open",
        "needs a number 'seconds', 0-3600",
        "needs a number 'seconds', 0-3600",
        "needs a text 'alarm'",
    ]


def test_a_cancel_from_the_cloud_ends_the_suspicion(gateway: Gateway) -> None:
    gateway.hear(RADAR, micradar.encode_fall(True), "micradar", broadcast=False)
    assert downlink(gateway).do(command("cancel", alarm="1")).ok
    gateway.at(30)
    gateway.pipeline.tick()
    assert [alarm.state for alarm in gateway.alarms()] == [AlarmState.SUSPECTED, AlarmState.CANCELLED]


def test_when_somebody_accepts_the_resident_is_told(gateway: Gateway) -> None:
    gateway.hear(PENDANT, LONG_PRESS)
    (alarm,) = gateway.alarms()
    assert gateway.pipeline.announcer.tick(NOON) == [Phrase.HELP_CALLED]
    assert downlink(gateway).do(command("accepted", alarm=alarm.id)).ok
    assert gateway.pipeline.announcer.tick(after(1)) == [Phrase.SOMEBODY_COMING]
    assert gateway.pipeline.announcer.tick(after(60)) == []


def test_what_a_rule_reminds_of_is_said_at_home_and_told_to_nobody(gateway: Gateway) -> None:
    rules = {**gateway.rules, "reminds": Reminds()}
    pipeline = Pipeline(DEVICES, gateway.box, rules, Announcer(), gateway.hands.clock())
    pipeline.tick()
    pipeline.tick()
    assert pipeline.announcer.tick(NOON) == [Phrase.STOVE]
    assert gateway.alarms() == []


def test_a_person_who_only_knows_of_it_is_not_said_to_be_coming(gateway: Gateway) -> None:
    gateway.hear(PENDANT, LONG_PRESS)
    (alarm,) = gateway.alarms()
    assert downlink(gateway).do(command("accepted", alarm=alarm.id, coming=False)).ok
    assert gateway.pipeline.announcer.tick(NOON) == [Phrase.HELP_REACHED]
    assert downlink(gateway).do(command("accepted", "c2", alarm=alarm.id, coming=True)).ok
    assert gateway.pipeline.announcer.tick(after(1)) == [Phrase.SOMEBODY_COMING]
    assert gateway.pipeline.announcer.tick(after(60)) == []


def test_an_accepted_suspicion_is_still_asked_about_and_its_raise_calls_nobody(gateway: Gateway) -> None:
    gateway.hear(RADAR, micradar.encode_fall(True), "micradar", broadcast=False)
    assert downlink(gateway).do(command("accepted", alarm="1", coming=False)).ok
    assert gateway.pipeline.announcer.tick(NOON) == [Phrase.HELP_REACHED, Phrase.ARE_YOU_ALL_RIGHT]
    assert gateway.pipeline.announcer.tick(after(5)) == [Phrase.ARE_YOU_ALL_RIGHT]
    gateway.at(21)
    gateway.pipeline.tick()
    assert [alarm.state for alarm in gateway.alarms()] == [AlarmState.SUSPECTED, AlarmState.RAISED]
    assert gateway.pipeline.announcer.tick(after(21)) == []


def test_a_siren_outlives_the_acceptance_and_ends_when_people_are_done(gateway: Gateway) -> None:
    hear, tick = gateway.pipeline.announcer.hear, gateway.pipeline.announcer.tick
    smoke = Alarm(AlarmId("7"), AlarmKind.SMOKE, AlarmState.RAISED, PENDANT, NOON)
    assert hear(smoke) == ("siren",)
    assert downlink(gateway).do(command("accepted", alarm="7")).ok
    assert tick(NOON) == [Phrase.SOMEBODY_COMING, Phrase.FIRE]
    assert tick(after(4)) == [Phrase.FIRE]
    assert downlink(gateway).do(command("closed", "c2", alarm="7")).detail == "silenced"
    assert tick(after(8)) == []
    assert hear(smoke) == ("siren",), "whoever closed it was wrong"


def test_what_people_have_closed_is_told_of_no_more_and_a_new_sign_is_a_new_alarm(gateway: Gateway) -> None:
    gateway.hear(RADAR, micradar.encode_fall(True), "micradar", broadcast=False)
    gateway.at(21)
    gateway.pipeline.tick()
    assert downlink(gateway).do(command("closed", alarm="1", until=90)).ok
    gateway.at(60)
    gateway.hear(RADAR, micradar.encode_fall(True), "micradar", broadcast=False)
    assert [(alarm.id, alarm.state) for alarm in gateway.alarms()] == [
        ("1", AlarmState.SUSPECTED),
        ("1", AlarmState.RAISED),
        ("2", AlarmState.SUSPECTED),
    ]


def test_what_people_are_done_with_is_over_also_after_a_kill(gateway: Gateway) -> None:
    gateway.hear(RADAR, micradar.encode_fall(True), "micradar", broadcast=False)
    gateway.at(21)
    gateway.pipeline.tick()
    assert gateway.pipeline.open_alarms.count(after(21)) == 1
    assert downlink(gateway).do(command("closed", alarm="1")).ok
    gateway.restart()
    assert gateway.pipeline.open_alarms.count(after(21)) == 0
    gateway.at(60)
    gateway.hear(RADAR, micradar.encode_fall(True), "micradar", broadcast=False)
    assert gateway.alarms()[-1].state is AlarmState.SUSPECTED, "a sign that comes now is another fall"


def test_a_sensor_that_is_back_says_nothing_aloud(gateway: Gateway) -> None:
    hear, tick = gateway.pipeline.announcer.hear, gateway.pipeline.announcer.tick
    assert hear(Alarm(AlarmId("7"), AlarmKind.SENSOR_SILENT, AlarmState.CANCELLED, RADAR, NOON)) == ()
    assert tick(NOON) == []


def test_a_new_call_is_heard_whatever_was_accepted_before(gateway: Gateway) -> None:
    assert downlink(gateway).do(command("accepted", alarm="an older one")).ok
    assert downlink(gateway).do(command("closed", "c2", alarm="an older one")).detail == "was silent"
    gateway.hear(PENDANT, LONG_PRESS)
    assert gateway.pipeline.announcer.tick(NOON) == [Phrase.SOMEBODY_COMING, Phrase.HELP_CALLED]


def test_a_suspicion_of_any_kind_is_cancelled_by_its_alarm(gateway: Gateway) -> None:
    gateway.hear(RADAR, micradar.encode_fall(True), "micradar", broadcast=False)
    long_lie = gateway.rules["long_lie"]
    assert isinstance(long_lie, AskedRule)
    gateway.pipeline.record(long_lie._asking.ask(RADAR, NOON, {}, NOON))
    assert not downlink(gateway).do(command("cancel", alarm="3")).ok
    assert downlink(gateway).do(command("cancel", "c2", alarm="2")).ok
    assert [(alarm.kind, alarm.state) for alarm in gateway.alarms()][2:] == [
        (AlarmKind.LONG_LIE, AlarmState.CANCELLED)
    ]
    assert downlink(gateway).do(command("cancel", "c3")).ok


def test_a_device_that_says_nothing_new_is_alive_all_the_same(gateway: Gateway) -> None:
    """A radar in an empty room sends its heartbeat, a beacon the payload of a minute ago."""
    around = gateway.rules["surroundings"]
    assert isinstance(around, Surroundings)
    for second in range(0, 1000, 5):
        gateway.at(second)
        gateway.hear(RADAR, micradar.encode_heartbeat(), "micradar", broadcast=False)
        gateway.hear(SMOKE, bytes.fromhex("40 29 00"))
        gateway.hear(PENDANT, bytes((0xFF, 0xFF)))
        gateway.pipeline.tick()
    assert around.silent_s(RADAR) < 15
    assert around.silent_s(SMOKE) < 15
    assert around.silent_s(PENDANT) > 900, "a frame that is refused is no sign of life"
    assert gateway.alarms() == []


def test_what_is_waited_for_survives_a_kill_in_a_home_in_which_nothing_happens(gateway: Gateway) -> None:
    for minute in range(90):
        gateway.at(60 * minute)
        gateway.pipeline.tick()
    before = gateway.rules["surroundings"]
    gateway.restart()
    after_it = gateway.rules["surroundings"]
    assert isinstance(before, Surroundings)
    assert isinstance(after_it, Surroundings)
    assert before.listened_s - after_it.listened_s <= 60


# -- the plan ----------------------------------------------------------------------------------------

PLAN = {"version": 3, "confirm_s": 5, "devices": {"radar": {"expected_s": 60, "alarm_s": 600}}}


def test_a_plan_is_in_force_at_once_and_after_a_kill_and_every_alarm_names_it(gateway: Gateway) -> None:
    assert downlink(gateway).do(command("plan", plan=PLAN)).detail == "version 3 in force"
    gateway.restart()  # nothing was closed: as a kill leaves it
    assert gateway.in_force.plan == plans.parse(PLAN)
    gateway.hear(RADAR, micradar.encode_fall(True), "micradar", broadcast=False)
    (alarm,) = gateway.alarms()
    assert (alarm.confirm_s, alarm.evidence["plan"]) == (5.0, 3)


def test_the_id_of_the_command_and_the_plan_are_one_commit(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_now: datetime) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gateway.box, "flush", die)
    with pytest.raises(KeyboardInterrupt):
        downlink(gateway).do(command("plan", plan=PLAN))
    gateway.restart()
    assert gateway.in_force.plan.version == 0
    assert downlink(gateway).do(command("plan", plan=PLAN)).ok, "it was not remembered as done"
    assert gateway.in_force.plan.version == 3


def test_the_same_plan_again_changes_nothing_and_an_older_one_is_refused(gateway: Gateway) -> None:
    answers = [
        downlink(gateway).do(command("plan", f"c{number}", plan={**PLAN, "version": version}))
        for number, version in enumerate((3, 3, 2, 4))
    ]
    assert [(answer.ok, answer.detail) for answer in answers] == [
        (True, "version 3 in force"),
        (True, "version 3 was in force"),
        (False, "plan: version 2 is older than 3, which is in force"),
        (True, "version 4 in force"),
    ]


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ({}, "needs an object 'plan'"),
        ({"plan": 7}, "plan: Expected `object`, got `int`"),
        ({"plan": {**PLAN, "siren": True}}, "plan: Object contains unknown field `siren`"),
        ({"plan": {**PLAN, "limits": {"spo2": {"low": 5}}}}, "plan: limits.spo2.low must be 50-100 %"),
        (
            {"plan": {**PLAN, "version": 4, "exits": ["dor"]}},
            "plan: no device 'dor' here; there are: bedside, pendant, radar",
        ),
    ],
)
def test_a_plan_that_cannot_be_used_is_refused_whole(
    gateway: Gateway, args: dict[str, object], reason: str
) -> None:
    assert downlink(gateway).do(command("plan", "c1", plan=PLAN)).ok
    answer = downlink(gateway).do(Command("c2", "plan", after(60).timestamp(), args))
    assert not answer.ok
    assert answer.detail.startswith(reason)
    gateway.restart()
    assert gateway.in_force.plan == plans.parse(PLAN)


def test_a_stored_plan_that_a_newer_program_wrote_leaves_the_defaults(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.box.note("plan", '{"version": 9, "moon": true}')
    gateway.box.flush(NOON)
    gateway.restart()
    assert gateway.in_force.plan.version == 0
    assert "stored plan cannot be used" in caplog.text


# -- evidence ----------------------------------------------------------------------------------------


def test_a_raised_alarm_about_a_person_carries_what_was_heard_before_it(gateway: Gateway) -> None:
    gateway.hear(SMOKE, SMOKE_ON)
    gateway.at(3)
    gateway.hear(PENDANT, LONG_PRESS)
    smoke, call = gateway.alarms()
    assert "frames" not in smoke.evidence
    assert call.evidence["frames"] == [
        {"d": "pendant", "c": "bthome", "x": "403a04", "a": 0.0},
        {"d": "smoke", "c": "bthome", "x": "402901", "a": 3.0},
    ]


def test_a_suspicion_carries_no_frames_and_its_raise_does(gateway: Gateway) -> None:
    gateway.hear(RADAR, micradar.encode_fall(True), "micradar", broadcast=False)
    gateway.at(21)
    gateway.pipeline.tick()
    assert ["frames" in alarm.evidence for alarm in gateway.alarms()] == [False, True]


# -- sound -------------------------------------------------------------------------------------------


def test_mute_is_for_the_ears_only(gateway: Gateway) -> None:
    assert downlink(gateway).do(command("mute", seconds=100)).ok
    gateway.hear(PENDANT, LONG_PRESS)
    assert gateway.pipeline.announcer.tick(NOON) == []
    assert len(gateway.alarms()) == 1
    assert gateway.pipeline.announcer.tick(after(101)) == [Phrase.HELP_CALLED]


@pytest.mark.parametrize("set_to", [after(9_000_000), after(-9_000_000)], ids=["ahead", "back"])
def test_a_clock_that_is_set_neither_ends_a_siren_nor_mutes_it(gateway: Gateway, set_to: datetime) -> None:
    announcer = gateway.pipeline.announcer
    announcer.hear(Alarm(AlarmId("7"), AlarmKind.SMOKE, AlarmState.RAISED, PENDANT, NOON))
    assert announcer.tick(NOON) == [Phrase.FIRE]
    assert announcer.tick(set_to) == []
    assert announcer.tick(set_to + timedelta(seconds=4)) == [Phrase.FIRE]
    announcer.mute(100)
    assert announcer.tick(NOON + timedelta(seconds=4)) == []
    assert announcer.tick(NOON + timedelta(seconds=103)) == [], "not longer, and not shorter"
    assert announcer.tick(NOON + timedelta(seconds=108)) == [Phrase.FIRE]


# -- what brokers and bridges remember -------------------------------------------------------------------


def test_a_retained_press_is_nothing_and_the_same_press_of_now_is_an_alarm(gateway: Gateway) -> None:
    gateway.hear_local(PENDANT, '{"action":"emergency"}', retained=True)
    assert gateway.stored(Lane.ALARM) == []
    assert gateway.pipeline.silent_s() == {}
    gateway.hear_local(PENDANT, '{"action":"emergency"}')
    assert [alarm.kind for alarm in gateway.alarms()] == [AlarmKind.SOS]
    assert gateway.pipeline.silent_s() == {PENDANT: 0.0}


def test_retained_smoke_is_one_alarm_over_any_number_of_reconnects_and_restarts(gateway: Gateway) -> None:
    for second in range(3):
        gateway.at(1000 * second)
        gateway.hear_local(SMOKE, '{"smoke":true}', retained=True)
    gateway.restart()
    gateway.hear_local(SMOKE, '{"smoke":true}', retained=True)
    assert [alarm.kind for alarm in gateway.alarms()] == [AlarmKind.SMOKE]
    assert gateway.pipeline.silent_s() == {}


def test_smoke_that_cleared_while_nobody_listened_can_alarm_again(gateway: Gateway) -> None:
    gateway.hear_local(SMOKE, '{"smoke":true}')
    gateway.at(1000)
    gateway.hear_local(SMOKE, '{"smoke":false}', retained=True)
    gateway.at(2000)
    gateway.hear_local(SMOKE, '{"smoke":true}')
    assert [alarm.kind for alarm in gateway.alarms()] == [AlarmKind.SMOKE] * 2


def test_of_a_retained_message_only_standing_states_are_taken_as_estimated(gateway: Gateway) -> None:
    gateway.hear_local(
        RADAR, '{"contact":false,"occupancy":true,"presence":true,"battery":90}', retained=True
    )
    (door,) = gateway.stored(Lane.BULK)
    assert door == Reading(RADAR, Quantity.OPENING, True, NOON, Quality.ESTIMATED)


def test_what_a_bridge_says_about_a_device_is_taken_but_is_no_sign_of_life(gateway: Gateway) -> None:
    gateway.hear_local(SMOKE, '{"battery":90}')
    gateway.at(600)
    gateway.hear_local(SMOKE, '{"state":"offline"}', "availability")
    gateway.hear_local(SMOKE, '{"battery":89,"last_seen":"2026-06-01T12:00:00Z"}')
    gateway.hear_local(SMOKE, '{"battery":255,"last_seen":"2026-06-01T12:00:00Z"}')  # no value: no word
    assert gateway.pipeline.silent_s() == {SMOKE: 600.0}
    readings = [record for record in gateway.stored(Lane.BULK) if isinstance(record, Reading)]
    assert [(r.quantity, r.value, r.observed_at, r.quality) for r in readings] == [
        (Quantity.BATTERY, 90.0, NOON, Quality.GOOD),
        (Quantity.PROBLEM, True, after(600), Quality.ESTIMATED),
        (Quantity.BATTERY, 89.0, NOON, Quality.ESTIMATED),
    ]


def test_a_device_that_was_only_spoken_of_is_not_heard_after_a_restart_either(gateway: Gateway) -> None:
    gateway.hear_local(SMOKE, '{"state":"offline"}', "availability")
    gateway.hear_local(SMOKE, '{"smoke":true}', retained=True)
    gateway.restart()
    assert gateway.pipeline.silent_s() == {}


def test_what_changes_with_every_frame_goes_to_disk_with_an_alarm_and_once_a_minute(gateway: Gateway) -> None:
    def noted() -> str | None:
        return gateway.box.recall("rule/surroundings")

    gateway.hear(RADAR, micradar.encode_presence(True), "micradar")
    assert noted() is None
    gateway.at(60)
    gateway.pipeline.tick()
    after_a_minute = noted()
    gateway.at(70)
    gateway.hear(RADAR, micradar.encode_presence(False), "micradar")
    assert noted() == after_a_minute is not None
    gateway.hear_local(SMOKE, '{"smoke":true}')
    assert noted() != after_a_minute
