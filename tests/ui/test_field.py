"""The caseworker's page in a real browser, on the real platform: at doors without a network, and with one."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, ViewportSize, expect

from tests.harness import System
from tests.ui.conftest import CHROMIUM, FLAGS, TIMEOUT_MS
from tests.ui.judge import faults
from tests.ui.valley import DOOR, Valley, film, picture, settled

pytestmark = [pytest.mark.browser, pytest.mark.services]

SHOTS: Final = Path(__file__).parent / "shots"
SECRET: Final = b"27.5571N 109.9953E of somebody's home"
ANSWER_ALL: Final = """async () => {
  const open = () => [...document.querySelectorAll("fieldset.ask")].flatMap(ask => {
    const counted = ask.querySelector("output")?.textContent;
    if (counted === "–") return [ask.querySelector(".button:last-child")];
    return ask.querySelector(":checked") ? [] : [...ask.querySelectorAll("input[type=radio]")].slice(0, 1);
  });
  for (let next = open(); next.length > 0; next = open()) {
    next[0].click();
    await new Promise(requestAnimationFrame);
  }
}"""
"""Each question that opens is answered with the first it offers."""
KEPT: Final = """() => new Promise((resolve, reject) => {
  const open = indexedDB.open("anban-field");
  open.onerror = () => reject(open.error);
  open.onsuccess = () => {
    const names = [...open.result.objectStoreNames];
    const found = {};
    const read = open.result.transaction(names);
    for (const name of names)
      read.objectStore(name).count().onsuccess = event => { found[name] = event.target.result; };
    read.oncomplete = () => { open.result.close(); resolve(found); };
  };
})"""

HOLDS: Final = """async name => {
  const open = indexedDB.open("anban-field");
  await new Promise(done => { open.onsuccess = done; });
  for (let key; key === undefined; ) {
    const read = open.result.transaction("kept").objectStore("kept").getKey(name);
    await new Promise(done => { read.onsuccess = done; });
    key = read.result;
    await new Promise(requestAnimationFrame);
  }
  open.result.close();
}"""
"""Returns once this device keeps what has that name."""
WATCH_FOR_THE_PICTURE: Final = """() => {
  window.pictured = new Promise(done => {
    const look = () => document.querySelector("video") !== null && done(true);
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  });
}"""
"""A code is read as soon as the camera sees it: its picture may be gone before anybody asks for it."""


NFC: Final = """(() => {
  let reader = null;
  globalThis.refused = false;
  globalThis.NDEFReader = class {
    async scan({ signal }) {
      if (refused) throw new DOMException("not allowed", "NotAllowedError");
      reader = this;
      signal.addEventListener("abort", () => { reader = null; });
    }
  };
  globalThis.hold = async text => {
    while (reader === null) await new Promise(requestAnimationFrame);
    const data = new DataView(new TextEncoder().encode(text).buffer);
    reader.onreading({ message: { records: [{ recordType: "text", data }] } });
  };
})()"""
"""Answers as a telephone's reader (W3C, Web NFC); a desk's browser has none. ``hold``: a tag to its back, as
soon as it reads.
"""


@pytest.fixture
def valley(town: System, request: pytest.FixtureRequest) -> Iterator[Valley]:
    with settled(town, request.node.name[:30]) as made:
        yield made


@contextmanager
def telephone(
    chromium: Browser, town: System, folder: Path | None = None, flags: Sequence[str] = (), **more: Any
) -> Iterator[BrowserContext]:
    """A telephone that knows where it is: at the door. ``folder``: where its browser keeps things over its
    end; ``flags``: more of them.
    """
    about: dict[str, Any] = {
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        **more,
    }
    if folder is None:
        context = chromium.new_context(**about)
    else:
        context = chromium.browser_type.launch_persistent_context(
            folder, executable_path=CHROMIUM, args=[*FLAGS, *flags], **about
        )
    context.grant_permissions(["geolocation"], origin=town.address)
    context.set_geolocation(DOOR)
    context.set_default_timeout(TIMEOUT_MS)
    try:
        yield context
    finally:
        context.close()


def card(page: Page, visit: Any) -> Locator:
    return page.locator(f'[data-visit="{visit["key"]}"]')


def open_visit(page: Page, visit: Any) -> None:
    page.goto(page.url.split("#")[0] + f"#/visit/{visit['key']}")
    expect(page.locator(".steps")).to_be_visible()


def arrive(page: Page) -> None:
    page.locator("[data-step=arrive]").get_by_role("button", name="定位").click()
    expect(page.locator("[data-step=arrive].done")).to_be_visible()


def depart(page: Page) -> None:
    page.locator("[data-step=depart]").get_by_role("button", name="定位").click()
    expect(page.locator("[data-step=depart].done")).to_be_visible()


def fill_in(page: Page, *, seen: bool = True) -> None:
    page.locator("[data-step=answers]").get_by_role("link").first.click()
    page.locator("[data-question=seen]").get_by_label("是" if seen else "否", exact=True).check()
    page.evaluate(ANSWER_ALL)
    for note in page.locator("textarea").all():
        note.fill("门口有积水")
    page.get_by_role("button", name="完成填表").click()
    expect(page.locator("[data-step=answers].done")).to_be_visible()


def says(page: Page, text: str | re.Pattern[str]) -> None:
    """What stands above every view."""
    expect(page.locator("[data-strip]")).to_contain_text(text)


def size_of(jpeg: bytes) -> tuple[int, int]:
    """Width and height of a JPEG, by its frame header."""
    found = re.search(rb"\xff[\xc0\xc2]..\x08(..)(..)", jpeg, re.DOTALL)
    assert found is not None
    height, width = (int.from_bytes(part) for part in found.groups())
    return width, height


def test_an_hour_without_a_network_and_three_visits_lose_nothing_and_double_nothing_though_the_browser_ends(
    chromium: Browser, town: System, valley: Valley, tmp_path: Path
) -> None:
    first = valley.plan("石春梅", -3, "emergency")
    second = valley.plan("王玉珍", -2)
    third = valley.plan("田志强", -1, "welfare")
    began = datetime.now(UTC) - timedelta(hours=1)
    with telephone(chromium, town, tmp_path) as context:
        context.clock.install(time=began)
        page = valley.come_in(context, valley.visitor)
        expect(page.locator(".card")).to_have_count(3)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.evaluate(HOLDS, "doors")  # read after the day: what is not taken along is not there

        context.set_offline(True)
        page.reload()
        expect(card(page, second)).to_contain_text("王玉珍")
        says(page, "无网络：可继续填写")
        open_visit(page, first)
        arrive(page)
        fill_in(page)
        page.locator("input[type=file]").set_input_files(
            {"name": "a.png", "mimeType": "image/png", "buffer": picture(2000, 1500, SECRET)}
        )
        expect(page.locator(".attached")).to_contain_text("照片")
        depart(page)
        open_visit(page, second)
        arrive(page)
        page.get_by_label("备注").fill("她说膝盖疼，下次带药膏")
        page.get_by_role("button", name="保存备注").click()
        fill_in(page)
        depart(page)
        open_visit(page, third)
        arrive(page)
        page.get_by_role("link", name="填表").click()
        page.locator("[data-question=seen]").get_by_label("否", exact=True).check()
        expect(page.get_by_text("已自动存在本机")).to_be_visible()

    with telephone(chromium, town, tmp_path) as context:
        context.clock.install(time=began + timedelta(minutes=10))
        context.set_offline(True)
        page = context.new_page()
        page.goto(f"{town.address}/field/")
        says(page, "9 条待上传")
        open_visit(page, third)
        fill_in(page, seen=False)
        says(page, "10 条待上传")
        page.screenshot(path=_shot("offline"))
        page.goto(page.url.split("#")[0] + "#/find")
        page.get_by_label("姓名或地址").fill("玉珍")
        expect(page.locator("[data-resident]")).to_contain_text(["王玉珍"])
        valley.office("POST", f"/visits/{third['id']}/cancel", {"why": "改期"})

        context.clock.fast_forward("00:50:00")
        lost: list[str] = []

        def lose_the_first_answer(route: Route) -> None:
            answer = route.fetch()
            if lost or not answer.ok:
                route.fulfill(response=answer)
            else:
                lost.append(route.request.post_data or "")
                route.abort()

        page.route("**/api/v1/visits/events", lose_the_first_answer)
        context.set_offline(False)
        says(page, "已全部上传")
        assert len(lost) == 1
        press_leave(page)
        expect(page.get_by_label("用户名")).to_be_visible()
        assert page.evaluate(KEPT) == {"drafts": 0, "kept": 0, "outbox": 0}

    whole, quiet, cancelled = (valley.told(visit) for visit in (first, second, third))
    assert [one["sort"] for one in whole["events"]] == ["arrive", "answers", "depart"]
    assert (whole["visit"]["complete"], whole["visit"]["arrival"]) == (True, "place")
    waited = datetime.now(UTC) - datetime.fromisoformat(whole["visit"]["began_at"])
    assert timedelta(minutes=58) < waited < timedelta(minutes=75)
    (photo,) = whole["files"]
    content = base64.b64decode(valley.office("GET", f"/visits/files/{photo['id']}")["content"])
    assert size_of(content) == (1280, 960)
    assert SECRET not in content
    assert [one["sort"] for one in quiet["events"]] == ["arrive", "note", "answers", "depart"]
    assert quiet["events"][1]["body"] == {"words": "她说膝盖疼，下次带药膏"}
    assert (quiet["visit"]["complete"], quiet["visit"]["conflicts"]) == (True, [])
    assert [one["sort"] for one in cancelled["events"]] == ["arrive", "answers"]
    assert (cancelled["visit"]["seen"], cancelled["visit"]["conflicts"]) == (False, ["cancelled"])


def test_what_the_server_does_not_take_stays_with_the_reason_until_it_does(
    chromium: Browser, town: System, valley: Valley
) -> None:
    visit = valley.plan("王玉珍", -1)
    with telephone(chromium, town) as context, psycopg.connect(town.dsn, autocommit=True) as conn:
        page = valley.come_in(context, valley.visitor)
        open_visit(page, visit)
        number = valley.staff[valley.visitor]
        conn.execute(
            "delete from staff_home where staff_id = %s and home_id = %s", [number, visit["home_id"]]
        )
        page.get_by_label("备注").fill("煤气味很重，已开窗")
        page.get_by_role("button", name="保存备注").click()
        says(page, "1 条需要您处理")
        page.locator("[data-strip]").click()
        kept = page.locator("[data-item=note]")
        expect(kept).to_contain_text("您已不负责这户")
        expect(kept).to_contain_text("煤气味很重，已开窗")
        page.screenshot(path=_shot("refused"), full_page=True)
        page.reload()
        expect(kept).to_contain_text("煤气味很重，已开窗")
        press_leave(page)
        expect(page.get_by_role("alert")).to_contain_text("还有 1 条未上传，退出后会丢失")
        conn.execute("insert into staff_home values (%s, %s)", [number, visit["home_id"]])
        page.goto(page.url.split("#")[0] + "#/out")
        page.get_by_role("button", name="再次上传").click()
        says(page, "已全部上传")
    assert [one["body"] for one in valley.told(visit)["events"]] == [{"words": "煤气味很重，已开窗"}]


def test_who_leaves_in_another_tab_loses_nothing_and_leaves_nothing_to_anybody_else(
    chromium: Browser, town: System, valley: Valley
) -> None:
    visit, began = valley.plan("石春梅", -1), datetime.now(UTC)
    with telephone(chromium, town) as context:
        context.clock.set_fixed_time(began)  # what nobody answered is not tried again by itself
        page = valley.come_in(context, valley.visitor)
        page.route("**/api/v1/visits/events", lambda route: route.abort())
        open_visit(page, visit)
        arrive(page)
        page.get_by_label("备注").fill("她说膝盖疼")
        says(page, "1 条待上传")
        other = _leave_elsewhere(context, town)
        expect(page.locator(".notices")).to_contain_text("还有 2 条未上传")
        expect(page.get_by_label("用户名")).to_be_visible()
        expect(other.get_by_label("用户名")).to_be_visible()
        page.screenshot(path=_shot("left-elsewhere"))
        assert page.evaluate(KEPT) == {"drafts": 1, "kept": 0, "outbox": 1}
        page.close()

        page = valley.come_in(context, valley.other)
        says(page, "已全部上传数据")  # as of a day that was read: theirs
        press_leave(page)
        expect(page.get_by_label("用户名")).to_be_visible()
        assert valley.told(visit)["events"] == []
        page.close()

        context.clock.set_fixed_time(began + timedelta(minutes=1))
        page = valley.come_in(context, valley.visitor)
        open_visit(page, visit)
        says(page, "已全部上传")
        valley.sign_in(context, valley.other)
        expect(page.get_by_label("备注")).to_have_value("她说膝盖疼")
        page.get_by_role("button", name="保存备注").click()
        says(page, "请重新登录，有 1 条待上传")  # it is not taken for the words of whoever is here now
        valley.sign_in(context, valley.visitor)
        other = _leave_elsewhere(context, town)
        expect(other.get_by_label("用户名")).to_be_visible()
        assert page.evaluate(KEPT) == {"drafts": 0, "kept": 0, "outbox": 0}
        assert [one["sort"] for one in valley.told(visit)["events"]] == ["arrive", "note"]


def test_two_assessors_sign_a_concern_is_reported_and_help_comes_for_the_visitor(
    chromium: Browser, town: System, valley: Valley
) -> None:
    both = [valley.staff[valley.visitor], valley.staff[valley.other]]
    visit = valley.plan("石春梅", -1, "assessment", workers=both)
    with telephone(chromium, town) as context:
        page = valley.come_in(context, valley.visitor)
        page.goto(page.url.split("#")[0] + f"#tag={_tag(valley, visit)}")
        expect(page.get_by_text("已读到门牌标签")).to_be_visible()
        open_visit(page, visit)
        page.get_by_role("button", name="已读标签").click()
        expect(page.locator("[data-step=arrive].done")).to_be_visible()
        context.set_offline(True)
        page.get_by_role("link", name="能力评估").click()
        page.evaluate(ANSWER_ALL)
        page.locator("[data-item=stairs]").get_by_label("0", exact=True).check()
        page.get_by_role("textbox", name="诊断").fill("F00.1")
        expect(page.locator(".form-foot")).to_contain_text("87/90 分")
        page.screenshot(path=_shot("assess-form"), full_page=True)
        page.get_by_role("button", name="签字并提交").click()
        expect(page.locator(".result")).to_contain_text("按分数：轻度失能（1 级）")
        expect(page.locator(".result")).to_contain_text("评估已签字并存在本机")
        page.screenshot(path=_shot("assessment-waiting"), full_page=True)
        context.set_offline(False)
        judged = page.locator("[data-level]")
        expect(judged).to_contain_text("中度失能（2 级）")
        expect(judged).to_contain_text("调整原因：认知障碍")
        expect(judged).to_contain_text("等待第二位评估员签字")
        page.screenshot(path=_shot("assessment"), full_page=True)

        open_visit(page, visit)
        page.get_by_role("button", name="报告变化").click()
        page.get_by_label("您发现了什么？").fill("近来常忘记关火")
        page.get_by_role("dialog").get_by_role("button", name="报告").click()
        page.get_by_role("button", name="求助").click()
        page.get_by_role("button", name="立即求助").click()
        expect(page.get_by_role("alert")).to_contain_text("中心已收到")
        page.screenshot(path=_shot("help"))
    (call,) = [one for one in valley.office("GET", "/snapshot")["incidents"] if one["kind"] == "worker"]
    assert (call["home_id"], call["priority"], call["evidence"]["place_unsure"]) == (
        visit["home_id"],
        1,
        False,
    )
    assert valley.told(visit)["visit"]["arrival"] == "tag"
    owed = valley.office("GET", f"/visits/people/{visit['resident_id']}")["owed"]
    assert "change" in {one["reason"] for one in owed}
    taken = valley.office("POST", f"/incidents/{call['id']}/ack", {"version": call["version"]})
    valley.office("POST", f"/incidents/{call['id']}/close", {"version": taken["version"], "outcome": "D2"})

    with telephone(chromium, town) as context:
        page = valley.come_in(context, valley.other)
        expect(card(page, visit)).to_be_visible()
        page.goto(page.url.split("#")[0] + f"#/assess/{visit['key']}")
        page.get_by_role("button", name="同意并签字").click()
        expect(page.locator("[data-level]")).to_contain_text("复评：向玉兰")
    ability = valley.office("GET", f"/visits/people/{visit['resident_id']}/assessments")
    assert (ability["level"], ability["assessments"][0]["total"]) == (2, 87)


def test_a_tag_is_scanned_or_typed_and_a_voice_recorded_as_far_as_the_telephone_allows(
    chromium: Browser, town: System, valley: Valley, tmp_path: Path
) -> None:
    visit = valley.plan("石春梅", -1, "service", services=["meals"])
    code = _tag(valley, visit)
    seen = tmp_path / "seen.y4m"
    seen.write_bytes(film(f"{town.address}/field/#tag={code}"))
    flags = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={seen}"]
    with telephone(chromium, town, tmp_path / "kept", flags) as context:
        page = valley.come_in(context, valley.visitor)
        open_visit(page, visit)
        page.get_by_role("button", name="扫门牌").click()
        expect(page.get_by_role("status").filter(has_text="无法使用相机，或您没有允许")).to_be_visible()
        page.get_by_label("门牌方块下面的编码").fill("not a code")
        page.get_by_role("button", name="使用", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("这不是门牌编码")
        page.screenshot(path=_shot("typed"))
        page.get_by_label("门牌方块下面的编码").fill(f"{code[:11]} {code[11:]}")
        page.get_by_role("button", name="使用", exact=True).click()
        expect(page.locator("[data-step=arrive].done")).to_be_visible()
        page.get_by_role("button", name="录音").click()
        expect(page.get_by_text("无法录音，或未允许使用麦克风")).to_be_visible()

        context.grant_permissions(["geolocation", "camera", "microphone"], origin=town.address)
        page.get_by_role("button", name="录音").click()
        expect(page.get_by_role("button", name=re.compile("停止（[1-9]\\d* 秒）"))).to_be_visible()
        page.get_by_role("button", name="停止").click()
        expect(page.locator(".attached")).to_contain_text("录音")
        page.evaluate(WATCH_FOR_THE_PICTURE)
        page.locator("[data-step=depart]").get_by_role("button", name="扫门牌").click()
        assert page.evaluate("window.pictured"), "what the camera sees is shown"
        page.screenshot(path=_shot("scan"))
        expect(page.locator("[data-step=depart].done")).to_be_visible()
        says(page, "已全部上传")
    told = valley.told(visit)
    assert (told["visit"]["arrival"], told["visit"]["departure"]) == ("tag", "tag")
    assert [(one["sort"], one["media_type"]) for one in told["files"]] == [("voice", "audio/webm")]


def test_a_tag_is_held_to_the_telephone_and_one_of_another_door_or_of_none_is_refused_in_words(
    chromium: Browser, town: System, valley: Valley
) -> None:
    visit, elsewhere = valley.plan("石春梅", -1), valley.plan("王玉珍", -2)
    here, there = _tag(valley, visit), _tag(valley, elsewhere)
    with telephone(chromium, town, viewport=SMALL) as context:
        context.add_init_script(NFC)
        page = valley.come_in(context, valley.visitor)
        open_visit(page, visit)
        arriving, departing = page.locator("[data-step=arrive]"), page.locator("[data-step=depart]")

        arriving.get_by_role("button", name="碰门牌标签").click()
        expect(page.get_by_text("请把手机贴近标签。")).to_be_visible()
        page.evaluate("hold('a card of the bus')")
        expect(arriving.get_by_role("alert")).to_have_text("这不是门牌标签，请换一个。")
        page.screenshot(path=_shot("nfc-other"))
        page.evaluate("code => hold(code)", there)
        expect(arriving.get_by_role("alert")).to_contain_text("这不是这家的门牌标签")
        page.screenshot(path=_shot("nfc-strange"))
        arriving.get_by_role("button", name="碰门牌标签").click()
        expect(page.get_by_text("请把手机贴近标签。")).to_be_visible()
        page.evaluate("code => hold(code)", f"{town.address}/field/#tag={here}")
        expect(arriving.get_by_role("alert")).to_have_count(0)

        page.evaluate("refused = true")
        departing.get_by_role("button", name="碰门牌标签").click()
        expect(departing.get_by_role("status")).to_have_text(
            "无法感应门牌，或您没有允许。请扫二维码，或输入编码。"
        )
        expect(departing.get_by_role("button", name="扫门牌二维码")).to_be_visible()
        page.screenshot(path=_shot("nfc-refused"))
        departing.get_by_label("门牌方块下面的编码").fill(here)
        departing.get_by_role("button", name="使用", exact=True).click()
        expect(page.locator("[data-step=depart].done")).to_be_visible()
        says(page, "已全部上传")
    told = valley.told(visit)["visit"]
    assert (told["arrival"], told["departure"]) == ("tag", "tag")


VIEWS: Final = ("today", "visit", "form", "assess", "find", "out", "me", "help")
LOOKS: Final = (
    ("zh-Hans", "light", False),
    ("zh-Hans", "dark", True),
    ("zh-Hant", "light", False),
    ("en", "light", True),
)
"""Every language, both themes, and large text in the dark and where words are longest."""
SMALL: Final[ViewportSize] = {"width": 360, "height": 740}
"""A telephone that many workers have."""


def test_no_view_breaks_wcag_or_its_own_sizes_in_any_language_theme_or_size(
    chromium: Browser, town: System, valley: Valley
) -> None:
    visits = [
        valley.plan("石春梅", -3, "emergency"),
        valley.plan("王玉珍", -2),
        valley.plan("田志强", -1, "assessment"),
    ]
    valley.office("POST", f"/visits/people/{valley.residents['王玉珍']}/concerns", {"words": "走路不稳"})
    found: dict[str, list[str]] = {}
    asked: list[str] = []
    with telephone(chromium, town, viewport=SMALL, reduced_motion="reduce") as context:
        page = valley.come_in(context, valley.visitor)
        page.on("request", lambda request: asked.append(request.url))
        expect(page.locator(".card")).to_have_count(3)
        open_visit(page, visits[1])
        arrive(page)
        for language, theme, large in LOOKS:
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.goto(page.url.split("#")[0] + "#/me")
            page.locator(".language").select_option(language)
            page.locator(".settings input").set_checked(large)
            for view in VIEWS:
                _show(page, view, visits)
                name = f"{view}-{language}-{theme}"
                page.screenshot(path=_shot(name), full_page=view != "help")
                found[name] = faults(page)
                page.keyboard.press("Escape")
    assert {name: what for name, what in found.items() if what} == {}
    assert [url for url in asked if not url.startswith((town.address, "blob:"))] == []


def press_leave(page: Page) -> None:
    """On the page of one's own hours, once they are there: the button stands below them."""
    page.goto(page.url.split("#")[0] + "#/me")
    expect(page.locator(".figures").first).to_be_visible()
    page.get_by_role("button", name="退出登录").click()


