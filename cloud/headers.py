"""The headers that every answer of this program carries, whoever makes it and whatever it is.

What this is: one table, and the one header that depends on how a request came. What it is not: what a route
says about its own answer; that stands. The one idea: a page of ours loads nothing from elsewhere, is shown
inside nothing, and hands nothing on; an answer that is no page says so too, because some browser may take it
for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Hsts = Literal["off", "host", "subdomains"]
"""For whom browsers remember that we speak https only; ``subdomains``: for every name below ours, too."""

ALWAYS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
}
_YEAR_S: Final = 31_536_000
_HSTS: Final[Mapping[Hsts, str]] = {
    "host": f"max-age={_YEAR_S}",
    "subdomains": f"max-age={_YEAR_S}; includeSubDomains",
}


def worn(scheme: str, hsts: Hsts) -> dict[str, str]:
    """The headers of an answer to a request that came by ``scheme``.

    Over http nothing is said of https (RFC 6797, section 7.2): browsers would not believe it.
    """
    strict = {"Strict-Transport-Security": _HSTS[hsts]} if scheme == "https" and hsts in _HSTS else {}
    return {**ALWAYS, **strict}
