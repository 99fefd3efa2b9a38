"""What a route may ask for: the time, the database, and the person who is signed in.

What this is: FastAPI dependencies shared by every context's ``routes``. What it is not: it knows no table.
The one idea: a transaction is a visible block inside the handler, so it has committed before the answer
leaves; nobody is told "done" about something that can still fail.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Request, Response, Security
from fastapi.security import APIKeyCookie
from pydantic import AfterValidator

from cloud import api_tokens, guard, problems, recorder, sessions, trail
from cloud.auth import Module, Permission, Principal, PurposeError, Scope
from cloud.db import Connection, Pool
from cloud.db.scope import narrow
from cloud.problems import ProblemError
from cloud.sealed import NO_KEYS, Keyring
from cloud.sessions import Session
from cloud.settings import Settings
from cloud.throttle import Pace, Throttle
from cloud.trail import Note
from cloud.turnstile import token_of

COOKIE: Final = "anban"
SECURE_COOKIE: Final = "__Host-anban"
"""The prefix makes browsers refuse it unless it is Secure, host-only and for the whole host (RFC 6265bis)."""
WRITER_HEADER: Final = "X-Anban-As"
"""Whose words a request carries, by their number: for a page that sends what was written a while ago."""
PRESENT_FOR: Final = timedelta(minutes=5)
"""How long it counts that somebody has just shown who they are: enough to read what one confirms. [D]"""
Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """The one place of the API that reads the wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is made of; ``web.create_app`` puts it on the application.

    ``pool`` signs in as the api role: it sees what the transaction's scope says. ``service`` sees all; it is
    for the ways on which nobody has shown yet who they are, see ``Call.unscoped``.
    """

    settings: Settings
    pool: Pool
    service: Pool
    clock: Clock
    throttle: Throttle
    ring: Keyring = NO_KEYS
    pace: Pace = field(default_factory=Pace)

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by https only."""
        return self.settings.web.secure_cookie or self.settings.web.public_url.startswith("https://")

    @property
    def cookie(self) -> str:
        """Name of the session cookie."""
        return SECURE_COOKIE if self.secure else COOKIE

    @property
    def browser_cookie(self) -> str:
        """Name of the cookie by which a browser is known again."""
        return f"{self.cookie}-browser"


@dataclass(frozen=True, slots=True)
class Call:
    """One request's view of the world: ``now`` is read once, so one decision sees one time."""

    parts: Parts
    now: datetime
    note: Note

    def saw(self, purpose: str, homes: Iterable[int] | None) -> None:
        """Say for the audit trail whose data the answer shows: ``None``: of all homes the asker may see."""
        self.note.saw(purpose, homes)

    @asynccontextmanager
    async def reading(self, scope: Scope | None = None) -> AsyncIterator[Connection]:
        """A read-only transaction that sees one moment of what ``scope`` allows; without one: nobody."""
        async with self.parts.pool.connection() as conn, conn.transaction():
            await conn.execute("set transaction isolation level repeatable read, read only")
            await narrow(conn, scope)
            yield conn

    @asynccontextmanager
    async def writing(self, scope: Scope | None = None) -> AsyncIterator[Connection]:
        """One transaction within ``scope``, committed at the end of the block, rolled back by any error.

        What a signed-in person changes enters the audit trail in the same transaction.
        """
        async with self.parts.pool.connection() as conn, conn.transaction():
            await narrow(conn, scope)
            yield conn
            recorded = await self._recorded(conn)
        self.note.written |= recorded

    @asynccontextmanager
    async def unscoped(self) -> AsyncIterator[Connection]:
        """One transaction that row security does not bound: only where there is no person to bound it by.

        Sign-in and sessions (who asks is the question), answers by token, enrolment by claim or certificate,
        texts by the provider's secret: each goes by a secret of its own. A test lists the callers.
        """
        async with self.parts.service.connection() as conn, conn.transaction():
            yield conn
            recorded = await self._recorded(conn)
        self.note.written |= recorded

    async def _recorded(self, conn: Connection) -> bool:
        if not self.note.actor:
            return False
        await trail.append(conn, self.note.entry())
        return True


def _parts(request: Request) -> Parts:
    parts = request.app.state.parts
    assert isinstance(parts, Parts)  # noqa: S101 - create_app puts it there
    return parts


def _call(request: Request, parts: Annotated[Parts, Depends(_parts)]) -> Call:
    now = parts.clock()
    origin = request.client.host if request.client else ""
    note = Note(now, recorder.action_of(request.scope), recorder.about(request.scope), origin)
    request.state.note = note
    return Call(parts, now, note)


Api = Annotated[Call, Depends(_call)]


_IN_DOCUMENT: Final = APIKeyCookie(
    name=COOKIE, scheme_name="session", description=f"named {SECURE_COOKIE} behind https", auto_error=False
)