def _leave_elsewhere(context: BrowserContext, town: System) -> Page:
    """Press "sign out" on a page that knows nothing of visits."""
    other = context.new_page()
    other.add_init_script("AbortSignal.timeout = () => new AbortController().signal")  # machines may be slow
    other.goto(f"{town.address}/family/")
    other.get_by_role("button", name="退出").click()
    return other


def _show(page: Page, view: str, visits: list[Any]) -> None:
    addresses = {
        "today": "#",
        "visit": f"#/visit/{visits[1]['key']}",
        "form": f"#/form/{visits[1]['key']}",
        "assess": f"#/assess/{visits[2]['key']}",
    }
    page.goto(page.url.split("#")[0] + addresses.get(view, f"#/{'out' if view == 'help' else view}"))
    expect(page.locator("main.field")).to_be_visible()
    expect(page.locator("main.field > [role=status].empty")).to_have_count(0)
    if view == "find":
        page.locator("[data-resident] > button").first.click()
    if view == "form":
        page.locator("[data-question=seen] input").first.check()
        expect(page.locator(".area")).not_to_have_count(1)
    if view == "help":
        page.locator(".field-head .danger").click()
        expect(page.get_by_role("dialog")).to_be_visible()


def _tag(valley: Valley, visit: Any) -> str:
    return str(valley.office("POST", f"/visits/homes/{visit['home_id']}/tags")["code"])


def _shot(name: str) -> Path:
    SHOTS.mkdir(exist_ok=True)
    return SHOTS / f"field-{name}.png"
