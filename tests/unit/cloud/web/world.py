"""Two tenants of one cloud, each with as much as one wants of everything, and everybody of one who may ask.

What this is: the site with every way switched on, the things that requests name, and the requests of the
document. What it is not: a judgement of the answers (``test_isolation``).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx

from cloud import api_tokens, sealed
from cloud.auth import Permission, Principal, Role
from cloud.db import Connection
from cloud.incidents.model import IncidentState
from cloud.learning.suggest import Basis
from cloud.openapi import DOCUMENT
from cloud.settings import Broker, Enrolment, Notify, Oidc, Settings
from cloud.web import API, create_app
from tests.sql import intruder
from tests.unit.cloud import town as towns
from tests.unit.cloud.conftest import Site
from tests.unit.cloud.stream.console import until
from tests.unit.cloud.town import NOON, PASSWORD
from tests.unit.cloud.web.orders import FIXED, NAMED, NUMBERED, ORDERS, Order, Things
from tests.unit.cloud.web.test_access import ACCESS, APART

CONTRACT: Final[dict[str, Any]] = json.loads(DOCUMENT.read_bytes())
"""The document; ``test_openapi`` holds it against the application, which takes a second to tell it."""
METHODS: Final = frozenset({"get", "post", "put", "delete"})
PEOPLE: Final = tuple(role for role in Role if role is not Role.SERVICE)
RESTRICTED: Final = (Role.CASEWORKER, Role.RESPONDER, Role.FAMILY)
TOKENS: Final = {
    Permission.READ_WALL: frozenset({"followWall"}),
    Permission.READ_HOME: frozenset({"readHome", "readSeries"}),
    Permission.READ_FIGURES: frozenset(
        {
            "readFigures",
            "listTenants",
            "readUsage",
            "listIndicators",
            "listReportMonths",
            "readReport",
            "readTrend",
            "downloadReport",
        }
    ),
    Permission.READ_AUDIT: frozenset({"readAuditTrail"}),
}
"""What a service may do with a token of each permission, beside asking who it is."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document, with its order and who may do it."""

    id: str
    method: str
    path: str
    order: Order
    roles: frozenset[Role]

    @property
    def address(self) -> str:
        """Its address, with names for what it names."""
        return f"http://anban.test{self.path}"

    def request(self, things: Things) -> dict[str, Any]:
        """Method, address, query and body that name ``things``."""
        parts = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        named = {part: getattr(things, self._named(part)) for part in parts if part not in FIXED}
        url = self.address.format(**FIXED, **named)
        body = self.order.body(things) if self.order.body else None
        return {"method": self.method, "url": url, "json": body, "params": self.order.query(things)}

    def attacks(self, own: Things, theirs: Things) -> Iterator[tuple[str, dict[str, Any]]]:
        """Requests that name one thing of theirs, and one that names nothing else; and what that is.

        ``none``: a read that names nothing, so that it shows whatever the asker may see.
        """
        plain = self.request(own)
        for thing in fields(Things):
            asked = self.request(replace(own, **{thing.name: getattr(theirs, thing.name)}))
            if asked != plain:
                yield thing.name, asked
        if self.request(theirs) != plain:
            yield "all", self.request(theirs)
        elif self.method == "get":
            yield "none", plain

    def _named(self, part: str) -> str:
        if part == "number":
            return NUMBERED[self.path.removeprefix(f"{API}/register/").split("/")[0]]
        return NAMED.get(part, part.removesuffix("_id"))


class Asker(NamedTuple):
    """Somebody who asks: called what, allowed what, and how."""

    name: str
    may: Callable[[Operation], bool]
    browser: httpx.AsyncClient