async def _any_session(
    request: Request, api: Api, _: Annotated[str | None, Security(_IN_DOCUMENT)] = None
) -> Session:
    token, of_service = token_of(request, api.parts.cookie)
    if token:
        key = sessions.key_of(token)
        async with api.unscoped() as conn:
            session = await (api_tokens.find if of_service else sessions.find)(conn, key, api.now)
        if session is not None:
            _is_meant(request, session)
            api.parts.pace.know(key, api.now)  # from now on the turnstile counts it by itself
            guard.staff_seen(request, session.principal.staff_id)
            api.note.by(session.principal.actor, session.principal.tenant_id)
            return session
        api.parts.pace.forget(key)
    raise ProblemError(HTTPStatus.UNAUTHORIZED, "signed_out", "Sign in first.")


def _is_meant(request: Request, session: Session) -> None:
    """Refuse what one person wrote while another is signed in: a browser sends the session of whoever came
    last, also from a page that was opened before.

    Raises:
        ProblemError: 401 its ``X-Anban-As`` names somebody else's number.
    """
    writer = request.headers.get(WRITER_HEADER)
    if writer is not None and writer != str(session.principal.staff_id):
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED, "somebody_else", "Whoever wrote this is not signed in here."
        )


HalfSignedIn = Annotated[Session, Depends(_any_session)]
"""Somebody who may still owe their second factor: for what belongs to signing in, and nothing else."""


async def _own_half(session: HalfSignedIn) -> Session:
    if session.principal.token_id is not None:
        raise ProblemError(HTTPStatus.FORBIDDEN, "not_for_services", "This is for people, not for a token.")
    return session


OwnHalfSignedIn = Annotated[Session, Depends(_own_half)]
"""The same, and never a service: its token must not touch the sign-in of the person who drew it."""


def choose_first(session: Session) -> None:
    """Let nobody on who has a one-time password.

    Raises:
        ProblemError: 403 they must choose one of their own.
    """
    if session.one_time:
        raise ProblemError(HTTPStatus.FORBIDDEN, "password_one_time", "Choose a password of your own first.")


async def _session(session: HalfSignedIn) -> Session:
    choose_first(session)
    if not session.whole:
        code = f"second_factor_{session.second_factor.value}"
        raise ProblemError(HTTPStatus.FORBIDDEN, code, "Signing in is not finished: the second factor.")
    return session


SignedIn = Annotated[Session, Depends(_session)]


async def _own(session: SignedIn, _: OwnHalfSignedIn) -> Session:
    return session


OwnSignedIn = Annotated[Session, Depends(_own)]
"""A person whose sign-in is finished, and never a service."""


def require(permission: Permission) -> Callable[[Session], Awaitable[Principal]]:
    """A dependency that lets only roles with ``permission`` through and hands on who it is."""

    async def allowed(session: SignedIn) -> Principal:
        if not session.principal.may(permission):
            raise ProblemError(HTTPStatus.FORBIDDEN, "not_permitted", "Your role does not include this.")
        return session.principal

    return allowed


def present(permission: Permission) -> Callable[[Api, Session], Awaitable[Principal]]:
    """Like ``require``, for what cannot be taken back or tells too much: whoever asks has shown within
    ``PRESENT_FOR`` that it is them at the screen (``POST /session/presence``).
    """

    allowed = require(permission)

    async def here(api: Api, session: SignedIn) -> Principal:
        who = await allowed(session)
        if session.proved_at is None or session.proved_at <= api.now - PRESENT_FOR:
            raise ProblemError(
                HTTPStatus.FORBIDDEN, "presence_needed", "Show first that it is you: POST /session/presence."
            )
        return who

    return here


def needs(module: Module) -> Callable[[Session], Awaitable[None]]:
    """A dependency of routes that exist only for tenants which have ``module``."""

    async def there(session: SignedIn) -> None:
        if module not in session.principal.modules:
            detail = (
                f"Your tenant does not have the module {module}: whoever administers the city switches it on."
            )
            raise ProblemError(HTTPStatus.FORBIDDEN, "module_off", detail)

    return there


async def on_purpose(_: Request, error: Exception) -> Response:
    """The answer to a read for a purpose that the reader's role does not have."""
    assert isinstance(error, PurposeError)  # noqa: S101 - registered for this type only
    return problems.respond(ProblemError(HTTPStatus.FORBIDDEN, error.code, str(error)))


def _storable(text: str) -> str:
    """Refuse what PostgreSQL cannot hold (NUL) and what no form sends (other control characters)."""
    if any(ch < " " and ch not in "\n\t" for ch in text) or "\x7f" in text:
        raise ValueError("control characters are not allowed")
    return text


Text = Annotated[str, AfterValidator(_storable)]
"""Free text from a person: any script, no control characters but line feed and tab."""
