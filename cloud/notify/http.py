"""One request to a provider, and what its failure means: what all channels that speak HTTP share.

What it is not: a pool of connections; a message to a telephone is rare, and a connection that a provider has
silently dropped would cost the one attempt that matters. The one idea: no answer is never certain, so it may
be tried again; whatever the error's text may quote stays here.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from typing import Final

import httpx
import msgspec

from cloud.notify.model import NotifyError

PATIENCE_S: Final = 10.0
"""For one request. D: a third of what the most urgent message may wait for its delivery."""
_MOST_BYTES: Final = 65_536
"""An answer longer than this is not one of a provider's."""
_SECONDS: Final = re.compile(r"[0-9]{1,6}")


async def post(url: str, headers: Mapping[str, str], content: bytes = b"") -> httpx.Response:
    """The answer to a POST, whatever its status.

    Raises:
        NotifyError: there was none, or it is too long; never permanent.
    """
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_S, verify=_trust(), trust_env=False) as client:
            response = await client.post(url, headers=dict(headers), content=content)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotifyError(f"no answer: {type(error).__name__}", permanent=False) from error
    if len(response.content) > _MOST_BYTES:
        raise NotifyError("the answer is too long", permanent=False)
    return response


def document(response: httpx.Response) -> Mapping[str, object]:
    """The JSON object that the answer holds.

    Raises:
        NotifyError: it holds none, as a broken proxy's page does; never permanent.
    """
    try:
        found = msgspec.json.decode(response.content)
    except (ValueError, RecursionError) as error:
        raise NotifyError(f"unreadable answer, HTTP {response.status_code}", permanent=False) from error
    if not isinstance(found, dict):
        raise NotifyError(f"unreadable answer, HTTP {response.status_code}", permanent=False)
    return found


def refused(response: httpx.Response, *, gone: bool = False) -> NotifyError:
    """What an answer means that is no success: a provider that is busy or broken may be asked again, when it
    says so itself (``Retry-After``, in seconds); anybody else says no for good.
    """
    status = response.status_code
    again = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    asked = response.headers.get("Retry-After", "")
    wait = timedelta(seconds=int(asked)) if _SECONDS.fullmatch(asked) else timedelta(0)
    return NotifyError(f"refused, HTTP {status}", permanent=not again, gone=gone, wait=wait)


@cache
def _trust() -> ssl.SSLContext:
    """Who is believed to be who they say: read once, which takes tens of milliseconds."""
    return httpx.create_ssl_context()
