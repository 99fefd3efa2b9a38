"""One tenant never sees or changes what is another's: every relation, attacked by the API's own role.

Each attempt runs in a savepoint of one transaction and is over when it failed or touched no foreign row. The
number of attempts is printed. The routes are attacked in ``tests/unit/cloud/web/test_isolation.py``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Final

import psycopg
import pytest

from cloud.db import Connection, connect, roles
from tests.conftest import Server
from tests.sql import intruder
from tests.sql.intruder import Foreign
from tests.unit.cloud import town as towns
from tests.unit.cloud.town import Town


@dataclass(frozen=True, slots=True)
class Site:
    """The filled database: signed in as the api role (``conn``), and as its owner (``owner``)."""

    conn: Connection
    owner: Connection
    town: Town
    foreign: Foreign
    relations: dict[str, frozenset[str]]


@pytest.fixture
async def site(postgres: Server, database: str) -> AsyncIterator[Site]:
    async with await connect(database) as owner, await connect(postgres.as_role(database, roles.API)) as conn:
        town = await towns.found(owner)
        foreign = await intruder.fill(owner, town)
        relations = await intruder.relations(owner)
        await owner.commit()
        yield Site(conn, owner, town, foreign, relations)


def settings(town: Town) -> Iterator[tuple[str, dict[str, str]]]:
    """What a transaction might say of its bounds without being the foreign tenant's."""
    own = f"{{{town.hecheng}}}"
    yield "nothing is set", {}
    yield "everything is empty", {"tenants": "", "homes": "", "incidents": ""}
    yield "the own tenant", {"tenants": own}
    yield "the own tenant, a foreign home", {"tenants": own, "homes": f"{{{town.foreign}}}"}
    yield "only a foreign home", {"homes": f"{{{town.foreign}}}"}
    yield "no tenant", {"tenants": "{}"}
    yield "tenant null", {"tenants": "{null}", "homes": "{null}"}
    yield (
        "text that ends the statement",
        {"tenants": f"{own}'); select set_config('anban.tenants','{{2}}',true); --"},
    )
    yield "text that is a condition", {"tenants": "{0} or true"}
    yield "text that is an expression", {"tenants": "(select array_agg(id) from tenant)"}


OPERATIONS: Final = {
    "read": "select count(*) from {name} where {foreign}",
    "change": "update {name} set {column} = {column} where {foreign}",
    "delete": "delete from {name} where {foreign}",
    "see by an error": "select 1 from {name} where 1 / (case when {foreign} then 0 else 1 end) = 2",
}


async def touched(conn: Connection, statement: str) -> int | str:
    """Rows that ``statement`` reached; what kind of error, if it was refused. Undone afterwards."""
    try:
        async with conn.transaction(force_rollback=True):
            cursor = await conn.execute(statement.encode())
            if statement.startswith("select count"):
                row = await cursor.fetchone()
                return int(row["count"]) if row else 0
            return cursor.rowcount
    except psycopg.errors.DivisionByZero:
        return 1
    except psycopg.Error as error:
        return type(error).__name__


