"""The queue without script: taken, noted and closed by forms alone, over the real interface."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser

import httpx
import pytest

from cloud.db import Connection
from dashboards import lite
from dashboards.lite.speech import Words, choose
from dashboards.lite.view import age
from firmware_protocols.model import AlarmKind
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON, PASSWORD
from tests.unit.cloud.web.test_incidents import raise_alarm


class Forms(HTMLParser):
    """The forms of a page: where each sends, and what stands in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((said["action"], {}))
        elif tag == "input" and self.found:
            self.found[-1][1][said["name"]] = said.get("value", "")


def visitor(site: Site, language: str = "zh-CN") -> httpx.AsyncClient:
    """A browser without script, which says where a form of it comes from."""
    if not any(getattr(route, "path", "") == "/lite/" for route in site.app.routes):
        lite.mount(site.app)
    browser = site.browser()
    browser.base_url = httpx.URL("http://anban.test")
    browser.headers = httpx.Headers({"Origin": "http://anban.test", "Accept-Language": language})
    browser.follow_redirects = True
    return browser


async def send(browser: httpx.AsyncClient, page: httpx.Response, where: str, **filled: str) -> httpx.Response:
    """Send the form of ``page`` that goes to ``where``."""
    (fields,) = (fields for action, fields in Forms(page.text).found if action == where)
    return await browser.post(where, data=fields | filled)


async def signed_in(site: Site, language: str = "zh-CN", who: str = "operator") -> httpx.AsyncClient:
    browser = visitor(site, language)
    page = await browser.get("/lite")
    shown = await send(browser, page, "/lite/sign-in", username=who, password=PASSWORD)
    assert shown.url.path == "/lite/", shown.text
    return browser


async def test_an_incident_is_taken_noted_and_closed(site: Site, conn: Connection) -> None:
    incident = await raise_alarm(conn, site)
    browser = await signed_in(site)
    queue = await browser.get("/lite/")
    assert queue.headers["refresh"] == "15"
    assert "紧急呼叫 · 向秀英（84）" in queue.text
    page = await send(browser, queue, f"/lite/i/{incident}/ack")
    assert "已确认 · operator 某" in page.text
    page = await send(browser, page, f"/lite/i/{incident}/note", note="邻居 <b>已</b> 去")
    assert "<q>邻居 &lt;b&gt;已&lt;/b&gt; 去</q>" in page.text
    page = await send(browser, page, f"/lite/i/{incident}/close", outcome="C1", note="")
    assert page.url.path == "/lite/"
    assert "目前无人需要帮助。" in page.text
    cursor = await conn.execute("select state, outcome from incident where id = %s", [incident])
    assert await cursor.fetchone() == {"state": "resolved", "outcome": "C1"}


async def test_sending_a_form_twice_does_it_once(site: Site, conn: Connection) -> None:
    incident = await raise_alarm(conn, site)
    browser = await signed_in(site)
    page = await browser.get(f"/lite/i/{incident}")
    for _ in range(2):
        await send(browser, page, f"/lite/i/{incident}/note", note="once")
    cursor = await conn.execute("select count(*) as n from incident_event where trigger = 'note'")
    assert await cursor.fetchone() == {"n": 1}


async def test_whoever_comes_second_is_told_and_nothing_is_done(site: Site, conn: Connection) -> None:
    incident = await raise_alarm(conn, site)
    slow, fast = await signed_in(site), await signed_in(site, who="supervisor")
    page = await slow.get(f"/lite/i/{incident}")
    await send(fast, await fast.get("/lite/"), f"/lite/i/{incident}/ack")
    told = await send(slow, page, f"/lite/i/{incident}/ack")
    assert "别人刚刚处理过" in told.text
    assert "supervisor 某" in told.text


async def test_a_form_that_is_not_ours_does_nothing(site: Site, conn: Connection) -> None:
    incident = await raise_alarm(conn, site)
    browser = await signed_in(site)
    forged = {"version": "1", "proof": "0" * 64}
    for fields in ({"version": "1"}, forged, forged | {"proof": "證明"}):
        answer = await browser.post(f"/lite/i/{incident}/ack", data=fields)
        assert "没有发送" in answer.text
    other = await signed_in(site, who="supervisor")
    stolen = Forms((await other.get("/lite/")).text).found[0][1]
    assert "没有发送" in (await browser.post(f"/lite/i/{incident}/ack", data=stolen)).text
    foreign = await browser.post(
        f"/lite/i/{incident}/ack", data=forged, headers={"Origin": "http://evil.test"}
    )
    assert foreign.status_code == 403
    cursor = await conn.execute("select state from incident where id = %s", [incident])
    assert await cursor.fetchone() == {"state": "raised"}


