"""A home's page and the cockpit on the real platform: what an operator finds there, and in how few steps.

What this is: stories of an operator who has never seen the screen. What it is not: the console's rules, which
``test_console`` tries on a scripted platform. The one idea: every press is counted, and three are the most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from cloud.auth import Role
from firmware_protocols.model import AlarmKind
from firmware_protocols.wire.topics import Lane
from tests.harness import System, Uplink, alarm
from tests.ui.judge import faults, in_every_dress, shoot, zoomed
from tests.ui.lived_in import GATEWAY, RESIDENT, SHARD, Lived, live_in
from tests.ui.town import come_in
from tests.visit import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.services]


@pytest.fixture(scope="session")
def lived(town: System) -> Lived:
    """A home with a week behind it."""
    return live_in(town)


@dataclass
class Hand:
    """An operator's hand: it counts what it presses."""

    page: Page
    presses: int = 0

    def click(self, target: Locator) -> None:
        self.presses += 1
        target.click()

    def press(self, key: str) -> None:
        self.presses += 1
        self.page.keyboard.press(key)

    @contextmanager
    def at_most(self, presses: int) -> Iterator[None]:
        """What is done within takes no more than ``presses``."""
        before = self.presses
        yield
        assert self.presses - before <= presses


def test_from_the_alarm_to_the_outcome_each_step_takes_three_presses_at_most(
    context: BrowserContext, town: System, lived: Lived
) -> None:
    page = come_in(context, town, Role.OPERATOR, "/console/")
    hand = Hand(page)
    row = page.locator("[data-incident]", has_text=RESIDENT)
    with Uplink(GATEWAY, SHARD, town.broker_port) as uplink:
        uplink.send(Lane.ALARM, alarm(901, kind=AlarmKind.SOS))
        expect(row).to_be_visible()
        uplink.settle()

    with hand.at_most(3):  # accept the newest danger to life
        hand.click(row.get_by_role("button", name="确认"))
        expect(row).to_contain_text("已确认")

    page.goto(town.address + "/console/")
    with hand.at_most(3):  # see where, and who
        hand.click(row.locator(".row-main"))
        expect(page.locator(".pane-title h2")).to_contain_text(RESIDENT)
        expect(page.locator(".pane .plan li").first).to_contain_text(re.compile("客厅|厨房|卫生间|卧室|过道"))
        expect(page.locator(".pane .resident")).to_contain_text("城北路 88 号")

    with hand.at_most(3):  # call the first contact: a link that dials
        first = page.locator(".ladder .rung").first
        expect(first).to_contain_text("冯建国")
        expect(first.get_by_role("link")).to_have_attribute("href", "tel:+8613900000911")
        shoot(page, "cockpit-zh-Hans-light")

    with hand.at_most(3):  # send the nearest responder
        hand.press("d")
        nearest = page.locator(".nearest ol li")
        expect(nearest).to_have_count(5)
        name = nearest.first.locator("b").first.inner_text()
        hand.press("1")
        expect(page.locator("dialog .asks li")).to_contain_text(name)
    shoot(page, "dispatch-zh-Hans-light")
    page.keyboard.press("Escape")
    expect(page.locator(".pane .asks")).to_contain_text(name)

    with hand.at_most(3):  # close with an outcome
        hand.click(page.locator(".actions").get_by_role("button", name="结案"))
        hand.click(page.get_by_role("dialog").get_by_role("radio", name="B1"))
        hand.click(page.get_by_role("dialog").get_by_role("button", name="结案"))
        expect(page.locator(".timeline")).to_contain_text("结案")

    page.goto(town.address + "/console/")
    expect(page.locator("[data-link=live]")).to_be_visible()
    with hand.at_most(3):  # find yesterday of one home
        hand.press("/")
        expect(page.get_by_role("searchbox")).to_be_focused()
        page.keyboard.type(RESIDENT[:2])
        expect(page.locator(".home")).to_contain_text([RESIDENT])
        hand.press("Enter")
        hand.click(page.locator(".strip-day", has_text="昨天"))
        expect(page.get_by_role("heading", name="昨天全天")).to_be_visible()
        expect(page.locator(".happened")).to_contain_text("本人报平安")


