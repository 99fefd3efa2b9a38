"""Visits over HTTP and a real database: said at the door, in any order, late and twice, and never lost."""

from __future__ import annotations

import base64
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from cloud import sealed
from cloud.db import Connection, Pool
from cloud.people.reseal import reseal
from cloud.privacy import retention
from cloud.visits.forms.shapes import Count, Scale, Several, YesNo
from cloud.visits.forms.table import FORMS, VisitKind
from cloud.visits.records import tag_routes
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import NOON

AT_THE_DOOR: Final = {"latitude": 27.56, "longitude": 109.99, "accuracy_m": 20}
A_STREET_AWAY: Final = {"latitude": 27.562, "longitude": 109.99, "accuracy_m": 20}
YANG: Final = 1
"""The number of the resident of the home that the caseworker is assigned to."""


def all_well(kind: VisitKind = VisitKind.REGULAR) -> dict[str, Any]:
    """Every question of the form, answered with what worries nobody."""
    answers: dict[str, Any] = {"seen": True}
    for question in FORMS[kind].questions:
        if question.key == "seen" or question.only not in {None, ("seen", True)}:
            continue
        match question.shape:
            case Scale(steps):
                answers[question.key] = steps[0]
            case YesNo(worry):
                answers[question.key] = worry is not True
            case Count():
                answers[question.key] = 0
            case Several():
                answers[question.key] = []
            case _:
                answers[question.key] = "as always"
    return answers


class Phone:
    """A worker's telephone: it draws keys, and says when things happened by a clock of its own."""

    def __init__(self, browser: httpx.AsyncClient, site: Site, fast: timedelta = timedelta()) -> None:
        self.browser, self.site, self.fast = browser, site, fast

    @property
    def now(self) -> datetime:
        return self.site.clock() + self.fast

    def event(self, visit: uuid.UUID, sort: str, ago: timedelta = timedelta(), **more: Any) -> dict[str, Any]:
        """Something that happened ``ago``."""
        return {
            "visit": str(visit),
            "key": str(uuid.uuid4()),
            "resident_id": YANG,
            "kind": "regular",
            "sort": sort,
            "device_at": (self.now - ago).isoformat(),
            **more,
        }

    def round(self, visit: uuid.UUID, **more: Any) -> list[dict[str, Any]]:
        """A visit of forty minutes that ended an hour ago."""
        return [
            self.event(visit, "arrive", timedelta(minutes=100), place=AT_THE_DOOR, **more),
            self.event(visit, "answers", timedelta(minutes=70), answers=all_well(), **more),
            self.event(visit, "depart", timedelta(minutes=60), place=AT_THE_DOOR, **more),
        ]

    async def send(self, *events: dict[str, Any]) -> list[Any]:
        """Send them as they are queued; what each is answered."""
        answers = []
        for event in events:
            said = {**event, "sent_at": self.now.isoformat()}
            answers.append(await told(await self.browser.post("/visits/events", json=said)))
        return answers


