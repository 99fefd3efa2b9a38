"""News of a home on a daughter's telephone, from her browser's subscription to what its screen shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloud.auth import Purpose as Reason
from cloud.auth import Scope
from cloud.consent import effect, store
from cloud.consent.decide import By, Decision, Entry, How
from cloud.consent.purposes import Purpose
from cloud.db import Connection, Pool
from cloud.incidents.store import attach_or_open
from cloud.ingest.model import StoredAlarm
from cloud.notify import build, deliver, http, webpush
from cloud.people import reseal
from cloud.privacy import tasks
from cloud.sealed import KEY_BYTES, Key, Keyring
from cloud.settings import Notify, Settings
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, GatewayId
from tests.scenario.push_service import PushService, push_service
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Street:
    """The site with Web Push at a service of our own; ``work`` sends what is due."""

    site: Site
    conn: Connection
    pool: Pool
    service: PushService
    post: deliver.Post

    async def work(self, after: timedelta = timedelta()) -> list[dict[str, Any]]:
        """What the telephone was shown, once everything that is due has been sent."""
        for number in await deliver.due(self.conn, NOON + after):
            await deliver.deliver(self.pool, self.post, number, NOON + after)
        return self.service.shown

    async def daughter(self) -> httpx.AsyncClient:
        """She follows the yellow home with this browser."""
        browser = await self.site.signed_in("family")
        answer = await browser.post("/family/phones", json=self.phone)
        assert answer.status_code == 201, answer.text
        return browser

    @property
    def phone(self) -> dict[str, str]:
        to = self.service.subscription
        return {"endpoint": to.endpoint, "p256dh": to.p256dh, "auth": to.auth, "agent": "Chrome · Android"}

    async def alarm(self, kind: AlarmKind = AlarmKind.FALL) -> None:
        home = self.site.town.yellow
        said = Alarm(
            AlarmId("01JD0000000000000000000009"), kind, AlarmState.RAISED, DeviceId("pendant"), NOON
        )
        stored = StoredAlarm(said, self.site.town.hecheng, home, GatewayId("gw-yellow"), 1, "bathroom", NOON)
        await attach_or_open(self.conn, stored, NOON)
        await self.conn.commit()

    async def tell(self) -> None:
        """As when it becomes known that a life may be at stake."""
        await self.conn.execute("select tell_followers(1, 'raised', %s)", [NOON])
        await self.conn.commit()

    async def states(self) -> list[tuple[str, str]]:
        rows = await self.conn.execute(
            "select message.state, receipt.detail from message left join receipt on message_id = message.id"
            " where channel = 'webpush' order by message.id, receipt.at"
        )
        return [(row["state"], row["detail"]) for row in await rows.fetchall()]


@pytest.fixture
async def street(site: Site, conn: Connection, pool: Pool, tmp_path: Path) -> AsyncIterator[Street]:
    with push_service() as service:
        channel = {"subject": "mailto:duty@anban.test", "services": service.origin}
        settings = Settings(data=str(tmp_path), notify=Notify(channels={"webpush": channel}))
        site.app.state.push = webpush.service(settings)
        ring = Keyring((Key.of("k1", "aes", bytes(KEY_BYTES)),))
        site.app.state.parts = replace(site.app.state.parts, ring=ring)
        service.known = site.app.state.push.key.public
        await effect.load(conn, site.town.yellow, ())
        await conn.commit()
        post = deliver.Post(build(webpush.with_key(settings)), "https://anban.test", ring)
        yield Street(site, conn, pool, service, post)
    site.app.state.push = None


async def test_a_fall_lights_up_her_screen_and_says_nothing_of_it(street: Street) -> None:
    daughter = await street.daughter()
    await street.alarm()
    assert await street.work() == [
        {
            "title": "向秀英家有消息",
            "body": "20:00，服务中心正在处理，请打开查看。",
            "link": "https://anban.test/family/?i=1",
            "mark": "1",
        }
    ]
    assert await street.states() == [("accepted", "sent, delivery unknown")]
    (phone,) = (await daughter.get("/family/wishes")).json()["phones"]
    assert (phone["agent"], phone["told"]) == ("Chrome · Android", "accepted")


async def test_where_her_telephone_is_reached_is_kept_sealed_and_sealed_anew_with_another_key(
    street: Street,
) -> None:
    await street.daughter()
    await street.alarm()
    kept = "select address from push_subscription union all select address from message where push_id > 0"

    async def addresses() -> set[str]:
        rows = await street.conn.execute(kept)
        return {row["address"][:14] for row in await rows.fetchall()}

    assert await addresses() == {"webpush:~aes:k"}
    keys = street.post.ring.keys
    ring = Keyring((Key.of("n2", "aes", bytes(range(KEY_BYTES))), *keys))
    await reseal.reseal(street.pool, ring)
    assert await addresses() == {"webpush:~aes:n"}
    post = replace(street.post, ring=ring)
    assert len(await replace(street, post=post).work()) == 1


async def test_who_chose_to_see_more_is_told_what_happened(street: Street) -> None:
    daughter = await street.daughter()
    assert (await daughter.put("/family/wishes", json={"detail": True})).status_code == 200
    await street.alarm()
    (shown,) = await street.work()
    assert shown["title"] == "向秀英：疑似跌倒"


async def test_what_the_resident_keeps_back_is_not_told_whatever_was_chosen(street: Street) -> None:
    daughter = await street.daughter()
    await daughter.put("/family/wishes", json={"detail": True})
    await withdraw(street, Purpose.VITALS)
    await street.alarm(AlarmKind.VITALS)
    await street.tell()
    (shown,) = await street.work()
    assert "体征" not in str(shown)


async def withdraw(street: Street, purpose: Purpose) -> None:
    no = Entry(purpose, Decision.WITHDRAWN, By.SELF, How.VOICE, NOON, "")
    scope = Scope((street.site.town.hecheng,), None, Reason.CARE)
    await store.record(street.conn, scope, store.Said(1, no, "staff:1"), NOON)
    await street.conn.commit()


async def test_who_was_told_that_it_began_is_told_how_it_ended(street: Street) -> None:
    await street.daughter()
    await street.alarm()
    await street.work()
    operator = await street.site.signed_in("operator")
    await operator.post("/incidents/1/ack", json={"version": 1})
    answer = await operator.post("/incidents/1/close", json={"version": 2, "outcome": "C1", "note": "-"})
    assert answer.status_code == 200, answer.text
    assert [one["title"] for one in await street.work()] == ["向秀英家有消息", "向秀英家：已处理"]


async def test_nothing_is_sent_and_what_waits_is_taken_back_once_sharing_ends(street: Street) -> None:
    await street.daughter()
    await street.alarm()
    await withdraw(street, Purpose.FAMILY)
    for task in await tasks.due(street.conn, NOON, [], 100):
        await tasks.work(street.pool, task, NOON)
    assert await street.work() == []
    assert [state for state, _ in await street.states()] == ["withdrawn"]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_let_go_is_forgotten(street: Street, status: int) -> None:
    daughter = await street.daughter()
    street.service.status = status
    await street.alarm()
    assert await street.work() == []
    assert (await daughter.get("/family/wishes")).json()["phones"] == []
    assert [state for state, _ in await street.states()] == ["failed"]


async def test_a_service_that_is_down_is_asked_again_and_the_story_goes_on(street: Street) -> None:
    await street.daughter()
    street.service.status = 503
    await street.alarm()
    await street.work()
    street.service.status = 201
    assert len(await street.work(after=timedelta(seconds=6))) == 1


async def test_a_service_that_asks_for_time_is_given_it(street: Street) -> None:
    await street.daughter()
    street.service.status, street.service.wait_s = 429, 40
    await street.alarm()
    await street.work()
    street.service.status = 201
    assert await street.work(after=timedelta(seconds=39)) == []
    assert len(await street.work(after=timedelta(seconds=40))) == 1


async def test_what_a_service_took_without_a_word_comes_again_as_the_same_notice(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both carry one mark and one topic, so the service or the browser shows one notice and rings once."""
    await street.daughter()
    monkeypatch.setattr(http, "PATIENCE_S", 0.2)
    street.service.slow_s = 1.0
    await street.alarm()
    await street.work()
    street.service.slow_s = 0.0
    once, again = await street.work(after=timedelta(seconds=6))
    assert once == again
    assert len({one["topic"] for one in street.service.headers}) == 1


