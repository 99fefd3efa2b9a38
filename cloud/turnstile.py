"""How often anybody may ask anything: by session where there is one, else by network address.

What this is: the count that every request passes before its body is read. What it is not: the count of
guesses at a sign-in (``throttle``), or a wall against a flood from everywhere at once. The one idea: many
people share one address, a whole centre or a carrier's customers, so an address is the last thing to judge
somebody by: who is signed in counts for themself, and what helps in an emergency has a bucket of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.types import Scope

from cloud.crowd import Crowd
from cloud.metrics import REFUSED_REQUESTS
from cloud.problems import too_many
from cloud.sessions import key_of
from cloud.throttle import Pace, network

SECONDS_AT_ONCE: Final = 20
"""A bucket holds this many seconds' worth: at 50 a second a thousand requests, more than a hundred people who
open the sign-in at one moment behind one address. [D]"""
PREFIX: Final = 56
"""Bits of an IPv6 address that count: RFC 6177 gives one subscriber a /56 to a /48, carriers a /64 to each
telephone; so this may be one home or 256 telephones, as an IPv4 address may."""
BEARER: Final = "bearer"


class Turnstile:
    """Counts requests. ``rate``: of one address, a second, 0: addresses are not counted.

    ``cookie``: of the session. ``pace``: of the sessions that were seen to live. ``urgent``: beginnings of
    the paths that help in an emergency. ``clock`` is for sessions, ``monotonic`` for addresses.
    """

    def __init__(
        self,
        rate: int,
        cookie: str,
        pace: Pace,
        urgent: tuple[str, ...],
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._crowds = (
            {reason: Crowd(rate, rate * SECONDS_AT_ONCE) for reason in ("address", "urgent")} if rate else {}
        )
        self._cookie, self._pace, self._urgent = cookie, pace, urgent
        self._clock, self._monotonic = clock, monotonic

    def admit(self, scope: Scope) -> None:
        """Count the request of ``scope``.

        Raises:
            ProblemError: 429, with the seconds to wait.
        """
        request = Request(scope)
        key = credential(request, self._cookie)
        if key is not None and self._pace.knows(key):
            wait, reason = self._pace.take(key, self._clock()), "session"
        else:
            reason = "urgent" if scope["path"].startswith(self._urgent) else "address"
            wait = self._of_address(request, reason)
        if wait is not None:
            REFUSED_REQUESTS.labels(reason).inc()
            raise too_many(wait, "Too many requests.")

    def _of_address(self, request: Request, reason: str) -> timedelta | None:
        if reason not in self._crowds:
            return None
        address = network(request.client.host if request.client else "", PREFIX)
        wait_s = self._crowds[reason].take(address, self._monotonic())
        return None if wait_s is None else timedelta(seconds=wait_s)


def token_of(request: Request, cookie: str) -> tuple[str, bool]:
    """What signs this request in, ``""``: nothing; and whether it is a service's token, not a cookie.

    A browser sends its cookie by itself, a service says that it is one.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == BEARER:
        return token, True
    return request.cookies.get(cookie, ""), False


def credential(request: Request, cookie: str) -> bytes | None:
    """The key that a session of this request would be stored under; ``None``: it brings nothing."""
    token, _ = token_of(request, cookie)
    return key_of(token) if token else None
