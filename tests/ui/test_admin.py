"""Administration in a real browser, on the real platform: a sheet, shifts, and who sees what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from cloud.auth import Role
from tests.harness import System
from tests.ui.judge import SHOTS, in_every_dress, shoot, zoomed
from tests.ui.town import come_in

pytestmark = pytest.mark.browser

DIVISION: Final = "431202000000"
FOCUS_IS_SEEN: Final = """() => {
  const focused = document.activeElement;
  if (focused === document.body) return true;  // between the last thing on the page and the first
  const painted = focused.type === "checkbox" ? focused.nextElementSibling : focused;
  const style = getComputedStyle(focused.type === "file" ? focused.closest("label") : painted);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""
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


def row(page: Page, name: str) -> Locator:
    return page.locator("tbody tr").filter(has_text=name)


def api(page: Page, method: str, path: str, body: Any = None) -> Any:
    """What somebody else does at the same time."""
    headers = {"X-Anban": "1", "Content-Type": "application/json"}
    address = page.url.split("/admin")[0] + "/api/v1" + path
    answer = page.context.request.fetch(address, method=method, data=body, headers=headers)
    assert answer.ok, answer.text()
    return answer.json()


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Go on by ``key`` until ``target`` has the focus; wherever it stands on the way, it is seen."""
    for _ in range(60):
        page.keyboard.press(key)
        where = page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
        assert page.evaluate(FOCUS_IS_SEEN), where
        if target.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"{target} is not reached by {key}")


def test_a_home_is_registered_filled_and_retired_by_keys_alone(admin: Page) -> None:
    key, keys = f"H-{uuid4().hex[:8]}", admin.keyboard
    expect(admin.locator("h1")).to_be_focused()
    add = admin.get_by_role("button", name="登记家庭")
    tab_to(admin, add)
    keys.press("Enter")
    form = admin.get_by_role("dialog")
    expect(form.get_by_label("编号")).to_be_focused()
    for text in (key, "12", "新巷3号"):
        keys.type(text)
        keys.press("Tab")
    keys.press("Enter")
    expect(form.get_by_text("没有这个区划")).to_be_visible()
    expect(form.get_by_label("行政区划")).to_be_focused()  # where there is something to mend
    shoot(admin, "admin-fault")
    keys.press("Control+A")
    late: list[Route] = []

    def hold(route: Route) -> None:
        late.append(route)

    admin.route(re.compile(rf"divisions.*q={DIVISION[:-1]}$"), hold)
    keys.type(DIVISION)
    expect(form.locator(".found")).to_have_text("鹤城区")
    with admin.expect_response(lambda answer: answer.url.endswith(DIVISION[:-1])):
        late.pop().continue_()
    expect(form.locator(".found")).to_have_text("鹤城区")  # what was asked before does not take it back
    keys.press("Enter")
    expect(form).to_have_count(0)
    expect(add).to_be_focused()

    tab_to(admin, admin.get_by_role("searchbox"), "Shift+Tab")
    keys.type(key)
    expect(admin.locator("tbody tr")).to_have_count(1)
    tab_to(admin, admin.get_by_role("link", name=key))
    keys.press("Enter")
    expect(admin.get_by_role("heading", name=key)).to_be_visible()
    expect(admin.locator("h1")).to_be_focused()
    tab_to(admin, admin.get_by_role("button", name="登记老人"))
    keys.press("Enter")
    expect(form.get_by_label("姓名")).to_be_focused()
    keys.type("滕树英")
    tab_to(admin, form.get_by_label("出生年份"))
    keys.type("1938")
    keys.press("Enter")
    expect(admin.get_by_role("region", name="老人").first).to_contain_text("滕树英")
    consents = row(admin, "滕树英").get_by_role("button", name="同意")
    tab_to(admin, consents, "Shift+Tab")
    keys.press("Enter")
    expect(form.locator("li")).to_have_count(9)
    keys.press("Escape")
    expect(consents).to_be_focused()

    tab_to(admin, admin.get_by_role("button", name="返回家庭列表"), "Shift+Tab")
    keys.press("Enter")
    expect(admin.locator("h1")).to_be_focused()
    tab_to(admin, admin.get_by_role("searchbox"))
    keys.type(key)
    expect(admin.locator("tbody tr")).to_have_count(1)
    tab_to(admin, row(admin, key).get_by_role("button", name="停用"))
    keys.press("Enter")
    tab_to(admin, form.get_by_role("button", name="停用", exact=True))
    keys.press("Enter")
    expect(admin.locator("tbody tr")).to_have_count(0)
    expect(admin.locator("h1")).to_be_focused()


def test_what_two_change_at_once_is_shown_to_the_second_field_by_field(admin: Page) -> None:
    admin.get_by_role("link", name="老人", exact=True).click()
    (kept, *_) = api(admin, "GET", "/register/residents?limit=1")["items"]
    name, form = kept["record"]["name"], admin.get_by_role("dialog")
    row(admin, name).first.get_by_role("button", name="修改").click()
    form.get_by_label("备注").fill("我写的")
    theirs = kept["record"] | {"phone": "13800000001", "notes": "对方写的"}
    api(admin, "PUT", f"/register/residents/{kept['id']}", {"version": kept["version"], "record": theirs})
    form.get_by_role("button", name="保存").click()
    expect(form.get_by_text("别人先保存了修改")).to_be_visible()
    shoot(admin, "admin-conflict")
    form.get_by_role("listitem").filter(has_text="电话").get_by_role("button").click()
    form.get_by_role("button", name="按我的选择保存").click()
    expect(form).to_have_count(0)
    now = api(admin, "GET", f"/register/residents/{kept['id']}")["record"]
    assert (now["phone"], now["notes"]) == ("13800000001", "我写的")


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
    shoot(admin, "admin-import")
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
    shoot(admin, "admin-shifts")
    form.get_by_role("button", name="删除班次").click()
    expect(form.get_by_text("没有排班")).to_be_visible()
    admin.keyboard.press("Escape")
    who.get_by_role("button", name="与家庭的关系").click()
    form.get_by_role("button", name="添加或修改").click()
    (home, *_) = api(admin, "GET", "/register/homes?limit=1")["items"]
    key, keys = home["record"]["key"], admin.keyboard
    expect(form.get_by_label("家庭", exact=True)).to_be_focused()
    keys.type("没有这样的家庭")
    expect(form.get_by_text("没有找到")).to_be_visible()
    form.get_by_role("button", name="保存").click()
    expect(form.get_by_text("请从找到的条目中选一个")).to_be_visible()
    expect(form.get_by_label("家庭", exact=True)).to_be_focused()
    keys.press("Control+A")
    keys.type(key.upper())
    expect(form.get_by_role("option").first).to_contain_text(key)
    shoot(admin, "admin-finder")
    keys.press("Escape")
    expect(form.get_by_role("option")).to_have_count(0)  # the list is gone, the form stays
    keys.press("ArrowDown")
    expect(form.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    keys.press("Enter")
    expect(form.get_by_text(f"已选：{key}")).to_be_visible()
    form.get_by_label("有钥匙").check()
    form.get_by_role("button", name="保存").click()
    form.get_by_role("button", name=f"删除与家庭 {key} 的关系").click()
    expect(form.get_by_text("还没有登记")).to_be_visible()


def test_a_sheet_of_door_tags_prints_keys_and_codes_and_nothing_of_a_person(admin: Page) -> None:
    admin.get_by_role("link", name="门牌标签").click()
    admin.get_by_role("button", name="制作一张").click()
    form = admin.get_by_role("dialog")
    form.get_by_label("行政区划").fill(DIVISION)
    form.get_by_label("已有标签的也要").check()
    form.get_by_role("button", name="制作一张").click()
    labels = admin.get_by_role("list", name="门牌标签").get_by_role("listitem")
    expect(labels.first).to_be_visible()
    shoot(admin, "admin-tags")
    admin.emulate_media(media="print")
    expect(admin.get_by_role("navigation")).to_be_hidden()
    expect(admin.locator("h1")).to_be_hidden()
    keys = {one["record"]["key"] for one in api(admin, "GET", "/register/homes?limit=200")["items"]}
    printed = {text.removesuffix("安伴").strip() for text in labels.all_inner_texts()}
    assert printed <= keys
    (SHOTS / "admin-tags.pdf").write_bytes(admin.pdf(format="A4", prefer_css_page_size=True))


def test_who_may_be_sent_to_visits_is_said_with_hours_that_end_after_they_begin(admin: Page) -> None:
    admin.get_by_role("link", name="可派去探访的人").click()
    expect(admin.get_by_text("还没有登记，排不出计划。")).to_be_visible()
    admin.get_by_role("button", name="登记").click()
    form, keys = admin.get_by_role("dialog"), admin.keyboard
    form.get_by_label("人员", exact=True).focus()
    keys.type("caseworker")
    expect(form.get_by_role("option").first).to_contain_text("caseworker")
    keys.press("ArrowDown")
    keys.press("Enter")
    form.get_by_label("乡镇").fill(DIVISION)
    form.get_by_label("纬度").fill("27.56")
    form.get_by_label("经度").fill("109.99")
    form.get_by_label("助浴").check()
    form.get_by_label("下班").fill("07:00")
    form.get_by_role("button", name="保存").click()
    expect(form.get_by_text("下班要晚于上班")).to_be_visible()
    shoot(admin, "admin-workers")


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
    shoot(audit, "admin-audit")
    other.close()


def test_no_part_breaks_wcag_or_its_own_sizes_in_any_language_and_theme(admin: Page) -> None:
    """The strip on top and the list of parts stay the same: they are judged once."""
    found = in_every_dress(admin, "admin-first", lambda: read(admin))
    for part in admin.locator(".admin > nav a").all():
        part.click()
        name = f"{part.get_attribute('href')}".rpartition("/")[2]
        found |= in_every_dress(admin, f"admin-{name}", lambda: read(admin), within="main") | zoomed(
            admin, name
        )
    admin.locator(".admin > nav a").first.click()
    admin.locator("tbody a").first.click()
    expect(admin.locator(".block")).to_have_count(4)
    found |= zoomed(admin, "home")
    found |= in_every_dress(admin, "admin-home", lambda: read(admin), within="main")
    assert found == {}


def test_the_parts_of_an_auditor_and_of_a_city_break_nothing_either(
    context: BrowserContext, town: System
) -> None:
    found: dict[str, list[str]] = {}
    for role, name in ((Role.AUDITOR, "audit"), (Role.CITY_ADMIN, "tenants")):
        page = come_in(context, town, role, f"/admin/{name}")
        expect(page.locator("main tbody tr").first).to_be_visible()
        found |= in_every_dress(page, f"admin-{name}", within="main")
    assert found == {}


def read(page: Page) -> None:
    """Wait until nothing is being read any more."""
    expect(page.get_by_role("status").filter(has_text=re.compile("…$"))).to_have_count(0)


DIALOGS: Final = {
    # Part -> what opens a dialog in it, step by step; "▾": and some of a name is typed.
    "homes": [["登记家庭"]],
    "residents": [["修改："], ["同意情况：", "登记意见："], ["个人权利："]],
    "staff": [["添加人员", "▾"]],
    "responders": [["添加"], ["排班："], ["与家庭的关系：", "添加或修改", "▾"]],
    "rights": [["修改保存时间："]],
    "hours": [["开户"], ["明细："]],
    "services": [["新令牌"]],
}
"""Every kind of control, of list and of sheet that a dialog shows."""


def test_no_dialog_breaks_wcag_or_its_own_sizes_in_any_language_and_theme(admin: Page, town: System) -> None:
    staff = next(one for one in api(admin, "GET", "/register/staff?q=caseworker")["items"])
    for path, what in (
        ("/responders", {"kind": "worker", "staff_id": staff["id"], "phone": "13700000008"}),
        ("/time/accounts", {"staff_id": staff["id"]}),
    ):
        api(admin, "POST", path, what)
    found: dict[str, list[str]] = {}
    for part, dialogs in DIALOGS.items():
        admin.locator(f".admin > nav a[href='/admin/{part}']").click()
        for number, steps in enumerate(dialogs):
            for step in steps:
                open_by(admin, step)
            name, pictured = f"dialog-{part}-{number}", {"en-dark"}
            found |= in_every_dress(admin, name, lambda: read(admin), within="dialog", pictured=pictured)
            while admin.locator("dialog").count():  # one may stand behind another
                admin.keyboard.press("Escape")
    assert found == {}


def open_by(page: Page, step: str) -> None:
    """Press the first button of that name where it stands on top."""
    on_top = page.get_by_role("dialog")
    if step == "▾":
        on_top.locator(".finder input").press_sequentially("h")
        expect(on_top.locator(".finder [role=option]").first).to_be_visible()
        return
    within = on_top if on_top.count() else page.locator("main")
    within.get_by_role("button", name=re.compile(step)).first.click()
    expect(on_top.locator("form, li, section, .none").first).to_be_visible()
    read(page)
