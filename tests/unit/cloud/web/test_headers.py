"""The headers of every kind of answer, as a client gets them over a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx
import pytest

import dashboards
from cloud import watch
from cloud.headers import ALWAYS, Hsts, worn
from cloud.listener import Door
from cloud.serve import serving
from cloud.settings import Operations
from tests.unit.cloud.conftest import Site

KINDS: Final = {
    "data": ("GET /api/v1/session", 200),
    "nothing": ("DELETE /api/v1/account/sessions", 204),
    "a page": ("GET /a/token", 200),
    "the screens": ("GET /console/", 200),
    "a file": ("GET /assets/x.js", 200),
    "a file that is not there": ("GET /assets/y.js", 404),
    "somewhere else": ("GET /console", 307),
    "not found": ("GET /api/v1/nowhere", 404),
    "not allowed": ("PUT /api/v1/session", 405),
    "invalid": ("POST /api/v1/session", 422),
    "a document": ("GET /api/v1/openapi.json", 200),
    "a stream": ("GET /api/v1/stream?after=0", 200),
}


OWN: Final = {
    "Permissions-Policy": "camera=(), microphone=(), geolocation=",
    "Content-Security-Policy": "frame-ancestors 'none'",
}
"""What pages say of themselves, and what is in it at the least."""


@pytest.fixture
async def browser(site: Site, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """An operator's, before the application with its screens."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "console.html").write_text("<!doctype html>")
    (tmp_path / "assets" / "x.js").write_text("1")
    dashboards.mount(site.app, tmp_path)
    async with (
        serving(site.app, "127.0.0.1", 0) as address,
        httpx.AsyncClient(base_url=address, headers={"X-Anban": "1"}, timeout=60) as client,
    ):
        client.cookies.set("anban", (await site.signed_in("operator")).cookies["anban"])
        yield client


def lacking(headers: httpx.Headers) -> set[str]:
    """What of the headers is not there, or says something else; a page may forbid itself more than all."""
    wrong = {name for name, value in ALWAYS.items() if headers.get(name) != value}
    stricter = {name for name, least in OWN.items() if least in headers.get(name, "")}
    return wrong - stricter


async def test_every_kind_of_answer_wears_them(browser: httpx.AsyncClient) -> None:
    found = {}
    for kind, (asked, _) in KINDS.items():
        method, path = asked.split()
        async with browser.stream(method, path, json={} if method == "POST" else None) as answer:
            found[kind] = answer.status_code, lacking(answer.headers)
    assert found == {kind: (status, set()) for kind, (_, status) in KINDS.items()}


async def test_what_is_no_request_is_refused_with_them(site: Site) -> None:
    async with serving(site.app, "127.0.0.1", 0, Door()) as address:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        writer.write(b"HELO anban\r\n\r\n")
        head = (await reader.read()).partition(b"\r\n\r\n")[0].decode().lower()
        writer.close()
    assert [name for name, value in ALWAYS.items() if f"{name}: {value}".lower() not in head] == []


async def test_what_watches_a_process_gets_them(site: Site) -> None:
    app = watch.create_app(Operations(), site.app.state.parts.service, {})
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://anban.test") as client:
        for path in ("/health", "/metrics", "/nowhere"):
            assert lacking((await client.get(path)).headers) == set()


@pytest.mark.parametrize(
    ("scheme", "hsts", "said"),
    [
        ("https", "subdomains", "max-age=31536000; includeSubDomains"),
        ("https", "host", "max-age=31536000"),
        ("https", "off", None),
        ("http", "subdomains", None),
    ],
)
def test_https_is_asked_for_over_https_as_far_as_was_configured(
    scheme: str, hsts: Hsts, said: str | None
) -> None:
    assert worn(scheme, hsts).get("Strict-Transport-Security") == said


def test_the_screens_know_the_same_headers() -> None:
    """They are served by any application, and forbid themselves the rest."""
    theirs = dict(dashboards.SECURITY)
    assert theirs.pop("Permissions-Policy") == "camera=(), microphone=(), geolocation=()"
    assert theirs.items() <= ALWAYS.items()
    assert set(ALWAYS) - set(theirs) == {"Permissions-Policy"}
