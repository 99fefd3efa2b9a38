"""The HTTP application: assembled here, once, from each context's routes.

What this is: ``create_app``, the background tasks of an API process, and the OpenAPI document. What it is
not: behaviour; that is in the routes. The one idea: everything a request must pass is put on in this file, so
that a new route cannot forget it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import psycopg
from anyio import to_thread
from fastapi import FastAPI, Request, Response
from psycopg_pool import PoolTimeout
from pydantic.json_schema import models_json_schema

from cloud import (
    account_routes,
    guard,
    health,
    oidc_routes,
    once,
    problems,
    recorder,
    session_routes,
    sessions,
    stream,
    token_routes,
    trail_routes,
)
from cloud.access import Clock, Parts, on_purpose, wall_clock
from cloud.atlas import routes as map_routes
from cloud.atlas.tiles import Shelf
from cloud.auth import PurposeError
from cloud.db import Pool
from cloud.dispatch import (
    callout_routes,
    own_duty_routes,
    reply_routes,
    report_routes,
    responder_routes,
)
from cloud.dispatch import routes as answer_routes
from cloud.enrolment import claim_routes, office
from cloud.enrolment import routes as enrolment_routes
from cloud.family import hush_routes, wish_routes
from cloud.family import routes as family_routes
from cloud.feed import Feed
from cloud.figures import routes as figure_routes
from cloud.incidents import (
    bulk,
    handover,
    history,
    mute_routes,
    queue_routes,
    review,
    sharing,
    upkeep,
    worker,
)
from cloud.incidents import routes as incident_routes
from cloud.learning import routes as learning_routes
from cloud.metrics import STREAMS
from cloud.notify import webpush
from cloud.notify.tokens import ANSWER_PATH
from cloud.people import activity_routes, name_routes, tenancy_routes
from cloud.people import routes as people_routes
from cloud.privacy import person_routes, retention_routes
from cloud.privacy import routes as privacy_routes
from cloud.problems import Problem
from cloud.register import routes as register_routes
from cloud.register import sheets, upload
from cloud.releases import routes as release_routes
from cloud.report import routes as month_routes
from cloud.roll import Roll
from cloud.sealed import keyring
from cloud.settings import Settings
from cloud.texts import routes as text_routes
from cloud.throttle import Throttle
from cloud.turnstile import Turnstile
from cloud.visits.assessments import routes as assessment_routes
from cloud.visits.duties import routes as duty_routes
from cloud.visits.field import routes as field_routes
from cloud.visits.hours import routes as hours_routes
from cloud.visits.orders import routes as order_routes
from cloud.visits.plans import mend_routes
from cloud.visits.plans import routes as plan_of_day_routes
from cloud.visits.records import routes as visit_routes
from cloud.visits.records import tag_routes
from cloud.wall import routes as wall_routes

API: Final = "/api/v1"
VERSION: Final = "1"
"""Of the contract, not of the program: it changes only when an old client would break."""
INTENT_FREE: Final = (f"{API}/answers/", f"{API}/texts/", f"{API}/receipts/", f"{API}/replies/", ANSWER_PATH)
"""Where the address itself is the secret: no cookie is read, so no foreign page can use one."""
OWN_PROOF: Final = ("/lite/",)
"""Where a form proves by itself that it is ours (``dashboards.lite.forms``)."""
URGENT: Final = (*INTENT_FREE, f"{API}/health", f"{API}/ready")
"""What an alarm needs of people who are not signed in, and of whatever watches us: counted apart, so that no
neighbour behind the same address can use it up by asking for something else."""
TIDY_EVERY: Final = timedelta(hours=1)
ROUTERS: Final = (
    session_routes.router,
    incident_routes.router,
    queue_routes.router,
    upkeep.router,
    handover.router,
    sharing.router,
    mute_routes.router,
    worker.router,
    review.router,
    history.router,
    bulk.router,
    stream.router,
    wall_routes.router,
    people_routes.router,
    activity_routes.router,
    name_routes.router,
    upload.router,
    sheets.router,
    tenancy_routes.router,
    register_routes.router,
    privacy_routes.router,
    person_routes.router,
    retention_routes.router,
    learning_routes.router,
    hours_routes.router,
    field_routes.router,
    duty_routes.router,
    assessment_routes.router,
    plan_of_day_routes.router,
    mend_routes.router,
    order_routes.router,
    visit_routes.router,
    tag_routes.router,
    claim_routes.router,
    enrolment_routes.router,
    release_routes.router,
    family_routes.router,
    wish_routes.router,
    hush_routes.router,
    figure_routes.router,
    month_routes.router,
    answer_routes.router,
    responder_routes.router,
    own_duty_routes.router,
    callout_routes.router,
    text_routes.router,
    report_routes.router,
    reply_routes.router,
    account_routes.router,
    token_routes.router,
    oidc_routes.router,
    trail_routes.router,
    map_routes.router,
    health.router,
)
ANYWHERE: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_ACCEPTABLE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""Errors that any route may answer with."""
_REF: Final = "#/components/schemas/{model}"
_INTENT: Final = {
    "name": "X-Anban",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "const": "1"},
    "description": "shows that no foreign page sent this",
}

