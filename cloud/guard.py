"""What every request passes before any route sees it: bounds, proof of intent, headers, and the access log.

What this is: one plain ASGI layer, so that streams pass through untouched. What it is not: it does not know
who is asking (``access``). The one idea: a browser sends cookies on its own, but never a custom header from
a foreign page; so a request that changes something must carry ``X-Anban: 1`` and, if the browser names an
``Origin``, it must be ours.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud import problems
from cloud.headers import Hsts, worn
from cloud.metrics import REQUEST_SECONDS, known
from cloud.problems import ProblemError

MAX_BODY: Final = 64 * 1024
"""Bytes of a request's body; the largest honest one is a note of a few thousand characters."""
MAX_FILE: Final = 8 * 1024 * 1024
"""Bytes of a roster by upload: three thousand homes with plans are about 4 MiB."""
MAX_PHOTO: Final = 1536 * 1024
"""Bytes of a photo, a signature or a voice note as JSON: 1 MiB in base64, and what is said of it."""
BODY_S: Final = 15.0
"""Seconds for a whole body: 64 KiB over a bad mobile line."""
INTENT_HEADER: Final = "x-anban"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
METHODS: Final = SAFE_METHODS | {"POST", "PUT", "PATCH", "DELETE"}
_API: Final = "/api/"
FILES_AT_ONCE: Final = 2
PHOTOS_AT_ONCE: Final = 16
_LARGE: Final = {
    "/api/v1/register/import": (MAX_FILE, FILES_AT_ONCE),
    "/api/v1/register/residents/sheet": (MAX_FILE, FILES_AT_ONCE),
    "/api/v1/visits/files": (MAX_PHOTO, PHOTOS_AT_ONCE),
}
"""Where a body may be large: how many bytes, and how many at once, because they lie in memory."""
_FORMS: Final = ("/api/v1/texts/",)
"""Where a body may be a form: providers of text messages send what they send."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGITS: Final = 18  # of a length that is read at all
MEDIA: Final = frozenset({"application/json", problems.MEDIA_TYPE, "text/event-stream"})
SPOKEN: Final = MEDIA | {
    "application/*", "text/*", "*/*", "text/plain", "application/octet-stream",
}  # fmt: skip
"""One of these must be accepted, if anything is said of it (RFC 9110, 12.5.1); quality is not weighed."""

Admit = Callable[[Scope], None]

_log = logging.getLogger(__name__)
_access = logging.getLogger("cloud.access_log")


class Guard:
    """ASGI middleware, the outermost of ours.

    Args:
        app: what it protects.
        origins: ``scheme://host[:port]`` values accepted beside the request's own host (a proxy's name).
        intent_free: path prefixes whose requests need neither: their address is itself the secret, and they
            read no cookie. (A form of a page without referrer says ``Origin: null``.)
        own_proof: path prefixes of pages whose forms carry a proof of their own, since a form sends no header
            of ours. Their origin is checked here.
        admit: counts a request and raises ``ProblemError`` when it is one too many.
        hsts: what https answers say about https.
    """

    def __init__(
        self,
        app: ASGIApp,
        origins: Iterable[str] = (),
        intent_free: tuple[str, ...] = (),
        admit: Admit | None = None,
        hsts: Hsts = "host",
        *,
        own_proof: tuple[str, ...] = (),
    ) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._intent_free = intent_free
        self._own_proof = own_proof
        self._admit = admit
        self._hsts = hsts
        self._gates = {path: asyncio.Semaphore(at_once) for path, (_, at_once) in _LARGE.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope, send, self._hsts)
        try:
            if self._admit is not None:
                self._admit(scope)
        except ProblemError as problem:  # counted where it was refused: a flood must not fill the log
            await answer.fail(problem)
            return
        try:
            self._check(scope)
            async with self._gate(scope["path"]):
                await self._app(scope, await _buffered(receive, most_of(scope["path"])), answer.send)
        except ProblemError as problem:
            await answer.fail(problem)
        except Exception as error:  # noqa: BLE001 - the last line: no stack may reach a client or take us down
            # The message of an exception may quote a row; its type and place may not.
            _log.error(
                "unexpected %s in %s\n%s",
                type(error).__qualname__,
                answer.route,
                "".join(traceback.format_tb(error.__traceback__)),
            )
            await answer.fail(ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "internal"))
        finally:
            answer.log()

    def _gate(self, path: str) -> asyncio.Semaphore | nullcontext[None]:
        """Few large files at once: they lie in memory.

        Raises:
            ProblemError: 503 all places are taken.
        """
        gate = self._gates.get(path)
        if gate is None:
            return nullcontext()
        if gate.locked():
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "busy",
                "Another file is being taken just now; try again.",
                headers={"Retry-After": str(problems.RETRY_S)},
            )
        return gate

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        most = most_of(scope["path"])
        if length.isdecimal() and (len(length) > _DIGITS or int(length) > most):
            raise _too_large(most)
        if length and "transfer-encoding" in headers:
            raise ProblemError(
                HTTPStatus.BAD_REQUEST,
                "ambiguous_length",
                "A body has a length or is chunked, not both.",
                headers={"Connection": "close"},
            )
        if scope["path"].startswith(_API):
            _check_media(scope["method"], scope["path"], headers)
        if scope["method"] in SAFE_METHODS:
            return
        if scope["path"].startswith(self._intent_free):
            return
        if not self._is_ours(headers.get("origin"), scope, headers):
            raise ProblemError(HTTPStatus.FORBIDDEN, "foreign_origin", "The request comes from another site.")
        if headers.get(INTENT_HEADER) != "1" and not scope["path"].startswith(self._own_proof):
            raise ProblemError(HTTPStatus.FORBIDDEN, "no_intent", "The header X-Anban: 1 is missing.")

    def _is_ours(self, origin: str | None, scope: Scope, headers: Headers) -> bool:
        """Whether a browser's ``Origin`` is this very host or a configured one; programs send none."""
        if origin is None or origin in self._origins:
            return True
        parts = urlsplit(origin)
        return parts.scheme == scope["scheme"] and parts.netloc == headers.get("host", "")


