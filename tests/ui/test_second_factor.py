"""The second step of signing in, in a real browser and three languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.ui.scripted import CODE, PASSWORD, SECRET

pytestmark = pytest.mark.browser


def first_step(page: Page, base_url: str, username: str) -> None:
    page.goto(base_url + "/console/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def test_whoever_has_an_authenticator_shows_a_code_before_the_queue_opens(page: Page, base_url: str) -> None:
    first_step(page, base_url, "admin2")
    code = page.get_by_label("验证器上的验证码，或恢复码")
    expect(code).to_be_focused()
    code.fill("000000")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert")).to_have_text("验证码错误或已用过，请等下一个。")
    code.fill(CODE)
    page.get_by_role("button", name="登录").click()
    expect(page.locator("[data-link=live]")).to_be_visible()


@pytest.mark.parametrize(
    "words",
    [
        ("zh-Hans", "保护此账号", "我已抄下"),
        ("zh-Hant", "保護此帳號", "我已抄下"),
        ("en", "Protect this account", "I have written them down"),
    ],
)
def test_whoever_has_none_enrols_one_and_sees_the_recovery_codes_once(
    page: Page, base_url: str, tmp_path: Path, words: tuple[str, str, str]
) -> None:
    language, enrol, kept = words
    first_step(page, base_url, "admin")
    page.locator("select.language").select_option(language)
    expect(page.locator("img.qr")).to_be_visible()
    shown = page.locator("img.qr").evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert shown > 100
    expect(page.locator(".factor-key")).to_have_text(" ".join(SECRET[at : at + 4] for at in range(0, 32, 4)))
    page.screenshot(path=tmp_path / f"enrol-{language}.png")
    page.locator("input[name=code]").fill(CODE)
    page.get_by_role("button", name=enrol).click()
    expect(page.locator(".recovery li")).to_have_count(10)
    page.screenshot(path=tmp_path / f"codes-{language}.png")
    page.get_by_role("button", name=kept).click()
    expect(page.locator("[data-link=live]")).to_be_visible()
