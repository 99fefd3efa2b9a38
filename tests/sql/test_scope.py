"""Every read of resident data carries the scope: one forgotten filter is a leak.

All SQL of the cloud is read as text. A statement that touches a table which says something about a resident
must carry the clause of ``cloud.auth.Scope``, for tenants and for homes, or be listed here with the reason
why no person reads its result. A list entry that is no longer needed fails too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from cloud.db.queries import split

CLOUD: Final = Path(__file__).parents[2] / "cloud"
RESIDENT_DATA: Final = frozenset(
    [
        "alarm",
        "callout_ask",
        "assessment",
        "change",
        "change_draft",
        "care_event",
        "certificate",
        "claim",
        "command",
        "consent",
        "consent_task",
        "contact",
        "day_plan_left",
        "deadline",
        "delivery_day",
        "detected_home",
        "device",
        "door_tag",
        "emergency_access",
        "enrolment_step",
        "erasure",
        "escalation",
        "event",
        "event_default",
        "event_seen",
        "gateway",
        "habit_day",
        "handover",
        "home",
        "home_card",
        "incident",
        "incident_alarm",
        "incident_card",
        "incident_event",
        "incident_grant",
        "incident_review",
        "legal_hold",
        "message",
        "outage",
        "hush",
        "mute",
        "plan",
        "reading",
        "reading_15m",
        "reading_15m_seen",
        "reading_1d",
        "reading_1d_seen",
        "reading_1h",
        "reading_1h_seen",
        "reading_default",
        "reading_dirty",
        "reading_seen",
        "receipt",
        "resident",
        "responder_contact",
        "responder_home",
        "rule_finding",
        "routine_day",
        "routine_finding",
        "routine_home",
        "rung",
        "second_path",
        "service_order",
        "service_pause",
        "text_message",
        "threshold_proposal",
        "time_account",
        "time_certificate",
        "time_entry",
        "unheard",
        "visit",
        "visit_absence",
        "visit_concern",
        "visit_day",
        "visit_due",
        "visit_event",
        "visit_file",
        "visit_moved",
        "visit_person",
        "visited_resident",
        "vital_finding",
        "vital_limit",
        "vital_record",
        "vital_watch",
        "withheld",
    ]
)
NO_RESIDENT_DATA: Final = frozenset(
    [
        "anchor",
        "answer_token",
        "api_token",
        "backup_run",
        "audit_entry",
        "audit_link",
        "audit_unsealed",
        "batch",
        "centre",
        "channel_probe",
        "county_month",
        "county_report",
        "day_mend",
        "day_plan",
        "division",
        "follower",
        "duty_shift",
        "forgotten",
        "gap",
        "idempotency",
        "ingest_lease",
        "ingest_worker",
        "known_browser",
        "map_layer",
        "market",
        "oidc_start",
        "outage_watch",
        "push_subscription",
        "quarantine",
        "release",
        "release_chunk",
        "recovery_code",
        "responder",
        "responder_place",
        "report",
        "report_watch",
        "second_factor",
        "retention",
        "session",
        "staff",
        "staff_home",
        "staff_identity",
        "tenant",
        "text_answer",
        "modem_text",
        "time_rule",
        "quota",
        "visit_campaign",
        "visit_rule",
        "visit_worker",
        "worker_away",
        "usage",
        "timeline",
    ]
)
"""Tables about staff, places and transport. ``staff_home`` is where a scope comes from."""

COPIED: Final = "filled by COPY, which row security forbids"
COMPRESSED: Final = "TimescaleDB compresses it, which row security forbids; a view with a barrier shows it"
WITHOUT_ROW_SECURITY: Final = {
    "audit_link": COPIED,
    "division": "places are public",
    "event": f"{COPIED}; {COMPRESSED}",
    "event_default": "a part of event",
    "reading": f"{COPIED}; {COMPRESSED}",
    "reading_default": "a part of reading",
    "reading_15m": COMPRESSED,
    "reading_1h": COMPRESSED,
    "reading_1d": COMPRESSED,
    "reading_dirty": "a part of the series: written by a trigger for each batch",
    "release": "the program of gateways is public",
    "release_chunk": "the program of gateways is public",
}
"""Table -> why it has none; ``test_rights`` shows that the api role has no right to those not public."""

SYSTEM_FILES: Final = {
    "audit.sql": "anban-cloud audit: counts on the machine of whoever runs the database",
    "consent/effect.sql": "what follows from consents, and what ingest leaves out",
    "detect/rules/area.sql": "the loop that looks at many homes together",
    "detect/rules/queries.sql": "the loop that looks at what is missing",
    "detect/routine/queries.sql": "the loop that looks at daily routine",
    "detect/vitals/queries.sql": "the loop that looks at vital signs",
    "enrolment/queries.sql": "between a gateway and the authority, and the broker's accounts",
    "dispatch/callout.sql": "the search for people, on an incident that its caller has locked",
    "dispatch/texted.sql": "an answer by the telephone that was asked, of which only a keyed hash is known",
    "dispatch/queries.sql": "the ladder's loop, and an answer by the secret token of one message",
    "incidents/grants.sql": "the loop that ends help across a border",
    "ingest/commands.sql": "commands on their way to the gateways",
    "ingest/plans.sql": "plans on their way to the gateways",
    "ingest/queries.sql": "what gateways sent, on its way into the tables",
    "ingest/retime.sql": "times put right, on their way into the tables",
    "notify/modem.sql": "the queue of our own modem, sent by whoever has its port",
    "notify/queries.sql": "the delivery loop",
    "standing.sql": "counts and ages over all tenants, for metrics",
    "privacy/erase.sql": "one person leaves, by the loop, or after their home was found within the scope",
    "privacy/export.sql": "one person's archive, for whoever runs the database or after their home was found",
    "privacy/reviews.sql": "the loop that tells reviewers, who look at the list within their scope",
    "privacy/retention.sql": "the loop that ends what is too old, and counts for whoever runs the database",
    "privacy/tasks.sql": "the loop that works what consents ask for",
    "people/accounts.sql": "the broker's accounts",
    "people/reseal.sql": "seals numbers anew; nobody reads its results",
    "people/roster.sql": "the loader, run by whoever runs the database",
    "releases/queries.sql": "releases of the gateways' program, for whoever runs the cloud, and the loop",
    "series/queries.sql": "the keeper of readings and events: parts, roll-ups, their end",
    "visits/plans/job.sql": "the loop that makes plans of a day",
    "visits/plans/mend.sql": "the loop that mends running days",
    "visits/orders/keeper.sql": "the loop that lets visits follow from orders",
    "visits/duties/keeper.sql": "the loop that keeps who is due by when",
    "texts/queries.sql": "what gateways text, on its way into the tables, and the loop that misses it",
}
"""Files whose statements run for no person at a screen."""
BY_ID: Final = "one step on an incident that its caller has locked, after the scope was checked or in a loop"
BY_HOLD: Final = "a number, of a visit that its caller holds, after the scope was checked"
BOOKED: Final = "the number of what was just added to the books of the asker's own tenant"
OWN: Final = "the asker's own account of hours, of no resident"
OF_THE_DESK: Final = "of the whole desk, which sees every home of its tenants; the tenants stand in it"
EXEMPT: Final = {
    ("incidents/handover.sql", "listed"): OF_THE_DESK,
    ("incidents/handover.sql", "hold"): OF_THE_DESK,
    ("consent/emergency.sql", "open"): "a number, of what has just been written within the scope",
    ("enrolment/claims.sql", "homes_of_key"): "the command line, on the machine of whoever runs the database",
    ("incidents/mute.sql", "mutes_of_home"): "ingest hears an alarm of its own home",
    ("incidents/queries.sql", "lock_home"): "ingest joins an alarm to its own home",
    ("incidents/queries.sql", "lock_home_if_free"): "the timer loop",
    ("incidents/queries.sql", "lock_home_of"): "an answer by token, and the ladder's loop",
    ("incidents/queries.sql", "withdraw_asks"): "writes only",
    ("incidents/queries.sql", "withdraw_messages"): "writes only",
    ("incidents/queries.sql", "due_incidents"): "the timer loop",
    ("incidents/queries.sql", "incident_for_update"): BY_ID,
    ("incidents/queries.sql", "insert_incident"): "ingest opens an incident",
    ("incidents/queries.sql", "incident_of_alarm"): BY_ID,
    ("incidents/queries.sql", "opened_by_alarm"): "the name of a trace",
    ("incidents/queries.sql", "open_incident_of_family"): BY_ID,
    ("incidents/queries.sql", "alarm_record_known"): BY_ID,
    ("incidents/queries.sql", "retime_incident"): BY_ID,
    ("incidents/queries.sql", "alarm_cancelled"): BY_ID,
    ("incidents/queries.sql", "other_alarm_stands"): BY_ID,
    ("incidents/queries.sql", "family_steps"): BY_ID,
    ("incidents/queries.sql", "asked_steps"): BY_ID,
    ("incidents/queries.sql", "told_steps"): BY_ID,
    (
        "incidents/queries.sql",
        "card",
    ): "the answer to whoever has just changed this very incident, and the log",
    ("incidents/queries.sql", "open_priority"): BY_ID,
    ("privacy/holds.sql", "hold"): "a number, of what has just been written for somebody within the scope",
    ("people/plans.sql", "plan_to_compare"): "compared with the plan that is being written within the scope",
    ("people/plans.sql", "plan_to_follow"): "a home whose contact has just been changed within the scope",
    (
        "people/plans.sql",
        "numbers_of_circle",
    ): "a home whose plan or contact is being changed within the scope",
    ("register/queries.sql", "add_home"): "the number of what was just added to the asker's own tenant",
    ("register/queries.sql", "add_resident"): "the number of what was just added; home_to_fill was in scope",
    ("api_tokens.sql", "live"): "where a scope comes from: the homes of a wall's place",
    ("sessions.sql", "live_sessions"): "where a scope comes from: which homes stay out of it",
    ("stream.sql", "last_id"): "a number",
    (
        "visits/assessments/queries.sql",
        "add",
    ): "a number, of what was just added for somebody within the scope",
    ("visits/records/queries.sql", "add"): "the number of what was just added for somebody within the scope",
    ("visits/records/queries.sql", "move"): BY_HOLD,
    ("visits/records/queries.sql", "cancel"): BY_HOLD,
    ("visits/records/queries.sql", "add_event"): BY_HOLD,
    ("visits/records/queries.sql", "add_file"): BY_HOLD,
    ("visits/records/queries.sql", "account_of"): BOOKED,
    ("visits/field/queries.sql", "account"): OWN,
    ("visits/field/queries.sql", "entries"): OWN,
    ("visits/hours/queries.sql", "open_for_staff"): BOOKED,
    ("visits/hours/queries.sql", "open_for_group"): BOOKED,
    ("visits/hours/queries.sql", "write"): BOOKED,
    ("visits/hours/queries.sql", "issue"): BOOKED,
    ("stream.sql", "new_changes"): "the feed of the process; Change.visible_to filters per listener",
}
"""(file, statement) -> why its result reaches nobody who may not see it."""

UNSCOPED: Final = {
    "access.py": "finds the session by its secret, and whose it is",
    "session_routes.py": "sign-in and sign-out, by password, code or the session's secret",
    "oidc_routes.py": "sign-in by the word of another provider",
    "account_routes.py": "a person's own sign-in, or an administrator's ending of another's in the tenant",
    "dispatch/routes.py": "an answer by the secret of one message",
    "dispatch/reply_routes.py": "a provider, by the secret in its address",
    "dispatch/report_routes.py": "a provider, by the secret in its address",
    "enrolment/routes.py": "a gateway, by its claim or certificate",
    "texts/routes.py": "a provider, by the secret in its address",
    "privacy/person_routes.py": "one person's archive, of every table; their home was found in scope",
    "register/upload.py": "the loader of rosters, for one tenant, which it checks itself",
}
"""File -> why ``Call.unscoped`` may be used in it: nobody has shown yet who they are, or more is needed."""

_COMMENT: Final = re.compile(r"--[^\n]*")
_TABLE: Final = re.compile(r"\b(?:from|join|into|update|using)\s+(?:only\s+)?([a-z_]+)")
_RETURNS: Final = re.compile(r"^\s*select\b|\breturning\b|^\s*with\b", re.IGNORECASE)
_SCOPE: Final = re.compile(
    r"\btenant_id = any\(%\(tenants\)s\) and "
    r"\(%\(homes\)s::int\[\] is null or (?:\w+\.)?(?:home_id|id) = any\(%\(homes\)s\)\)"
)
_SQL_IN_PYTHON: Final = re.compile(
    rf"\b(?:from|join|into|update)\s+(?:{'|'.join(sorted(RESIDENT_DATA))})\b", re.IGNORECASE
)


class Statement(NamedTuple):
    """One named statement of one file."""

    file: str
    name: str
    text: str

    @property
    def tables(self) -> set[str]:
        """Tables and views it names."""
        return set(_TABLE.findall(self.text))

    @property
    def is_scoped(self) -> bool:
        """Whether it carries the whole clause."""
        return bool(_SCOPE.search(self.text))

    @property
    def needs_scope(self) -> bool:
        """Whether it gives back something about residents."""
        return bool(self.tables & RESIDENT_DATA and _RETURNS.search(self.text))


def _statements() -> Iterator[Statement]:
    for path in sorted(CLOUD.rglob("*.sql")):
        file = path.relative_to(CLOUD).as_posix()
        if not file.startswith("db/migrations/"):
            for name, text in split(path.read_text(encoding="utf-8")).items():
                yield Statement(file, name, " ".join(_COMMENT.sub("", text).split()))


STATEMENTS: Final = list(_statements())


def _schema_tables() -> set[str]:
    created = re.compile(r"^create (?:(?:unlogged )?table|(?:or replace )?view) (\w+)", re.MULTILINE)
    migrations = (CLOUD / "db" / "migrations").glob("*.sql")
    return {name for path in migrations for name in created.findall(path.read_text(encoding="utf-8"))}


def test_a_read_of_resident_data_carries_the_scope() -> None:
    leaks = {
        f"{statement.file}:{statement.name}": statement.text
        for statement in STATEMENTS
        if statement.needs_scope and not statement.is_scoped
        if statement.file not in SYSTEM_FILES and (statement.file, statement.name) not in EXEMPT
    }
    assert leaks == {}


def test_every_way_that_row_security_does_not_bound_says_why() -> None:
    found = {
        path.relative_to(CLOUD).as_posix()
        for path in CLOUD.rglob("*.py")
        if re.search(r"\.unscoped\(\)", path.read_text(encoding="utf-8"))
    }
    assert found == set(UNSCOPED)


def test_every_loop_that_detects_leaves_tenants_alone_that_do_not_have_the_module() -> None:
    loops = [s for s in STATEMENTS if s.file.startswith("detect/") and s.name.startswith("due_")]
    assert "detect/vitals/queries.sql" in {s.file for s in loops}
    assert [(s.file, s.name) for s in loops if "detected_home" not in s.tables] == []


def test_no_exemption_outlives_its_need() -> None:
    needed = {(s.file, s.name) for s in STATEMENTS if s.needs_scope and not s.is_scoped}
    assert set(EXEMPT) <= needed
    assert set(SYSTEM_FILES) <= {file for file, _ in needed}


def test_every_table_was_judged() -> None:
    assert _schema_tables() == RESIDENT_DATA | NO_RESIDENT_DATA


def test_every_table_has_row_security_or_a_reason_why_not() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (CLOUD / "db" / "migrations").glob("*.sql")]
    made, secured = (
        {name for text in texts for name in re.findall(pattern, text, re.MULTILINE)}
        for pattern in (r"^create (?:unlogged )?table (\w+)", r"^call secure\('(\w+)'")
    )
    assert made - secured == set(WITHOUT_ROW_SECURITY)


def test_no_resident_data_is_read_by_sql_hidden_in_python() -> None:
    hidden = [
        f"{path.relative_to(CLOUD)}:{node.lineno}"
        for path in sorted(CLOUD.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        and re.search(r"\b(select|insert|update|delete)\b", node.value) and _SQL_IN_PYTHON.search(node.value)
    ]  # fmt: skip
    assert hidden == []


@pytest.mark.parametrize(
    "text",
    [
        "select * from resident",
        "select * from resident where tenant_id = any(%(tenants)s)",
        "select * from home where (%(homes)s::int[] is null or id = any(%(homes)s))",
        "select * from home where tenant_id = any(%(tenants)s) or"
        " (%(homes)s::int[] is null or id = any(%(homes)s))",
        "update home set key = '' where id = 1 returning address",
        "with x as (select 1) select * from x join incident on true",
    ],
)
def test_the_test_sees_a_leak(text: str) -> None:
    leak = Statement("x.sql", "leak", text)
    assert leak.needs_scope
    assert not leak.is_scoped