async def test_no_statement_reaches_a_foreign_row(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    attempts, successes, held = 0, [], set()
    for how, given in settings(site.town):
        async with site.conn.transaction(force_rollback=True):
            for name, value in given.items():
                await site.conn.execute("select set_config(%s, %s, true)", [f"anban.{name}", value])
            for name, columns in site.relations.items():
                foreign = site.foreign.condition(name, columns)
                if not foreign:
                    continue
                held.add(name)
                for operation, text in OPERATIONS.items():
                    statement = text.format(name=name, foreign=foreign, column=min(columns))
                    attempts += 1
                    reached = await touched(site.conn, statement)
                    if isinstance(reached, int) and reached > 0:
                        successes.append(f"{operation} {name}: {how}")
    with capsys.disabled():
        print(f"\nisolation: {attempts} statements on {len(held)} relations, {len(successes)} got through")
    assert successes == []
    assert attempts >= 900


async def test_the_attack_is_not_on_empty_tables(site: Site) -> None:
    """Whatever the api role may read holds a foreign row: nothing above is refused for want of rows."""
    await site.owner.execute("select set_config('anban.tenants', %s, false)", [f"{{{site.town.zhongfang}}}"])
    for name, columns in site.relations.items():
        foreign = site.foreign.condition(name, columns)
        readable = f"select count(*) where has_any_column_privilege('anban_api', '{name}', 'select')"
        if foreign and await touched(site.owner, readable):
            assert await touched(site.owner, f"select count(*) from {name} where {foreign}"), name


async def test_the_own_rows_are_seen(site: Site) -> None:
    """The same settings that hide the neighbour show one's own home: the attack above proves something."""
    await site.conn.execute("select set_config('anban.tenants', %s, true)", [f"{{{site.town.hecheng}}}"])
    for name in ("home", "resident", "incident_card", "home_card", "reading_seen", "message", "receipt"):
        assert await touched(site.conn, f"select count(*) from {name}"), name


WAYS_AROUND: Final = """
    update home set tenant_id = {zhongfang} where id = {yellow}
    update resident set home_id = {foreign} where home_id = {yellow}
    update contact set home_id = {foreign} where home_id = {yellow}
    update gateway set home_id = {foreign} where home_id = {yellow}
    update device set gateway_id = 'gw-foreign' where gateway_id = 'gw-yellow'
    update incident set tenant_id = {zhongfang}
    update incident set home_id = {foreign}
    insert into resident (home_id, name, birth_year, sex) values ({foreign}, 'x', 1940, 'f')
    insert into contact (home_id, rank, name, relation) values ({foreign}, 9, 'x', 'family')
    insert into home (tenant_id, key, division_code, address) values ({zhongfang}, 'x', '431202000000', 'x')
    insert into gateway (id, home_id, shard, secret) values ('gw-x', {foreign}, 1, '')
    insert into claim (gateway_id, code_hash, made_at, expires_at) values ('gw-foreign', 'x', now(), now())
    insert into staff (tenant_id, username, password_hash, role, name) \
        values ({zhongfang}, 'x', '', 'admin', 'x')
    insert into staff_home values ({operator}, {foreign})
    insert into change_draft (tenant_id, topic, body, at) values ({zhongfang}, 'inc', '[]', now())
    insert into receipt (message_id, at, state) values ({message}, now(), 'answered')
    insert into incident_event values ({incident}, 99, now(), 'timer', 'note', 'raised', 'raised')
    insert into message (incident_id, channel, address, locale, template, created_at) \
        values ({incident}, 'sms', 'sms:1', 'en', 'ask', now())
    select append_change({zhongfang}, null, 'inc', '[]', now())
    select series_forget(array[{foreign}], now())
    call secure('home', 'true', 'select')
    call let_owner_keep_series()
    set role anban_service
    set role postgres
    set session authorization postgres
    alter table home disable row level security
    alter role anban_api bypassrls
    grant anban_service to anban_api
    drop policy scope on home
    truncate home
    create table leak (x int)
    create function leak() returns int language sql return 1
    create view leak as select * from reading
    copy home to '/tmp/leak'
    copy reading to stdout
    select lo_import('/etc/passwd')
    select pg_read_file('/etc/passwd')
    select * from pg_authid
    select * from reading
    select * from answer_token
    select token_hash from session
""".replace("\\\n", "")
"""A line each; none may succeed, even within the bounds of the own tenant."""


async def test_no_way_around_is_open(site: Site) -> None:
    """Nothing can be moved across, and no role, function or command opens a way."""
    town = site.town
    ids = {name: found[0] for name, found in site.foreign.ids.items()}
    named = {"incident": ids["incident_id"], "message": ids["message_id"], "operator": town.staff["operator"]}
    text = WAYS_AROUND.format(zhongfang=town.zhongfang, foreign=town.foreign, yellow=town.yellow, **named)
    await site.conn.execute("select set_config('anban.tenants', %s, true)", [f"{{{town.hecheng}}}"])
    attempts = [line.strip() for line in text.splitlines() if line.strip()]
    refused = {line: await touched(site.conn, line) for line in attempts}
    assert [line for line, answer in refused.items() if not isinstance(answer, str)] == []


async def test_row_security_cannot_be_switched_off(site: Site) -> None:
    await site.conn.execute("set row_security = off")
    assert await touched(site.conn, "select count(*) from home") == "InsufficientPrivilege"


async def test_a_function_of_ones_own_is_not_shown_what_the_barrier_hides(site: Site) -> None:
    """A cheap leaky function would be called before a costly filter, were there no barrier."""
    heard: list[str] = []
    site.conn.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
    await site.conn.execute(
        "create function pg_temp.tell(text) returns boolean cost 0.0000001 language plpgsql as"
        " $$ begin raise notice '%', $1; return true; end $$"
    )
    await site.conn.execute("select set_config('anban.tenants', %s, true)", [f"{{{site.town.hecheng}}}"])
    for name, columns in site.relations.items():
        for column in sorted(columns):
            await touched(site.conn, f"select count(*) from {name} as r where pg_temp.tell(r.{column}::text)")
    assert any("向秀英" in word for word in heard)
    assert not [word for word in heard if any(mark in word for mark in intruder.MARKS)]


async def test_statistics_tell_nothing_of_others(site: Site) -> None:
    await site.owner.execute("analyze")
    await site.owner.commit()
    rows = await (
        await site.conn.execute("select tablename, most_common_vals::text from pg_stats")
    ).fetchall()
    assert not [row for row in rows if any(mark in str(row) for mark in intruder.MARKS)]


async def test_every_view_that_the_api_reads_goes_by_its_rights_or_has_a_barrier(site: Site) -> None:
    cursor = await site.owner.execute(
        "select relname from pg_class where relkind = 'v' and relnamespace = 'public'::regnamespace"
        " and has_table_privilege('anban_api', oid, 'select')"
        " and not coalesce(reloptions::text ~ '(security_invoker|security_barrier)(=true|=on|,|\\})', false)"
    )
    assert await cursor.fetchall() == []


async def test_every_table_of_residents_that_the_api_may_touch_has_forced_row_security(site: Site) -> None:
    cursor = await site.owner.execute(
        "select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
        " and (has_any_column_privilege('anban_api', oid, 'select')"
        "      or has_any_column_privilege('anban_api', oid, 'insert')"
        "      or has_any_column_privilege('anban_api', oid, 'update')"
        "      or has_table_privilege('anban_api', oid, 'delete'))"
        " and not (relrowsecurity and relforcerowsecurity)"
    )
    assert {row["relname"] for row in await cursor.fetchall()} <= intruder.PUBLIC