async def told(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


@pytest.fixture
async def phone(site: Site) -> Phone:
    """The caseworker's."""
    return Phone(await site.signed_in("caseworker"), site)


@pytest.fixture
async def office(site: Site) -> httpx.AsyncClient:
    """The supervisor's browser."""
    return await site.signed_in("supervisor")


async def test_a_visit_is_whole_when_both_ends_are_shown_and_the_form_is_filled(
    phone: Phone, office: httpx.AsyncClient
) -> None:
    *_, last = await phone.send(*phone.round(visit := uuid.uuid4()))
    shown = last["visit"]
    assert (shown["state"], shown["complete"], shown["faults"]) == ("over", True, [])
    assert (shown["seen"], shown["arrival"], shown["departure"]) == (True, "place", "place")
    assert shown["began_at"] == "2026-11-20T10:20:00Z"
    detail = await told(await office.get(f"/visits/{shown['id']}"))
    assert [one["sort"] for one in detail["events"]] == ["arrive", "answers", "depart"]
    assert detail["visit"]["key"] == str(visit)


async def test_whatever_order_the_queue_comes_in_the_record_is_the_same(phone: Phone) -> None:
    first, second, third = phone.round(uuid.uuid4())
    *_, shown = await phone.send(third, first, second, first, third)
    assert (shown["known"], shown["visit"]["complete"]) == (True, True)
    assert shown["visit"]["began_at"] == "2026-11-20T10:20:00Z"


async def test_what_is_sent_twice_is_kept_once_even_a_month_later(phone: Phone, site: Site) -> None:
    events = phone.round(uuid.uuid4())
    await phone.send(*events)
    site.clock.turn(timedelta(days=30))
    phone.browser = await site.signed_in("caseworker")
    (again,) = await phone.send(events[1])
    assert again["known"]
    detail = await told(await phone.browser.get(f"/visits/{again['visit']['id']}"))
    assert len(detail["events"]) == 3


async def test_a_clock_that_is_wrong_is_told_and_put_right(site: Site) -> None:
    phone = Phone(await site.signed_in("caseworker"), site, fast=timedelta(hours=-7))
    *_, last = await phone.send(*phone.round(uuid.uuid4()))
    assert (last["clock_off_s"], last["visit"]["clock_off_s"]) == (-7 * 3600, -7 * 3600)
    assert last["visit"]["began_at"] == "2026-11-20T10:20:00Z"
    assert last["visit"]["conflicts"] == ["clock"]


async def test_a_form_with_gaps_is_taken_and_says_what_is_missing(phone: Phone) -> None:
    visit = uuid.uuid4()
    half = {"seen": True, "feels": "splendid"}
    await phone.send(
        phone.event(visit, "arrive", timedelta(minutes=9), place=A_STREET_AWAY),
        phone.event(visit, "answers", timedelta(minutes=5), answers=half),
    )
    (last,) = await phone.send(phone.event(visit, "depart", timedelta(minutes=1), place=AT_THE_DOOR))
    assert last["visit"]["arrival"] == "said"
    assert not last["visit"]["complete"]
    assert {"feels: no such answer", "eats: not answered", "arrival: missing"} <= set(last["visit"]["faults"])
    (mended,) = await phone.send(phone.event(visit, "answers", answers=all_well()))
    assert mended["visit"]["faults"] == ["arrival: missing"]


async def test_two_forms_of_one_visit_are_both_kept_and_named_a_conflict(
    phone: Phone, site: Site, office: httpx.AsyncClient
) -> None:
    other = Phone(await site.signed_in("operator"), site)
    visit = uuid.uuid4()
    await phone.send(*phone.round(visit))
    worse = all_well() | {"mood": "hopeless"}
    (last,) = await other.send(other.event(visit, "answers", timedelta(minutes=65), answers=worse))
    assert last["visit"]["conflicts"] == ["two_forms"]
    assert last["visit"]["worries"] == ["mood"]
    detail = await told(await office.get(f"/visits/{last['visit']['id']}"))
    assert [one["body"]["answers"]["mood"] for one in detail["events"] if one["sort"] == "answers"] == [
        "cheerful",
        "hopeless",
    ]


async def test_who_went_although_it_was_cancelled_meanwhile_is_heard(
    phone: Phone, office: httpx.AsyncClient
) -> None:
    planned = await told(await office.post("/visits", json={"resident_id": YANG, "kind": "regular"}))
    assert planned["state"] == "planned"
    await told(await office.post(f"/visits/{planned['id']}/cancel", json={"why": "snow"}))
    *_, last = await phone.send(*phone.round(uuid.UUID(planned["key"])))
    assert (last["visit"]["state"], last["visit"]["conflicts"]) == ("over", ["cancelled"])
    assert last["visit"]["complete"]


async def test_a_key_belongs_to_one_visit_and_to_one_saying(phone: Phone) -> None:
    visit = uuid.uuid4()
    note = phone.event(visit, "note", words="the dog is loose")
    await phone.send(note)
    sent = {"sent_at": phone.now.isoformat()}
    other = await phone.browser.post("/visits/events", json={**note, **sent, "words": "no dog"})
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    mixed = phone.event(visit, "note", words="x", kind="welfare") | sent
    answer = await phone.browser.post("/visits/events", json=mixed)
    assert (answer.status_code, answer.json()["code"]) == (409, "other_visit")


async def test_a_tag_at_the_door_shows_more_than_a_place_until_it_is_withdrawn(
    phone: Phone, office: httpx.AsyncClient, site: Site
) -> None:
    tag = await told(await office.post(f"/visits/homes/{site.town.yellow}/tags"))
    other = await told(await office.post(f"/visits/homes/{site.town.green}/tags"))
    arrived = [
        phone.event(uuid.uuid4(), "arrive", tag=tag["code"]),
        phone.event(uuid.uuid4(), "arrive", tag=other["code"]),
        phone.event(uuid.uuid4(), "arrive", tag="made up", place=AT_THE_DOOR),
    ]
    assert [one["visit"]["arrival"] for one in await phone.send(*arrived)] == ["tag", "said", "place"]
    await told(await office.post(f"/visits/tags/{tag['id']}/withdraw"))
    (late,) = await phone.send(phone.event(uuid.uuid4(), "arrive", tag=tag["code"]))
    assert late["visit"]["arrival"] == "said"
    (tags,) = (await told(await office.get(f"/visits/homes/{site.town.yellow}/tags")))["tags"]
    assert "code" not in tags


async def test_where_somebody_was_is_kept_nowhere(phone: Phone, conn: Connection) -> None:
    await phone.send(phone.event(uuid.uuid4(), "arrive", place=A_STREET_AWAY))
    row = await (await conn.execute("select body from visit_event")).fetchone()
    assert row is not None
    assert row["body"] == {"how": "said", "distance_m": 222}


async def test_who_leads_vouches_for_others_and_never_for_themselves(
    phone: Phone, office: httpx.AsyncClient, site: Site
) -> None:
    visit = uuid.uuid4()
    events = [one | {"place": None} for one in phone.round(visit)]
    *_, last = await phone.send(*events)
    number = last["visit"]["id"]
    assert last["visit"]["faults"] == ["arrival: missing", "departure: missing"]
    vouch = {"key": str(uuid.uuid4()), "words": "I met him at the gate, the telephone was broken"}
    shown = await told(await office.post(f"/visits/{number}/vouch", json=vouch))
    assert (shown["arrival"], shown["complete"]) == ("vouched", True)
    own = Phone(office, site)
    *_, mine = await own.send(*[one | {"place": None} for one in own.round(uuid.uuid4())])
    answer = await office.post(
        f"/visits/{mine['visit']['id']}/vouch", json=vouch | {"key": str(uuid.uuid4())}
    )
    assert answer.status_code == 404


async def test_before_a_closed_door_nobody_answers_for_who_was_not_seen(phone: Phone) -> None:
    visit = uuid.uuid4()
    *_, last = await phone.send(
        phone.event(visit, "arrive", timedelta(minutes=9), place=AT_THE_DOOR),
        phone.event(visit, "answers", answers={"seen": False, "why_not": "no_answer"}),
    )
    assert last["visit"]["faults"] == []
    assert last["visit"]["worries"] == ["seen", "why_not"]


async def test_a_call_shows_no_place_and_is_over_with_its_form(phone: Phone) -> None:
    form = all_well(VisitKind.WELFARE)
    (last,) = await phone.send(
        phone.event(uuid.uuid4(), "answers", kind="welfare", way="phone", answers=form)
    )
    assert (last["visit"]["state"], last["visit"]["complete"], last["visit"]["arrival"]) == (
        "over",
        True,
        None,
    )


async def test_what_got_worse_since_the_last_visit_is_named(phone: Phone, site: Site) -> None:
    await phone.send(*phone.round(uuid.uuid4()))
    site.clock.turn(timedelta(minutes=20))
    visit = uuid.uuid4()
    less = all_well() | {"eats": "less", "walks": "with_aid"}
    *_, last = await phone.send(
        phone.event(visit, "arrive", timedelta(minutes=9), place=AT_THE_DOOR),
        phone.event(visit, "answers", timedelta(minutes=5), answers=less),
    )
    assert (last["visit"]["worse"], last["visit"]["worries"]) == (["eats", "walks"], [])


async def test_hours_are_booked_once_for_whoever_serves_for_hours(
    phone: Phone, office: httpx.AsyncClient, site: Site
) -> None:
    account = await told(
        await office.post("/time/accounts", json={"staff_id": site.town.staff["caseworker"]})
    )
    events = phone.round(uuid.uuid4())
    *_, last = await phone.send(*events, *events)
    assert last["visit"]["hours"] == "booked"
    (entry,) = (await told(await office.get("/time/entries", params={"account_id": account["id"]})))["items"]
    assert (entry["minutes"], entry["source"]) == (40, f"visit:{last['visit']['id']}")
    days = {"since": "2026-11-01", "until": "2026-11-30"}
    refused = await office.post(f"/time/accounts/{account['id']}/certificates", json=days)
    assert refused.json()["code"] == "no_key"


async def test_a_second_visit_at_the_same_time_earns_nothing_and_stands(
    phone: Phone, office: httpx.AsyncClient, site: Site
) -> None:
    await told(await office.post("/time/accounts", json={"staff_id": site.town.staff["caseworker"]}))
    await phone.send(*phone.round(uuid.uuid4()))
    *_, last = await phone.send(*phone.round(uuid.uuid4()))
    assert (last["visit"]["hours"], last["visit"]["complete"]) == ("overlaps", True)


async def test_nobody_reaches_a_home_that_is_not_theirs(phone: Phone) -> None:
    sent = {"sent_at": phone.now.isoformat()}
    stranger = phone.event(uuid.uuid4(), "note", words="x") | sent | {"resident_id": 2}
    assert (await phone.browser.post("/visits/events", json=stranger)).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"sort": "vouch"},
        {"sort": "answers"},
        {"sort": "note", "words": None},
        {"device_at": "1969-12-31T23:59:59Z"},
        {"device_at": "2026-11-20T12:00:00"},
        {"answers": {"seen": True}},
        {"place": {"latitude": 91, "longitude": 0, "accuracy_m": 1}},
        {"sort": "answers", "answers": {"note": "bell\u0007"}},
        {"way": "sensor"},
    ],
)
async def test_what_no_device_says_is_refused(phone: Phone, wrong: dict[str, Any]) -> None:
    event = phone.event(uuid.uuid4(), "note", words="x") | {"sent_at": phone.now.isoformat()}
    assert (await phone.browser.post("/visits/events", json=event | wrong)).status_code == 422


