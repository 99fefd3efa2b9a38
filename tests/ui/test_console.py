"""An operator's shift, in a real browser before a scripted platform."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from cloud.consent.purposes import Purpose
from cloud.incidents.model import IncidentState
from tests.harness import eventually
from tests.ui.conftest import sign_in
from tests.ui.people import busy_evening, home, incident, town
from tests.ui.scripted import OPERATOR, Platform, now

pytestmark = pytest.mark.browser

SILENCE_MS: Final = 13_000
POLL_MS: Final = 16_000
"""A little more than ``core/live.ts`` has them."""
STUB_AUDIO: Final = """
window.AudioContext = class extends EventTarget {
  state = "suspended"; currentTime = 0; destination = {};
  resume() { return new Promise(() => undefined); }
};
"""


def row(page: Page, number: int):  # type: ignore[no-untyped-def]  # a Locator
    return page.locator(f'[data-incident="{number}"]')


def rows(page: Page) -> list[int]:
    return [int(number) for number in page.locator("[data-incident]").evaluate_all(
        "found => found.map(row => row.dataset.incident)"
    )]  # fmt: skip


class TestSignIn:
    def test_a_wrong_password_is_said_so_and_the_right_one_opens_the_queue(
        self, page: Page, base_url: str
    ) -> None:
        page.goto(base_url)
        page.get_by_label("用户名").fill("op1")
        page.get_by_label("密码").fill("wrong")
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("alert")).to_have_text("用户名或密码不正确。")
        sign_in(page, base_url)
        expect(page.get_by_role("heading", name="待处理事件")).to_be_visible()

    def test_signing_out_in_one_tab_leaves_nothing_on_either(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        town(platform)
        platform.put(incident(3, "fall", 1))
        sign_in(page, base_url)
        other = page.context.new_page()
        other.goto(f"{base_url}/console/")
        for tab in (page, other):
            expect(row(tab, 3)).to_be_visible()
        page.get_by_role("button", name="退出").click()
        for tab in (page, other):
            expect(tab.get_by_label("密码")).to_be_visible()  # the stream goes on: no heartbeat tells it
            assert home(3).resident not in tab.content()

    def test_a_link_to_an_incident_opens_it_after_sign_in(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        platform.put(incident(3, "fall", 1))
        sign_in(page, base_url, "/console/i/3")
        expect(page.locator('[data-pane="3"]')).to_be_visible()


class TestQueue:
    def test_an_alarm_appears_without_reload(self, page: Page, base_url: str, platform: Platform) -> None:
        """How soon, ``benchmarks.screens --only alarm`` measures."""
        sign_in(page, base_url)
        expect(page.get_by_text("目前无人需要帮助。")).to_be_visible()
        platform.put(incident(3, "fall", 1))
        expect(row(page, 3)).to_be_visible()
        expect(row(page, 3)).to_contain_text("疑似跌倒")
        expect(row(page, 3)).to_contain_text("危急")

    def test_rows_stand_in_order_of_danger(self, page: Page, base_url: str, platform: Platform) -> None:
        busy_evening(platform)
        sign_in(page, base_url)
        expect(row(page, 33)).to_be_visible()
        assert rows(page) == [3, 8, 12, 36, 21, 17, 26, 30, 33]

    def test_acknowledging_keeps_the_row_in_sight_with_owner_and_clock(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        platform.put(incident(3, "fall", 1))
        sign_in(page, base_url)
        row(page, 3).get_by_role("button", name="确认").click()
        expect(row(page, 3)).to_contain_text("已确认")
        expect(row(page, 3)).to_contain_text(OPERATOR)
        expect(row(page, 3).locator(".clock time")).to_have_text(re.compile(r"\d\d:\d\d"))
        eventually(lambda: [(number, action) for number, action, _ in platform.commands] == [(3, "ack")])

    def test_a_suspected_fall_counts_down_and_becomes_an_alarm(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        suspected = incident(3, "fall", 1, state="detected", due_at=now() + timedelta(seconds=20))
        platform.put(suspected)
        sign_in(page, base_url)
        expect(row(page, 3)).to_contain_text(re.compile(r"待本人确认\s*00:\d\d"))
        expect(row(page, 3).get_by_role("button", name="确认", exact=True)).to_have_count(0)
        platform.put(suspected.model_copy(update={"state": IncidentState.RAISED, "version": 2}))
        expect(row(page, 3).get_by_role("button", name="确认", exact=True)).to_be_visible()

    def test_nothing_slides_under_the_pointer_but_a_danger_to_life(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        platform.put(incident(5, "device_fault", 3))
        sign_in(page, base_url)
        row(page, 5).hover()
        platform.put(incident(8, "sos", 2))
        bar = page.get_by_role("button", name="1 条新警")
        expect(bar).to_be_visible()
        assert rows(page) == [5]
        platform.put(incident(3, "fall", 1))
        expect(row(page, 3)).to_be_visible()
        assert rows(page) == [3, 5]
        bar.click()
        expect(row(page, 8)).to_be_visible()
        assert rows(page) == [3, 8, 5]

    def test_who_was_first_is_said_when_two_reach_for_one(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        platform.put(incident(3, "fall", 1))
        sign_in(page, base_url)
        platform.rival = "田建国"
        row(page, 3).get_by_role("button", name="确认").click()
        expect(page.locator(".notices")).to_contain_text("田建国已先处理")
        expect(row(page, 3)).to_contain_text("田建国")
        assert platform.commands == []

    def test_a_lost_answer_does_not_do_the_command_twice(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        platform.put(incident(3, "fall", 1))
        sign_in(page, base_url)
        platform.answers_lost = 1
        row(page, 3).get_by_role("button", name="确认").click()
        eventually(lambda: platform.repeats == 1)  # the screen shows the step before it is done
        expect(row(page, 3)).to_contain_text("已确认")
        assert len(platform.commands) == 1
        assert platform.incidents[3].version == 2

    def test_what_could_not_be_sent_is_taken_back_and_said(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        platform.put(incident(3, "fall", 1))
        sign_in(page, base_url)
        page.route("**/ack", lambda route: route.abort())
        row(page, 3).get_by_role("button", name="确认").click()
        expect(page.locator(".notices")).to_contain_text("未送出")
        expect(row(page, 3).get_by_role("button", name="确认", exact=True)).to_be_enabled()


class TestIncident:
    def test_the_numbers_of_an_alarm_are_said_as_sentences(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        measured = {
            "limit": 91,
            "value": 87,
            "quantity": "spo2",
            "plan": 4,
            "frames": 12,
            "frames_left_out": 3,
        }
        platform.put(incident(3, "vitals", 2, evidence=measured))
        platform.put(
            incident(4, "long_lie", 1, evidence={"still_min": 45, "room": "bathroom", "moved_again": True})
        )
        sign_in(page, base_url)
        for number, sentence in (
            (3, "血氧 87，界限 91，留存 12 帧原始数据。"),
            (4, "静止 45 分钟，又有活动。"),
        ):
            row(page, number).locator(".row-main").click()
            expect(page.locator(f'[data-pane="{number}"]')).to_contain_text(sentence)

    @pytest.mark.parametrize(
        ("opened", "sentence"),
        [(False, "生命体征 · 行踪"), (True, "未经同意紧急查看，事后将复核。")],
    )
    def test_an_empty_place_is_explained_by_what_the_resident_withholds(
        self, page: Page, base_url: str, platform: Platform, tmp_path: Path, *, opened: bool, sentence: str
    ) -> None:
        platform.withheld, platform.opened = [Purpose.VITALS, Purpose.LOCATION], opened
        platform.put(incident(3, "sos", 1))
        sign_in(page, base_url)
        row(page, 3).locator(".row-main").click()
        line = page.locator('[data-pane="3"]').get_by_text(sentence)
        expect(line).to_be_visible()
        line.scroll_into_view_if_needed()
        page.screenshot(path=tmp_path / "withheld.png")

    def test_from_alarm_to_close(self, page: Page, base_url: str, platform: Platform) -> None:
        town(platform)
        platform.put(incident(3, "fall", 1, room="bathroom", evidence={"impact_g": 3.2, "still_s": 14}))
        sign_in(page, base_url)
        row(page, 3).locator(".row-main").click()
        pane = page.locator('[data-pane="3"]')
        expect(pane).to_contain_text("撞击 3.2 g，静止 14 秒")
        expect(pane.get_by_role("link", name="拨打李建军的电话")).to_have_attribute(
            "href", "tel:+8613900000001"
        )

        pane.get_by_role("button", name="确认").click()
        pane.get_by_role("button", name="派单").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("radio", name="杨秀英")).to_be_checked()  # the first who has not declined
        dialog.get_by_role("radio", name="舒大山").check()
        dialog.get_by_role("radio", name="10 分钟", exact=True).check()
        dialog.get_by_role("button", name="派出").click()
        expect(row(page, 3)).to_contain_text(re.compile(r"赶往途中.*舒大山 \d\d:\d\d 到"))

        row(page, 3).get_by_role("button", name="已到场").click()
        row(page, 3).get_by_role("button", name="结案").click()
        end = dialog.get_by_role("button", name="结案")
        expect(end).to_be_disabled()  # not without an outcome
        dialog.get_by_role("radio", name="A2").check()
        dialog.get_by_label("说明").fill("扶起，无外伤")
        end.click()
        expect(dialog).to_have_count(0)
        page.mouse.move(5, 5)
        expect(page.get_by_text("目前无人需要帮助。")).to_be_visible()
        eventually(lambda: len(platform.commands) == 4)
        assert [(action, body) for _, action, body in platform.commands] == [
            ("ack", {"version": 1}),
            ("dispatch", {"version": 2, "responder": "舒大山", "eta_minutes": 10}),
            ("arrive", {"version": 3}),
            ("close", {"version": 4, "outcome": "A2", "note": "扶起，无外伤"}),
        ]

    def test_a_refused_dialog_keeps_what_was_typed(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        platform.put(incident(3, "fall", 1, state="on_site", owner=OPERATOR))
        sign_in(page, base_url, "/console/i/3")
        page.get_by_role("button", name="备注").click()
        page.get_by_role("dialog").get_by_role("textbox").fill("门锁着")
        page.route("**/note", lambda route: route.fulfill(status=422, json={"code": "invalid"}))
        page.get_by_role("button", name="保存备注").click()
        expect(page.locator(".notices")).to_contain_text("未接受")
        expect(page.get_by_role("dialog").get_by_role("textbox")).to_have_value("门锁着")

    def test_the_script_leads_from_a_fall_to_the_ambulance(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        platform.put(incident(3, "fall", 1, state="voice", owner=OPERATOR))
        sign_in(page, base_url, "/console/i/3")
        script = page.locator(".triage")
        script.get_by_role("button", name="是").click()
        expect(script).to_contain_text("剧烈疼痛")
        script.get_by_role("button", name="否").click()
        script.get_by_role("button", name="是").click()
        expect(script.get_by_role("link", name="120")).to_have_attribute("href", "tel:120")
        script.get_by_role("button", name="已拨打 120").click()
        expect(row(page, 3)).to_contain_text("已报警求助")
        eventually(lambda: platform.commands == [(3, "emergency", {"version": 1, "service": "120"})])


class TestLiveLink:
    def test_silence_turns_the_page_grey_and_says_how_old_it_is(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        page.clock.install()  # the page's own time: what it waits for passes at once
        platform.put(incident(3, "fall", 2))
        sign_in(page, base_url)
        platform.silent = True
        page.clock.fast_forward(SILENCE_MS)
        bar = page.locator(".lost-bar")
        expect(bar).to_contain_text(re.compile(r"失去连接.*数据截至 \d\d:\d\d:\d\d"))
        expect(page.locator(".work")).to_have_css("filter", "grayscale(1)")
        platform.put(incident(8, "sos", 1))  # only a snapshot can bring it now
        page.clock.fast_forward(POLL_MS)
        expect(row(page, 8)).to_be_visible()
        platform.silent = False
        page.clock.fast_forward(POLL_MS)
        expect(bar).to_have_count(0)
        expect(page.locator("[data-link=live]")).to_be_visible()

    def test_an_ended_session_leads_to_sign_in(self, page: Page, base_url: str, platform: Platform) -> None:
        page.clock.install()
        platform.put(incident(3, "fall", 2))
        sign_in(page, base_url)
        page.context.clear_cookies()
        platform.silent = True
        page.clock.fast_forward(SILENCE_MS)
        expect(page.get_by_label("密码")).to_be_visible()


class TestSound:
    def test_the_gate_is_shut_until_it_is_pressed(self, page: Page, base_url: str) -> None:
        sign_in(page, base_url)
        gate = page.get_by_role("button", name="打开声音")
        expect(gate).to_have_attribute("aria-pressed", "false")
        gate.click()
        expect(page.get_by_role("button", name="声音已开")).to_have_attribute("aria-pressed", "true")

    def test_a_browser_that_blocks_sound_is_named(self, page: Page, base_url: str) -> None:
        page.add_init_script(STUB_AUDIO)
        sign_in(page, base_url)
        page.get_by_role("button", name="打开声音").click()
        expect(page.get_by_role("button", name="声音被拦截，请按此")).to_be_visible()


class TestTwoTabs:
    def test_both_show_the_same_and_find_a_server_again_that_was_away(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        platform.put(incident(3, "fall", 1))
        sign_in(page, base_url)
        other = page.context.new_page()
        other.goto(f"{base_url}/console/")
        row(page, 3).get_by_role("button", name="确认").click()
        expect(row(other, 3)).to_contain_text("已确认")
        with page.expect_response(refused), other.expect_response(refused):
            platform.down = platform.over = True  # it stops: streams end, and nothing is answered
        platform.put(incident(8, "sos", 1))
        platform.down = platform.over = False
        for tab in (page, other):
            expect(row(tab, 8)).to_have_count(1)
            expect(row(tab, 3)).to_contain_text("已确认")
        assert [action for _, action, _ in platform.commands] == ["ack"]


def refused(answer: Response) -> bool:
    """The server is there and answers nothing."""
    return answer.status == HTTPStatus.SERVICE_UNAVAILABLE


class TestKeyboard:
    def test_a_shift_without_a_mouse(self, page: Page, base_url: str, platform: Platform) -> None:
        town(platform)
        platform.put(incident(3, "fall", 1, 60))
        platform.put(incident(8, "sos", 2, 30))
        sign_in(page, base_url)
        expect(row(page, 8)).to_be_visible()
        page.keyboard.press("j")
        expect(row(page, 3)).to_have_attribute("aria-current", "true")
        page.keyboard.press("j")
        expect(row(page, 8)).to_have_attribute("aria-current", "true")
        page.keyboard.press("k")
        page.keyboard.press("a")
        expect(row(page, 3)).to_contain_text("已确认")
        expect(page.get_by_role("button", name="派单")).to_be_visible()
        page.keyboard.press("d")
        expect(page.get_by_role("dialog")).to_contain_text("派谁去")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("n")
        expect(page.get_by_role("dialog").get_by_role("textbox")).to_be_focused()
        page.keyboard.type("aaa")  # letters of a note are no commands
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("键盘操作")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("/")
        expect(page.get_by_role("searchbox")).to_be_focused()
        page.keyboard.type(home(17).resident)
        expect(page.locator(".home")).to_have_count(1)
        eventually(lambda: [action for _, action, _ in platform.commands] == ["ack"])

    def test_a_letter_does_not_send_what_no_button_offers(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        platform.put(incident(3, "fall", 1))
        sign_in(page, base_url, "/console/i/3")
        page.keyboard.press("d")
        expect(page.get_by_role("dialog")).to_have_count(0)


class TestLanguage:
    def test_the_language_changes_at_once_and_is_remembered(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        platform.put(incident(3, "gas", 1))
        sign_in(page, base_url)
        page.locator(".language").select_option("en")
        expect(row(page, 3)).to_contain_text("Gas alarm")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.reload()
        expect(row(page, 3)).to_contain_text("Gas alarm")
        page.locator(".language").select_option("zh-Hant")
        expect(row(page, 3)).to_contain_text("瓦斯警報")
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hant-TW")


class TestMap:
    def test_a_click_on_a_mark_opens_its_incident(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        platform.put_home(home(3))
        platform.put(incident(3, "fall", 1))
        sign_in(page, base_url)
        canvas = page.locator(".map-canvas canvas")
        expect(canvas).to_be_visible()
        box = page.locator(".map-canvas").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # the only home is framed
        expect(page.locator('[data-pane="3"]')).to_be_visible()

    def test_without_its_code_the_list_is_offered(
        self, page: Page, base_url: str, platform: Platform
    ) -> None:
        town(platform)
        page.route("**/assets/map-*.js", lambda route: route.abort())
        sign_in(page, base_url)
        expect(page.locator(".map-failed")).to_contain_text("地图未能载入")
        page.locator(".map-failed").get_by_role("button").click()
        expect(page.locator(".home")).to_have_count(40)


def test_flashing_gives_way_to_a_thick_border_for_who_wants_no_motion(
    chromium: Browser, base_url: str, platform: Platform
) -> None:
    platform.put(incident(3, "fall", 1))
    context = chromium.new_context(locale="zh-CN", reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, base_url)
    style = row(page, 3).evaluate(
        "row => { const s = getComputedStyle(row, '::before'); return [s.animationName, s.borderTopWidth]; }"
    )
    context.close()
    assert style == ["none", "5px"]
