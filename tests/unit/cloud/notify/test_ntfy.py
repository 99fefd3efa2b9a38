"""ntfy on a server that answers as https://docs.ntfy.sh/publish/ says."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cloud import notify
from cloud.notify.model import NotifyError, Outgoing
from tests.scenario.webhook import Webhook, webhook


@pytest.fixture
def server() -> Iterator[Webhook]:
    with webhook() as served:
        served.answer = b'{"id":"hwQ2YpKdmg","time":1635528741,"event":"message","topic":"duty"}'
        yield served


def at(server: Webhook, signed_in: str = "", topic: str = "duty") -> str:
    return f"ntfy://{signed_in}127.0.0.1:{server.port}/{topic}"


def news(address: str, priority: int = 1, body: str = "请立即处理") -> Outgoing:
    return Outgoing(
        address, "page", "无人应答", body, {}, priority=priority, link="https://x/console/i/7", mark="12"
    )


async def test_a_message_is_published_with_the_priority_of_what_happened(server: Webhook) -> None:
    receipt = await notify.build({})["ntfy"].deliver(news(at(server)))
    path, headers, body = server.seen[0]
    assert path == "/"
    assert json.loads(body) == {
        "topic": "duty",
        "title": "无人应答",
        "message": "请立即处理",
        "priority": 5,
        "sequence_id": "12",
        "click": "https://x/console/i/7",
    }
    assert "Authorization" not in headers
    assert (receipt.reference, receipt.provider, receipt.followed) == ("hwQ2YpKdmg", "ntfy", False)


@pytest.mark.parametrize(("ours", "theirs"), [(1, 5), (2, 4), (3, 3), (4, 2), (5, 1)])
async def test_each_priority_has_its_own_there(server: Webhook, ours: int, theirs: int) -> None:
    await notify.build({})["ntfy"].deliver(news(at(server), ours))
    assert json.loads(server.seen[0][2])["priority"] == theirs


@pytest.mark.parametrize(
    ("signed_in", "header"),
    [("tk_abc@", "Bearer tk_abc"), ("duty:p%40ss@", "Basic ZHV0eTpwQHNz")],
)
async def test_the_address_signs_in_by_token_or_by_name(server: Webhook, signed_in: str, header: str) -> None:
    await notify.build({})["ntfy"].deliver(news(at(server, signed_in)))
    assert server.seen[0][1]["Authorization"] == header


async def test_a_long_message_is_cut_at_a_letter_before_it_becomes_an_attachment(server: Webhook) -> None:
    await notify.build({})["ntfy"].deliver(news(at(server), body="长" * 3_000))
    assert json.loads(server.seen[0][2])["message"] == "长" * 1_333


@pytest.mark.parametrize(
    ("status", "permanent"), [(401, True), (403, True), (413, True), (429, False), (500, False), (507, False)]
)
async def test_an_answer_says_whether_to_come_back(server: Webhook, status: int, permanent: bool) -> None:
    server.status = status
    with pytest.raises(NotifyError, match=str(status)) as error:
        await notify.build({})["ntfy"].deliver(news(at(server)))
    assert error.value.permanent == permanent


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(b"<html>captive portal</html>", "unreadable"), (b"{}", "no ntfy"), (b'{"id":7}', "no ntfy")],
)
async def test_a_page_of_some_proxy_is_no_answer(server: Webhook, answer: bytes, reason: str) -> None:
    server.answer = answer
    with pytest.raises(NotifyError, match=reason) as error:
        await notify.build({})["ntfy"].deliver(news(at(server)))
    assert not error.value.permanent


@pytest.mark.parametrize(
    "address", ["ntfy://duty", "ntfys://", "ntfy://h/a/b", "ntfy://h/a b", "ntfy://h:x/duty", "ntfy:///duty"]
)
async def test_an_address_without_a_server_of_ones_own_or_a_topic_is_refused(address: str) -> None:
    with pytest.raises(NotifyError) as error:
        await notify.build({})["ntfys"].deliver(news(address))
    assert error.value.permanent
