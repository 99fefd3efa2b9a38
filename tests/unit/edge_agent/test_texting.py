"""The second path at work: a real outbox and pipeline, a modem on a pty, a network with telephones."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent import modem, texting
from edge_agent.app import Agent
from edge_agent.configuration import parse
from edge_agent.downlink import Downlink
from edge_agent.drivers import DriverError, Incoming
from edge_agent.modem import Modem as ModemPort
from edge_agent.modem import PathState
from edge_agent.outbox import Outbox
from edge_agent.pipeline import Pipeline
from edge_agent.prompt import Announcer, Phrase
from edge_agent.rules import RULES, Rule
from edge_agent.rules.sos import SosRule
from edge_agent.second_path import SecondPath, Sender
from edge_agent.settings import SmsSettings
from edge_agent.supervise import supervise
from edge_agent.texting import PIN_TRIES, Pins, Texting
from edge_agent.ulid import Ulids
from firmware_protocols.codec import Frame
from firmware_protocols.model import Alarm, AlarmState, DeviceId
from firmware_protocols.serial.at import NotSent, Timeouts
from firmware_protocols.wire import envelope
from firmware_protocols.wire import sms as wire
from firmware_protocols.wire.control import Command
from firmware_protocols.wire.topics import Lane
from simulators.modem import Carrier, Conditions, Modem
from tests.unit.edge_agent.household import BUTTON, DEVICES, GATEWAY, NOON, PENDANT, SMOKE, Hands, after, home
from tests.unit.edge_agent.lines import until_true

HOME, CENTRE, ANNA, BEN = "+8613700137000", "+8613900139000", "+8613800138000", "+4915112345678"
KEY = wire.key_of("secret of gw-1 0123456789")
PRESS = bytes.fromhex("40 3A 04")


class Home:
    """A gateway with a modem. Its clock stands still unless a test moves it, so nothing is due by itself."""

    def __init__(self, folder: Path, conditions: Conditions | None = None) -> None:
        self.folder = folder
        self.hands = Hands()
        self.carrier = Carrier()
        self.modem = Modem(folder / "ttyMODEM", HOME, self.carrier, conditions or Conditions())
        self.settings = SmsSettings(str(self.modem.link), 115_200, CENTRE, (ANNA, BEN), "向奶奶")
        self.start()

    def start(self, settings: SmsSettings | None = None) -> None:
        """Start the agent's parts, as after a kill."""
        self.settings = settings or self.settings
        clock = self.hands.clock()
        around = replace(home(), new_id=Ulids(clock.now))
        self.path = SecondPath(self.settings.recipients, Sender(GATEWAY, KEY), around, clock.now())
        rules: dict[str, Rule] = {name: make(around) for name, make in RULES.items()}
        sos = rules["sos"]
        assert isinstance(sos, SosRule)
        self.outbox = Outbox(self.folder / "outbox.sqlite", GATEWAY)
        self.pipeline = Pipeline(DEVICES, self.outbox, rules | {"second_path": self.path}, Announcer(), clock)
        self.downlink = Downlink(self.pipeline, self.outbox, sos, clock, around.new_id, self.path)
        self.texting = Texting(self.settings, self.path, self.outbox, self.pipeline, clock, sos.answered)
        self.parts = [
            asyncio.create_task(supervise("modem", self.texting.modem.run, first_s=0.05, most_s=0.1)),
            asyncio.create_task(supervise("texting", self.texting.run)),
        ]

    async def stop(self) -> None:
        for part in self.parts:
            part.cancel()
        for part in self.parts:
            with contextlib.suppress(asyncio.CancelledError):
                await part

    async def stands(self, state: PathState) -> None:
        await until_true(lambda: self.texting.modem.state is state)

    def press(self, device: DeviceId = PENDANT) -> None:
        self.pipeline.take(Incoming("bthome", Frame(device, PRESS, self.hands.at)))

    def at(self, seconds: float) -> None:
        self.hands.at = after(seconds)

    def settle(self) -> None:
        """The cloud commits everything."""
        for frozen in self.outbox.take(Lane.ALARM, 100):
            self.outbox.settle(frozen.key.epoch, Lane.ALARM, [frozen.key.first])

    def records(self) -> list[Alarm]:
        batches = self.outbox.take(Lane.ALARM, 1000)
        return [r for b in batches for r in envelope.parse(b.payload).records if isinstance(r, Alarm)]

    def texts_told(self) -> int:
        """How many texts the cloud is told of: each after the modem has sent it."""
        return sum(record.actions == ("sms",) for record in self.records())

    def inboxes(self) -> tuple[int, int, int]:
        return len(self.carrier.inbox(CENTRE)), len(self.carrier.inbox(ANNA)), len(self.carrier.inbox(BEN))

    async def texted(self, *inboxes: int) -> None:
        await until_true(lambda: self.inboxes() == inboxes)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often: the clock does not say when anything is due, the test does."""
    monkeypatch.setattr(texting, "LOOK_S", 0.02)
    monkeypatch.setattr(texting, "TIMEOUTS", Timeouts(quiet_s=0.02))
    monkeypatch.setattr(modem, "READ_S", 0.02)


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Home]:
    made = Home(tmp_path)
    yield made
    await made.stop()
    made.modem.unplug()


async def test_a_call_that_the_cloud_does_not_confirm_reaches_the_centre_and_two_people(
    gateway: Home,
) -> None:
    await gateway.stands(PathState.READY)
    gateway.press()
    gateway.at(11)
    await gateway.texted(1, 1, 1)
    said = wire.check(wire.parse(gateway.carrier.inbox(CENTRE)[0]), KEY)
    raised = gateway.records()[0]
    assert (said.alarm, said.kind, said.device, said.observed_at) == (raised.id, "sos", PENDANT, NOON)
    assert gateway.carrier.inbox(ANNA) == ["向奶奶 20:00 呼叫求助。若您能前往查看，请回复1。"]
    await until_true(lambda: len(gateway.records()) == 4)
    told = gateway.records()[1:]
    assert [record.actions for record in told] == [("sms",)] * 3
    assert {record.id for record in told} == {raised.id}


async def test_a_call_that_is_confirmed_in_time_leaves_the_modem_silent(gateway: Home) -> None:
    await gateway.stands(PathState.READY)
    gateway.press()
    gateway.settle()
    gateway.at(11)
    gateway.press(SMOKE)  # something else happens, and everything is looked at again
    await until_true(lambda: gateway.texting._read == {} or gateway.path.calls == ())
    assert gateway.path.calls == ()
    assert gateway.inboxes() == (0, 0, 0)


async def test_an_answer_by_text_stops_the_repeats_and_the_home_hears_it(gateway: Home) -> None:
    await gateway.stands(PathState.READY)
    gateway.press()
    gateway.at(11)
    await gateway.texted(1, 1, 1)
    gateway.pipeline.announcer.tick(gateway.hands.at)
    gateway.carrier.say(ANNA, HOME, "收到")
    await until_true(lambda: gateway.path.calls == ())
    accepted = [record for record in gateway.records() if record.state is AlarmState.ACCEPTED]
    assert [record.evidence["by"] for record in accepted] == ["text of contact 1"]
    assert gateway.pipeline.announcer.tick(gateway.hands.at) == [Phrase.SOMEBODY_COMING]
    await until_true(lambda: gateway.modem.stored == {})
    gateway.at(4000)
    await until_true(lambda: gateway.texting.figures()["sms/calls"] == 0)
    gateway.press()
    assert gateway.records()[-1].id != accepted[0].id, "whoever presses now calls anew"


async def test_the_cloud_s_word_and_the_button_stop_the_repeats_too(gateway: Home) -> None:
    await gateway.stands(PathState.READY)
    gateway.press()
    gateway.at(11)
    await gateway.texted(1, 1, 1)
    await until_true(lambda: gateway.texts_told() == 3)
    until = gateway.hands.at.timestamp() + 60
    gateway.downlink.do(Command("c1", "accepted", until, {"alarm": gateway.records()[0].id}))
    assert gateway.path.calls == ()
    gateway.at(100)
    gateway.press()
    gateway.at(111)
    await gateway.texted(2, 2, 2)
    await until_true(lambda: gateway.texts_told() == 6)
    gateway.press(BUTTON)
    assert gateway.path.calls == ()


async def test_a_modem_that_is_pulled_and_plugged_in_again_goes_on(gateway: Home) -> None:
    await gateway.stands(PathState.READY)
    gateway.modem.unplug()
    await gateway.stands(PathState.NO_MODEM)
    figures = gateway.texting.figures()
    assert (figures["sms/state"], figures["sms/usable"]) == (0, 0)
    gateway.press()
    gateway.at(11)
    gateway.modem.plug()
    await gateway.texted(1, 1, 1)


async def test_a_modem_that_is_pulled_with_the_text_in_it_sends_it_again(tmp_path: Path) -> None:
    gateway = Home(tmp_path, Conditions(network_s=0.5))
    await gateway.stands(PathState.READY)
    gateway.press()
    gateway.at(11)
    await gateway.stands(PathState.SENDING)
    gateway.modem.unplug()
    await gateway.stands(PathState.NO_MODEM)
    gateway.modem.conditions.network_s = 0.0
    gateway.modem.plug()
    await gateway.stands(PathState.READY)
    gateway.at(20)
    await until_true(lambda: gateway.inboxes()[0] >= 1 and gateway.inboxes()[1:] == (1, 1))
    await gateway.stop()
    gateway.modem.unplug()


async def test_a_card_without_credit_is_a_state_and_the_text_goes_once_it_is_paid(gateway: Home) -> None:
    await gateway.stands(PathState.READY)
    gateway.modem.conditions.credit = 0
    gateway.press()
    gateway.at(11)
    await gateway.stands(PathState.REFUSED)
    assert gateway.texting.figures()["sms/state"] == 5
    gateway.modem.conditions.credit = None
    gateway.at(30)
    await gateway.texted(1, 1, 1)
    await gateway.stands(PathState.READY)


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        (Conditions(card=""), PathState.SIM_MISSING),
        (Conditions(card="SIM PUK"), PathState.SIM_LOCKED),
        (Conditions(network=2), PathState.SEARCHING),
    ],
)
async def test_what_ails_the_modem_is_named(
    conditions: Conditions, state: PathState, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = Home(tmp_path, conditions)
    await gateway.stands(state)
    await gateway.stop()
    gateway.modem.unplug()
    assert any(record.getMessage().startswith(f"second path {state}") for record in caplog.records)


async def test_a_modem_that_echoes_chatters_and_is_strict_works_all_the_same(tmp_path: Path) -> None:
    chatter = ("RING", "+CREG: 1", "^RSSI:18", "+CIEV: 2,3")
    gateway = Home(tmp_path, Conditions(chatter=chatter, strict=True, answer_s=0.01))
    await gateway.stands(PathState.READY)
    gateway.modem.restart()
    gateway.press()
    gateway.at(11)
    await gateway.texted(1, 1, 1)
    await gateway.stop()
    gateway.modem.unplug()


async def test_a_modem_that_talks_nonsense_is_silent(tmp_path: Path) -> None:
    link = tmp_path / "ttyMODEM"
    far_end = Modem(link, HOME, Carrier(), Conditions(nonsense=b"\xff\x00?\r\n"))
    port = ModemPort(str(link), 115_200, lambda _event: None, Timeouts(command_s=0.1, retry_s=0.1))
    task = asyncio.create_task(port.run())
    await until_true(lambda: port.ignored > 0)
    assert port.state in {PathState.SILENT, PathState.NO_MODEM}
    assert await port.send(ANNA, "help") == NotSent(port.state, certain=True)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    far_end.unplug()


async def test_a_port_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    port = ModemPort(str(tmp_path / "none"), 115_200, lambda _event: None, Timeouts())
    with pytest.raises(DriverError, match="is not there: is the device plugged in"):
        await port.run()


async def test_hostile_texts_stop_nothing_and_are_cleared_away(gateway: Home) -> None:
    await gateway.stands(PathState.READY)
    gateway.press()
    gateway.at(11)
    await gateway.texted(1, 1, 1)
    for words in ('1"\r\nOK\r\n+CMT: "+8613800138000"\r\n1', "\x1a", "AT+CFUN=0", "0031", "1" * 160):
        gateway.carrier.say("+8613600136000", HOME, words)
    gateway.carrier.say(ANNA, HOME, "不去")
    await until_true(lambda: gateway.modem.stored == {})
    assert len(gateway.path.calls) == 1
    gateway.at(80)
    await gateway.texted(2, 2, 2)
    assert "AT+CFUN=0" not in gateway.modem.heard


async def test_an_agent_that_is_killed_between_two_texts_sends_the_rest_and_nothing_twice(
    gateway: Home,
) -> None:
    gateway.modem.conditions.network_s = 0.2
    await gateway.stands(PathState.READY)
    gateway.press()
    gateway.at(11)
    await until_true(lambda: gateway.inboxes()[0] == 1 and len(gateway.records()) == 2)
    await gateway.stop()
    gateway.modem.conditions.network_s = 0.0
    gateway.start()
    await until_true(lambda: gateway.inboxes()[2] == 1)
    assert gateway.inboxes()[0] == 1


async def test_a_text_that_is_in_the_modem_counts_although_the_agent_is_killed(gateway: Home) -> None:
    gateway.modem.conditions.network_s = 0.3
    await gateway.stands(PathState.READY)
    gateway.press()
    gateway.at(11)
    await gateway.stands(PathState.SENDING)
    await gateway.stop()
    gateway.start()
    assert gateway.texting.figures()["sms/tried_last_hour"] == 1


async def test_a_damaged_batch_that_was_saved_from_a_broken_file_holds_up_no_call(gateway: Home) -> None:
    with contextlib.closing(sqlite3.connect(gateway.folder / "outbox.sqlite")) as file, file:
        row = "insert into batch (epoch, lane, first, n, at, payload) values ('old', 'a', ?, 1, ?, ?)"
        file.execute(row, (1, 0.0, b"{half a ba"))
        file.execute(row, (2, 1e300, b""))
        file.execute(row, (3, 1e17, b""))
    await gateway.stands(PathState.READY)
    gateway.press()
    gateway.at(11)
    await gateway.texted(1, 1, 1)


# -- the PIN -------------------------------------------------------------------------------------------


async def test_the_right_pin_opens_the_card(tmp_path: Path) -> None:
    gateway = Home(tmp_path, Conditions(card="SIM PIN", pin="1234"))
    await gateway.stop()
    gateway.start(replace(gateway.settings, pin="1234"))
    await gateway.stands(PathState.READY)
    await gateway.stop()
    gateway.modem.unplug()


async def test_a_wrong_pin_is_tried_once_however_often_the_agent_starts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = Home(tmp_path, Conditions(card="SIM PIN", pin="1234"))
    await gateway.stop()
    for _ in range(3):
        gateway.start(replace(gateway.settings, pin="4321"))
        await gateway.stands(PathState.SIM_LOCKED)
        await until_true(lambda: "sms.pin_file" in caplog.text)
        await gateway.stop()
        caplog.clear()
    assert gateway.modem.heard.count('AT+CPIN="4321"') == 1
    gateway.modem.unplug()


def test_an_agent_that_dies_in_the_middle_of_it_does_not_lock_the_card(tmp_path: Path) -> None:
    clock = Hands().clock()
    tried = []
    for _ in range(5):
        outbox = Outbox(tmp_path / "outbox.sqlite", GATEWAY)
        tried.append(Pins("1234", outbox, clock).take())
    assert tried == ["1234"] * PIN_TRIES + [""] * 3
    assert Pins("9999", Outbox(tmp_path / "outbox.sqlite", GATEWAY), clock).take() == "9999", "a new PIN"


# -- the whole agent -----------------------------------------------------------------------------------


async def test_the_agent_runs_it_from_its_settings_and_the_heartbeat_tells(tmp_path: Path) -> None:
    carrier = Carrier()
    far_end = Modem(tmp_path / "ttyMODEM", HOME, carrier)
    agent = Agent(
        parse(
            {
                "gateway": {"id": "gw-1", "shard": 3, "data_dir": str(tmp_path / "data")},
                "uplink": {"host": "127.0.0.1", "port": 1, "secret": "secret of gw-1 0123456789"},
                "sms": {"port": str(far_end.link), "centre": CENTRE, "contacts": [ANNA], "name": "向奶奶"},
            }
        )
    )
    stop = asyncio.Event()
    running = asyncio.create_task(agent.run(stop))
    await until_true(lambda: agent._figures().get("sms/state") == 7)
    assert agent._figures()["sms/signal_dbm"] == -77
    stop.set()
    await running
    far_end.unplug()