@dataclass(slots=True)
class World:
    """``third``: a tenant that both have asked for help."""

    site: Site
    conn: Connection
    third: int
    _numbers: Iterator[int] = field(default_factory=count)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def operations(self) -> list[Operation]:
        """All that have an order."""
        return [
            Operation(
                name,
                method,
                path,
                ORDERS[name],
                ACCESS[method.upper(), path.removeprefix(API)] or frozenset(),
            )
            for path, methods in CONTRACT["paths"].items()
            for method in METHODS & set(methods)
            if (name := methods[method]["operationId"]) in ORDERS
        ]

    async def things(
        self, *, hidden: bool = False, assigned: bool = True, order: Order | None = None
    ) -> Things:
        """A home with all that a tenant can have of it, of the askers' tenant or (``hidden``) of the other.

        ``assigned``: to those of the askers' tenant who see only their own homes. ``order``: what for.
        """
        town, number = self.site.town, next(self._numbers)
        key, name = (f"hidden{number}", "石金花") if hidden else (f"own{number}", "向秀英")
        tenant = town.zhongfang if hidden else town.hecheng
        home = await towns.home(self.conn, tenant, key, name)
        made: dict[str, Any] = {
            "tenant": tenant,
            "home": home,
            "key": key,
            "person": await towns.person(self.conn, tenant, f"{key}-person", Role.OPERATOR),
            "incident": await intruder.incident(self.conn, tenant, key, home),
        }
        known = made | {"now": NOON, "later": NOON + timedelta(hours=9), "third": self.third}
        made |= {column: await self._number(statement, known) for column, statement in _NUMBERED.items()}
        await self._seal(made["file"], made["visit"])
        for statement in _BESIDE:
            await self.conn.execute(statement.encode(), known)
        things = Things(**made, **_names(key, hidden=hidden))
        if assigned and not hidden:
            await self._assign(home)
        await self._prepare(things, order or Order())
        await self.conn.commit()
        return things

    async def everybody(self) -> list[Asker]:
        """One of each kind of people and services of the askers' tenant."""
        people = [Asker(role.value, _as_person(role), await self.present(role.value)) for role in PEOPLE]
        services = [Asker(f"token {held}", _as_service(held), await self._token(held)) for held in TOKENS]
        return people + services

    async def present(self, username: str) -> httpx.AsyncClient:
        """A browser whose owner has just shown that it is them at the screen."""
        browser = await self.site.signed_in(username)
        assert (await browser.post("/session/presence", json={"password": PASSWORD})).status_code == 204
        return browser

    async def somebody(self, role: str, own: Things) -> tuple[httpx.AsyncClient, Things]:
        """A person of that role whom nobody else needs, with their session."""
        username = f"{own.key}-{role}"
        await towns.person(self.conn, own.tenant, username, Role(role))
        await self.conn.commit()
        browser = await self.present(username)
        (session,) = (await browser.get("/account/sessions")).json()["sessions"]
        return browser, replace(own, session=session["id"])

    async def ask(self, browser: httpx.AsyncClient, asked: dict[str, Any]) -> httpx.Response:
        """The answer, a moment later; who follows the log finds it read to its end."""
        self.site.clock.turn(APART)
        if asked["url"].endswith("/stream"):
            await self.read_log()
        return await browser.request(**asked)

    async def read_log(self) -> int:
        """Let the process's feed come to where the log ends, and say where; first of all it begins there."""
        feed = self.site.app.state.feed
        if not self._tasks:
            self._tasks.append(asyncio.create_task(feed.run()))
        newest = await self._number("select coalesce(max(id), 0) from change", {})
        await until(lambda: bool(feed.current) and feed.last_id >= newest)
        return newest

    async def state(self, things: Things) -> dict[str, str]:
        """A digest of every row of every relation that says something about ``things``."""
        ids: dict[str, tuple[int | str, ...]] = {
            "home_id": (things.home,), "gateway_id": (things.gateway,), "staff_id": (things.person,),
            "incident_id": (things.incident,), "resident_id": (things.resident,),
        }  # fmt: skip
        if things.tenant != self.site.town.hecheng:  # the askers' own goes on living
            ids["tenant_id"] = (things.tenant,)
        theirs, digests = intruder.Foreign(ids), []
        for name, columns in (await intruder.relations(self.conn)).items():
            if condition := theirs.condition(name, columns):
                digest = "md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as digest"
                digests.append(f"select '{name}' as name, {digest} from {name} t where {condition}")
        rows = await self.conn.execute(" union all ".join(digests).encode())
        return {row["name"]: row["digest"] for row in await rows.fetchall()}

    async def close(self) -> None:
        """Stop reading the log."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _number(self, statement: str, known: dict[str, Any]) -> int:
        row = await (await self.conn.execute(statement.encode(), known)).fetchone()
        assert row is not None, statement
        return int(next(iter(row.values())))

    async def _seal(self, file: int, visit: int) -> None:
        ring = self.site.app.state.parts.ring
        values = [ring.prefix, ring.seal_bytes(b"x", sealed.visit(visit)), file]
        await self.conn.execute("update visit_file set seal = %s, sealed = %s where id = %s", values)

    async def _assign(self, home: int) -> None:
        for role in RESTRICTED:
            await self.conn.execute(
                "insert into staff_home values (%s, %s)", [self.site.town.staff[role.value], home]
            )

    async def _prepare(self, things: Things, order: Order) -> None:
        closed_at = NOON if order.state in {IncidentState.RESOLVED, IncidentState.CLOSED} else None
        values = [order.state.value, closed_at, things.incident]
        await self.conn.execute("update incident set state = %s, closed_at = %s where id = %s", values)
        for statement in order.before:
            await self.conn.execute(statement.encode(), asdict(things))

    async def _token(self, permission: Permission) -> httpx.AsyncClient:
        town = self.site.town
        admin = Principal(town.staff["admin"], town.hecheng, Role.ADMIN, "", "en", None)
        asked = api_tokens.NewToken("x", frozenset({permission}), NOON + timedelta(days=1))
        _, token = await api_tokens.draw(self.conn, admin, asked, NOON)
        await self.conn.commit()
        service = self.site.browser()
        service.headers["Authorization"] = f"Bearer {token}"
        return service


def _as_person(role: Role) -> Callable[[Operation], bool]:
    return lambda operation: role in operation.roles


def _as_service(held: Permission) -> Callable[[Operation], bool]:
    return lambda operation: operation.id in TOKENS[held] | {"whoAmI"}


def _names(key: str, *, hidden: bool) -> dict[str, Any]:
    """The names among the things; where one's own are free, the other tenant's are taken."""
    return {
        "code": "zhongfang" if hidden else "hecheng",
        "neighbour": "hecheng" if hidden else "zhongfang",
        "division": "431221000000" if hidden else "431202000000",
        "gateway": f"gw-{key}",
        "username": f"{key}-person",
        "free_username": f"{key}-person" if hidden else f"{key}-new",
        "free_gateway": f"gw-{key}" if hidden else f"gw-{key}-new",
    }


BASIS: Final = json.dumps(
    Basis(0, 3, 3, 0, 0, 900.0, 12.9, 0.23, 0.0, false_gone_low=0.44, false_gone_high=1.0).document
)
_NUMBERED: Final = {
    "tenant_version": "select version from tenant where id = %(tenant)s",
    "resident": "select id from resident where home_id = %(home)s",
    "contact": "select id from contact where home_id = %(home)s",
    "device": "select id from device where gateway_id = 'gw-' || %(key)s",
    "hold": "insert into legal_hold (resident_id, reason, actor, at)"
    " select id, %(key)s, %(key)s, %(now)s from resident where home_id = %(home)s returning id",
    "proposal": "insert into threshold_proposal (home_id, path, held, becomes, basis, made_at, made_by)"
    f" values (%(home)s, 'rules.night_door.wait_s', 1800, 2700, '{BASIS}', %(now)s, %(key)s) returning id",
    "mute": "insert into mute (home_id, why, reason, since, until, set_by)"
    " values (%(home)s, 'works', %(key)s, %(now)s, %(later)s, %(person)s) returning id",
    "handover": "with before as (update handover set withdrawn_at = %(now)s"
    " where tenant_id = %(tenant)s and taken_at is null and withdrawn_at is null returning id)"
    " insert into handover (tenant_id, note, items, given_by, given_at)"
    " select %(tenant)s, %(key)s, array[%(incident)s], %(person)s, %(now)s"
    " from (select count(*) from before) as first returning id",
    "responder": "with workers as (insert into responder"
    " (tenant_id, kind, staff_id, name, channels, latitude, longitude, duty_since)"
    " select tenant_id, 'worker', id, name, '{sms:+8613700000002}', 27.56, 109.99, %(now)s from staff"
    " where tenant_id = %(tenant)s on conflict (staff_id) do update set duty_since = excluded.duty_since)"
    " insert into responder (tenant_id, kind, name, channels, latitude, longitude, consent_at)"
    " values (%(tenant)s, 'neighbour', %(key)s, '{sms:+8613700000001}', 27.56, 109.99, %(now)s) returning id",
    "centre": "insert into centre (tenant_id, name, latitude, longitude)"
    " values (%(tenant)s, %(key)s, 27.5, 109.9) returning id",
    "worker": "select id from responder where staff_id = %(person)s",
    "shift": "insert into duty_shift (responder_id, begin_at, end_at, made_by, made_at)"
    " select id, %(now)s, %(later)s, %(person)s, %(now)s from responder where staff_id = %(person)s"
    " returning id",
    "account": "insert into time_account (tenant_id, sort, resident_id, opened_at)"
    " select %(tenant)s, 'person', id, %(now)s from resident where home_id = %(home)s returning id",
    "entry": "with services as (insert into time_account (tenant_id, sort, opened_at)"
    " values (%(tenant)s, 'services', %(now)s)"
    " on conflict (tenant_id, sort) where sort in ('services', 'pool')"
    " do update set opened_at = excluded.opened_at returning id)"
    " insert into time_entry"
    " (tenant_id, kind, giver, taker, minutes, on_day, at, actor, source, began_at, ended_at)"
    " select %(tenant)s, 'earn', services.id, own.id, 120, '2026-11-18', %(now)s, %(key)s, %(key)s,"
    " '2026-11-18T09:00Z', '2026-11-18T11:00Z' from services, time_account as own"
    " where own.resident_id = (select id from resident where home_id = %(home)s) returning id",
    "paper": "insert into time_certificate"
    " (tenant_id, account_id, served_min, visits, since, until, issued_on, issued_at, issued_by)"
    " select %(tenant)s, own.id, 120, 1, '2026-11-18', '2026-11-18', '2026-11-20', %(now)s, %(person)s"
    " from time_account as own where own.resident_id = (select id from resident where home_id = %(home)s)"
    " returning id",
    "campaign": "insert into visit_campaign"
    " (tenant_id, name, occasion, since, due_at, until, groups, ways, made_by, made_at) values"
    " (%(tenant)s, %(key)s, 'cold', %(now)s, %(later)s, %(later)s, '{high}', '{home}', %(person)s, %(now)s)"
    " returning id",
    "order": "insert into service_order (tenant_id, home_id, resident_id, kind, services, weekdays, open_min,"
    " due_min, since, made_by, made_at, due_at)"
    " select %(tenant)s, home_id, id, 'service', '{meals}', '{1}', 660, 720, '2026-11-27', %(person)s,"
    " %(now)s, %(now)s from resident where home_id = %(home)s returning id",
    "plan": "insert into day_plan"
    " (tenant_id, township, on_day, asked_at, made_at, appointments, left_out, travel_min)"
    " values (%(tenant)s, '431202001', '2026-11-21', %(now)s, %(now)s, 0, 1, 0) returning id",
    "mend": "insert into day_mend"
    " (tenant_id, township, on_day, asked_at, why, made_at, moved, left_out)"
    " values (%(tenant)s, '431202001', '2026-11-21', %(now)s, '{asked}', %(now)s, 1, 0) returning id",
    "away": "insert into worker_away (staff_id, tenant_id, why, since, said_by, said_at)"
    " values (%(person)s, %(tenant)s, 'sick', %(now)s, %(person)s, %(now)s) returning id",
    "visit": "insert into visit (key, tenant_id, home_id, resident_id, kind, way, made_at)"
    " select gen_random_uuid(), %(tenant)s, home_id, id, 'assessment', 'home', %(now)s"
    " from resident where home_id = %(home)s returning id",
    "file": "insert into visit_file"
    " (visit_id, home_id, staff_id, key, sort, media_type, size, received_at, seal, sealed)"
    " select id, home_id, %(person)s, gen_random_uuid(), 'photo', 'image/png', 1, %(now)s, '', ''"
    " from visit where home_id = %(home)s returning id",
    "assessment": "insert into assessment"
    " (resident_id, home_id, reason, assessed_on, informant, points, coma, diagnoses, risk_events, total,"
    " domains, by_points, level, overrides, first_id, first_signed_at)"
    " select id, home_id, 'first', '2026-11-18', 'self', '{}', false, '[]', '{}', 90, '{}', 0, 0, '{}',"
    " %(person)s, %(now)s from resident where home_id = %(home)s returning id",
    "phone": "insert into push_subscription (staff_id, mark, address, created_at)"
    " select coalesce(min(id), %(person)s), sha256(%(key)s::text::bytea), %(key)s, %(now)s from staff"
    " where tenant_id = %(tenant)s and username = 'family' returning id",
    "tag": "insert into door_tag (home_id, digest, made_by, made_at)"
    " values (%(home)s, sha256(%(key)s::text::bytea), %(person)s, %(now)s) returning id",
    "session": "insert into session (token_hash, staff_id, created_at, seen_at, expires_at)"
    " values (sha256(%(key)s::text::bytea), %(person)s, %(now)s, %(now)s, %(later)s) returning id",
    "grant": "insert into incident_grant (incident_id, tenant_id, kind, given_by, given_at, expires_at)"
    " values (%(incident)s, %(third)s, 'share', %(person)s, %(now)s, %(later)s) returning id",
    "access": "insert into emergency_access"
    " (tenant_id, home_id, incident_id, staff_id, reason, at, until, review_by)"
    " values (%(tenant)s, %(home)s, %(incident)s, %(person)s, %(key)s, %(now)s, %(now)s, %(later)s)"
    " returning id",
    "claim": "insert into claim (gateway_id, code_hash, made_at, expires_at)"
    " values ('gw-' || %(key)s, sha256(%(key)s::text::bytea), %(now)s, %(later)s) returning id",
    "token": "insert into api_token (tenant_id, name, token_hash, permissions, made_by, made_at, expires_at)"
    " values (%(tenant)s, %(key)s::text, sha256(%(key)s::text::bytea), '{}', %(person)s, %(now)s, %(later)s)"
    " returning id",
}
"""The statement that finds or makes each thing that has a number."""
_BESIDE: Final = (
    "insert into responder_home select id, %(home)s, true from responder where tenant_id = %(tenant)s"
    " and name = %(key)s",
    "insert into certificate (serial, gateway_id, key_hash, pem, issued_at, expires_at)"
    " values (to_hex(%(home)s::int), 'gw-' || %(key)s, '', '', %(now)s, %(now)s)",
    "insert into consent_task (home_id, purpose, task, due_at)"
    " values (%(home)s, 'vitals', 'erase', %(later)s)",
    "insert into hush (staff_id, home_id, contacts, kinds, reason, since, until)"
    " select id, %(home)s, '{}', '{}', %(key)s, %(now)s, %(later)s from staff"
    " where tenant_id = %(tenant)s and username = 'family'",
    "update visit_person set since = '2026-01-01T00:00Z' where home_id = %(home)s",
    "insert into visit_worker values (%(person)s, %(tenant)s, '431202001', '{}', 'bike', 27.5, 109.9, 480,"
    " 1020, true, %(person)s, %(now)s)",
    "insert into day_plan_left (plan_id, resident_id, home_id, kind, why)"
    " select max(day_plan.id), resident.id, resident.home_id, 'regular', 'full' from resident, day_plan"
    " where home_id = %(home)s and day_plan.tenant_id = %(tenant)s group by 2, 3",
    "insert into visit_day (resident_id, home_id, assessed, on_day, because, chosen_at)"
    " select id, home_id, false, '2026-11-27', 'due', %(now)s from resident where home_id = %(home)s",
    "insert into service_pause (order_id, home_id, since, why, set_by, set_at)"
    " select id, home_id, '2026-11-27', 'away', %(person)s, %(now)s from service_order"
    " where home_id = %(home)s",
    "insert into visit_moved (mend_id, visit_id, was_ids, now_ids, why)"
    " select max(day_mend.id), max(visit.id), '{}', '{}', 'new' from visit, day_mend"
    " where visit.home_id = %(home)s and day_mend.tenant_id = %(tenant)s",
    "insert into visit_due (resident_id, home_id, due_at, reason, ways, people_group)"
    " select id, home_id, '2026-11-01T00:00Z', 'period', '{home}', 'high' from resident"
    " where home_id = %(home)s",
    "insert into retention (tenant_id, class, days) values (%(tenant)s, 'raw', 30) on conflict do nothing",
    "insert into usage values (%(tenant)s, '2026-11-20', 'homes', 1) on conflict do nothing",
    "insert into audit_entry (at, tenant_id, actor, action, purpose, homes, about, status)"
    " values (%(now)s, %(tenant)s, %(key)s, 'readHome', '', array[%(home)s::int], '', 200)",
    "insert into reading values (%(now)s, %(tenant)s, %(home)s, 1, 1, 0, 66, null)",
    "insert into report (tenant_id, month, version, counted_at, digest, cells)"
    " values (%(tenant)s, '2026-10-01', 1, %(now)s, repeat('0', 64), '[]') on conflict do nothing",
    "insert into incident"
    " (tenant_id, home_id, kind, family, priority, state, state_since, observed_at, opened_at, closed_at)"
    " values (%(tenant)s, %(home)s, 'smoke', 'hazard', 1, 'closed', %(now)s, %(now)s, %(now)s, %(now)s)",
    "insert into message (incident_id, step, channel, address, locale, template, created_at)"
    " values (%(incident)s, 1, 'json', %(key)s, 'en', 'ask', %(now)s)",
)
"""What has no name in a request."""


@asynccontextmanager
async def opened(site: Site, conn: Connection, data: Path) -> AsyncIterator[World]:
    """The world around ``site``'s town; gateways enrol there, and people may come through a provider."""
    settings = Settings(
        data=str(data),
        broker=Broker(host="127.0.0.1", port=8883),
        enrolment=Enrolment(host="mq.test"),
        notify=Notify(channels={"webpush": {"subject": "mailto:duty@anban.test"}}),
        oidc=Oidc(issuer="http://127.0.0.1:1", client_id="anban", client_secret="x"),
    )
    await conn.execute("update tenant set name = 'hidden county' where code = 'zhongfang'")
    await conn.execute(  # every closed incident is drawn
        "create or replace function is_sampled(p_incident bigint) returns boolean language sql immutable"
        " return p_incident > 0"
    )
    made = await conn.execute(
        "insert into tenant (code, name, division_code) values ('third', 'third', '431202000000')"
        " returning id"
    )
    parts = site.app.state.parts
    app = create_app(settings, parts.pool, parts.service, clock=site.clock)
    world = World(replace(site, app=app), conn, (await made.fetchone() or {})["id"])
    yield world
    await world.close()
