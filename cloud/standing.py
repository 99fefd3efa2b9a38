"""How things stand, asked of the database for Prometheus: incidents, queues, gateways, sessions, backups.

What this is: a table of questions with one number for each answer. What it is not: what a process counts of
itself (``metrics``), or anything for a person at a screen. The one idea: whoever scrapes asks, at most every
``FRESH_S`` seconds, so that ten scrapers cost as much as one; and an answer that is not to be had is left out
and its age told, never repeated as if it were true.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import psycopg
from prometheus_client.core import GaugeMetricFamily, Metric
from psycopg_pool import PoolTimeout

from cloud.db import Connection, Pool, Queries

FRESH_S: Final = 10.0
ASK_S: Final = 5.0
"""Longest wait for the answers; a scrape gives up after ten seconds."""

_SQL: Final = Queries("cloud", "standing.sql")


@dataclass(frozen=True, slots=True)
class Question:
    """One metric, the statement that answers it, and its labels."""

    metric: str
    meaning: str
    statement: str
    labels: tuple[str, ...] = ()


QUESTIONS: Final = (
    Question("anban_incidents_open", "Open incidents", "incidents_open", ("priority",)),
    Question(
        "anban_incidents_oldest_seconds", "Age of the oldest open one", "incidents_oldest", ("priority",)
    ),
    Question(
        "anban_incidents_unanswered_seconds", "Age of the oldest that nobody took", "incidents_unanswered"
    ),
    Question("anban_overdue_seconds", "How late the oldest due row is", "overdue", ("queue",)),
    Question("anban_messages_waiting", "Messages not yet handed over", "messages_waiting"),
    Question("anban_gateways", "Gateways: online, silent, never heard", "gateways", ("state",)),
    Question(
        "anban_reviews", "Emergency accesses that nobody reviewed: waiting, overdue", "reviews", ("state",)
    ),
    Question("anban_gateways_unheard", "Gateways whose shard no living ingest has", "gateways_unheard"),
    Question("anban_ingest_ranges", "Ranges of shards: held by an ingest, free", "ingest_ranges", ("state",)),
    Question("anban_sessions", "Sessions of staff in force", "sessions"),
    Question("anban_releases_paused", "Releases that stopped themselves", "releases_paused"),
    Question("anban_database_bytes", "Size of the database", "database_bytes"),
    Question("anban_backup_age_seconds", "Since the last verified backup; none: no sample", "backup_age"),
)


@dataclass(slots=True)
class Standing:
    """The answers of a moment ago. ``clock`` gives aware UTC."""

    pool: Pool
    clock: Callable[[], datetime]
    _families: list[Metric] = field(default_factory=list)
    _asked_at: float = float("-inf")
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def families(self) -> list[Metric]:
        """The answers, at most ``FRESH_S`` old; none while the database does not say."""
        async with self._asking:
            if time.monotonic() - self._asked_at > FRESH_S:
                self._families = await self._ask()
                self._asked_at = time.monotonic()
        return self._families

    async def _ask(self) -> list[Metric]:
        answered = GaugeMetricFamily("anban_standing_answered", "1 if the database told how things stand")
        try:
            async with asyncio.timeout(ASK_S), self.pool.connection(timeout=ASK_S) as conn:
                found = [await ask(conn, question, self.clock()) for question in QUESTIONS]
        except (psycopg.Error, PoolTimeout, TimeoutError):
            answered.add_metric([], 0)
            return [answered]
        answered.add_metric([], 1)
        return [answered, *found]


async def ask(conn: Connection, question: Question, now: datetime) -> Metric:
    """One question's metric, with a sample per row of the answer."""
    family = GaugeMetricFamily(question.metric, question.meaning, labels=question.labels)
    for row in await (await conn.execute(_SQL[question.statement], {"now": now})).fetchall():
        family.add_metric([str(row[label]) for label in question.labels], float(row["value"]))
    return family
