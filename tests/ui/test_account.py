"""The page of one's own account, in a real browser: what it shows, what it ends, and what it gives once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest
from playwright.sync_api import Page, Route, expect

from tests.ui.conftest import sign_in
from tests.ui.judge import faults, in_every_dress
from tests.ui.people import busy_evening, incident
from tests.ui.scripted import CHROME, CODE, PASSWORD, SAFARI, TOKEN, WECHAT, Platform, now

pytestmark = pytest.mark.browser

CHOSEN: Final = "雨天记得收衣服 and smile"


@pytest.fixture
def platform() -> Platform:
    """An administrator who is signed in in three places, has an authenticator, and lets one service in."""
    made = Platform()
    account = made.account
    account.administers, account.factor, account.codes_left = True, now() - timedelta(days=40), 8
    account.sign_in_at(CHROME, "192.0.2.14", timedelta(hours=3), current=True)
    account.sign_in_at(WECHAT, "2001:db8:1:2ab:3:4:5:6", timedelta(minutes=25))
    account.sign_in_at(SAFARI, "198.51.100.7", timedelta(hours=9))
    account.let_in("县医院", ["read_home", "read_figures"], 200)
    return made


@pytest.fixture
def account(page: Page, base_url: str) -> Page:
    """The page, opened from the console by the name of the person."""
    sign_in(page, base_url)
    page.get_by_role("button", name="向玉珍").click()
    expect(page.get_by_role("heading", name="我的登录")).to_be_visible()
    expect(page.locator(".part-sessions li")).to_have_count(3)
    expect(page.locator(".part-tokens li")).to_have_count(1)
    return page


def test_it_says_where_one_is_signed_in_this_place_first(account: Page) -> None:
    rows = account.locator(".part-sessions li")
    expect(rows.first).to_contain_text("Chrome · Windows")
    expect(rows.first).to_contain_text("当前")
    expect(rows.first.get_by_role("button")).to_have_count(0)
    expect(rows.nth(1)).to_contain_text("微信 WeChat · Android")
    expect(rows.nth(1)).to_contain_text("2001:db8:1:2ab:3:4:5:6")
    expect(rows.nth(2)).to_contain_text("Safari · iOS")


def test_one_ends_one_session_and_then_all_others(account: Page, platform: Platform) -> None:
    account.locator(".part-sessions li", has_text="Safari").get_by_role("button", name="结束").click()
    expect(account.locator(".part-sessions li")).to_have_count(2)
    expect(account.locator(".notices")).to_contain_text("该处已退出登录。")
    account.get_by_role("button", name="结束其他全部登录").click()
    expect(account.locator(".part-sessions li")).to_have_count(1)
    expect(account.get_by_role("button", name="结束其他全部登录")).to_be_disabled()
    assert [one["current"] for one in platform.account.sessions] == [True]


REFUSED: Final = {
    "新密码太短：至少 10 个字符。": (PASSWORD, "short", "short"),
    "两次输入的新密码不一致。": (PASSWORD, CHOSEN, CHOSEN + "!"),
    "新密码与原密码相同。": (PASSWORD, PASSWORD, PASSWORD),
    "原密码不正确；若已多次输错，请等几分钟再试。": ("wrong wrong", CHOSEN, CHOSEN),
}


def change_password(page: Page, old: str, new: str, again: str) -> None:
    for label, value in {"原密码": old, "新密码": new, "再次输入新密码": again}.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="修改密码").click()


def test_a_password_is_changed_or_it_is_said_why_not(account: Page, platform: Platform) -> None:
    for told, typed in REFUSED.items():
        change_password(account, *typed)
        expect(account.locator(".part-password [role=alert]")).to_have_text(told)
    assert platform.account.password == PASSWORD
    change_password(account, PASSWORD, CHOSEN, CHOSEN)
    expect(account.locator(".notices")).to_contain_text("密码已修改。")
    expect(account.get_by_label("原密码", exact=True)).to_have_value("")
    assert platform.account.password == CHOSEN


def test_an_authenticator_is_replaced_by_who_shows_a_code_of_it(account: Page, platform: Platform) -> None:
    platform.account.codes_left = 2
    account.reload()
    expect(account.locator(".part-factor")).to_contain_text("只剩 2 个恢复码")
    account.get_by_role("button", name="更换验证器").click()
    code = account.locator("input[name=code]")
    expect(code).to_be_focused()
    code.fill("000000")
    account.get_by_role("button", name="继续").click()
    expect(account.get_by_role("alert")).to_have_text("验证码错误或已用过，请等下一个。")
    code.fill(CODE)
    account.get_by_role("button", name="继续").click()
    expect(account.locator("img.qr")).to_be_visible()
    account.locator("input[name=code]").fill(CODE)
    account.get_by_role("button", name="更换验证器").click()
    account.get_by_role("button", name="我已抄下").click()
    expect(account.locator(".part-factor")).to_contain_text("还剩 10 个恢复码")


def test_a_token_is_shown_once_and_can_be_revoked(account: Page, platform: Platform) -> None:
    account.get_by_role("button", name="新建令牌").click()
    dialog = account.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="生成令牌")).to_be_disabled()
    dialog.get_by_label("用于哪个程序").fill("统计导出")
    dialog.get_by_role("checkbox", name="统计数字").check()
    dialog.get_by_role("radio", name="90 天").check()
    dialog.get_by_role("button", name="生成令牌").click()
    expect(dialog.get_by_label("令牌", exact=True)).to_have_value(TOKEN)
    dialog.get_by_role("button", name="我已保存").click()
    assert TOKEN not in account.content()
    (made, _) = platform.account.tokens
    assert (made["name"], made["permissions"]) == ("统计导出", ["read_figures"])
    row = account.locator(".part-tokens li", has_text="统计导出")
    row.get_by_role("button", name="吊销").click()
    account.get_by_role("dialog").get_by_role("button", name="吊销").click()
    expect(row).to_contain_text("已吊销")
    expect(row.get_by_role("button")).to_have_count(0)


def test_a_token_whose_answer_is_lost_is_made_once_and_named_to_be_revoked(
    account: Page, platform: Platform
) -> None:
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if route.request.method != "POST" or lost:
            route.continue_()
            return
        lost.append(route.fetch().text())
        route.abort()

    account.route("**/api/v1/tokens", lose_the_first)
    account.get_by_role("button", name="新建令牌").click()
    dialog = account.get_by_role("dialog")
    dialog.get_by_label("用于哪个程序").fill("统计导出")
    dialog.get_by_role("checkbox", name="统计数字").check()
    dialog.get_by_role("button", name="生成令牌").click()
    expect(account.get_by_text("未能显示")).to_be_visible()
    expect(dialog).to_have_count(0)
    expect(account.locator(".part-tokens li").first).to_contain_text("统计导出")
    assert TOKEN in lost[0]
    assert len(platform.account.tokens) == 2, "the one from before, and one new"


def test_who_is_no_administrator_sees_no_services(page: Page, base_url: str, platform: Platform) -> None:
    platform.account.administers = False
    sign_in(page, base_url)
    page.goto(base_url + "/console/account")
    expect(page.locator(".part-sessions li")).to_have_count(3)
    expect(page.locator(".part-tokens")).to_have_count(0)


def test_an_alarm_that_comes_meanwhile_is_told_and_the_keys_of_the_queue_rest(
    account: Page, platform: Platform
) -> None:
    expect(account.locator(".page-waiting")).to_have_text("无新警")
    platform.put(incident(3, "fall", 1, 1))
    expect(account.locator(".page-waiting")).to_have_text("1 条新警待处理")
    account.keyboard.press("a")
    account.keyboard.press("j")
    account.get_by_role("button", name="返回值班台").click()
    expect(account.locator("[data-incident]")).to_have_count(1)
    assert platform.commands == []


def test_the_way_back_and_forth_is_the_browsers(account: Page) -> None:
    assert account.url.endswith("/console/account")
    account.go_back()
    expect(account.locator(".queue")).to_be_visible()
    account.go_forward()
    expect(account.locator(".part-sessions li")).to_have_count(3)


def test_the_whole_page_is_reached_by_keyboard(account: Page) -> None:
    expect(account.locator("h1")).to_be_focused()
    reached = []
    for _ in range(12):
        account.keyboard.press("Tab")
        reached.append(
            account.evaluate(
                "document.activeElement.getAttribute('aria-label') ?? document.activeElement.name"
                " + document.activeElement.textContent.trim()"
            )
        )
    assert reached[2] == "结束其他全部登录"
    assert reached[3] == "更换验证器"
    assert reached[4:7] == ["old", "new", "again"]
    assert reached[7] == "修改密码"
    assert reached[8] == "吊销“县医院”"
    assert reached[9] == "新建令牌"


def test_whoever_has_a_one_time_password_chooses_another_before_anything_else(
    page: Page, base_url: str, platform: Platform
) -> None:
    platform.one_time = True
    page.goto(base_url + "/console/")
    page.get_by_label("用户名").fill("op1")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="设置新密码")).to_be_visible()
    assert faults(page) == []
    page.get_by_label("一次性密码").fill(PASSWORD)
    page.get_by_label("新密码", exact=True).fill(CHOSEN)
    page.get_by_label("再次输入新密码").fill(CHOSEN)
    page.get_by_role("button", name="修改密码").click()
    expect(page.locator("[data-link=live]")).to_be_visible()
    assert platform.account.password == CHOSEN


def test_no_part_of_it_breaks_wcag_or_its_own_sizes_in_any_language_and_theme(
    page: Page, base_url: str, platform: Platform
) -> None:
    busy_evening(platform)
    platform.elsewhere = "怀化统一认证"
    platform.account.let_in("kpi-export-of-the-county", ["read_figures"], 20, revoked_at=now().isoformat())
    page.goto(base_url + "/console/account")
    expect(page.locator(".sign-in a.button")).to_be_visible()
    found = in_every_dress(page, "account-sign-in")
    page.get_by_label("用户名").fill("op1")
    page.get_by_label("密码").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    expect(page.locator(".part-tokens li")).to_have_count(2)
    for size, (width, height) in {"desk": (1366, 768), "phone": (360, 740)}.items():
        page.set_viewport_size({"width": width, "height": height})
        found |= in_every_dress(page, f"account-{size}")
    page.locator(".part-tokens > footer button").click()
    found |= in_every_dress(page, "account-token", within="dialog")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator(".part-factor footer button").click()
    expect(page.locator("input[name=code]")).to_be_focused()
    found |= in_every_dress(page, "account-factor", within="main")
    assert found == {}