async def test_duty_is_over_with_the_visit_and_the_rate_is_one_of_one(
    phone: Phone, office: httpx.AsyncClient
) -> None:
    began = NOON - timedelta(days=31)
    profile = {"difficulties": ["supported_at_home"], "conditions": [], "since": began.isoformat()}
    owed = await told(await office.put(f"/visits/people/{YANG}", json=profile))
    assert (owed["group"], owed["owed"][0]["reason"], owed["owed"][0]["overdue"]) == ("high", "period", True)
    (line,) = (await told(await office.get("/visits/duty")))["items"]
    assert (line["resident"], line["group"], line["seen_at"]) == ("向秀英", "high", None)
    await phone.send(*phone.round(uuid.uuid4()))
    assert (await told(await office.get("/visits/duty")))["items"] == []
    asked = {"since": "2026-11-01", "until": "2026-11-30"}
    (area,) = (await told(await office.get("/visits/rate", params=asked)))["areas"]
    assert (area["name"], area["visited"], area["owed"], area["share"]) == ("鹤城区", 1, 1, 1.0)


RING: Final = sealed.parse(f"k1 aes {'A' * 43}=")
NEXT_RING: Final = sealed.parse(f"k2 aes {'B' * 43}=\nk1 aes {'A' * 43}=")
DRAWN: Final = b"\x89PNG\r\n\x1a\n drawn by hand"
SPOKEN: Final = b"OggS spoken"


