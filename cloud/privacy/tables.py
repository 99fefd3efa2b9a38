"""Which table holds what of a person, and what export and erasure make of it. Pure.

What this is: the list that a test holds against the schema, so that a new table cannot be forgotten: each is
exported or argued here, and erased or argued here. What it is not: the statements (``export.sql``,
``erase.sql``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_TRANSPORT: Final = "numbers of batches and times of clocks; no content"
_STAFF: Final = "about those who work here, not about residents"
_PLACE: Final = "places, organisations, and settings of theirs"
_PROGRAM: Final = "the gateways' program and the cloud's own work"
_BOOKS: Final = "books of hours, by number; they name nobody, and would not balance without a row"
_LOG: Final = "the change log repeats for a day what the other tables hold"

NOT_EXPORTED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("anchor", "timeline", "batch", "gap", "forgotten", "reading_dirty"), _TRANSPORT),
    **dict.fromkeys(("ingest_lease", "ingest_worker"), _TRANSPORT),
    **dict.fromkeys(
        (
            "staff", "session", "idempotency", "second_factor", "recovery_code", "known_browser",
            "oidc_start", "staff_identity", "api_token", "visit_worker", "follower", "push_subscription",
            "worker_away",
            "duty_shift",
        ),
        _STAFF,
    ),
    **dict.fromkeys(
        (
            "centre", "division", "map_layer", "tenant", "retention", "county_report", "market", "quota",
            "usage", "time_rule",
            "visit_rule", "visit_campaign", "day_plan", "day_mend",
        ),
        _PLACE,
    ),
    **dict.fromkeys(("report", "report_watch", "county_month"), "numbers of a month, never a person"),
    **dict.fromkeys(("release", "release_chunk", "backup_run", "channel_probe"), _PROGRAM),
    **dict.fromkeys(("change", "change_draft"), _LOG),
    **dict.fromkeys(("audit_link", "audit_unsealed"), "hashes over the audit log"),
    "answer_token": "digests of links that were in messages",
    "modem_text": "numbers and digests of texts that went out, for a week; the messages are exported",
    "text_answer": "digests of texts that came in, kept for two days",
    "vital_watch": "when a home was last looked at; no content",
    "deadline": "when a home is looked at next; no content",
    "unheard": "when nothing of a home was recorded; no content",
    "day_plan_left": "why a visit was not planned on a day; the visits and what is owed are exported",
    "visit_moved": "which visits others were sent to than planned; the visits are exported",
    "visit_day": "which day of the week ahead was found; what is owed and the visits are exported",
    "visit_due": "worked out from what was done and what happened; both are exported",
    "door_tag": "digests of codes that hang at a door",
    "routine_home": "when a home was last looked at, and which sensors speak; no content",
    **dict.fromkeys(("outage", "outage_watch"), "which homes were not heard together, by number; no content"),
    "claim": "digests of codes that were used once",
    "escalation": "where a running ladder stands; the timeline of the incident tells it",
    **dict.fromkeys(("responder", "responder_place"), "about those who help, not about residents"),
    "handover": "what one shift told the next, kept for 90 days; each incident it names has its own timeline",
    "incident_grant": "which tenant helped with an incident; its timeline tells it, and why",
    "incident_review": "how an incident was handled, in words of a list; about those who work here",
    "incident_alarm": "which alarms an incident rests on, by number; both are exported",
}  # fmt: skip

_REPEATED: Final = frozenset(
    {
        "change",
        "answer_token",
        "reading_dirty",
        "routine_home",
        "vital_watch",
        "deadline",
        "unheard",
        "visit_day",
        "visit_due",
        "day_plan_left",
        "visit_moved",
        "door_tag",
    }
)

NOT_ERASED: Final[Mapping[str, str]] = {
    **{name: why for name, why in NOT_EXPORTED.items() if name not in _REPEATED},
    "audit_entry": "ids only, kept for at least three years: that somebody looked must not be erasable",
    "certificate": "names a gateway, never a person; what was trusted when is kept",
    "erasure": "that somebody was erased, and when; its reason is blanked at the end",
    **dict.fromkeys(("time_account", "time_entry", "time_certificate"), _BOOKS),
}

_PROOF: Final = "proof of what was done to help and when; without the person (PIPL art. 19, 47)"
_PLACED: Final = "a number that other rows rest on; what says whose it was is blanked"

KEPT_BLANK: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("alarm", "incident", "incident_event", "rung", "message", "receipt", "callout_ask"), _PROOF
    ),
    **dict.fromkeys(("gateway", "device", "home", "resident", "enrolment_step"), _PLACED),
    "consent": "that there was consent, and when, proves that the years before were lawful; not who spoke",
    "emergency_access": "that somebody read in spite of a no, and who reviewed it; without what was written",
    "legal_hold": "that there was a hold, and when; without why",
}
"""What an erasure keeps without the person, and why; the rest of ``ERASED`` is deleted."""

HELD_BACK: Final[Mapping[str, str]] = {
    **KEPT_BLANK,
    **{name: NOT_ERASED[name] for name in ("audit_entry", "certificate", "erasure")},
}
"""What whoever asks to be erased is told: this stays, and why."""

SERIES: Final = ("reading", "event", "reading_15m", "reading_1h", "reading_1d")
"""Erased a day at a time, by the series' own function, which keeps the audit of what was sent exact."""

SHUT_OUT: Final = "gateway"
"""With this step nothing more arrives, and nothing more can be told."""

ERASED: Final = (
    SHUT_OUT,
    *SERIES,
    "reading_dirty",
    "deadline",
    "unheard",
    "rule_finding",
    "habit_day",
    "routine_home",
    "routine_day",
    "routine_finding",
    "threshold_proposal",
    "hush",
    "mute",
    "visit_file",
    "visit_event",
    "assessment",
    "visit_moved",
    "visit",
    "service_pause",
    "service_order",
    "door_tag",
    "care_event",
    "day_plan_left",
    "visit_day",
    "visit_due",
    "visit_concern",
    "visit_absence",
    "visit_person",
    "vital_watch",
    "vital_finding",
    "vital_limit",
    "vital_record",
    "device",
    "command",
    "plan",
    "second_path",
    "text_message",
    "enrolment_step",
    "delivery_day",
    "quarantine",
    "alarm",
    "answer_token",
    "receipt",
    "message",
    "rung",
    "callout_ask",
    "responder_home",
    "incident_event",
    "incident",
    "contact",
    "staff_home",
    "withheld",
    "consent_task",
    "emergency_access",
    "consent",
    "legal_hold",
    "change",
    "home",
    "resident",
)
"""In this order: first nothing more arrives, last the name goes, so that a half-done erasure can be found."""

OF_PERSON: Final = frozenset(
    {"consent", "legal_hold", "resident", "visit_file", "visit_event", "assessment", "visit", "care_event"}
    | {"service_order", "service_pause", "visit_day"}
    | {"day_plan_left", "visit_moved", "visit_due", "visit_concern", "visit_absence", "visit_person"}
)
"""What is one person's own where somebody else still lives; the rest of the home is theirs too."""