async def test_her_own_hours_hold_what_can_wait_and_nothing_urgent(street: Street) -> None:
    daughter = await street.daughter()
    hours = {"quiet_from": "19:00", "quiet_until": "20:30"}  # NOON is 20:00 at the home
    await daughter.put("/family/wishes", json=hours)
    await street.alarm(AlarmKind.NOT_EATING)
    await street.tell()
    assert await street.work() == []
    assert len(await street.work(after=timedelta(minutes=31))) == 1


async def test_one_browser_is_one_persons(street: Street) -> None:
    daughter = await street.daughter()
    await street.conn.execute(
        "insert into push_subscription (staff_id, mark, address, created_at)"
        " select %s, sha256('x'), 'webpush:x', %s",
        [street.site.town.staff["caseworker"], NOON],
    )
    await street.conn.execute("update push_subscription set staff_id = %s where mark <> sha256('x')",
                              [street.site.town.staff["caseworker"]])  # fmt: skip
    await street.conn.commit()
    assert (await daughter.post("/family/phones", json=street.phone)).status_code == 201
    rows = await street.conn.execute("select staff_id from push_subscription order by id")
    owners = [row["staff_id"] for row in await rows.fetchall()]
    assert owners == [street.site.town.staff["caseworker"], street.site.town.staff["family"]]


WRONG = (
    ({"endpoint": "https://evil.example/x"}, "unknown_service"),
    ({"endpoint": "http://169.254.169.254/latest"}, "unknown_service"),
    ({"p256dh": "A" * 87}, "bad_keys"),
    ({"auth": "A" * 24}, "bad_keys"),
)


async def test_an_address_that_is_no_browsers_is_refused(street: Street) -> None:
    browser = await street.site.signed_in("family")
    for change, code in WRONG:
        answer = await browser.post("/family/phones", json=street.phone | change)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_where_nothing_is_pushed_the_page_hears_so(site: Site) -> None:
    browser = await site.signed_in("family")
    assert (await browser.get("/family/wishes")).json()["key"] == ""
    for wrong in ({"quiet_from": "22:00"}, {"quiet_from": "25:00", "quiet_until": "06:00"}):
        assert (await browser.put("/family/wishes", json=wrong)).status_code == 422
