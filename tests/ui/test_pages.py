"""Every page at its address, for whoever it is for and for whoever it is not."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.sync_api import BrowserContext, expect

from cloud.auth import Role
from tests.harness import System
from tests.ui.town import come_in

pytestmark = [pytest.mark.browser, pytest.mark.services]

NOT_FOR_YOU = "您的账号无权查看此页面"


STRANGERS: Final = {
    "/console/": Role.EVALUATOR,
    "/field/": Role.FAMILY,
    "/kpi/": Role.FAMILY,
    "/admin/": Role.OPERATOR,
}
READERS: Final = {
    Role.OPERATOR: (
        "/console/", "/console/map", "/console/devices", "/console/shift", "/console/visits",
        "/console/account", "/console/homes/1", "/console/i/1", "/console/wall", "/lite/?pause=1",
    ),
    Role.EVALUATOR: ("/kpi/", "/kpi/report/2026-01"),
    Role.ADMIN: ("/admin/", "/admin/homes/1"),
    Role.CASEWORKER: ("/field/",),
    Role.FAMILY: ("/family/",),
}  # fmt: skip


def test_a_page_turns_away_whoever_it_is_not_for(context: BrowserContext, town: System) -> None:
    for path, stranger in STRANGERS.items():
        page = come_in(context, town, stranger, path)
        expect(page.get_by_role("main")).to_contain_text(NOT_FOR_YOU)
        page.close()


def test_every_page_opens_for_whom_it_is_for_and_asks_no_host_but_ours(
    context: BrowserContext, town: System
) -> None:
    """What is asked, the browser's fixture judges."""
    for reader, paths in READERS.items():
        page = come_in(context, town, reader, paths[0])
        for path in paths:
            page.goto(town.address + path)
            expect(page.locator("#app > *, main").first).to_be_visible()
            expect(page.locator("body")).not_to_contain_text(NOT_FOR_YOU)
        page.close()


def test_whoever_came_to_the_wrong_page_is_led_to_their_own(context: BrowserContext, town: System) -> None:
    page = come_in(context, town, Role.EVALUATOR, "/console/")
    page.get_by_role("link", name="指标").click()
    expect(page).to_have_url(f"{town.address}/kpi/")
