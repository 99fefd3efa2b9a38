"""One alarm through everything: gateway, broker, database, incident, stream, screen, and a person's hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from cloud.embedded.process import free_port
from firmware_protocols.model import AlarmKind, AlarmState
from firmware_protocols.wire.topics import Lane
from tests.harness import System, Uplink, alarm, roster
from tests.ui.conftest import sign_in
from tests.ui.scripted import PASSWORD
from tests.ui.test_console import POLL_MS, SILENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.services]

STAFF: Final[tuple[dict[str, Any], ...]] = (
    {
        "username": "op1",
        "password": PASSWORD,
        "role": "operator",
        "name": "向玉珍",
        "locale": "zh-Hans",
        "homes": [],
    },
)
CONTACTS: Final[tuple[dict[str, Any], ...]] = (
    {
        "rank": 1,
        "name": "杨秀英",
        "relation": "neighbour",
        "phone": "+8613900000002",
        "has_key": True,
        "locale": "zh-Hans",
        "channels": [],
    },
)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, screens: Path) -> Iterator[System]:
    assert screens.is_dir()
    folder, county = tmp_path_factory.mktemp("anban"), roster(2, staff=STAFF, contacts=CONTACTS)
    whole = System(folder / "data", county, arguments=("--port", str(free_port())))  # one that it finds again
    with whole.started():
        yield whole


@pytest.fixture
def gateway(system: System) -> Iterator[Uplink]:
    with Uplink("gw-h001", 1, system.broker_port) as uplink:
        yield uplink


def test_an_alarm_is_handled_from_the_button_to_the_outcome(
    page: Page, system: System, gateway: Uplink
) -> None:
    sign_in(page, system.address)
    gateway.send(Lane.ALARM, alarm(1))
    row = page.locator("[data-incident]")
    expect(row).to_contain_text("紧急呼叫")
    expect(row).to_contain_text("住户1")
    gateway.settle()

    row.get_by_role("button", name="确认").click()
    expect(row).to_contain_text("已确认")
    expect(row).to_contain_text("向玉珍")
    expect(page.locator(".rung")).to_contain_text("杨秀英")
    expect(page.get_by_role("link", name="拨打杨秀英的电话")).to_have_attribute("href", "tel:+8613900000002")

    page.get_by_role("button", name="派单").click()
    page.get_by_role("dialog").get_by_role("button", name="派出").click()
    expect(row).to_contain_text("赶往途中")
    row.get_by_role("button", name="已到场").click()
    expect(row).to_contain_text("已到场")
    row.get_by_role("button", name="结案").click()
    page.get_by_role("dialog").get_by_role("radio", name="A2").check()
    page.get_by_role("dialog").get_by_role("button", name="结案").click()
    page.mouse.move(5, 5)
    expect(page.get_by_text("目前无人需要帮助。")).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("结案")


def test_a_suspected_fall_that_is_cancelled_at_home_leaves_the_queue(
    page: Page, system: System, gateway: Uplink
) -> None:
    sign_in(page, system.address)
    at = datetime.now(UTC)
    suspected = alarm(2, kind=AlarmKind.FALL, state=AlarmState.SUSPECTED, at=at, confirm_s=60)
    gateway.send(Lane.ALARM, suspected)
    row = page.locator("[data-incident]")
    expect(row).to_contain_text("待本人确认")
    gateway.settle()
    later = at + timedelta(seconds=2)
    gateway.send(Lane.ALARM, alarm(2, kind=AlarmKind.FALL, state=AlarmState.CANCELLED, at=later))
    page.mouse.move(5, 5)
    expect(row).to_have_count(0)
    gateway.settle()


def test_the_console_outlives_a_restart_of_the_cloud(page: Page, system: System) -> None:
    page.clock.install()  # the page's own time: what it waits for passes at once
    sign_in(page, system.address)
    system.stop()
    page.clock.fast_forward(SILENCE_MS)
    expect(page.locator("[data-link=lost]")).to_be_visible()
    system.start()
    page.clock.fast_forward(POLL_MS)
    expect(page.locator("[data-link=live]")).to_be_visible()
    with Uplink("gw-h002", 2, system.broker_port) as uplink:
        uplink.send(Lane.ALARM, alarm(3, kind=AlarmKind.SMOKE))
        uplink.settle()
        expect(page.locator("[data-incident]")).to_contain_text("烟雾报警")
