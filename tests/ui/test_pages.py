"""Every page at its address, for whoever it is for and for whoever it is not."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from cloud.auth import Role
from tests.harness import System
from tests.ui.town import come_in

pytestmark = [pytest.mark.browser, pytest.mark.services]

NOT_FOR_YOU = "您的账号无权查看此页面"


@pytest.mark.parametrize(
    ("path", "stranger"),
    [
        ("/console/", Role.EVALUATOR),
        ("/field/", Role.FAMILY),
        ("/kpi/", Role.FAMILY),
        ("/admin/", Role.OPERATOR),
    ],
)
def test_a_page_turns_away_whoever_it_is_not_for(
    context: BrowserContext, town: System, path: str, stranger: Role
) -> None:
    page = come_in(context, town, stranger, path)
    expect(page.get_by_role("main")).to_contain_text(NOT_FOR_YOU)


def test_whoever_came_to_the_wrong_page_is_led_to_their_own(context: BrowserContext, town: System) -> None:
    page = come_in(context, town, Role.EVALUATOR, "/console/")
    page.get_by_role("link", name="指标").click()
    expect(page).to_have_url(f"{town.address}/kpi/")
