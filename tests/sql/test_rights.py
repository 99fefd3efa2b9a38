"""What each role of the database may do at all: no more than its statements need, and no secret.

Which tables the service role changes is told by the statements of the cloud themselves, so a right that
nothing uses any more fails here. What row security shows of a table is attacked in ``test_isolation``.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Final

import psycopg
import pytest

from cloud.db import Connection, connect, roles
from tests.conftest import Server
from tests.sql import intruder
from tests.sql.test_isolation import touched
from tests.sql.test_scope import STATEMENTS, WITHOUT_ROW_SECURITY
from tests.unit.cloud import town as towns
from tests.unit.cloud.town import Town

VERBS: Final = {
    "insert": re.compile(r"\b(?:insert into|copy) (\w+)"),
    "update": re.compile(r"\bupdate (\w+)(?: \w+)? set|\binsert into (\w+)(?:(?!insert into).)*? do update"),
    "delete": re.compile(r"\bdelete from (\w+)"),
}
BY_FUNCTION_OR_PYTHON: Final = {
    ("reading_dirty", "insert"): "the trigger mark_dirty, with the rights of whoever stores",
    ("audit_link", "insert"): "COPY by the sealer",
}
DEFINER: Final = {
    roles.API: {
        "begin_hush", "change_bounds", "family_withdrawn", "gateway_taken", "granted", "is_hushed",
        "looks_at_home", "name_of_tenant", "scoped_figures", "take_over_push", "tell_followers",
        "tenant_of_code", "username_taken",
    },
    roles.SERVICE: {
        "append_change", "change_bounds", "consent_erase", "consent_erase_rolled", "is_hushed",
        "retention_roll_off",
        "series_add", "series_discard", "series_drop", "series_drop_strays", "series_empty_default",
        "series_expire", "series_forget", "set_timescale_policies", "tell_followers",
    },
    roles.INGEST: {"append_change", "is_hushed", "tell_followers"},
}  # fmt: skip
"""The functions with the rights of their owner, and who may call them: numbers and single bits across tenants
for the one, the log and the parts of series for the other."""


@pytest.fixture
async def town(database: str) -> Town:
    """Two tenants with something in every table."""
    async with await connect(database) as owner:
        found = await towns.found(owner)
        await intruder.fill(owner, found)
        return found


@pytest.fixture
async def owner(database: str, town: Town) -> AsyncIterator[Connection]:
    """Signed in as the owner of the filled tables."""
    async with await connect(database) as conn:
        yield conn


@pytest.fixture
async def service(postgres: Server, database: str, town: Town) -> AsyncIterator[Connection]:
    """Signed in as the service role."""
    async with await connect(postgres.as_role(database, roles.SERVICE)) as conn:
        yield conn


@pytest.fixture
async def api(postgres: Server, database: str, town: Town) -> AsyncIterator[Connection]:
    """Signed in as the api role, within the bounds of the town's first tenant."""
    async with await connect(postgres.as_role(database, roles.API)) as conn:
        await conn.execute("select set_config('anban.tenants', %s, true)", [f"{{{town.hecheng}}}"])
        yield conn


def used(*places: str) -> Iterator[tuple[str, str]]:
    """Table and verb of everything that some statement of the cloud changes; in files at ``places`` alone."""
    for statement in STATEMENTS:
        if places and not statement.file.startswith(places):
            continue
        for verb, pattern in VERBS.items():
            for found in pattern.finditer(statement.text):
                yield next(filter(None, found.groups())), verb
    yield from BY_FUNCTION_OR_PYTHON


async def test_the_service_role_changes_nothing_that_no_statement_changes(owner: Connection) -> None:
    rows = await owner.execute(
        "select c.relname as name, v.verb"
        " from pg_class c, unnest(array['insert', 'update', 'delete']) as v (verb)"
        " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition"
        " and has_table_privilege('anban_service', c.oid, v.verb)"
    )
    held = {(row["name"], row["verb"]) for row in await rows.fetchall()}
    assert held - set(used()) == set()


OF_INGEST: Final = ("ingest/", "incidents/queries.sql", "incidents/home.sql")
"""Where the statements stand that ingest carries out; those that screens alone ask stand there, too."""


LOCKED: Final = {("home", "update")}
"""A home is locked while an alarm of it is worked out, and to lock a row takes a right to change it: its
version, by which whoever edits it meanwhile is refused."""