def attached(visit: int, sort: str, content: bytes) -> dict[str, Any]:
    encoded = base64.b64encode(content).decode()
    return {"visit_id": visit, "key": str(uuid.uuid4()), "sort": sort, "content": encoded}


async def served(phone: Phone) -> int:
    """The number of a meal that was brought and eaten, without a signature yet."""
    visit = uuid.uuid4()
    *_, last = await phone.send(
        phone.event(visit, "arrive", timedelta(minutes=9), kind="service", place=AT_THE_DOOR),
        phone.event(
            visit,
            "answers",
            timedelta(minutes=5),
            kind="service",
            answers={"seen": True, "done": ["meals"]},
        ),
        phone.event(visit, "depart", kind="service", place=AT_THE_DOOR),
    )
    assert last["visit"]["faults"] == ["signature: missing"]
    return int(last["visit"]["id"])


async def test_a_signature_is_kept_sealed_and_opens_after_the_key_was_changed(
    phone: Phone, site: Site, conn: Connection, pool: Pool
) -> None:
    site.app.state.parts = replace(site.app.state.parts, ring=RING)
    number = await served(phone)
    one = attached(number, "signature", DRAWN)
    for _ in range(2):
        shown = await told(await phone.browser.post("/visits/files", json=one))
        assert shown["complete"]
    rows = await (await conn.execute("select id, seal, sealed from visit_file")).fetchall()
    assert [row["seal"] for row in rows] == [RING.prefix]
    assert b"drawn" not in rows[0]["sealed"]
    assert await reseal(pool, NEXT_RING) >= 1
    site.app.state.parts = replace(site.app.state.parts, ring=NEXT_RING)
    content = await told(await phone.browser.get(f"/visits/files/{rows[0]['id']}"))
    assert (content["media_type"], base64.b64decode(content["content"])) == ("image/png", DRAWN)


