"""Two tenants with something in every table, and what of it belongs to the one that must not be seen.

The one idea: what is foreign is told by the schema itself (a row whose tenant, home, incident, gateway,
message or member of staff is foreign), so a new table is attacked without anybody adding it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cloud.db import Connection
from cloud.incidents import store
from cloud.ingest.model import StoredAlarm
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, GatewayId
from tests.unit.cloud.town import NOON, Town

MARKS: Final = ("石金花", "foreign lane", "gw-foreign", "stranger 某", "中方县")
"""Words that stand only in rows of the foreign tenant."""
PUBLIC: Final = frozenset({"division", "release", "release_chunk"})
"""What everybody may read: places, and the program of gateways."""
GRANT: Final = "incident_grant"
OWN_COLUMNS: Final = {
    "tenant": "tenant_id",
    "home": "home_id",
    "home_card": "home_id",
    "gateway": "gateway_id",
    "incident": "incident_id",
    "incident_card": "incident_id",
    "message": "message_id",
    "staff": "staff_id",
    "resident": "resident_id",
}
"""Tables whose ``id`` is what others name so."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Ids of the foreign tenant, by the name of the column that holds them."""

    ids: Mapping[str, tuple[int | str, ...]]

    def condition(self, relation: str, columns: frozenset[str]) -> str:
        """The SQL that picks the foreign rows of ``relation``; empty: no row of it is anybody's."""
        named = {column: column for column in columns & set(self.ids)}
        if relation == GRANT:  # its tenant is whoever was asked to help
            named.pop("tenant_id", None)
        if OWN_COLUMNS.get(relation) in self.ids:
            named[OWN_COLUMNS[relation]] = "id"
        return " or ".join(f"{column} in ({self._listed(name)})" for name, column in sorted(named.items()))

    def _listed(self, name: str) -> str:
        return ", ".join(str(one) if isinstance(one, int) else f"'{one}'" for one in self.ids[name])


async def fill(conn: Connection, town: Town) -> Foreign:
    """Give both tenants of ``town`` an incident with all that follows, readings, events and papers."""
    incidents = {}
    for tenant, key, home, member in (
        (town.hecheng, "yellow", town.yellow, town.staff["operator"]),
        (town.zhongfang, "foreign", town.foreign, town.staff["stranger"]),
    ):
        incidents[key] = await incident(conn, tenant, key, home)
        for statement in _PAPERS:
            values = {"tenant": tenant, "home": home, "gateway": f"gw-{key}", "key": key, "staff": member,
                      "incident": incidents[key], "now": NOON}  # fmt: skip
            await conn.execute(statement, values)
    await conn.commit()
    messages = await _column(conn, "select id from message where incident_id = %s", incidents["foreign"])
    residents = await _column(conn, "select id from resident where home_id = %s", town.foreign)
    return Foreign({
        "tenant_id": (town.zhongfang,),
        "home_id": (town.foreign,),
        "gateway_id": ("gw-foreign",),
        "staff_id": (town.staff["stranger"],),
        "incident_id": (incidents["foreign"],),
        "message_id": tuple(messages),
        "resident_id": tuple(residents),
    })  # fmt: skip


