"""The screens: static files, built once, served by any ASGI application.

What this is: ``mount(app)``, the files' headers, and the page that stands in when they were never built.
What it is not: it knows nothing of incidents, sessions or databases; the screens reach those through
``/api/v1`` like any other client. The one idea: every file is read into memory when the application starts,
so a path from outside only ever selects from a closed table, and a disk that fails at night does not take
the screen with it.
"""

from __future__ import annotations

import hashlib
import logging
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

log = logging.getLogger(__name__)
Answer = Callable[[Request], Awaitable[Response]]

STATIC: Final = Path(__file__).parent / "static"
"""Where the build puts its output (``hatch_build.py``)."""

REPAIR: Final = "python -m pip install --no-deps -e ."
"""The one command, run in the checkout, that builds the screens again."""

IMMUTABLE: Final = (
    "public, max-age=31536000, immutable"  # one year, RFC 8246: the name carries the content's hash
)
REVALIDATE: Final = "no-cache"

SECURITY: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

DEVICES: Final[Mapping[str, Mapping[str, str]]] = {
    "field": {"Permissions-Policy": "camera=(self), microphone=(self), geolocation=(self)"},
}
"""What a page may use of the device it is shown on, where that is more than nothing. At a door: where one is,
a photo of the home, a voice note."""
NOTHING_MORE: Final[Mapping[str, str]] = {}

_MISSING: Final = f"""<!doctype html>
<html lang="zh-Hans-CN"><meta charset="utf-8"><title>安伴 Anban</title>
<h1>界面尚未构建 · The screens are not built</h1>
<p>报警处理不受影响，正在运行。 Alarms are being handled as usual.</p>
<p>请在源码目录执行 · Run this in the checkout:</p>
<pre>{REPAIR}</pre></html>
"""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file ready to send: its bytes, the same bytes gzipped (or ``None``), and its headers."""

    plain: bytes
    gzipped: bytes | None
    media_type: str
    etag: str

    @classmethod
    def read(cls, path: Path) -> StaticFile:
        """Read ``path`` and the ``.gz`` beside it, if the build made one."""
        plain = path.read_bytes()
        gzipped = path.with_name(path.name + ".gz")
        return cls(
            plain,
            gzipped.read_bytes() if gzipped.is_file() else None,
            mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            f'"{hashlib.sha256(plain).hexdigest()[:20]}"',
        )

    def respond(self, request: Request, cache: str, more: Mapping[str, str] = NOTHING_MORE) -> Response:
        """Answer ``request`` with this file: 304 when the browser holds it, gzip when it accepts that.
        ``more``: headers that differ from ``SECURITY``.
        """
        kept = {"Cache-Control": cache, "ETag": self.etag, "Vary": "Accept-Encoding"}
        headers = {**SECURITY, **more, **kept}
        if request.headers.get("if-none-match") == self.etag:
            return Response(status_code=304, headers=headers)
        if self.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(
                self.gzipped, media_type=self.media_type, headers={**headers, "Content-Encoding": "gzip"}
            )
        return Response(self.plain, media_type=self.media_type, headers=headers)


PAGES: Final[Mapping[str, str]] = {
    "/console/": "console",
    "/console/i/{incident:int}": "console",
    "/console/homes/{home:int}": "console",
    "/console/account": "console",
    "/console/map": "console",
    "/console/devices": "console",
    "/console/shift": "console",
    "/console/visits": "console",
    "/console/wall": "wall",
    "/field/": "field",
    "/family/": "family",
    "/kpi/": "kpi",
    "/kpi/report/{month}": "kpi",
    "/admin/": "admin",
    "/admin/{part}": "admin",
    "/admin/homes/{home:int}": "admin",
}
"""The page that answers at an address; what a page shows of it is the page's own affair."""
SHORT: Final[Mapping[str, str]] = {
    "/": "/console/",
    **{path.rstrip("/"): path for path in PAGES if path.endswith("/")},
}
"""Addresses that people type, and where they lead."""


FOLDERS: Final[Mapping[str, str]] = {"assets": IMMUTABLE, "install": REVALIDATE}
"""Folders of files that pages name, and how long a browser keeps them. ``install``: manifests and icons of
the pages that people keep on their telephones; their names stay."""


def mount(app: Starlette, static: Path = STATIC) -> bool:
    """Serve the screens of ``static`` on ``app``: ``PAGES``, their assets and service workers, the short
    addresses, and ``/lite``.

    Answers whether there is a build to serve. Without one the same addresses show how to repair it (503), and
    the application runs on: a missing screen must never stop an alarm.
    """
    from dashboards import lite

    pages = {path.stem: StaticFile.read(path) for path in static.glob("*.html")}
    missing = sorted(set(PAGES.values()) - set(pages))
    if missing:
        log.error("screens not built path=%s missing=%s repair=%r", static, ",".join(missing), REPAIR)

    for short, path in SHORT.items():
        app.add_route(short, _leads_to(path), include_in_schema=False)
    for path, name in PAGES.items():
        app.add_route(path, _shows(pages.get(name), DEVICES.get(name, NOTHING_MORE)), include_in_schema=False)
    for folder, cache in FOLDERS.items():
        app.add_route(
            f"/{folder}/{{name}}", _shows_one_of(_files(static / folder), cache), include_in_schema=False
        )
    for worker in static.glob("sw/sw-*.js"):  # below its page: a worker reaches no further than its address
        name = worker.stem.removeprefix("sw-")
        app.add_route(
            f"/{name}/sw.js", _shows(StaticFile.read(worker), NOTHING_MORE), include_in_schema=False
        )
    lite.mount(app)
    return not missing


def _files(folder: Path) -> Mapping[str, StaticFile]:
    return {path.name: StaticFile.read(path) for path in folder.glob("*") if path.suffix != ".gz"}


def _shows_one_of(files: Mapping[str, StaticFile], cache: str) -> Answer:
    async def show(request: Request) -> Response:
        file = files.get(request.path_params["name"])
        return Response(status_code=404) if file is None else file.respond(request, cache)

    return show


def _leads_to(path: str) -> Answer:
    async def lead(_: Request) -> Response:
        return RedirectResponse(path)

    return lead


def _shows(page: StaticFile | None, more: Mapping[str, str]) -> Answer:
    async def show(request: Request) -> Response:
        if page is None:
            return Response(_MISSING, 503, {**SECURITY, "Cache-Control": "no-store"}, "text/html")
        return page.respond(request, REVALIDATE, more)

    return show