async def test_a_voice_is_kept_only_where_the_person_has_agreed(
    phone: Phone, site: Site, conn: Connection
) -> None:
    site.app.state.parts = replace(site.app.state.parts, ring=RING)
    number = await served(phone)
    await conn.execute(
        "insert into withheld"
        " values (%s, 'voice_recording', null, null, true, false, '{}', '{}', '{}', '{}')",
        [site.town.yellow],
    )
    await conn.commit()
    refused = await phone.browser.post("/visits/files", json=attached(number, "voice", SPOKEN))
    assert (refused.status_code, refused.json()["code"]) == (409, "no_consent")
    await conn.execute("delete from withheld")
    await conn.commit()
    shown = await told(await phone.browser.post("/visits/files", json=attached(number, "voice", SPOKEN)))
    assert shown["complete"]


async def test_without_a_key_nothing_is_attached_and_the_visit_stands(phone: Phone) -> None:
    answer = await phone.browser.post("/visits/files", json=attached(await served(phone), "signature", DRAWN))
    assert (answer.status_code, answer.json()["code"]) == (409, "no_key")


@pytest.mark.parametrize(
    ("sort", "content", "code"),
    [("signature", b"GIF89a", "no_kind"), ("voice", DRAWN, "no_kind"), ("photo", DRAWN, "too_many")],
)
async def test_what_is_no_picture_and_what_nobody_asked_for_is_refused(
    phone: Phone, site: Site, sort: str, content: bytes, code: str
) -> None:
    site.app.state.parts = replace(site.app.state.parts, ring=RING)
    answer = await phone.browser.post("/visits/files", json=attached(await served(phone), sort, content))
    assert answer.json()["code"] == code


