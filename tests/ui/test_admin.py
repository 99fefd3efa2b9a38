"""Administration in a real browser, on the real platform: a sheet, shifts, and who sees what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from cloud.auth import Role
from tests.harness import System
from tests.ui.town import come_in

pytestmark = pytest.mark.browser

SHOTS: Final = Path(__file__).parent / "shots"
SHEET: Final = "编号,区划,地址,姓名,性别,出生年份,联系人1,联系人1电话\n"


@pytest.fixture
def admin(context: BrowserContext, town: System) -> Iterator[Page]:
    """The administration, open as the administrator; a script that throws fails the test."""
    page = come_in(context, town, Role.ADMIN, "/admin/")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    expect(page.get_by_role("heading", name="家庭", exact=True)).to_be_visible()
    yield page
    assert errors == []


def shot(page: Page, name: str) -> None:
    """A picture for people to look at."""
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"admin-{name}.png")


def row(page: Page, name: str) -> Locator:
    return page.locator("tbody tr").filter(has_text=name)


def api(page: Page, method: str, path: str, body: Any = None) -> Any:
    """What somebody else does at the same time."""
    headers = {"X-Anban": "1", "Content-Type": "application/json"}
    address = page.url.split("/admin")[0] + "/api/v1" + path
    answer = page.context.request.fetch(address, method=method, data=body, headers=headers)
    assert answer.ok, answer.text()
    return answer.json()


def test_a_sheet_shows_its_bad_rows_and_is_taken_in_once_it_has_none(admin: Page) -> None:
    key = f"S-{uuid4().hex[:8]}"
    admin.get_by_role("link", name="批量导入").click()
    good = f"{key},鹤城区,新巷4号,杨秀英,女,1941,杨明,13900000003\n"
    bad = f"{SHEET}{good}{key},没有的村,,杨再思,男,1840,,\n"
    choose = admin.locator("input[type=file]")
    choose.set_input_files({"name": "名册.csv", "mimeType": "text/csv", "buffer": bad.encode("gb18030")})
    expect(admin.locator("tbody tr")).to_have_count(4)
    expect(admin.locator("tbody")).to_contain_text("与第 2 行重复")
    expect(admin.get_by_role("alert").filter(has_text="1 行需要改正")).to_be_visible()
    shot(admin, "import")
    choose.set_input_files({"name": "名册.csv", "mimeType": "text/csv", "buffer": (SHEET + good).encode()})
    admin.get_by_role("button", name="导入 1 户").click()
    expect(admin.get_by_text("已导入 1 户")).to_be_visible()
    admin.get_by_role("link", name="老人", exact=True).click()
    admin.get_by_role("searchbox").fill("杨秀英")
    expect(row(admin, key)).to_contain_text("1941")


def test_a_worker_has_a_shift_and_a_home_and_loses_both(admin: Page) -> None:
    admin.get_by_role("link", name="可上门的人").click()
    staff = next(one for one in api(admin, "GET", "/register/staff?q=responder")["items"])
    api(admin, "POST", "/responders", {"kind": "worker", "staff_id": staff["id"], "phone": "13700000009"})
    admin.reload()
    who = row(admin, "responder")
    who.get_by_role("button", name="排班").click()
    form = admin.get_by_role("dialog")
    form.get_by_role("button", name="添加班次").click()
    form.get_by_label("开始").fill("2100-01-01T08:00")
    form.get_by_label("结束").fill("2100-01-01T07:00")
    form.get_by_role("button", name="添加").click()
    expect(form.get_by_text("先开始后结束")).to_be_visible()
    form.get_by_label("结束").fill("2100-01-01T16:00")
    form.get_by_role("button", name="添加").click()
    shot(admin, "shifts")
    form.get_by_role("button", name="删除班次").click()
    expect(form.get_by_text("没有排班")).to_be_visible()
    admin.keyboard.press("Escape")
    who.get_by_role("button", name="与家庭的关系").click()
    form.get_by_role("button", name="添加或修改").click()
    form.get_by_label("家庭编号").fill("1")
    form.get_by_label("有钥匙").check()
    form.get_by_role("button", name="保存").click()
    form.get_by_role("button", name="删除与家庭 1 的关系").click()
    expect(form.get_by_text("还没有登记")).to_be_visible()


def test_what_cannot_be_taken_back_asks_who_is_here_and_nobody_sees_more_than_their_role(
    chromium: Browser, context: BrowserContext, town: System
) -> None:
    page = come_in(context, town, Role.ADMIN, "/admin/residents")
    with psycopg.connect(town.dsn) as conn:  # five minutes later
        conn.execute("update session set proved_at = null")
    page.get_by_role("button", name="个人权利").first.click()
    page.get_by_role("button", name="申请删除").click()
    page.get_by_label("说明").fill("搬走了")
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_role("heading", name="请再确认是您本人")).to_be_visible()
    page.get_by_label("您的密码").fill("wrong")
    page.get_by_role("button", name="确认", exact=True).click()
    expect(page.get_by_text("密码或验证码不对")).to_be_visible()
    other = chromium.new_context(locale="zh-CN")
    audit = come_in(other, town, Role.AUDITOR, "/admin/homes")
    expect(audit.get_by_role("heading", name="审计记录")).to_be_visible()
    expect(audit.get_by_role("navigation").get_by_role("link")).to_have_count(1)
    expect(audit.locator("tbody tr").first).to_be_visible()
    shot(audit, "audit")
    other.close()