_PAPERS: Final = (
    "insert into reading values (%(now)s, %(tenant)s, %(home)s, 1, 1, 0, 36.6, null)",
    "insert into event values (%(now)s, %(tenant)s, %(home)s, 1, 'door', %(key)s, null)",
    "insert into reading_15m values (%(now)s, %(tenant)s, %(home)s, 1, 1, 1, 1, 1, 1, 1)",
    "insert into reading_1h values (%(now)s, %(tenant)s, %(home)s, 1, 1, 1, 1, 1, 1, 1)",
    "insert into reading_1d values (%(now)s, %(tenant)s, %(home)s, 1, 1, 1, 1, 1, 1, 1)",
    "insert into plan (home_id, version, body) values (%(home)s, 1, '{}')",
    "insert into claim (gateway_id, code_hash, made_at, expires_at) values"
    " (%(gateway)s, sha256(%(key)s::bytea), %(now)s, %(now)s)",
    "insert into certificate (serial, gateway_id, key_hash, pem, issued_at, expires_at) values"
    " (to_hex(%(home)s::int), %(gateway)s, '', '', %(now)s, %(now)s)",
    "insert into enrolment_step (at, gateway_id, actor, action) values (%(now)s, %(gateway)s, 'x', 'x')",
    "insert into staff_home values (%(staff)s, %(home)s) on conflict do nothing",
    "insert into session values (sha256(%(key)s::bytea), %(staff)s, %(now)s, %(now)s, %(now)s)",
    "insert into idempotency (staff_id, key, at, command, answer) values"
    " (%(staff)s, sha256(%(key)s::bytea), %(now)s, '', '')",
    "insert into message (incident_id, channel, address, locale, template, created_at) values"
    " (%(incident)s, 'json', %(key)s, 'en', 'ask', %(now)s)",
    "insert into receipt (message_id, at, state) select max(id), %(now)s, 'accepted' from message",
    "insert into answer_token select sha256(%(key)s::bytea), max(id), %(now)s from message",
    "insert into command (id, incident_id, gateway_id, name, created_at, until) values"
    " (%(key)s, %(incident)s, %(gateway)s, 'accepted', %(now)s, %(now)s)",
    "insert into alarm (alarm_id, home_id, gateway_id, device_id, kind, state, observed_at, stored_at) values"
    " (%(key)s, %(home)s, %(gateway)s, 1, 'sos', 'raised', %(now)s, %(now)s)",
    "insert into second_path (gateway_id) values (%(gateway)s)",
    "insert into text_message values (sha256(%(key)s::bytea), %(gateway)s, %(key)s, true, %(now)s)",
    "insert into audit_entry (at, tenant_id, actor, action, homes, status) values"
    " (%(now)s, %(tenant)s, 'staff:' || %(staff)s::text, 'readHome', array[%(home)s::int], 200)",
    "insert into withheld values (%(home)s, 'vitals', null, null, true, true, '{}', '{}', '{}', '{}')",
    "insert into consent_task (home_id, purpose, task, due_at) values (%(home)s, 'vitals', 'stop', %(now)s)",
    "insert into emergency_access (tenant_id, home_id, incident_id, staff_id, reason, at, until, review_by)"
    " values (%(tenant)s, %(home)s, %(incident)s, %(staff)s, %(key)s, %(now)s, %(now)s, %(now)s)",
    "insert into consent (resident_id, purpose, decision, actor, by_whom, how)"
    " select id, 'vitals', 'given', 'roster', 'self', 'roster' from resident where home_id = %(home)s",
    "insert into legal_hold (resident_id, reason, actor, at)"
    " select id, %(key)s, 'roster', %(now)s from resident where home_id = %(home)s",
    "insert into erasure (resident_id, home_id, reason, actor, asked_at)"
    " select id, home_id, %(key)s, 'roster', %(now)s from resident where home_id = %(home)s",
    "insert into routine_home (home_id, due_at) values (%(home)s, %(now)s)",
    "insert into routine_day values (%(home)s, '2026-11-20', '', '', '', null, null)",
    "insert into routine_finding (home_id, kind, priority, onset, found_at, evidence)"
    " values (%(home)s, 'no_meals', 3, %(now)s, %(now)s, '{}')",
    "insert into threshold_proposal (home_id, path, held, becomes, basis, made_at, made_by)"
    " values (%(home)s, 'rules.bed_exit.wait_s', 1, 2, '{}', %(now)s, %(key)s)",
    "insert into mute (home_id, why, reason, since, until, set_by)"
    " values (%(home)s, 'away', %(key)s, %(now)s, 'infinity', %(staff)s)",
    "insert into hush (staff_id, home_id, contacts, kinds, reason, since, until)"
    " values (%(staff)s, %(home)s, '{}', '{}', %(key)s, %(now)s, 'infinity')",
    "insert into text_answer values (sha256(%(key)s::bytea), %(now)s)",
    "insert into modem_text (recipient, number, words, priority, created_at)"
    " values (sha256(%(key)s::bytea), %(key)s, %(key)s, 1, %(now)s)",
    "insert into handover (tenant_id, note, items, given_by, given_at)"
    " values (%(tenant)s, %(key)s, array[%(incident)s], %(staff)s, %(now)s)",
    "insert into delivery_day (home_id, day, lane, records) values (%(home)s, '2026-11-20', 'a', 1)",
    "insert into incident_review values (%(incident)s, 'good', '{}', %(staff)s, %(now)s)",
    "insert into report (tenant_id, month, version, counted_at, digest, cells)"
    " values (%(tenant)s, '2026-11-01', 1, %(now)s, repeat('0', 64), '[]')",
    "insert into follower (staff_id) values (%(staff)s)",
    "insert into push_subscription (staff_id, mark, address, created_at)"
    " values (%(staff)s, sha256(%(key)s::bytea), %(key)s, %(now)s)",
    "insert into report_watch values (%(tenant)s, '2026-11-01', %(now)s)",
    "insert into time_rule values (%(tenant)s, null, 60, true)",
    "insert into time_account (tenant_id, sort, opened_at)"
    " select %(tenant)s, sort, %(now)s from unnest(array['services', 'pool']) as sort",
    "insert into time_account (tenant_id, sort, resident_id, opened_at)"
    " select %(tenant)s, 'person', id, %(now)s from resident where home_id = %(home)s",
    "insert into time_entry (tenant_id, kind, giver, taker, minutes, on_day, at, actor, source)"
    " select %(tenant)s, 'redeem', max(id), min(id), 60, '2026-11-20', %(now)s, 'roster', %(key)s"
    " from time_account where tenant_id = %(tenant)s",
    "insert into time_certificate"
    " (tenant_id, account_id, served_min, visits, since, until, issued_on, issued_at, issued_by)"
    " select %(tenant)s, max(id), 60, 1, '2026-11-20', '2026-11-20', '2026-11-20', %(now)s, %(staff)s"
    " from time_account where tenant_id = %(tenant)s",
    "insert into responder (tenant_id, kind, name, phone, consent_at, channels)"
    " values (%(tenant)s, 'neighbour', %(key)s, '+8613900000002', %(now)s, '{}')",
    "insert into responder_home select max(id), %(home)s, true from responder",
    "insert into responder_place select max(id), %(now)s, 27.5, 109.9 from responder",
    "insert into duty_shift (responder_id, begin_at, end_at, made_by, made_at)"
    " select max(id), %(now)s, 'infinity', %(staff)s, %(now)s from responder",
    "insert into callout_ask (incident_id, responder_id, asked_at, asked_by, night, travel_s, distance_m,"
    " in_visit, has_key) select %(incident)s, max(id), %(now)s, 'policy', false, 60, 100, false, true"
    " from responder",
    "insert into centre (tenant_id, name, latitude, longitude) values (%(tenant)s, %(key)s, 27.5, 109.9)",
    "insert into visit_rule values"
    " (%(tenant)s, 7, 30, 90, 30, 90, 168, 72, 24, '{home}', %(staff)s, %(now)s)",
    "insert into visit_campaign"
    " (tenant_id, name, occasion, since, due_at, until, groups, ways, made_by, made_at) values"
    " (%(tenant)s, %(key)s, 'cold', %(now)s, 'infinity', 'infinity', '{high}', '{home}', %(staff)s, %(now)s)",
    "update visit_person set since = %(now)s where home_id = %(home)s",
    "insert into visit_absence (resident_id, home_id, why, since, set_by, set_at)"
    " select id, home_id, 'away', %(now)s, %(staff)s, %(now)s from resident where home_id = %(home)s",
    "insert into visit_concern (resident_id, home_id, at, words, told_by)"
    " select id, home_id, %(now)s, %(key)s, %(staff)s from resident where home_id = %(home)s",
    "insert into visit_worker values (%(staff)s, %(tenant)s, '520103001', '{}', 'bike', 26.6, 106.7, 480,"
    " 1020, true, %(staff)s, %(now)s)",
    "insert into day_plan"
    " (tenant_id, township, on_day, asked_at, made_at, appointments, left_out, travel_min)"
    " values (%(tenant)s, '520103001', '2026-11-27', %(now)s, %(now)s, 0, 1, 0)",
    "insert into day_plan_left (plan_id, resident_id, home_id, kind, why)"
    " select day_plan.id, resident.id, home_id, 'regular', 'full' from resident, day_plan"
    " where home_id = %(home)s and day_plan.tenant_id = %(tenant)s",
    "insert into worker_away (staff_id, tenant_id, why, since, said_by, said_at)"
    " values (%(staff)s, %(tenant)s, 'sick', %(now)s, %(staff)s, %(now)s)",
    "insert into day_mend (tenant_id, township, on_day, asked_at, why, made_at, moved, left_out)"
    " values (%(tenant)s, '520103001', '2026-11-27', %(now)s, '{asked}', %(now)s, 1, 0)",
    "insert into visit_due (resident_id, home_id, due_at, reason, ways, people_group)"
    " select id, home_id, %(now)s, 'period', '{home}', 'high' from resident where home_id = %(home)s",
    "insert into visit (key, tenant_id, home_id, resident_id, kind, way, made_at)"
    " select gen_random_uuid(), %(tenant)s, home_id, id, 'regular', 'home', %(now)s"
    " from resident where home_id = %(home)s",
    "insert into visit_day (resident_id, home_id, assessed, on_day, because, chosen_at)"
    " select id, home_id, false, '2026-11-27', 'due', %(now)s from resident where home_id = %(home)s",
    "insert into service_order (tenant_id, home_id, resident_id, kind, services, weekdays, open_min,"
    " due_min, since, made_by, made_at, due_at)"
    " select %(tenant)s, home_id, id, 'service', '{meals}', '{1}', 660, 720, '2026-11-27', %(staff)s,"
    " %(now)s, %(now)s from resident where home_id = %(home)s",
    "insert into service_pause (order_id, home_id, since, why, set_by, set_at)"
    " select id, home_id, '2026-11-27', 'away', %(staff)s, %(now)s from service_order"
    " where home_id = %(home)s",
    "insert into visit_moved (mend_id, visit_id, was_ids, now_ids, why)"
    " select day_mend.id, visit.id, '{}', '{}', 'new' from visit, day_mend"
    " where visit.home_id = %(home)s and day_mend.tenant_id = %(tenant)s",
    "insert into visit_event"
    " (visit_id, home_id, staff_id, key, sort, device_at, sent_at, received_at, at, off_s, body)"
    " select id, home_id, %(staff)s, gen_random_uuid(), 'note', %(now)s, %(now)s, %(now)s, %(now)s, 0,"
    " jsonb_build_object('words', %(key)s::text) from visit where home_id = %(home)s",
    "insert into visit_file"
    " (visit_id, home_id, staff_id, key, sort, media_type, size, received_at, seal, sealed)"
    " select id, home_id, %(staff)s, gen_random_uuid(), 'photo', 'image/jpeg', 1, %(now)s, '~', 'x'"
    " from visit where home_id = %(home)s",
    "insert into door_tag (home_id, digest, made_by, made_at)"
    " values (%(home)s, sha256(%(key)s::bytea), %(staff)s, %(now)s)",
    "insert into assessment (resident_id, home_id, reason, assessed_on, informant, points, coma, diagnoses,"
    " risk_events, total, domains, by_points, level, overrides, first_id, first_signed_at)"
    " select id, home_id, 'first', '2026-11-20', 'self', '{}', false, '[]', '{}', 90, '{}', 0, 0, '{}',"
    " %(staff)s, %(now)s from resident where home_id = %(home)s",
    "insert into care_event (resident_id, home_id, kind, on_day, noted_by, noted_at)"
    " select id, home_id, 'fall', '2026-11-20', %(staff)s, %(now)s from resident where home_id = %(home)s",
    "insert into vital_record values (%(home)s, true, null, %(key)s, %(now)s)",
    "insert into vital_limit (home_id, quantity, low, set_by, set_at) values"
    " (%(home)s, 2, 86, %(key)s, %(now)s)",
    "insert into vital_finding (home_id, rule, quantity, state, observed_at, found_at, due_at, evidence)"
    " values (%(home)s, 'unusable', 2, 'asked', %(now)s, %(now)s, %(now)s, '{}')",
    "insert into vital_watch values (%(home)s, %(now)s, %(now)s)",
    "insert into outage (tenant_id, division_code, since, found_at, homes, alarm_id)"
    " select tenant_id, division_code, %(now)s, %(now)s, array[id], %(key)s from home where id = %(home)s",
    "insert into outage_watch values (%(tenant)s, %(now)s)",
    "insert into unheard values (%(home)s, %(now)s, %(now)s)",
    "insert into deadline values (%(home)s, %(now)s, %(now)s, %(now)s)",
    "insert into habit_day values (%(home)s, '2026-03-01', '{}')",
    "insert into rule_finding (home_id, rule, priority, since, found_at, device_id, alarm_id, evidence)"
    " select %(home)s, 'no_movement', 2, %(now)s, %(now)s, min(id), %(key)s, '{}' from device",
    "insert into api_token (tenant_id, name, token_hash, permissions, made_by, made_at, expires_at) values"
    " (%(tenant)s, 'clinic', sha256(%(key)s::bytea), '{}', %(staff)s, %(now)s, %(now)s)",
    "insert into retention (tenant_id, class, days) values (%(tenant)s, 'raw', 30)",
    "insert into quota values (%(tenant)s, 'homes', 9)",
    "insert into usage values (%(tenant)s, '2026-11-20', 'homes', 1)",
    "insert into incident_grant (incident_id, tenant_id, kind, given_by, given_at, expires_at) select"
    " %(incident)s, id, 'share', %(staff)s, %(now)s - interval '2 h', %(now)s - interval '1 h' from tenant"
    " where id <> %(tenant)s",
    "insert into escalation (incident_id) values (%(incident)s) on conflict do nothing",
)