def _check_media(method: str, path: str, headers: Headers) -> None:
    """Refuse what the API neither speaks nor reads.

    Raises:
        ProblemError: 406 nothing that we could answer is accepted; 415 a body that is no JSON.
    """
    accepted = headers.get("accept", "")
    ranges = {part.partition(";")[0].strip().lower() for part in accepted.split(",")}
    if accepted.strip() and not ranges & SPOKEN:
        raise ProblemError(
            HTTPStatus.NOT_ACCEPTABLE, "not_acceptable", f"Answers are {', '.join(sorted(MEDIA))}."
        )
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    if method in SAFE_METHODS or not has_body or path.startswith(_FORMS):
        return
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Bodies are application/json."
        )


def responses() -> dict[str, Any]:
    """The OpenAPI entries of what the guard answers to requests that change something."""
    refused = problems.responses(
        HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    )
    return {str(status): entry for status, entry in refused.items()}


def most_of(path: str) -> int:
    """Bytes of a body that are taken at ``path``."""
    return _LARGE[path][0] if path in _LARGE else MAX_BODY


def _too_large(most: int) -> ProblemError:
    return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"At most {most} bytes are taken.")


async def _buffered(receive: Receive, most: int) -> Receive:
    """Read the whole body, bounded, and hand it on as one message: honest bodies are small.

    Raises:
        ProblemError: it is too large, whatever length it declared, or does not end.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            message = await receive()
            while message["type"] == "http.request":
                body += message.get("body", b"")
                if len(body) > most:
                    raise _too_large(most)
                if not message.get("more_body", False):
                    break
                message = await receive()
    except TimeoutError:
        raise ProblemError(HTTPStatus.REQUEST_TIMEOUT, "too_slow", "The body came too slowly.") from None
    whole = {"type": "http.request", "body": bytes(body), "more_body": False}
    pending: list[Message] = [whole if message["type"] == "http.request" else message]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


class _Answer:
    """One response on its way out: adds the headers, remembers the status for the log."""

    def __init__(self, scope: Scope, send: Send, hsts: Hsts) -> None:
        self._scope = scope
        self._send = send
        self._hsts = hsts
        self._started_at = time.monotonic()
        self._status = 0
        self._streamed = False

    @property
    def route(self) -> str:
        """The matched pattern, never the path itself: a path may hold a secret token."""
        route = self._scope.get("route")
        return str(getattr(route, "path", "-"))

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            self._streamed = headers.get("content-type", "").startswith("text/event-stream")
            for name, value in worn(self._scope["scheme"], self._hsts).items():
                headers.setdefault(name, value)
            if self._scope["path"].startswith(_API):
                headers.setdefault("Cache-Control", "no-store")
        await self._send(message)

    async def fail(self, problem: ProblemError) -> None:
        """Answer with ``problem``, unless the response has begun: then it can only be cut off."""
        if not self._status:
            await problems.respond(problem)(self._scope, _nothing, self.send)

    def log(self) -> None:
        """One line: who (a number), what (a pattern and record numbers), outcome. No address, no name."""
        state = self._scope.get("state", {})
        took_s = time.monotonic() - self._started_at
        if not self._streamed:
            labels = known(self._scope["method"], METHODS), self.route, f"{self._status // 100}xx"
            REQUEST_SECONDS.labels(*labels).observe(took_s)
        named = self._scope.get("path_params", {}).items()
        # What does not look like an id may be anything: a name, a line of its own for the log.
        ids = {name: value for name, value in named if name.endswith("_id") and _ID.fullmatch(str(value))}
        _access.info(
            "%s %s status=%d ms=%d staff=%s %s",
            self._scope["method"],
            self.route,
            self._status,
            took_s * 1_000,
            state.get("staff_id", "-"),
            " ".join(f"{name}={value}" for name, value in sorted(ids.items())),
        )


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def staff_seen(request: Request, staff_id: int) -> None:
    """Tell the access log who is asking."""
    request.state.staff_id = staff_id


def install(
    app: FastAPI,
    origins: Iterable[str],
    intent_free: tuple[str, ...],
    admit: Admit | None = None,
    hsts: Hsts = "host",
    *,
    own_proof: tuple[str, ...] = (),
) -> None:
    """Put the guard in front of ``app``."""
    app.add_middleware(
        Guard,
        origins=tuple(origins),
        intent_free=intent_free,
        own_proof=own_proof,
        admit=admit,
        hsts=hsts,
    )