async def test_a_file_may_come_before_any_word_of_a_visit_that_nobody_planned(
    phone: Phone, site: Site
) -> None:
    site.app.state.parts = replace(site.app.state.parts, ring=RING)
    key = uuid.uuid4()
    meant = {"visit": str(key), "resident_id": YANG, "kind": "regular"}
    said = {name: one for name, one in attached(0, "signature", DRAWN).items() if name != "visit_id"}
    first = await told(await phone.browser.post("/visits/files", json={**said, "visit": meant}))
    (arrived,) = await phone.send(phone.event(key, "arrive", place=AT_THE_DOOR))
    assert (arrived["visit"]["id"], first["key"]) == (first["id"], str(key))
    other = {**meant, "kind": "welfare"}
    answer = await phone.browser.post("/visits/files", json={**said, "visit": other})
    assert (answer.status_code, answer.json()["code"]) == (409, "other_visit")
    neither = await phone.browser.post("/visits/files", json=said)
    assert neither.status_code == 422


async def test_a_large_photo_is_taken_and_one_that_is_too_large_is_not(phone: Phone, site: Site) -> None:
    site.app.state.parts = replace(site.app.state.parts, ring=RING)
    number = await served(phone)
    whole = DRAWN + bytes(1024 * 1024 - len(DRAWN))
    await told(await phone.browser.post("/visits/files", json=attached(number, "signature", whole)))
    answer = await phone.browser.post("/visits/files", json=attached(number, "signature", whole + b"x"))
    assert answer.status_code == 422


async def test_a_voice_is_kept_for_half_a_year_and_what_is_signed_longer(
    phone: Phone, site: Site, conn: Connection, pool: Pool
) -> None:
    site.app.state.parts = replace(site.app.state.parts, ring=RING)
    number = await served(phone)
    for sort, content in (("voice", SPOKEN), ("signature", DRAWN)):
        await told(await phone.browser.post("/visits/files", json=attached(number, sort, content)))
    later = NOON + timedelta(days=181)
    async with pool.connection() as service:
        sweeps = await retention.due(service, later, [], 100)
    for one in sweeps:
        while await retention.work(pool, one, later):
            pass
    rows = await (await conn.execute("select sort from visit_file")).fetchall()
    assert [row["sort"] for row in rows] == ["signature"]


async def test_a_sheet_has_a_label_for_each_door_of_a_place_that_has_none(
    phone: Phone, office: httpx.AsyncClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(["the-code-of-green-aa", "the-code-of-yellow-b", "another-of-green-ccc"])
    monkeypatch.setattr("cloud.visits.records.tag_routes.secrets.token_urlsafe", lambda _: next(codes))
    monkeypatch.setattr(tag_routes, "SHEET", 1)
    ask = {"division": "431202000000"}
    first = await told(await office.post("/visits/tags/sheet", json=ask))
    (label,) = first["labels"]
    assert (label["home"], first["more"]) == ("green", True)
    assert label["qr"] == tag_routes.picture("", "the-code-of-green-aa")
    assert set(label) == {"id", "home", "qr"}  # neither a name nor an address
    second = await told(await office.post("/visits/tags/sheet", json=ask))
    assert [one["home"] for one in second["labels"]] == ["yellow"]
    (arrived,) = await phone.send(phone.event(uuid.uuid4(), "arrive", tag="the-code-of-yellow-b"))
    assert arrived["visit"]["arrival"] == "tag"
    assert await told(await office.post("/visits/tags/sheet", json=ask)) == {"labels": [], "more": False}
    lost = await told(await office.post("/visits/tags/sheet", json=ask | {"again": True}))
    assert [one["home"] for one in lost["labels"]] == ["green"]
    for elsewhere in ("431221000000", "431202001000"):  # another county, and a town where nobody lives
        answer = await told(await office.post("/visits/tags/sheet", json={"division": elsewhere}))
        assert answer["labels"] == []