async def test_ingest_changes_nothing_that_no_statement_of_it_changes_and_may_what_its_own_do(
    owner: Connection,
) -> None:
    rows = await owner.execute(
        "select c.relname as name, v.verb"
        " from pg_class c, unnest(array['select', 'insert', 'update', 'delete']) as v (verb)"
        " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')"
        " and case v.verb when 'delete' then has_table_privilege('anban_ingest', c.oid, v.verb)"
        " else has_any_column_privilege('anban_ingest', c.oid, v.verb) end"
    )
    held = {(row["name"], row["verb"]) for row in await rows.fetchall()}
    changed = {(name, verb) for name, verb in held if verb != "select"}
    assert changed - set(used(*OF_INGEST)) == LOCKED
    assert set(used("ingest/")) - {("audit_link", "insert")} - held == set()


BEYOND_INGEST: Final = """
    select count(password_hash) from staff
    select count(username) from staff
    select count(secret) from gateway
    select count(sms_key) from gateway
    select count(phone) from resident
    select count(id_number) from resident
    select count(notes) from resident
    select count(*) from session
    select count(*) from second_factor
    select count(*) from recovery_code
    select count(*) from known_browser
    select count(*) from api_token
    select count(*) from staff_identity
    select count(*) from oidc_start
    select count(*) from answer_token
    select count(*) from certificate
    select count(*) from claim
    select count(*) from consent
    select count(*) from erasure
    select count(*) from legal_hold
    select count(*) from audit_entry
    select count(*) from idempotency
    select count(*) from change
    select count(*) from vital_finding
    select count(*) from reading_1d
    update staff set name = 'x'
    update gateway set secret = 'x'
    update gateway set revoked_at = null
    update plan set body = '{}'
    update device set kind = 'x'
    update home set address = 'x'
    delete from alarm
    delete from incident
    insert into gateway (id, home_id, shard, secret) values ('x', 1, 1, 'x')
    insert into change (tenant_id, topic, body, at) values (1, 'inc', '{}', now())
    insert into audit_entry (at) values (now())
    select series_forget(array[1], now())
    select county_figures(now())
    set role anban_service
    set role anban_api
    set role postgres
    drop policy service on home
    copy home to program 'cat'
"""
"""A line each; none may succeed."""


async def test_ingest_is_refused_what_is_not_its_work(postgres: Server, database: str, town: Town) -> None:
    async with await connect(postgres.as_role(database, roles.INGEST)) as ingest:
        attempts = [line.strip() for line in BEYOND_INGEST.splitlines() if line.strip()]
        answers = {line: await touched(ingest, line) for line in attempts}
    assert {line: answer for line, answer in answers.items() if answer != "InsufficientPrivilege"} == {}


BEYOND_THE_SERVICE: Final = """
    delete from home
    delete from resident
    delete from staff
    delete from gateway
    delete from tenant
    delete from batch
    update batch set n = 1
    update audit_entry set actor = ''
    delete from audit_link
    insert into audit_unsealed values (1)
    insert into incident_grant (incident_id, tenant_id, kind, given_by, given_at, expires_at) \
        values (1, 1, 'share', 1, now(), now())
    insert into emergency_access (tenant_id, home_id, incident_id, staff_id, reason, at, until) \
        values (1, 1, 1, 1, 'x', now(), now())
    update quota set most = 1
    select answer from idempotency
    update _yoyo_migrations set migration_id = 'x'
    insert into change (tenant_id, topic, body, at) values (1, 'inc', '{}', now())
    select county_figures(now())
    call secure('home', 'true', 'select')
    set role anban_api
    set role postgres
    set session authorization postgres
    alter table home no force row level security
    alter table home disable row level security
    drop policy service on home
    alter role anban_service bypassrls
    truncate home
    drop table home
    create table leak (x int)
    create function leak() returns int language sql return 1
    copy home to '/tmp/leak'
    copy home to program 'cat'
    select lo_import('/etc/passwd')
    select pg_read_file('/etc/passwd')
    select * from pg_authid
""".replace("\\\n", "")
"""A line each; none may succeed."""


async def test_the_service_role_is_refused_what_is_not_its_work(service: Connection) -> None:
    attempts = [line.strip() for line in BEYOND_THE_SERVICE.splitlines() if line.strip()]
    answers = {line: await touched(service, line) for line in attempts}
    assert [line for line, answer in answers.items() if answer != "InsufficientPrivilege"] == []


