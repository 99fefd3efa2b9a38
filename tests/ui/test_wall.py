"""The wall, the plain pages, and the desk in a flood: what they show, and what they never say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from cloud.auth import Role
from tests.harness import System
from tests.ui.conftest import TIMEOUT_MS
from tests.ui.judge import LANGUAGES, THEMES, faults, in_every_dress, shoot, violations
from tests.ui.town import come_in
from tests.visit import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.services]

VILLAGES: Final = (("431202701000", "大坪乡"), ("431202702000", "凉亭坳乡"), ("431202703000", "黄岩村"))
NAMES: Final = ("龙桂花", "欧阳明亮", "杨长贵", "吴秀兰", "滕春梅", "石建国")
SILENCE_MS: Final = 13_000
CUT: Final = """() => [...document.querySelectorAll(".list li p, .wall > footer b")]
  .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML.slice(0, 160))"""


@pytest.fixture(scope="module")
def busy(town: System) -> Iterator[System]:
    """Three townships: a power cut in one, a fall that nobody has taken, others that somebody has."""
    with psycopg.connect(town.dsn, autocommit=True) as conn:
        conn.cursor().executemany("insert into division values (%s, %s, '431202000000')", VILLAGES)
        for n in range(18):
            conn.execute(_HOME, {"n": n, "at": n % 3, "place": VILLAGES[n % 3][0], "name": NAMES[n % 6]})
        for n, kind, family, priority, state, ago_s in _TROUBLES:
            said = {
                "n": n,
                "kind": kind,
                "family": family,
                "priority": priority,
                "state": state,
                "ago": ago_s,
            }
            conn.execute(_INCIDENT, said)
        yield town
        conn.execute(
            "update incident set state = 'closed', closed_at = now()"
            " where home_id in (select id from home where key like 'wall-%')"
        )


_HOME: Final = """with placed as (
    insert into home (tenant_id, key, division_code, address, latitude, longitude)
    select min(id), 'wall-' || %(n)s, %(place)s, '第' || %(n)s || '组',
        27.5 + 0.03 * %(at)s + 0.001 * %(n)s, 109.9 + 0.06 * %(at)s + 0.002 * %(n)s
    from tenant returning id
), lives as (
    insert into resident (home_id, name, birth_year, sex)
    select id, %(name)s, 1940, case %(n)s %% 2 when 0 then 'f' else 'm' end from placed
) insert into gateway (id, home_id, shard, secret, online, state_at)
  select 'gw-wall-' || %(n)s, id, 3, '', %(n)s %% 5 <> 4, now() from placed"""
_INCIDENT: Final = """insert into incident (tenant_id, home_id, kind, family, priority, state, state_since,
    observed_at, opened_at, acked_at, evidence)
select tenant_id, id, %(kind)s, %(family)s, %(priority)s, %(state)s, at, at, at,
    case when %(state)s <> 'raised' then at end, '{}'