def test_in_a_flood_several_are_closed_at_once_and_each_row_tells_what_became_of_it(
    context: BrowserContext, town: System, lived: Lived
) -> None:
    del lived  # it is there
    page = come_in(context, town, Role.OPERATOR, "/console/")
    mine = page.locator("[data-incident]", has_text=RESIDENT)
    with Uplink(GATEWAY, SHARD, town.broker_port) as uplink:
        for number, kind in ((902, AlarmKind.FLOOD), (903, AlarmKind.MEDICINE)):
            uplink.send(Lane.ALARM, alarm(number, kind=kind))
            uplink.settle()
    expect(mine).to_have_count(2)
    page.get_by_role("button", name="批量").click()
    for row in mine.all():
        row.get_by_role("checkbox").check()
    bar = page.get_by_role("group", name="批量处理")
    expect(bar).to_contain_text("已选 2 条")
    contested = mine.first.get_attribute("data-incident")

    def somebody_is_first(route: Route) -> None:
        with sign_in(town.address, Role.SUPERVISOR) as other:
            taken = other.post(f"/incidents/{contested}/ack", json={"version": 1})
            assert taken.is_success, taken.text
        route.continue_()

    page.route("**/incidents/actions", somebody_is_first, times=1)
    bar.get_by_role("button", name="确认").click()
    expect(mine.first).to_contain_text("未处理：supervisor已先处理")
    expect(mine.first.get_by_role("checkbox")).to_be_checked()
    expect(mine.last).to_contain_text("已处理")
    expect(mine.last).to_contain_text("已确认")
    expect(page.locator(".notices")).to_contain_text("已处理 1 条，1 条未能处理，仍选中。")
    shoot(page, "console-bulk-outcomes")
    mine.last.get_by_role("checkbox").check()
    bar.get_by_role("button", name="结案").click()
    page.get_by_role("dialog").get_by_role("radio", name="D2").check()
    page.get_by_role("dialog").get_by_role("button", name="结案").click()
    expect(page.locator(".notices")).to_contain_text("已处理 2 条。")
    page.mouse.move(5, 5)
    expect(mine).to_have_count(0)


def test_the_page_of_a_home_answers_who_where_and_since_when(
    chromium: Browser, town: System, lived: Lived
) -> None:
    context = chromium.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    page = come_in(context, town, Role.SUPERVISOR, f"/console/homes/{lived.home}")
    expect(page.get_by_role("heading", name=f"{RESIDENT}（")).to_be_visible()
    expect(page.locator(".home-contacts li")).to_have_count(3)
    expect(page.locator(".plan li")).to_have_count(5)
    expect(page.locator(".strip-day")).to_have_count(7)
    expect(page.locator(".strip-day").nth(3)).to_contain_text("无数据 6 小时")
    expect(page.locator(".strip-legend")).to_contain_text("卧室")  # a mat alone listens there
    expect(page.locator(".chart canvas").first).to_be_visible()
    expect(page.locator(".home-trail")).to_contain_text("查看住户资料")

    page.get_by_role("button", name="设免打扰").click()
    page.get_by_role("dialog").get_by_label("说明").fill("髋关节手术")
    page.get_by_role("dialog").get_by_role("button", name="设免打扰").click()
    muted = page.locator(".home-mutes")
    expect(muted).to_contain_text("髋关节手术")
    wrong = in_every_dress(page, "home", lambda: expect(page.locator(".home-mutes li")).to_be_visible())
    muted.get_by_role("button", name="结束").click()
    expect(muted).to_contain_text("未设免打扰")

    page.set_viewport_size({"width": 800, "height": 1200})
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.goto(f"{town.address}/console/homes/999999")
    expect(page.get_by_text("这户不存在")).to_be_visible()
    context.close()
    assert (wrong, wide) == ({}, 800)


def test_a_planner_finds_whom_nobody_visits_and_lets_meals_come_again_and_again(
    context: BrowserContext, town: System, lived: Lived
) -> None:
    with sign_in(town.address, Role.SUPERVISOR) as office:
        since = (datetime.now(UTC) - timedelta(days=40)).isoformat()
        profile = {"difficulties": [], "conditions": [], "since": since}
        office.put(f"/visits/people/{lived.resident}", json=profile).raise_for_status()
    page = come_in(context, town, Role.SUPERVISOR, "/console/visits")
    row = page.get_by_role("row").filter(has_text=RESIDENT)
    expect(row).to_contain_text("已逾期")
    expect(row).to_contain_text("今明两天的计划还没有考虑到。")
    wrong = in_every_dress(page, "visits-owed", lambda: expect(row).to_be_visible()) | zoomed(page, "visits")
    page.get_by_role("button", name="排明天的").press("Enter")
    expect(page.locator(".notices")).to_contain_text("还没有登记可以派的人，没有排。")

    row.get_by_role("button", name=RESIDENT).press("Enter")  # no mouse from here on
    orders = page.locator(".home-orders")
    expect(orders).to_contain_text("没有定期服务。")
    orders.get_by_role("button", name="新增定期服务").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(":focus")).to_be_visible()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_have_text("请至少选一项服务。")
    for name in ("助餐", "周一", "周三", "周六"):
        dialog.get_by_role("checkbox", name=name).press("Space")
    wrong |= {"dialog": found} if (found := faults(page, within="dialog")) else {}
    shoot(page, "order")
    dialog.get_by_label("第一天").press("Enter")
    expect(orders.locator("li")).to_contain_text("助餐 周一、周三和周六 09:00–11:00")
    expect(page.locator(".home-visits")).to_contain_text("助餐")
    orders.scroll_into_view_if_needed()
    shoot(page, "home-orders", whole=True)
    orders.get_by_role("button", name="结束：助餐").press("Enter")
    dialog.get_by_role("button", name="结束", exact=True).press("Enter")
    expect(orders).to_contain_text("没有定期服务。")
    assert wrong == {}