SECRETS: Final = (
    "staff.password_hash", "staff.failed_count", "gateway.secret", "gateway.sms_key", "claim.code_hash",
    "certificate.key_hash", "certificate.pem", "session.token_hash", "answer_token.token_hash",
    "second_factor.secret", "recovery_code.code_mark", "known_browser.token_hash", "api_token.token_hash",
    "staff_identity.value", "oidc_start.verifier",
)  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS)
async def test_who_answers_people_reads_no_secret_of_its_own_tenant_either(
    api: Connection, owner: Connection, secret: str
) -> None:
    table, column = secret.split(".")
    for statement in (
        f"select count({column}) from {table}",
        f"select count(*) from {table} where {column} is not null",
        f"select count(t) from {table} t",
        f"update {table} set {column} = {column}",
        f"delete from {table} returning {column}",
    ):
        assert await touched(api, statement) == "InsufficientPrivilege"
    assert isinstance(await touched(owner, f"select count({column}) from {table}"), int)


async def test_a_password_is_written_by_whoever_may_not_read_it(api: Connection, town: Town) -> None:
    person = town.staff["operator"]
    changed = await api.execute("update staff set password_hash = 'x' where id = %s", [person])
    assert changed.rowcount == 1


async def test_a_function_with_its_owners_rights_is_nobodys_but_whose_it_is_for(owner: Connection) -> None:
    for role, functions in DEFINER.items():
        rows = await owner.execute(
            "select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef"
            " and has_function_privilege(%s, oid, 'execute')",
            [role],
        )
        assert {row["proname"] for row in await rows.fetchall()} == functions
    rows = await owner.execute(
        "select proname from pg_proc p, aclexplode(coalesce(proacl, acldefault('f', proowner))) as given"
        " where pronamespace = 'public'::regnamespace and prosecdef and given.grantee = 0"
    )
    assert await rows.fetchall() == []


async def test_a_function_with_its_owners_rights_looks_for_nothing_in_a_callers_schema(
    owner: Connection,
) -> None:
    rows = await owner.execute(
        "select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef"
        " and not coalesce(proconfig::text ~ 'search_path=(pg_catalog, )?public, pg_temp', false)"
    )
    assert await rows.fetchall() == []


async def test_no_trigger_of_the_schema_can_be_hung_on_a_table_of_ones_own(
    api: Connection, town: Town
) -> None:
    """One that writes the change log would write whatever its table says, into any tenant's."""
    for function, columns in (
        ("append_draft", "id bigint, tenant_id int, home_id int, topic text, body jsonb, at timestamptz"),
        ("end_grants", "id bigint, closed_at timestamptz"),
        ("audit_wait_for_seal", "id bigint"),
    ):
        await api.execute(f"create temp table bait_{function} ({columns})".encode())
        hook = (
            f"create trigger hook after insert on bait_{function} for each row execute function {function}()"
        )
        assert await touched(api, hook) == "InsufficientPrivilege"


async def test_a_table_without_row_security_is_closed_to_who_answers_people(owner: Connection) -> None:
    rows = await owner.execute(
        "select relname, has_any_column_privilege('anban_api', oid, 'select, insert, update, references')"
        "     or has_table_privilege('anban_api', oid, 'delete, truncate, trigger') as open"
        " from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
        " and not (relrowsecurity and relforcerowsecurity) and relname !~ '^_?yoyo'"
        " and relname !~ '_[0-9]{8}$'"
    )
    found = {row["relname"]: row["open"] for row in await rows.fetchall()}
    assert set(found) == set(WITHOUT_ROW_SECURITY)
    assert {name for name, is_open in found.items() if is_open} == intruder.PUBLIC


async def test_the_city_counts_and_does_nothing_else(owner: Connection, database: str) -> None:
    await owner.execute("create role counts_for_the_city")
    await owner.execute("grant execute on function county_figures(timestamptz) to counts_for_the_city")
    relations = await intruder.relations(owner)
    await owner.execute("set role counts_for_the_city")
    counted = await owner.execute("select * from county_figures(now())")
    assert len(await counted.fetchall()) == 2
    refused = {
        name: await touched(owner, f"select count(*) from {name}") for name in relations | {"division": ()}
    }
    assert set(refused.values()) == {"InsufficientPrivilege"}
    for asked in (
        "username_taken('operator')",
        "tenant_of_code('hecheng')",
        "name_of_tenant(1)",
        "change_bounds()",
    ):
        assert await touched(owner, f"select {asked}") == "InsufficientPrivilege"
    await owner.rollback()


async def test_a_city_reads_the_word_of_the_counties_below_it_only(
    api: Connection, owner: Connection, town: Town
) -> None:
    for code in ("431202001000", "431221001000"):
        await owner.execute("insert into county_report values (%s, now(), '[]')", [code])
    await owner.commit()
    seen = await api.execute("select division_code from county_report")
    assert [row["division_code"] for row in await seen.fetchall()] == ["431202001000"]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await api.execute("insert into county_report values ('431221002000', now(), '[]')")