from home, (select now() - make_interval(secs => %(ago)s) as at) as moment where key = 'wall-' || %(n)s"""
_TROUBLES: Final = (
    *((n, "mains_lost", "device", 3, "raised", 200 + n) for n in (0, 3, 6, 9)),
    (1, "fall", "person", 1, "raised", 42),
    (2, "sos", "person", 1, "on_site", 600),
    (4, "stillness", "person", 2, "voice", 300),
    (5, "flood", "water", 2, "en_route", 800),
    *((n, "battery_low", "device", 4, "acked", 9_000 + 700 * n) for n in (7, 8, 10, 11, 12, 13)),
)


@pytest.fixture
def television(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(
        locale="zh-CN", viewport={"width": 1920, "height": 1080}, reduced_motion="reduce"
    )
    context.set_default_timeout(TIMEOUT_MS)
    yield context
    context.close()


def token_of(context: BrowserContext, town: System) -> tuple[int, str]:
    """A token that an administrator draws for a wall."""
    api, headers = f"{town.address}/api/v1", {"X-Anban": "1"}
    asked = {"username": Role.ADMIN.value, "password": PASSWORD}
    assert context.request.post(f"{api}/session", data=asked, headers=headers).ok
    drawn = context.request.post(
        f"{api}/tokens", data={"name": "大厅", "permissions": ["read_wall"]}, headers=headers
    )
    assert drawn.ok, drawn.text()
    return drawn.json()["id"], drawn.json()["token"]


def seen(page: Page, name: str) -> list[str]:
    """What axe finds on the wall, and which of its lines are cut; a picture of it for people."""
    shoot(page, name)
    return [*violations(page), *page.evaluate(CUT)]


def test_a_wall_shows_where_help_is_needed_and_names_nobody(
    television: BrowserContext, context: BrowserContext, busy: System
) -> None:
    number, token = token_of(context, busy)
    page, found = television.new_page(), {}
    page.clock.install()
    page.goto(f"{busy.address}/console/wall#token={token}")
    danger = page.locator(".takeover")
    expect(danger).to_contain_text("还没有人接警")  # others may wait, too: they take turns there
    expect(page.locator(".list .danger").filter(has_text="疑似跌倒")).to_contain_text("欧阳先生")
    expect(page.locator(".list")).to_contain_text("停电或断网 · 大坪乡 · 4 户")
    assert page.url.endswith("/console/wall")  # the token stays in no address
    body = page.locator("body").inner_text()
    assert not any(name in body for name in NAMES)
    for language in LANGUAGES:
        page.evaluate("language => localStorage.setItem('anban.locale', language)", language)
        page.reload()
        expect(danger).to_be_visible()
        found[language] = seen(page, f"wall-danger-{language}")
    with psycopg.connect(busy.dsn) as conn:
        conn.execute("update incident set state = 'acked', acked_at = now() where kind = 'fall'"
                     " and home_id = (select id from home where key = 'wall-1')")  # fmt: skip
        conn.execute("update incident set state = 'acked', acked_at = now() where priority = 1"
                     " and state = 'raised'")  # fmt: skip
    page.clock.run_for(6_000)
    expect(page.locator("svg text.name").first).to_be_visible()
    found["places"] = seen(page, "wall-places")
    television.route("**/api/v1/wall*", lambda route: route.abort())
    page.reload()
    page.clock.run_for(SILENCE_MS)
    expect(page.locator(".cover")).to_contain_text("资料中断")
    found["old"] = seen(page, "wall-old")
    television.unroute("**/api/v1/wall*")
    headers = {"X-Anban": "1"}
    assert context.request.delete(f"{busy.address}/api/v1/tokens/{number}", headers=headers).ok
    page.reload()
    expect(page.get_by_label("大屏令牌")).to_be_visible()
    found["revoked"] = seen(page, "wall-revoked")
    assert {name: what for name, what in found.items() if what} == {}


def test_a_wall_is_bound_to_one_place_by_the_token_that_its_administrator_draws(
    context: BrowserContext, busy: System
) -> None:
    page = come_in(context, busy, Role.ADMIN, "/console/account")
    page.get_by_role("button", name="新建令牌").click()
    form = page.get_by_role("dialog")
    form.get_by_label("用于哪个程序").fill("大坪乡大厅")
    place = form.get_by_label("大屏显示哪个区划")
    expect(place).to_have_count(0)
    form.get_by_role("checkbox", name="大屏").check()
    place.fill("999999999999")
    form.get_by_role("button", name="生成令牌").click()
    expect(page.locator(".notices")).to_contain_text("本县没有这个区划")
    place.fill(VILLAGES[0][0])
    expect(form.locator(".found")).to_have_text("大坪乡")
    form.get_by_role("button", name="生成令牌").click()
    token = form.get_by_label("令牌", exact=True).input_value()
    form.get_by_role("button", name="我已保存").click()
    expect(page.locator(".part-tokens li").first).to_contain_text(f"仅 {VILLAGES[0][0]}")
    page.goto(f"{busy.address}/console/wall#token={token}")
    expect(page.locator(".list")).to_contain_text("大坪乡")
    expect(page.locator(".list")).not_to_contain_text("黄岩村")


def test_the_plain_pages_need_no_script(chromium: Browser, busy: System) -> None:
    context = chromium.new_context(
        locale="zh-CN", java_script_enabled=False, viewport={"width": 900, "height": 1100}
    )
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(f"{busy.address}/lite")
    page.get_by_label("用户名").fill(Role.OPERATOR.value)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_text("停电或断网 · 大坪乡 · 4 户").click()
    page.get_by_role("link", name="疑似跌倒 · 欧阳明亮").click()
    expect(page.get_by_role("heading", level=2)).to_contain_text("疑似跌倒 · 欧阳明亮")
    page.get_by_label("接手的人需要知道什么？").fill("邻居去看")
    page.get_by_role("button", name="保存备注").click()
    expect(page.get_by_role("main")).to_contain_text("邻居去看")
    context.close()


def test_no_plain_page_breaks_wcag_or_its_own_sizes_in_any_language_and_theme(
    context: BrowserContext, busy: System
) -> None:
    """The pages are the same for a browser that runs scripts: they have none."""
    page = come_in(context, busy, Role.OPERATOR, "/lite/?pause=1")
    incident = page.get_by_role("link", name="疑似跌倒 · 欧阳明亮").get_attribute("href")
    found = {}
    for language in LANGUAGES:
        page.goto(f"{busy.address}/lite/language/{language}")
        for name, path in {
            "queue": "/lite/?pause=1",
            "incident": f"{incident}",
            "sign-in": "/lite/sign-in",
        }.items():
            page.goto(busy.address + path)
            if name == "queue":
                page.locator("summary").first.click()
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                found[f"{name} {language} {theme}"] = faults(page)
                shoot(page, f"lite-{name}-{language}-{theme}", whole=True)
    assert {name: what for name, what in found.items() if what} == {}


def test_a_flood_is_one_row_and_a_shift_is_signed_by_two(
    context: BrowserContext, chromium: Browser, busy: System
) -> None:
    page = come_in(context, busy, Role.OPERATOR, "/console/")
    found: dict[str, list[str]] = {}
    group = page.locator("[data-group]").filter(has_text="停电或断网 · 大坪乡 · 4 户")
    expect(group).to_have_count(1)
    group.locator(".row-main").click()
    expect(page.locator("[data-incident]").filter(has_text="停电")).to_have_count(4)
    found |= in_every_dress(page, "console-flood")
    group.get_by_role("button", name="全部接下").click()
    expect(page.locator("[data-group]").filter(has_text="4 条 · 已确认")).to_have_count(1)
    page.locator("details.pages summary").click()
    page.get_by_role("link", name="设备待办").click()
    expect(page.get_by_role("row").filter(has_text="网关离线").first).to_be_visible()
    found |= in_every_dress(page, "console-devices")
    page.locator("details.pages summary").click()
    page.get_by_role("link", name="交接班").click()
    page.get_by_label("下一班需要知道什么？").fill("大坪乡停电，供电所 21 点来人。")
    page.get_by_role("button", name="交班并签字").click()
    expect(page.get_by_text("这是您写的，由接班人签字。")).to_be_visible()
    other = chromium.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    comes = come_in(other, busy, Role.SUPERVISOR, "/console/shift")
    sign = comes.get_by_role("button", name="接班并签字")
    expect(sign).to_be_disabled()
    found |= in_every_dress(comes, "console-shift")
    for tick in comes.get_by_role("checkbox").all():
        tick.check()
    sign.click()
    expect(comes.get_by_role("row").filter(has_text="大坪乡停电")).to_contain_text(Role.SUPERVISOR.value)
    other.close()
    assert found == {}
