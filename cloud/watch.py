"""What watches a process: /health, /ready and /metrics on an address of its own.

What this is: a small ASGI application that every role can carry, also one without screens. What it is not:
part of the API; nothing here knows who a person is. The one idea: probes may come from anywhere and learn one
word, metrics are read only from configured networks or with a token.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.db import Pool
from cloud.headers import ALWAYS
from cloud.health import Checks, judge, told
from cloud.metrics import REGISTRY
from cloud.settings import Operations
from cloud.standing import Standing

BEARER: Final = "bearer "
_POOL: Final = {
    "pool_size": ("anban_database_pool_connections", "Connections to the database"),
    "pool_available": ("anban_database_pool_idle", "Connections that nobody uses"),
    "requests_waiting": ("anban_database_pool_waiting", "Callers that wait for a connection"),
}
"""What the pool says of itself -> metric and meaning."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """All metrics of one moment, in the shape that the text format is made from."""

    families: tuple[Metric, ...]

    def collect(self) -> Iterator[Metric]:
        """As a registry would."""
        yield from REGISTRY.collect()
        yield from self.families


def create_app(
    operations: Operations, pool: Pool, checks: Checks, standing: Standing | None = None
) -> Starlette:
    """The application. ``standing``: given to the role that tells how things stand in the database."""

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(request: Request) -> Response:
        wrong = await judge(checks, request.query_params.getlist("without"))
        if wrong:
            return JSONResponse({"status": "not ready", "detail": told(wrong)}, status_code=503)
        return JSONResponse({"status": "ok"})

    async def metrics(request: Request) -> Response:
        address = request.client.host if request.client else ""
        if not allowed(operations, address, request.headers.get("authorization", "")):
            return PlainTextResponse("not from here, not without the token\n", status_code=403)
        families = [*pool_families(pool), *(await standing.families() if standing else ())]
        return Response(generate_latest(Metrics(tuple(families))), media_type=CONTENT_TYPE_LATEST)

    routes = {"/health": health, "/ready": ready, "/metrics": metrics}
    return Starlette(
        routes=[Route(path, answer) for path, answer in routes.items()], middleware=[Middleware(_Dressed)]
    )


class _Dressed:
    """ASGI middleware: the headers that every answer carries."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(ALWAYS)
            await send(message)

        await self._app(scope, receive, dressed)


def allowed(operations: Operations, address: str, authorization: str) -> bool:
    """Whether who asks from ``address`` with this header may read metrics."""
    scheme, token = authorization[: len(BEARER)].lower(), authorization[len(BEARER) :]
    wanted = operations.metrics_token
    if wanted and scheme == BEARER and secrets.compare_digest(token.encode(), wanted.encode()):
        return True
    return _is_in(address, operations.metrics_from)


def _is_in(address: str, networks: Iterable[str]) -> bool:
    try:
        host = ip_address(address)
    except ValueError:
        return False
    return any(host in ip_network(network) for network in networks)


def pool_families(pool: Pool) -> list[Metric]:
    """What the pool says of itself."""
    stats = pool.get_stats()
    families: list[Metric] = []
    for key, (name, meaning) in _POOL.items():
        families.append(GaugeMetricFamily(name, meaning, value=float(stats.get(key, 0))))
    return families
