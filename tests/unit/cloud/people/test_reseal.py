"""Numbers in the database: sealed by the loader, sealed anew, and opened where they are needed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cloud.auth import Purpose, Scope
from cloud.db import Connection, Pool
from cloud.dispatch import search
from cloud.incidents import store
from cloud.incidents.rows import SQL, tell
from cloud.ingest import commands, plans
from cloud.notify import NotifyError, Outgoing, Receipt
from cloud.notify.deliver import Post, deliver
from cloud.people import numbers, roster_store
from cloud.people import reseal as resealing
from cloud.people import roster as people
from cloud.people.card import home_card
from cloud.people.reseal import reseal
from cloud.sealed import NO_KEYS, Key, Keyring, SealError
from firmware_protocols.wire import plan as documents
from firmware_protocols.wire.plan import Phones
from tests.harness import roster
from tests.unit.cloud.town import NOON

OLD = Keyring((Key.of("k1", "aes", bytes(32)),))
NEW = Keyring((Key.of("k2", "aes", bytes(range(32))), *OLD.keys))
RESIDENT, NEIGHBOUR, DUTY, ID_NUMBER = "0745-2712345", "138 1234 5678", "+8613700000003", "11010519491231002X"
SECRETS = ("2712345", "12345678", "1234 5678", "13700000003", "74512345", ID_NUMBER)
CENTRE = "+8674512345"
SCOPE = Scope((1,), None, Purpose.CONSOLE)


def _roster() -> people.Roster:
    raw = roster(1, contacts=[{"rank": 1, "name": "舒", "relation": "neighbour", "phone": NEIGHBOUR},
                              {"rank": 2, "name": "杨", "relation": "family", "has_key": True,
                               "channels": ["json://127.0.0.1:1/x", f"sms:{NEIGHBOUR}"]}])  # fmt: skip
    raw["tenant"]["duty_channels"] = [f"sms:{DUTY}"]
    raw["homes"][0]["resident"] |= {"phone": RESIDENT, "id_number": ID_NUMBER.lower()}
    raw["homes"][0]["plan"] = {"phones": {"centre": CENTRE, "contacts": ["+8613812345678"]}}
    return people.parse(msgspec.json.encode(raw))


async def _whole(conn: Connection) -> str:
    """Everything the tables hold that may hold a number, as a thief of the database reads it."""
    found = []
    for table in (
        "resident",
        "contact",
        "tenant",
        "rung",
        "message",
        "change",
        "incident",
        "gateway",
        "plan",
        "command",
    ):
        cursor = await conn.execute(f"select t::text as row from {table} t".encode())
        found += [row["row"] for row in await cursor.fetchall()]
    return "\n".join(found)


async def _incident(conn: Connection) -> int:
    """An incident whose ladder runs and whose duty manager was paged; the plan is on its way home."""
    await conn.execute(
        "insert into incident"
        " (tenant_id, home_id, kind, family, priority, state, state_since, observed_at, opened_at)"
        " values (1, 1, 'sos', 'call', 1, 'raised', %(n)s, %(n)s, %(n)s)",
        {"n": NOON},
    )
    await conn.execute(SQL["freeze_ladder"], {"incident_id": 1, "home_id": 1})
    await tell(conn, 1, [1, 2], "ask", NOON)
    await conn.execute("update gateway set online = true")
    await plans.offer(conn, NOON)
    await conn.execute(SQL["page_supervisor"], {"incident_id": 1, "now": NOON})
    await conn.commit()
    return 1


async def test_a_stolen_database_holds_no_number(conn: Connection) -> None:
    await roster_store.load(conn, _roster(), OLD)
    await _incident(conn)
    whole = await _whole(conn)
    assert not [secret for secret in SECRETS if secret in whole]
    assert whole.count("~aes:k1:") >= 8


async def test_who_may_see_numbers_sees_them_and_the_id_number_only_masked(conn: Connection) -> None:
    await roster_store.load(conn, _roster(), OLD)
    incident = await _incident(conn)
    card = await home_card(conn, SCOPE, 1, NOON, ring=OLD)
    assert card is not None
    assert card.resident is not None
    assert (card.resident.phone, card.resident.id_number) == (RESIDENT, "1101**********002X")
    assert card.contacts[0].phone == NEIGHBOUR
    pane = await store.detail(conn, SCOPE, incident, OLD)
    assert (pane.resident_phone, pane.ladder[0].phone) == (RESIDENT, NEIGHBOUR)
    assert [message.address for message in pane.messages] == ["sms:…678", "json:…1/x", "sms:…003"]


class Phone:
    """A channel that remembers where it sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def deliver(self, message: Outgoing) -> Receipt:
        self.sent.append(message.address)
        return Receipt()


class Broken:
    """A channel that never works."""

    async def deliver(self, message: Outgoing) -> Receipt:
        raise NotifyError("broken", permanent=True)


async def test_a_message_goes_to_the_number_itself_and_to_the_next_channel_after_a_rotation(
    pool: Pool, conn: Connection
) -> None:
    await roster_store.load(conn, _roster(), OLD)
    await _incident(conn)
    assert await reseal(pool, NEW) > 0
    phone = Phone()
    post = Post({"sms": phone, "json": Broken()}, "", NEW)
    for message in (1, 2, 3, 4):  # the fourth is the next channel of the second
        await deliver(pool, post, message, NOON)
    assert sorted(phone.sent) == sorted([f"sms:{NEIGHBOUR}", f"sms:{DUTY}", f"sms:{NEIGHBOUR}"])