async def incident(conn: Connection, tenant: int, key: str, home: int) -> int:
    """An alarm of the only gateway of ``home`` (``gw-`` and its key) opens an incident; its number."""
    alarm = Alarm(AlarmId(f"{home:026d}"), AlarmKind.SOS, AlarmState.RAISED, DeviceId("pendant"), NOON)
    await store.attach_or_open(
        conn, StoredAlarm(alarm, tenant, home, GatewayId(f"gw-{key}"), 1, "bedroom", NOON), NOON
    )
    return int((await _column(conn, "select max(id) from incident where home_id = %s", home))[0])


async def _column(conn: Connection, statement: str, *values: Any) -> list[Any]:
    rows = await (await conn.execute(statement.encode(), values)).fetchall()
    return [next(iter(row.values())) for row in rows]


async def relations(conn: Connection) -> dict[str, frozenset[str]]:
    """Every table and view of the schema, without the parts of series and the migrations' book."""
    rows = await (await conn.execute(_RELATIONS)).fetchall()
    return {row["name"]: frozenset(row["columns"]) for row in rows if row["name"] not in PUBLIC}


_RELATIONS: Final = """
select c.relname as name, array_agg(a.attname::text) as columns
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
  and c.relname !~ '^_?yoyo'
group by c.relname order by c.relname
"""
