"""``/health`` and ``/ready``: for whoever restarts processes and whoever sends them traffic."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import psycopg
from fastapi import APIRouter
from psycopg_pool import PoolTimeout
from pydantic import BaseModel

from cloud.access import Api
from cloud.db import Pool
from cloud.problems import ProblemError, responses
from cloud.settings import Broker

PROBE_S = 2.0
"""How long one probe may take; a load balancer asks every few seconds."""

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
    summary="Database and broker are reachable",
    responses=responses(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def ready(api: Api) -> Health:
    """Ready: the database answers and the broker takes a connection; 503 names the one that is away."""
    database, broker = await asyncio.gather(
        _database_answers(api.parts.pool), _broker_listens(api.parts.settings.broker)
    )
    away = [name for name, up in (("database", database), ("broker", broker)) if not up]
    if away:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "not_ready", f"Not reachable: {', '.join(away)}.")
    return Health()


async def _database_answers(pool: Pool) -> bool:
    try:
        async with asyncio.timeout(PROBE_S), pool.connection(timeout=PROBE_S) as conn:
            await conn.execute("select 1")
    except (psycopg.Error, PoolTimeout, TimeoutError):
        return False
    return True


async def _broker_listens(broker: Broker) -> bool:
    try:
        async with asyncio.timeout(PROBE_S):
            _, writer = await asyncio.open_connection(broker.host, broker.port)
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        return False
    return True