_log = logging.getLogger(__name__)


class Application(FastAPI):
    """FastAPI with a document that tells the whole truth: the problem shape and the intent header."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = _completed(super().openapi())
        return self.openapi_schema


def create_app(
    settings: Settings,
    pool: Pool,
    service: Pool,
    *,
    clock: Clock = wall_clock,
    monotonic: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The application over open (or opening) pools. Its lifespan runs the change feed and the tidying.

    ``pool`` signs in as the api role, ``service`` as the service role (``cloud.db.roles``). ``clock`` gives
    aware UTC, ``monotonic`` seconds that never go back; only tests pass others.
    """
    if not isinstance(service.conninfo, str):
        raise TypeError("the feed needs the pool's connection string, not a function")
    feed, roll = Feed(service.conninfo), Roll(service, clock)
    tiles = Shelf(settings)
    parts = Parts(settings, pool, service, clock, Throttle(), keyring(settings))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(each) for each in (feed.run(), roll.run(), _tidy(parts))]
            yield
            for task in running:
                task.cancel()
        await tiles.close()

    app = Application(
        title="Anban",
        summary="From the alarm at home to the person at the door",
        version=VERSION,
        openapi_url=None,  # it would be made on the event loop; see _document
        docs_url=None,  # it would load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        # Spans and their logs would quote request values, which are personal data.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.parts = parts
    app.state.feed = feed
    app.state.roll = roll
    app.state.tiles = tiles
    app.state.document = None
    app.state.writing_document = asyncio.Lock()
    app.state.oidc = oidc_routes.provider(settings)
    app.state.checks = {
        "database": health.database(service),
        "broker": health.broker(settings.broker),
        "changes": health.changes(feed),
    }
    STREAMS.set_function(lambda: len(feed.listeners))
    app.state.push = webpush.service(settings)
    app.state.office = office.configured(settings)
    problems.install(app)
    app.add_exception_handler(PurposeError, on_purpose)
    failures = problems.responses(*ANYWHERE)
    for router in ROUTERS:
        app.include_router(router, prefix=API, responses=failures)
    app.include_router(answer_routes.pages, responses=failures)
    app.add_route(f"{API}/openapi.json", _document, include_in_schema=False)
    recorder.install(app, pool)
    turnstile = Turnstile(
        settings.web.address_rate, parts.cookie, parts.pace, URGENT, clock=clock, monotonic=monotonic
    )
    origins = [settings.web.public_url.rstrip("/")]
    guard.install(app, origins, INTENT_FREE, turnstile.admit, settings.web.hsts, own_proof=OWN_PROOF)
    return app


async def _tidy(parts: Parts) -> None:
    """Once an hour forget what is over: sessions, answered keys, old changes. Several processes may."""
    while True:
        try:
            async with parts.service.connection() as conn:
                now = parts.clock()
                await sessions.forget_ended(conn, now)
                await once.forget_answers(conn, now)
                await stream.forget_changes(conn, now)
                await handover.forget(conn, now)
        except (psycopg.Error, PoolTimeout) as error:
            _log.warning("tidying waits for the database reason=%s", type(error).__name__)
        await asyncio.sleep(TIDY_EVERY.total_seconds())


async def _document(request: Request) -> Response:
    """The document, made once and beside the loop: it takes a second, and alarms do not wait for it."""
    app = request.app
    async with app.state.writing_document:
        if app.state.document is None:
            app.state.document = await to_thread.run_sync(lambda: json.dumps(app.openapi()).encode())
    return Response(app.state.document, media_type="application/json")


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    """Add what FastAPI cannot know: the shape of problems, and the header that ``guard`` asks for."""
    _, problem = models_json_schema([(Problem, "serialization")], ref_template=_REF)
    document["components"]["schemas"] |= problem["$defs"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method.upper() not in guard.SAFE_METHODS:
                operation["responses"] |= guard.responses()
                if not path.startswith(INTENT_FREE):
                    operation.setdefault("parameters", []).append(_INTENT)
            for answer in operation["responses"].values():
                _untangle(answer)
    return document


def _untangle(answer: dict[str, Any]) -> None:
    """FastAPI calls every stream a string, even beside the reference to what the events hold."""
    for content in answer.get("content", {}).values():
        if "$ref" in content.get("schema", {}):
            content["schema"].pop("type", None)
