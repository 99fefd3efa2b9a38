"""Shows that a form is ours: a foreign page can send one, but cannot know what stands in it.

The one idea (OWASP, "signed double-submit cookie"): each browser holds a random value in a cookie that no
script reads and no foreign page sends; a form carries its digest together with the session's cookie. Whoever
can make the digest has both cookies already. Nothing is kept here, so any process can check it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

FIELD: Final = "proof"
_NAME: Final = "anban-lite"
_DAY_S: Final = 86_400


def seed(request: Request) -> str:
    """The random value of this browser; a new one, which ``keep`` sets, where it has none."""
    held = request.cookies.get(_cookie(request), "")
    return held or secrets.token_urlsafe(32)


def keep(request: Request, response: Response, value: str) -> None:
    """Let the browser hold ``value`` for a day."""
    response.set_cookie(
        _cookie(request), value, max_age=_DAY_S, path="/", secure=_secure(request), httponly=True,
        samesite="strict",
    )  # fmt: skip


def proof(request: Request, value: str) -> str:
    """What a form on a page for this browser carries."""
    sessions = "\n".join(request.cookies.get(name, "") for name in ("anban", "__Host-anban"))
    return hmac.new(value.encode(), f"anban lite form\n{sessions}".encode(), hashlib.sha256).hexdigest()


async def fields(request: Request) -> dict[str, str] | None:
    """What a form of ours says; ``None``: it does not prove that it is ours, or is too old to."""
    try:
        said = parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=500)
    except ValueError:
        return None
    given = {name: values[-1] for name, values in said.items()}
    held = request.cookies.get(_cookie(request), "")
    if not held or not hmac.compare_digest(given.pop(FIELD, "").encode(), proof(request, held).encode()):
        return None
    return given


def _secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _cookie(request: Request) -> str:
    return f"__Host-{_NAME}" if _secure(request) else _NAME
