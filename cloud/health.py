"""Alive and ready: for whoever restarts processes and whoever sends them traffic.

What this is: the checks that every process composes its readiness from, and the API's two routes. What it is
not: metrics. The one idea: *alive* says only that the process answers, so that nobody restarts it for what
ails another; *ready* asks what the process needs and whether its work goes on, and names all that is not so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Final, Literal, TypeAlias

import psycopg
from fastapi import APIRouter, Query, Request
from psycopg_pool import PoolTimeout
from pydantic import BaseModel

from cloud.db import Pool, migrate
from cloud.feed import Feed
from cloud.metrics import LOOPS, REGISTRY
from cloud.problems import ProblemError, responses
from cloud.settings import Broker

PROBE_S: Final = 2.0
"""How long one probe may take; a load balancer asks every few seconds."""

BROKER_UP: Final = "anban_broker_connected"

Check: TypeAlias = Callable[[], Awaitable[str]]
"""Says what is wrong, in a few words; ``""``: nothing."""
Checks: TypeAlias = dict[str, Check]

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"


@router.get("/health", operation_id="health", summary="Alive")
async def health() -> Health:
    """Alive: the process takes requests. It says nothing about what it depends on."""
    return Health()


@router.get(
    "/ready",
    operation_id="ready",
    summary="What it needs is there, and its work goes on",
    responses=responses(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def ready(
    request: Request,
    without: Annotated[list[Literal["broker"]] | None, Query(description="what is not asked for")] = None,
) -> Health:
    """Ready: the database answers and has our schema, the broker takes connections, the change feed is read.

    503 names each that is not so. A proxy before the screens asks ``without=broker``: what is open must be
    worked on while no gateway can be heard.
    """
    wrong = await judge(request.app.state.checks, without or ())
    if wrong:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "not_ready", f"Not ready: {told(wrong)}.")
    return Health()


async def judge(checks: Checks, without: Collection[str] = ()) -> dict[str, str]:
    """What is wrong, by the name of the check; empty: ready."""
    asked = {name: check for name, check in checks.items() if name not in without}
    found = await asyncio.gather(*(check() for check in asked.values()))
    return {name: reason for name, reason in zip(asked, found, strict=True) if reason}


def told(wrong: Mapping[str, str]) -> str:
    """The findings of ``judge`` on one line."""
    return "; ".join(f"{name} {reason}" for name, reason in wrong.items())


def database(pool: Pool) -> Check:
    """The database answers and its schema is at least ours; a newer one is an upgrade under way."""

    async def check() -> str:
        try:
            async with asyncio.timeout(PROBE_S), pool.connection(timeout=PROBE_S) as conn:
                missing = await migrate.missing(conn)
        except (psycopg.Error, PoolTimeout, TimeoutError):
            return "away"
        return f"lacks {len(missing)} migrations: run anban-cloud migrate" if missing else ""

    return check


def broker(where: Broker) -> Check:
    """The broker takes connections."""

    async def check() -> str:
        try:
            async with asyncio.timeout(PROBE_S):
                _, writer = await asyncio.open_connection(where.host, where.port)
                writer.close()
                with suppress(OSError):  # it took us; how it lets go of us says nothing
                    await writer.wait_closed()
        except (OSError, TimeoutError):
            return "away"
        return ""

    return check


def changes(feed: Feed) -> Check:
    """The change log is read: else screens would show yesterday's truth."""

    async def check() -> str:
        return "" if feed.current else "not read"

    return check


async def signed_in() -> str:
    """Ingest is signed in to the broker and subscribed."""
    return "" if REGISTRY.get_sample_value(BROKER_UP) else "not signed in"


async def loops() -> str:
    """Every loop of this process came round when it should have."""
    late = LOOPS.late()
    return f"stand still: {', '.join(sorted(late))}" if late else ""