async def test_a_number_whose_key_is_lost_fails_for_good_and_the_screen_still_shows_the_rest(
    pool: Pool, conn: Connection
) -> None:
    await roster_store.load(conn, _roster(), OLD)
    incident = await _incident(conn)
    stranger = Keyring((Key.of("k9", "aes", bytes(range(32))),))
    await deliver(pool, Post({"sms": Phone()}, "", stranger), 1, NOON)
    state = await (await conn.execute("select state from message where id = 1")).fetchone()
    assert state == {"state": "failed"}
    pane = await store.detail(conn, SCOPE, incident, stranger)
    assert (pane.resident_phone, pane.ladder[0].phone, pane.ladder[0].name) == ("", "", "舒")
    with pytest.raises(SealError, match="key k1"):
        await reseal(pool, stranger)


async def test_plain_rows_from_before_are_sealed_and_older_ones_anew(
    pool: Pool, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await roster_store.load(conn, _roster(), NO_KEYS)
    await _incident(conn)
    assert SECRETS[0] in await _whole(conn)
    await conn.commit()
    monkeypatch.setattr(resealing, "BATCH", 1)
    for ring, count in ((NO_KEYS, 0), (OLD, 7), (OLD, 0), (NEW, 7), (NEW, 0)):
        assert await reseal(pool, ring) == count
        await conn.rollback()
    whole = await _whole(conn)
    assert not [secret for secret in SECRETS if secret in whole]
    assert "~aes:k1:" not in whole
    card = await home_card(conn, SCOPE, 1, NOON, ring=Keyring(NEW.keys[:1]))
    assert card is not None
    assert card.resident is not None
    assert card.resident.phone == RESIDENT


async def test_a_plan_under_way_is_sealed_anew_and_reaches_its_gateway_as_the_same_version(
    pool: Pool, conn: Connection
) -> None:
    await roster_store.load(conn, _roster(), OLD)
    await _incident(conn)
    assert await reseal(pool, NEW) > 0
    ((_, command),) = await commands.claim(conn, Keyring(NEW.keys[:1]), (0, 255), NOON)
    plan = documents.parse(command.args["plan"])
    assert (plan.version, plan.phones) == (1, Phones(centre=CENTRE, contacts=("+8613812345678",)))


async def test_whoever_is_stopped_in_the_middle_goes_on_where_it_stood(
    pool: Pool, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw: dict[str, Any] = roster(6)
    await roster_store.load(conn, people.parse(msgspec.json.encode(raw)), OLD)
    await conn.commit()
    monkeypatch.setattr(resealing, "BATCH", 2)
    await conn.execute("alter table resident add constraint stop check (id < 5 or phone not like '~aes:k2%')")
    await conn.commit()
    with pytest.raises(Exception, match="stop"):
        await reseal(pool, NEW)
    found = await (
        await conn.execute("select count(*) as n from resident where phone like '~aes:k2%'")
    ).fetchone()
    assert found == {"n": 4}
    await conn.execute("alter table resident drop constraint stop")
    await conn.commit()
    assert await reseal(pool, NEW) == 2


def test_a_roster_with_a_wrong_id_number_is_refused_without_repeating_it() -> None:
    raw = roster(1)
    raw["homes"][0]["resident"]["id_number"] = "110105194912310021"
    with pytest.raises(
        people.RosterError, match="home h001: the check digit of the ID number is wrong"
    ) as raised:
        people.parse(msgspec.json.encode(raw))
    assert "110105" not in str(raised.value)


async def test_whoever_may_be_called_is_sealed_under_a_context_of_their_own_and_still_reached(
    conn: Connection, pool: Pool
) -> None:
    await roster_store.load(conn, _roster(), OLD)
    await _incident(conn)
    called = numbers.responder_columns(OLD, 1, phone=NEIGHBOUR, channels=[f"sms:{NEIGHBOUR}"])
    await conn.execute(
        "insert into responder (tenant_id, kind, name, phone, phone_mark, channels, consent_at) values"
        " (1, 'neighbour', '舒', %(phone)s, %(phone_mark)s, %(channels)s, %(now)s)",
        {**called, "now": NOON},
    )
    same = await (await conn.execute("select relation from responder_contact")).fetchall()
    assert [row["relation"] for row in same] == ["neighbour"], (
        "known again by the mark, though both are sealed"
    )
    await conn.execute(
        "insert into callout_ask (incident_id, responder_id, asked_at, asked_by, night, travel_s, distance_m,"
        " in_visit, has_key) values (1, 1, %s, 'policy', false, 60, 100, false, false)",
        [NOON],
    )
    await conn.execute("delete from message")
    told = {"ask_ids": [1], "template": "ask", "now": NOON}
    await conn.execute(search.SQL["tell"], told)
    await conn.commit()
    await reseal(pool, NEW)
    row = await (await conn.execute("select id, address from message")).fetchone()
    assert row is not None
    assert row["address"].startswith("sms:~aes:k2:")
    sent: list[Outgoing] = []

    class Carrier:
        async def deliver(self, message: Outgoing) -> Receipt:
            sent.append(message)
            return Receipt()

    await deliver(pool, Post({"sms": Carrier()}, "https://anban.example", NEW), row["id"], NOON)
    assert [message.address for message in sent] == [f"sms:{NEIGHBOUR}"]


async def test_a_number_without_a_mark_is_marked_anew_and_found(conn: Connection, pool: Pool) -> None:
    """Whoever changes the form in which numbers are marked takes the old marks away."""
    await roster_store.load(conn, _roster(), OLD)
    await conn.execute("update resident set phone_mark = null")
    await conn.execute("update contact set phone_mark = null")
    await conn.commit()
    assert await reseal(pool, OLD) == 2
    assert await reseal(pool, OLD) == 0
    row = await (await conn.execute("select phone_mark from resident")).fetchone()
    assert row is not None
    assert row["phone_mark"] in OLD.marks("+867452712345")
