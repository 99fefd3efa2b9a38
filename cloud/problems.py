"""Every error a client sees, as ``application/problem+json`` (RFC 9457).

What this is: the one shape, its exception, and the handlers that turn anything raised into it. What it is
not: a log; a problem carries no stack, no SQL, no value the client sent. The one idea: clients branch on
``code``, people read ``title``, and ``current`` lets a screen recover without a second request.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg_pool import PoolTimeout, TooManyRequests
from pydantic import BaseModel
from starlette.exceptions import HTTPException

MEDIA_TYPE: Final = "application/problem+json"
RETRY_S: Final = 5
"""Seconds a client should wait when the database is away; about one pool reconnect."""


class InvalidField(BaseModel):
    """One field that was refused: where it is and which rule it breaks. Never the value itself."""

    where: list[str | int]
    rule: str


class Problem(BaseModel):
    """What an error answer holds. ``code`` is stable; ``current`` comes with 409, ``fields`` with 422."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str = ""
    current: dict[str, Any] | None = None
    fields: list[InvalidField] | None = None


class ProblemError(Exception):
    """Raise to answer with an error.

    Args:
        status: the HTTP status.
        code: stable word a client may branch on.
        detail: one sentence for a person; no personal data.
        headers: extra headers, e.g. ``Retry-After``.
        current: the record as it is now, for a conflict.
        fields: each rule that is broken, for a record that cannot be.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        current: Mapping[str, Any] | None = None,
        fields: list[InvalidField] | None = None,
    ) -> None:
        super().__init__(f"{status.value} {code}")
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers
        self.current = current
        self.fields = fields


def not_found() -> ProblemError:
    """The answer for what is absent and for what the asker may not know to exist: the same."""
    return ProblemError(
        HTTPStatus.NOT_FOUND, "not_found", "There is no such thing, or it is not yours to see."
    )


Refusals = Mapping[type[Exception], Callable[[Any], ProblemError]]
"""How each error of a rule is answered."""


def refusal(status: HTTPStatus, code: str, detail: str) -> Callable[[Exception], ProblemError]:
    """One that is answered the same whatever it holds."""
    return lambda _: ProblemError(status, code, detail)


@contextmanager
def refusing(refusals: Refusals) -> Iterator[None]:
    """Answer an error of ``refusals`` as that says.

    Raises:
        ProblemError: one of them was raised within.
    """
    try:
        yield
    except tuple(refusals) as error:
        answered = next(made for kind, made in refusals.items() if isinstance(error, kind))
        raise answered(error) from error


def too_many(wait: timedelta, detail: str) -> ProblemError:
    """The answer to whoever asks too often; ``wait``: for how long."""
    return ProblemError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many_attempts",
        detail,
        headers={"Retry-After": str(math.ceil(wait.total_seconds()))},
    )


def unavailable() -> ProblemError:
    """The answer while the database cannot be reached; trying again is right."""
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        "The store cannot be reached just now; try again.",
        headers={"Retry-After": str(RETRY_S)},
    )


def document(problem: ProblemError) -> Problem:
    """What an answer says about ``problem``."""
    return Problem(
        title=problem.status.phrase,
        status=problem.status.value,
        code=problem.code,
        detail=problem.detail,
        current=dict(problem.current) if problem.current is not None else None,
        fields=problem.fields,
    )


def respond(problem: ProblemError) -> JSONResponse:
    """The response for ``problem``."""
    return JSONResponse(
        document(problem).model_dump(mode="json", exclude_none=True),
        status_code=problem.status.value,
        headers=problem.headers,
        media_type=MEDIA_TYPE,
    )


async def _on_problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for this type only
    return respond(error)


async def _on_http_exception(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    status = HTTPStatus(error.status_code)
    return respond(ProblemError(status, status.name.lower(), headers=error.headers))


async def _on_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
    fields = [InvalidField(where=list(item["loc"]), rule=str(item["type"])) for item in error.errors()]
    return respond(
        ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "The request breaks a rule.", fields=fields)
    )


async def _on_half_a_character(_: Request, __: Exception) -> JSONResponse:
    """JSON can escape half a character (a lone surrogate); no store and no hash takes it."""
    rule = InvalidField(where=["body"], rule="string_unicode")
    return respond(
        ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "The request breaks a rule.", fields=[rule])
    )


async def _on_database_away(_: Request, __: Exception) -> JSONResponse:
    return respond(unavailable())


def install(app: FastAPI) -> None:
    """Make ``app`` answer every error in this shape. What is left over, ``guard`` catches."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(UnicodeEncodeError, _on_half_a_character)
    for away in (psycopg.OperationalError, PoolTimeout, TooManyRequests):
        app.add_exception_handler(away, _on_database_away)


def responses(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries of the errors a route may answer."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status.value: {
            "description": status.phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }
