"""The two pages that people keep on their telephones: kept like programs, and what a push shows there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from cloud.notify import push_words
from cloud.notify.deliver import FAMILY_PATH
from tests.ui.conftest import CHROMIUM, FLAGS, TIMEOUT_MS
from tests.ui.tray import tray

pytestmark = pytest.mark.browser

NAMES: Final = {
    "field": {"zh-Hans": "安伴 探访", "zh-Hant": "安伴 探訪", "en": "Anban visits"},
    "family": {"zh-Hans": "安伴 家人", "zh-Hant": "安伴 家人", "en": "Anban Family"},
}
PICTURE: Final = """async (address) => {
  const drawn = await createImageBitmap(await (await fetch(address)).blob());
  return `${drawn.width}x${drawn.height}`;
}"""


@contextmanager
def telephone(chromium: Browser, folder: Path, **environment: str) -> Iterator[BrowserContext]:
    """A browser that keeps what it is told, as one's own does, and a private window does not."""
    context = chromium.browser_type.launch_persistent_context(
        folder,
        executable_path=CHROMIUM,
        args=list(FLAGS),
        env={**os.environ, **environment},
        locale="zh-CN",
        viewport={"width": 390, "height": 844},
    )
    context.set_default_timeout(TIMEOUT_MS)
    try:
        yield context
    finally:
        context.close()


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return page


def test_a_page_can_be_kept_like_a_program_under_its_name_in_each_language(
    chromium: Browser, base_url: str, tmp_path: Path
) -> None:
    with telephone(chromium, tmp_path) as context:
        for name, names in NAMES.items():
            page = opened(context, f"{base_url}/{name}/")
            chrome = context.new_cdp_session(page)
            assert chrome.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
            assert chrome.send("Page.getAppId")["appId"] == f"{base_url}/{name}/"
            shown = {}
            for language in names:
                page.locator(".language").select_option(language)
                page.locator(f"link[rel=manifest][href*='{language}']").wait_for(state="attached")
                kept = chrome.send("Page.getAppManifest")
                assert kept["errors"] == []
                shown[language] = json.loads(kept["data"])["name"]
            assert shown == names
            icons = json.loads(kept["data"])["icons"]
            assert [page.evaluate(PICTURE, one["src"]) for one in icons] == [one["sizes"] for one in icons]
            assert {one["purpose"] for one in icons} == {"any", "maskable"}


def test_a_push_shows_no_word_of_what_happened_and_leads_to_it(
    chromium: Browser, base_url: str, tmp_path: Path
) -> None:
    words = {"resident": "石春梅", "time": "6:40", "what": "跌倒", "where": "浴室", "link": ""}
    with tray() as shown, telephone(chromium, tmp_path, DBUS_SESSION_BUS_ADDRESS=shown.bus) as context:
        context.grant_permissions(["notifications"], origin=base_url)
        page = opened(context, f"{base_url}/family/")
        notices = []
        for incident, language in enumerate(("zh-Hans", "zh-Hant", "en"), start=7):
            title, body = push_words.render("raised", language, words)
            push(page, {"title": title, "body": body, "link": f"{base_url}{FAMILY_PATH}{incident}"})
            notices.append(shown.wait())
            assert (notices[-1].title, notices[-1].body.splitlines()[-1]) == (title, body)
            assert not [word for word in ("跌倒", "浴室") if word in title + notices[-1].body]
        shown.press(notices[0])
        expect(page).to_have_url(f"{base_url}{FAMILY_PATH}7")
        page.close()
        with context.expect_page() as anew:
            shown.press(notices[2])
        expect(anew.value).to_have_url(f"{base_url}{FAMILY_PATH}9")


def push(page: Page, said: object) -> None:
    """Hand the page's worker what a push service would bring it, opened."""
    chrome = page.context.new_cdp_session(page)
    known: list[Any] = []
    chrome.on("ServiceWorker.workerRegistrationUpdated", lambda event: known.extend(event["registrations"]))
    chrome.send("ServiceWorker.enable")
    while not known:
        page.evaluate("new Promise(requestAnimationFrame)")
    where = {"origin": page.evaluate("location.origin"), "registrationId": known[0]["registrationId"]}
    chrome.send("ServiceWorker.deliverPushMessage", {**where, "data": json.dumps(said)})
    chrome.detach()
