"""Web Push to a service that checks and a browser that decrypts."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.notify import vapid, webpush
from cloud.notify.model import NotifyError, Outgoing
from cloud.notify.vapid import KeyFileError
from cloud.notify.webpush import WebPush
from cloud.settings import ConfigError, Notify, Settings
from tests.scenario.push_service import PushService, push_service

SUBJECT = "mailto:duty@anban.test"


@pytest.fixture
def served() -> Iterator[PushService]:
    with push_service() as one:
        yield one


@pytest.fixture
def push(served: PushService, tmp_path: Path) -> WebPush:
    options = {"subject": SUBJECT, "key_file": str(tmp_path / "push.pem"), "services": served.origin}
    made = WebPush.configured(options)
    assert made is not None
    served.known = made.key.public
    return made


def news(address: str, body: str = "社区正在处理", priority: int = 1) -> Outgoing:
    return Outgoing(
        address,
        "raised",
        "奶奶家有消息",
        body,
        {},
        priority=priority,
        link="https://x/family/?i=7",
        mark="12",
    )


async def test_the_browser_shows_what_was_sent_and_nobody_says_more(
    push: WebPush, served: PushService
) -> None:
    receipt = await push.deliver(news(served.subscription.address))
    assert served.faults == []
    assert served.shown == [
        {"title": "奶奶家有消息", "body": "社区正在处理", "link": "https://x/family/?i=7", "mark": "12"}
    ]
    assert (receipt.provider, receipt.followed, receipt.reference) == ("webpush", False, "")


async def test_what_is_urgent_wakes_a_telephone_and_is_soon_of_no_use(
    push: WebPush, served: PushService
) -> None:
    for priority in (1, 4):
        await push.deliver(news(served.subscription.address, priority=priority))
    assert [(one["urgency"], one["ttl"]) for one in served.headers] == [
        ("high", "14400"), ("normal", "86400"),
    ]  # fmt: skip


async def test_a_text_that_does_not_fit_leaves_the_title(push: WebPush, served: PushService) -> None:
    await push.deliver(news(served.subscription.address, body="长" * 2_000))
    assert (served.shown[0]["title"], served.shown[0]["body"]) == ("奶奶家有消息", "")


@pytest.mark.parametrize(
    ("status", "permanent", "gone"),
    [
        (404, True, True),
        (410, True, True),
        (400, True, False),
        (413, True, False),
        (429, False, False),
        (503, False, False),
        (302, True, False),
    ],
)
async def test_an_answer_says_whether_to_come_back(
    push: WebPush, served: PushService, status: int, permanent: bool, gone: bool
) -> None:
    served.status = status
    with pytest.raises(NotifyError) as error:
        await push.deliver(news(served.subscription.address))
    assert (error.value.permanent, error.value.gone) == (permanent, gone)


async def test_a_service_that_is_away_is_tried_again(push: WebPush, served: PushService) -> None:
    address = served.browser.subscription("http://127.0.0.1:1/push").address
    away = WebPush(push.key, SUBJECT, frozenset({"http://127.0.0.1:1"}))
    with pytest.raises(NotifyError) as error:
        await away.deliver(news(address))
    assert not error.value.permanent


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://web.push.apple.com/abc",
        "https://wns2-sg2p.notify.windows.com/w/?token=abc",
    ],
)
def test_the_services_of_the_makers_are_known(push: WebPush, endpoint: str) -> None:
    assert push.accepts(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com:5432/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evilpush.apple.com.example/x",
        "https://notpush.apple.org/x",
        "https://user@fcm.googleapis.com/x",
        "https://127.0.0.1/x",
        "http://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://fcm.googleapis.com:x/y",
        "file:///etc/passwd",
        "",
    ],
)
async def test_nobody_makes_us_call_any_other_address(
    push: WebPush, served: PushService, endpoint: str
) -> None:
    assert not push.accepts(endpoint)
    with pytest.raises(NotifyError, match="not known"):
        await push.deliver(news(served.browser.subscription(endpoint).address))


def test_the_key_is_made_once_for_us_alone_and_kept(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path), notify=Notify(channels={"webpush": {"subject": SUBJECT}}))
    first, second = webpush.service(settings), webpush.service(settings)
    file = tmp_path / "secrets" / "push.pem"
    assert first is not None
    assert second is not None
    assert first.key.public == second.key.public
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "PRIVATE" not in repr(first)
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="every user"):
        webpush.service(settings)


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "push.pem"
    file.write_text("nothing")
    file.chmod(0o600)
    with pytest.raises(KeyFileError, match=r"push\.pem"):
        vapid.load(file)
    assert webpush.service(Settings(data=str(tmp_path))) is None
