"""The modem's dialogue: what it asks, what it makes of the answers, and of everything that is no answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.serial.at import (
    CANCEL,
    SUBMIT,
    AtModem,
    ModemEvent,
    ModemState,
    NotSent,
    PinRefused,
    PinWanted,
    Received,
    Sent,
)
from firmware_protocols.serial.sms_status import Reported
from firmware_protocols.serial.sms_text import BadNumber, TooLong, to_hex

WHEN = datetime(2026, 11, 25, 15, 31, 35, tzinfo=UTC)
ANNA, BEN = "+8613800138000", "+4915112345678"
HEALTHY = {
    "AT+CPIN?": ["+CPIN: READY", "OK"],
    "AT+CREG?": ["+CREG: 0,1", "OK"],
    "AT+CEREG?": ["+CEREG: 0,5", "OK"],
    "AT+CSQ": ["+CSQ: 18,99", "OK"],
    "AT+CPMS?": ['+CPMS: "SM",0,20,"SM",0,20,"SM",0,20', "OK"],
}
SENDS = {"AT+CMGS=": ["> "], to_hex("help")[:8]: ["+CMGS: 12", "OK"]}


@dataclass
class Bench:
    """A modem that answers from a list, and with OK to the rest. ``noise`` goes before each line."""

    answers: dict[str, list[str]] = field(default_factory=lambda: dict(HEALTHY))
    noise: list[str] = field(default_factory=list)
    echo: bool = False
    at: AtModem = field(default_factory=AtModem)
    now_s: float = 100.0
    asked: list[str] = field(default_factory=list)
    events: list[ModemEvent] = field(default_factory=list)
    _partial: bytes = b""

    def state(self) -> ModemState:
        return self.at.state

    def start(self) -> Bench:
        self.at.start(self.now_s)
        self.run()
        return self

    def run(self, seconds: float = 1.0) -> None:
        """Let time pass and the modem answer until there is nothing more to say."""
        until = self.now_s + seconds
        while self.now_s < until:
            self.events += self.at.tick(self.now_s)
            self.now_s += 0.1
            while out := self.at.to_write():
                self._take(out)

    def say(self, *lines: str) -> None:
        for line in lines:
            text = line if line == "> " else f"{line}\r\n"
            self.events += self.at.feed(f"\r\n{text}".encode("latin-1"), self.now_s)

    def _take(self, out: bytes) -> None:
        self._partial += out.replace(CANCEL, b"")
        while (at := self._partial.find(b"\r")) >= 0 or (at := self._partial.find(SUBMIT)) >= 0:
            line, self._partial = self._partial[:at].decode(), self._partial[at + 1 :]
            if line:
                self._answer(line)

    def _answer(self, line: str) -> None:
        self.asked.append(line)
        found = next((answer for head, answer in self.answers.items() if line.startswith(head)), ["OK"])
        for each in ([line] if self.echo else []) + found:
            self.say(*self.noise, each)


def test_a_healthy_modem_is_set_up_and_ready() -> None:
    bench = Bench().start()
    assert bench.asked == [
        "ATE0", "AT+CMEE=1", "AT+CPIN?", "AT+CMGF=1", 'AT+CSCS="UCS2"', "AT+CNMI=2,1",
        "AT+CREG?", "AT+CEREG?", "AT+CSQ", "AT+CPMS?",
    ]  # fmt: skip
    assert (bench.state(), bench.at.signal_dbm, bench.events) == (ModemState.READY, -77, [])


def test_everything_is_set_again_every_minute_because_a_modem_may_restart_in_silence() -> None:
    bench = Bench().start()
    first = list(bench.asked)
    bench.run(50)
    assert bench.asked == first
    bench.run(15)
    assert bench.asked == first * 2


def test_a_text_goes_out_in_digits_and_its_acceptance_is_told() -> None:
    bench = Bench(HEALTHY | SENDS).start()
    bench.asked.clear()
    bench.at.send(ANNA, "help")
    assert bench.state() is ModemState.SENDING
    bench.run()
    assert bench.asked == [
        "AT+CMGF=1", 'AT+CSCS="UCS2"', "AT+CSMP=17,143,0,0", f'AT+CMGS="{to_hex(ANNA)}"', to_hex("help"),
    ]  # fmt: skip
    assert bench.events == [Sent(12)]
    assert bench.state() is ModemState.READY


def test_chinese_is_sent_as_ucs2() -> None:
    bench = Bench(HEALTHY | {"AT+CMGS=": ["> "], to_hex("救命"): ["+CMGS: 12", "OK"]}).start()
    bench.at.send(ANNA, "救命")
    bench.run()
    assert "AT+CSMP=17,143,0,8" in bench.asked
    assert bench.events == [Sent(12)]


def test_word_of_a_text_is_asked_for_only_where_somebody_waits_for_it() -> None:
    bench = Bench(HEALTHY | SENDS, at=AtModem(reports=True)).start()
    assert "AT+CNMI=2,1,0,1" in bench.asked
    bench.at.send(ANNA, "help")
    bench.run()
    assert "AT+CSMP=49,143,0,0" in bench.asked
    bench.say(f'+CDS: 6,12,"{to_hex(ANNA)}",145,"26/11/25,23:31:35+32","26/11/25,23:31:40+32",0')
    bench.run()
    assert bench.events == [Sent(12), Reported(12, ANNA, True, 0)]


def test_a_modem_that_hands_over_no_reports_still_says_at_once_that_a_text_has_come() -> None:
    bench = Bench(HEALTHY | {"AT+CNMI=2,1,0,1": ["+CMS ERROR: 303"]}, at=AtModem(reports=True)).start()
    assert bench.asked.index("AT+CNMI=2,1") == bench.asked.index("AT+CNMI=2,1,0,1") + 1
    assert bench.state() is ModemState.READY


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("+CMS ERROR: 21", "+CMS ERROR: 21"),
        ("+CMS ERROR: network timeout", "+CMS ERROR: network timeout"),
        ("ERROR", "ERROR"),
    ],
)
def test_a_refused_text_says_why_and_may_be_tried_again(answer: str, reason: str) -> None:
    bench = Bench(HEALTHY | SENDS | {to_hex("help")[:8]: [answer]}).start()
    bench.at.send(ANNA, "help")
    bench.run()
    assert bench.events == [NotSent(reason, certain=True)]
    assert bench.state() is ModemState.REFUSED
    assert bench.at.can_send
    bench.answers |= SENDS
    bench.run(20)
    bench.at.send(ANNA, "help")
    bench.run()
    assert bench.events[1:] == [Sent(12)]
    assert bench.state() is ModemState.READY


def test_a_text_without_any_answer_may_have_gone() -> None:
    bench = Bench(HEALTHY | SENDS | {to_hex("help")[:8]: []}).start()
    bench.at.send(ANNA, "help")
    bench.run(59)
    assert bench.events == []
    bench.run(5)
    assert bench.events == [NotSent("the modem does not answer", certain=False)]


def test_a_modem_that_shows_no_prompt_has_sent_nothing() -> None:
    bench = Bench(HEALTHY | {"AT+CMGS=": ["+CMS ERROR: 330"]}).start()
    bench.at.send(ANNA, "help")
    bench.run()
    assert bench.events == [NotSent("+CMS ERROR: 330", certain=True)]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (["+CME ERROR: 10"], ModemState.SIM_MISSING),
        (["+CME ERROR: SIM not inserted"], ModemState.SIM_MISSING),
        (["+CPIN: SIM PUK", "OK"], ModemState.SIM_LOCKED),
        (["+CME ERROR: 14"], ModemState.SILENT),
        ([], ModemState.SILENT),
    ],
)
def test_a_card_that_cannot_be_used_is_named(answer: list[str], state: ModemState) -> None:
    bench = Bench(HEALTHY | {"AT+CPIN?": answer}).start()
    bench.run(10)
    assert bench.state() is state
    assert not bench.at.can_send
    assert bench.events == []


def test_a_locked_card_asks_once_for_its_pin_and_a_wrong_one_is_never_tried_twice() -> None:
    bench = Bench(HEALTHY | {"AT+CPIN?": ["+CPIN: SIM PIN", "OK"], "AT+CPIN=": ["+CME ERROR: 16"]}).start()
    bench.run(60)
    assert bench.events == [PinWanted()]
    bench.at.unlock("4321")
    bench.run(120)
    assert bench.events == [PinWanted(), PinRefused()]
    assert bench.asked.count('AT+CPIN="4321"') == 1
    assert bench.state() is ModemState.SIM_LOCKED


def test_a_card_that_does_not_answer_to_its_pin_has_not_refused_it() -> None:
    bench = Bench(HEALTHY | {"AT+CPIN?": ["+CPIN: SIM PIN", "OK"], "AT+CPIN=": []}).start()
    bench.at.unlock("1234")
    bench.run(30)
    assert bench.events == [PinWanted()]
    bench.answers |= HEALTHY
    bench.run(10)
    assert bench.state() is ModemState.READY


def test_the_right_pin_opens_the_card() -> None:
    bench = Bench(HEALTHY | {"AT+CPIN?": ["+CPIN: SIM PIN", "OK"]}).start()
    bench.at.unlock("1234")
    bench.run()
    assert bench.state() is ModemState.READY


@pytest.mark.parametrize("stat", [0, 2, 3, 4, 8])
def test_without_a_network_it_searches_and_looks_again_soon(stat: int) -> None:
    bench = Bench(HEALTHY | {"AT+CREG?": [f"+CREG: 0,{stat}", "OK"], "AT+CEREG?": ["ERROR"]}).start()
    assert bench.state() is ModemState.SEARCHING
    bench.answers |= HEALTHY
    bench.run(8)
    assert bench.state() is ModemState.READY


def test_a_lost_network_that_is_told_unasked_is_believed() -> None:
    bench = Bench(HEALTHY | {"AT+CEREG?": ["ERROR"]}).start()
    bench.say('+CREG: 2,"00C3","7A5F"')
    assert bench.state() is ModemState.SEARCHING


def test_a_strict_modem_wants_the_name_of_the_set_in_the_set() -> None:
    bench = Bench(HEALTHY | {'AT+CSCS="UCS2"': ["ERROR"]}).start()
    assert f'AT+CSCS="{to_hex("UCS2")}"' in bench.asked
    assert bench.state() is ModemState.READY


def stored(sender: str, text: str, place: int = 3) -> dict[str, list[str]]:
    header = f'+CMGR: "REC UNREAD","{to_hex(sender)}",,"26/11/25,23:31:35+32"'
    return HEALTHY | {f"AT+CMGR={place}": [header, to_hex(text), "OK"]}


def test_a_text_that_comes_in_is_read_told_once_and_deleted_when_it_is_taken_up() -> None:
    bench = Bench(stored(ANNA, "收到")).start()
    bench.say('+CMTI: "SM",3', '+CMTI: "SM",3')
    bench.run()
    assert bench.events == [Received(ANNA, "收到", 3, WHEN)]
    assert "AT+CMGD=3" not in bench.asked
    bench.at.forget(3)
    bench.run()
    assert "AT+CMGD=3" in bench.asked


def test_a_text_that_cannot_be_deleted_is_deleted_later_and_not_told_again() -> None:
    bench = Bench(stored(ANNA, "1") | {"AT+CMGD=3": ["+CMS ERROR: 500"]}).start()
    bench.say('+CMTI: "SM",3')
    bench.run()
    bench.at.forget(3)
    bench.run()
    bench.answers |= {"AT+CPMS?": ['+CPMS: "SM",1,20', "OK"], "AT+CMGD=3": ["OK"]}
    bench.run(65)
    assert bench.asked.count("AT+CMGD=3") == 2
    assert bench.events == [Received(ANNA, "1", 3, WHEN)]


def test_a_place_is_emptied_once_because_the_next_text_may_be_in_it_already() -> None:
    bench = Bench(stored(ANNA, "1", 3)).start()
    bench.say('+CMTI: "SM",3')
    bench.run()
    bench.at.forget(3)
    bench.at.forget(3)
    bench.run()
    assert bench.asked.count("AT+CMGD=3") == 1


def test_a_text_in_a_place_that_was_emptied_without_a_word_is_told_before_it_is_deleted() -> None:
    bench = Bench(stored(ANNA, "1") | {"AT+CMGD=3": []}).start()
    bench.say('+CMTI: "SM",3')
    bench.run()
    bench.at.forget(3)
    bench.run(6)  # deleted, but the modem's OK is lost
    bench.answers |= stored(BEN, "help")
    bench.say('+CMTI: "SM",3')
    bench.run()
    assert bench.events == [Received(ANNA, "1", 3, WHEN), Received(BEN, "help", 3, WHEN)]
    assert bench.asked.count("AT+CMGD=3") == 1
    bench.at.forget(3)
    bench.run()
    assert bench.asked.count("AT+CMGD=3") == 2


def test_a_place_from_which_nothing_was_told_is_not_emptied() -> None:
    bench = Bench(stored(ANNA, "1")).start()
    bench.at.forget(3)  # by whoever had the port before, or a second time
    bench.run()
    assert "AT+CMGD=3" not in bench.asked
    bench.say('+CMTI: "SM",3')
    bench.run()
    assert bench.events == [Received(ANNA, "1", 3, WHEN)]


def test_texts_that_came_while_nobody_listened_are_found() -> None:
    bench = Bench(stored(ANNA, "1", 4) | {"AT+CPMS?": ['+CPMS: "SM",1,20', "OK"]}).start()
    assert bench.events == [Received(ANNA, "1", 4, WHEN)]
    assert bench.asked[-1] == "AT+CMGR=4", "it stops when all are found"


def test_a_text_that_is_handed_over_directly_is_taken() -> None:
    bench = Bench().start()
    bench.say(f'+CMT: "{to_hex(BEN)}",,"26/11/25,23:31:35+32"', to_hex("OK"))
    assert bench.events == [Received(BEN, "OK", None, WHEN)]


@pytest.mark.parametrize("sender", ["10086", "861380013800", "BANK", "+8613800138000"])
def test_a_sender_that_is_not_in_digits_of_the_set_stays_as_it_is(sender: str) -> None:
    bench = Bench(HEALTHY | {"AT+CMGR=3": [f'+CMGR: "REC READ","{sender}",,""', to_hex("x"), "OK"]}).start()
    bench.say('+CMTI: "SM",3')
    bench.run()
    assert bench.events == [Received(sender, "x", 3)]


@pytest.mark.parametrize(
    "text", ["", 'x\r\nOK\r\n+CMT: "+8613900000000"\r\n1', "OK", "\x1a", "> ", '+CMTI: "SM",9']
)
def test_a_text_that_plays_the_modem_stays_a_text(text: str) -> None:
    bench = Bench(stored(ANNA, text)).start()
    bench.say('+CMTI: "SM",3')
    bench.run()
    assert bench.events == [Received(ANNA, text, 3, WHEN)]
    assert not any(line.startswith("AT+CMGR=9") for line in bench.asked)


def test_a_modem_that_says_it_began_anew_is_set_up_anew() -> None:
    bench = Bench().start()
    first = list(bench.asked)
    bench.say("RDY")
    bench.run()
    assert bench.asked == first * 2


def test_a_heartbeat_of_the_modem_is_not_a_restart() -> None:
    bench = Bench().start()
    first = list(bench.asked)
    bench.say("^BOOT:12345678,0,0,0,6")
    bench.run()
    assert bench.asked == first


def test_late_answers_of_an_earlier_question_are_not_taken_for_new_ones() -> None:
    bench = Bench(HEALTHY | SENDS | {to_hex("help")[:8]: []}).start()
    bench.at.send(ANNA, "help")
    bench.run(61)
    bench.now_s += 5
    bench.events += bench.at.tick(bench.now_s)
    assert bench.at.to_write().startswith(CANCEL), "a new look begins with listening"
    bench.say("+CMGS: 12", "OK", "OK", "ERROR")
    assert bench.at.to_write() == b""
    bench.run(5)
    assert bench.events == [NotSent("the modem does not answer", certain=False)]
    assert bench.state() is ModemState.REFUSED


@pytest.mark.parametrize("text", ["a" * 161, "救" * 71])
def test_more_than_one_segment_is_refused_before_the_modem_hears_of_it(text: str) -> None:
    bench = Bench().start()
    with pytest.raises(TooLong):
        bench.at.send(ANNA, text)
    with pytest.raises(BadNumber):
        bench.at.send('13800"\r', "help")
    assert bench.at.to_write() == b""


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_a_modem_that_talks_nonsense_is_silent_and_harms_nothing(chunks: list[bytes]) -> None:
    at = AtModem()
    at.start(0.0)
    now_s = 0.0
    for chunk in chunks:
        at.feed(chunk, now_s)
        now_s += 7.0
        at.tick(now_s)
        at.to_write()
    assert isinstance(at.state, ModemState)


URCS = st.sampled_from(
    ["RING", "+CREG: 1", '+CREG: 1,"00C3","7A5F"', "^RSSI:18", "^BOOT:1,0,0,0,6", "+CIEV: 2,3", "NO CARRIER",
     "*PSUTTZ: 2026,11,25", "Call Ready", "noise", "+CGREG: 1", "+CSQ: 18,99"]
)  # fmt: skip


@given(st.lists(URCS, max_size=3), st.booleans())
def test_lines_nobody_asked_for_change_no_outcome_wherever_they_stand(noise: list[str], echo: bool) -> None:
    bench = Bench(stored(ANNA, "收到") | SENDS, echo=echo)
    bench.answers["AT+CMGR=3"] = ["\r\n".join(bench.answers["AT+CMGR=3"][:2]), "OK"]  # a header and its text
    bench.noise = noise
    bench.start()
    bench.at.send(BEN, "help")
    bench.run()
    bench.say('+CMTI: "SM",3')
    bench.run()
    assert bench.events == [Sent(12), Received(ANNA, "收到", 3, WHEN)]
    assert bench.state() is ModemState.READY


@given(st.lists(st.integers(1, 9), max_size=60))
def test_any_cutting_of_the_same_bytes_means_the_same(cuts: list[int]) -> None:
    said = f'\r\n+CREG: 1\r\n\r\n+CMT: "{to_hex(ANNA)}"\r\n{to_hex("hello")}\r\n'.encode()
    at = AtModem()
    at.start(0.0)
    events, place = [], 0
    for size in [*cuts, len(said)]:
        events += at.feed(said[place : place + size], 0.0)
        place += size
    assert events == [Received(ANNA, "hello", None)]


def test_a_line_without_end_is_dropped() -> None:
    at = AtModem()
    at.start(0.0)
    for _ in range(100):
        at.feed(b"x" * 100, 0.0)
    assert at.ignored == 4
