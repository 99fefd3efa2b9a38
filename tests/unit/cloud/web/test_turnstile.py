"""How often anybody may ask: strangers by address in a table that never grows, the signed-in by session."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client import generate_latest

from cloud import turnstile
from cloud.crowd import PLACES, ROWS, Crowd
from cloud.metrics import REGISTRY
from cloud.problems import MEDIA_TYPE
from cloud.settings import Web
from cloud.throttle import BURST, network
from cloud.turnstile import PREFIX
from tests.unit.cloud.conftest import Site

RATE = Web().address_rate
MANY = "192.0.2.77"
"""An address behind which many people live."""


def emptied(crowd: Crowd, name: str, now_s: float = 0.0) -> int:
    """Ask as ``name`` until it must wait; how often it was let through."""
    count = 0
    while crowd.take(name, now_s) is None:
        count += 1
    return count


def test_a_bucket_holds_what_it_holds_and_fills_again_at_its_rate() -> None:
    crowd = Crowd(rate=10, burst=40)
    assert emptied(crowd, "flooder") == 40
    assert crowd.take("flooder", 0.0) == pytest.approx(0.1)
    assert crowd.take("neighbour", 0.0) is None
    assert emptied(crowd, "flooder", now_s=1.05) == 10
    assert emptied(crowd, "flooder", now_s=1_000.0) == 40


def test_whoever_must_wait_is_not_made_to_wait_longer_by_asking() -> None:
    crowd = Crowd(rate=10, burst=40)
    emptied(crowd, "flooder")
    waits = {crowd.take("flooder", 0.0) for _ in range(1_000)}
    assert len(waits) == 1


def test_no_number_of_names_fills_the_table_or_drives_a_flooder_out_of_it() -> None:
    crowd = Crowd(rate=1, burst=3)
    emptied(crowd, "flooder")
    for number in range(3 * PLACES):
        crowd.take(f"2001:db8:{number:x}::", 0.0)
    assert crowd.size == 8 * ROWS * PLACES < 2**20
    assert crowd.take("flooder", 0.0) is not None


def test_a_thousand_flooders_hold_up_next_to_nobody_else() -> None:
    crowd = Crowd(rate=1, burst=3)
    for number in range(1_000):
        emptied(crowd, f"flooder {number}")
    refused = sum(crowd.take(f"honest {number}", 0.0) is not None for number in range(2_000))
    assert refused <= 4  # 0.05 expected; more than 4 in one of 10^8 runs


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2ab:3:4:5:6", "2001:db8:1:200::"),
        ("2001:db8:1:2ff::", "2001:db8:1:200::"),
        ("2001:db8:1:300::", "2001:db8:1:300::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ],
)
def test_what_one_subscriber_was_given_counts_once(address: str, counted_as: str) -> None:
    assert network(address, PREFIX) == counted_as


async def exhaust(browser: httpx.AsyncClient, path: str = "/nowhere") -> httpx.Response:
    """Ask until it is too much; the refusal."""
    for _ in range(2 * RATE):
        answer = await browser.get(path)
        if answer.status_code == 429:
            return answer
    raise AssertionError("nothing was refused")


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket that is soon empty, before ``site`` makes it; its clock stands still."""
    monkeypatch.setattr(turnstile, "SECONDS_AT_ONCE", 1)


async def test_an_address_that_asks_too_often_is_told_when_to_come_again(site: Site) -> None:
    refused = await exhaust(site.browser(MANY))
    assert refused.headers["content-type"] == MEDIA_TYPE
    assert refused.json()["code"] == "too_many_attempts"
    assert int(refused.headers["retry-after"]) == 1
    assert (await site.browser("192.0.2.78").get("/nowhere")).status_code == 404


async def test_an_operator_behind_the_same_address_works_on(site: Site) -> None:
    browser = site.browser(MANY)
    browser.cookies.update((await site.signed_in("operator")).cookies)
    assert (await browser.get("/snapshot")).status_code == 200
    await exhaust(site.browser(MANY))
    assert (await browser.get("/snapshot")).status_code == 200


async def test_a_made_up_cookie_or_one_that_has_ended_counts_by_address(site: Site) -> None:
    ended = await site.signed_in("operator")
    copy = dict(ended.cookies)
    await ended.get("/session")
    await ended.delete("/session")
    for cookies in ({"anban": "made up"}, copy):
        thief = site.browser(MANY)
        thief.cookies.update(cookies)
        await exhaust(thief, "/session")


async def test_the_link_in_a_message_opens_behind_an_address_that_asks_too_often(site: Site) -> None:
    neighbour = site.browser(MANY)
    await exhaust(site.browser(MANY))
    assert (await neighbour.get("http://anban.test/a/token")).status_code == 200
    assert (await neighbour.post("/answers/token", json={"answer": "accept"})).status_code == 404
    assert (await neighbour.get("/health")).status_code == 200
    assert (await exhaust(neighbour, "/health")).status_code == 429  # nor is that without an end


async def test_what_is_refused_is_counted_by_reason_and_leaves_no_line_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "cloud.access_log")
    before = REGISTRY.get_sample_value("anban_requests_refused_total", {"reason": "address"}) or 0.0
    await exhaust(site.browser(MANY))
    lines = len(caplog.records)
    await site.browser(MANY).get("/nowhere")
    assert len(caplog.records) == lines
    assert REGISTRY.get_sample_value("anban_requests_refused_total", {"reason": "address"}) == before + 2
    assert MANY not in generate_latest(REGISTRY).decode()


async def test_one_session_is_counted_once_per_request(site: Site) -> None:
    operator = await site.signed_in("operator")
    answers = [(await operator.get("/session")).status_code for _ in range(int(BURST) + 1)]
    assert answers == [200] * int(BURST) + [429]