async def test_nobody_reads_without_signing_in(site: Site, conn: Connection) -> None:
    incident = await raise_alarm(conn, site)
    browser = visitor(site)
    for path in ("/lite/", f"/lite/i/{incident}"):
        page = await browser.get(path)
        assert page.url.path == "/lite/sign-in"
        assert "向秀英" not in page.text
    page = await browser.get("/lite/sign-in")
    refused = await send(browser, page, "/lite/sign-in", username="operator", password="wrong")
    assert (refused.status_code, "用户名或密码不正确。" in refused.text) == (401, True)


async def test_what_is_another_tenants_is_not_there(site: Site, conn: Connection) -> None:
    foreign = await raise_alarm(conn, site, "foreign")
    browser = await signed_in(site)
    page = await browser.get(f"/lite/i/{foreign}")
    assert (page.status_code, "没有这条事件" in page.text) == (404, True)


async def test_signing_out_ends_it(site: Site) -> None:
    browser = await signed_in(site)
    assert (await send(browser, await browser.get("/lite/"), "/lite/sign-out")).url.path == "/lite/sign-in"
    assert (await browser.get("/lite/")).url.path == "/lite/sign-in"


async def test_a_second_factor_is_asked_for(site: Site, conn: Connection) -> None:
    await conn.execute("update tenant set second_factor_roles = '{operator}'")
    await conn.commit()
    browser = visitor(site)
    page = await browser.get("/lite/")
    told = await send(browser, page, "/lite/sign-in", username="operator", password=PASSWORD)
    assert "登录尚未完成" in told.text


async def test_a_flood_is_one_row_that_is_taken_at_once(site: Site, conn: Connection) -> None:
    for home in ("yellow", "green"):
        await raise_alarm(conn, site, home, AlarmKind.MAINS_LOST)
    await conn.execute("insert into division values ('431202001000', '坨院街道', '431202000000')")
    await conn.execute(
        "update home set division_code = '431202001000' where tenant_id = %s", [site.town.hecheng]
    )
    await conn.execute(
        "with third as (insert into home (tenant_id, key, division_code, address) values"
        " (%(tenant)s, 'third', '431202001000', 'x') returning id) insert into incident (tenant_id, home_id,"
        " kind, family, priority, state, state_since, observed_at, opened_at, evidence) select tenant_id,"
        " third.id, kind, family, priority, state, state_since, observed_at, opened_at, '{}'"
        " from third, incident limit 1",
        {"tenant": site.town.hecheng},
    )
    await conn.commit()
    browser = await signed_in(site, "en")
    queue = await browser.get("/lite/")
    assert "Power or line cut · 坨院街道 · 3 homes" in queue.text
    taken = await send(browser, queue, "/lite/take")
    assert "Take all" not in taken.text
    cursor = await conn.execute("select distinct state from incident")
    assert await cursor.fetchall() == [{"state": "acked"}]


async def test_each_language_is_a_link_and_is_remembered(site: Site) -> None:
    browser = visitor(site, "de")
    assert "登录" in (await browser.get("/lite/sign-in")).text
    for locale, word in (("zh-Hant", "密碼"), ("en", "Password"), ("zh-Hans", "密码")):
        await browser.get(f"/lite/language/{locale}")
        assert word in (await browser.get("/lite/sign-in")).text


async def test_the_page_can_be_kept_from_renewing(site: Site) -> None:
    browser = await signed_in(site)
    paused = await browser.get("/lite/?pause=1")
    assert "refresh" not in paused.headers
    assert "继续刷新" in paused.text


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [("zh-TW,zh;q=0.9", "zh-Hant"), ("zh", "zh-Hans"), ("de, en;q=0.5", "en"), ("", "zh-Hans")],
)
def test_the_language_of_a_browser(asked: str, chosen: str) -> None:
    assert choose(asked) == chosen


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=42), "42 秒"),
        (timedelta(minutes=3, seconds=5), "3 分钟"),
        (timedelta(hours=5), "5 小时"),
        (timedelta(days=2, hours=3), "2 天"),
        (timedelta(seconds=-5), "0 秒"),
    ],
)
def test_an_age_is_said_in_one_word(ago: timedelta, said: str) -> None:
    assert age((NOON - ago).isoformat(), NOON, Words("zh-Hans")) == said
