"""The pages of ``/lite`` and what their forms send.

What this is: one function per address. What it is not: it decides nothing about incidents. The one idea: a
form answers with a redirect (303), so that loading a page again never sends anything twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dashboards.lite import forms, view
from dashboards.lite.client import Api, RefusedError, asking
from dashboards.lite.speech import LANGUAGES, Words, choose

HOME: Final = "/lite/"
SIGN_IN: Final = "/lite/sign-in"
REFRESH_S: Final = 15
"""How often the list asks again: a person who waits for an alarm sees it within one breath of this."""
_LANGUAGE: Final = "anban-language"
_YEAR_S: Final = 31_536_000
_NOTE: Final = 2_000  # characters, as the interface takes them
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # with less, browsers hide from us where a form comes from
    "X-Robots-Tag": "noindex",
}
_FOLDER: Final = Path(__file__).parent
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE: Final = (_FOLDER / "templates" / "style.css").read_text(encoding="utf-8")
_UNFINISHED: Final = frozenset({"password_one_time", "second_factor_missing"})
_NOTICES: Final[Mapping[str, str]] = {
    "form": "lite.notice_form",
    "conflict": "lite.notice_conflict",
    "refused": "lite.notice_refused",
}
_AGAIN: Final = frozenset({"conflict", "in_progress"})

Page = Callable[[Request, Api, Words], Awaitable[Response]]


def mount(app: Starlette) -> None:
    """Add the pages to ``app``."""
    for path, page, methods in (
        (HOME, _queue, ["GET"]),
        ("/lite/i/{incident:int}", _incident, ["GET"]),
        ("/lite/i/{incident:int}/{step}", _step, ["POST"]),
        ("/lite/take", _take, ["POST"]),
        (SIGN_IN, _sign_in_page, ["GET"]),
        (SIGN_IN, _sign_in, ["POST"]),
        ("/lite/code", _code, ["POST"]),
        ("/lite/sign-out", _sign_out, ["POST"]),
    ):
        app.add_route(path, _shown(page), methods=methods, include_in_schema=False)
    app.add_route("/lite", _to_home, include_in_schema=False)
    app.add_route("/lite/style.css", _style, include_in_schema=False)
    app.add_route("/lite/language/{locale}", _language, include_in_schema=False)


# Pages -------------------------------------------------------------------------------------------------


async def _queue(request: Request, api: Api, said: Words) -> Response:
    queue = await api.read("/queue")
    paused = "pause" in request.query_params
    page = _page(
        request, said, "queue", rows=view.rows(queue, said), rate=queue["rate"], at=view.clock(queue["now"]),
        paused=paused, every_s=REFRESH_S,
    )  # fmt: skip
    if not paused:
        page.headers["Refresh"] = str(REFRESH_S)
    return page


async def _incident(request: Request, api: Api, said: Words) -> Response:
    detail = await api.read(f"/incidents/{request.path_params['incident']}")
    return _page(
        request, said, "incident", page=view.page(detail, datetime.now(UTC), said),
        outcomes=said.all("outcome"), most=_NOTE, notice=_notice(request, said),
    )  # fmt: skip


async def _sign_in_page(request: Request, _: Api, said: Words) -> Response:
    return _page(request, said, "sign_in", notice=_notice(request, said))


# What forms send ---------------------------------------------------------------------------------------


async def _step(request: Request, api: Api, said: Words) -> Response:
    given = await forms.fields(request)
    incident, step = request.path_params["incident"], request.path_params["step"]
    back = f"/lite/i/{incident}"
    body = _STEPS[step](given) if given is not None and step in _STEPS else None
    if given is None or body is None:
        return _to(f"{back}?notice=form")
    try:
        await api.send(f"/incidents/{incident}/{step}", body, given.get("key", ""))
    except RefusedError as refused:
        if refused.status != HTTPStatus.CONFLICT:
            raise
        return _to(f"{back}?notice={'conflict' if refused.code in _AGAIN else 'refused'}")
    del said
    return _to(HOME if step == "close" else back)


async def _take(request: Request, api: Api, _: Words) -> Response:
    """Take everything of one row; what somebody else has taken meanwhile stays theirs."""
    given = await forms.fields(request)
    if given is None:
        return _to(HOME)
    pairs = [pair.partition(":") for pair in given.get("of", "").split(",")]
    actions = [
        {"action": "ack", "incident_id": int(number), "version": int(version)}
        for number, _, version in pairs
        if number.isdecimal() and version.isdecimal()
    ]
    if actions:
        await api.send("/incidents/actions", {"actions": actions[: view.MOST_AT_ONCE]}, given.get("key", ""))
    return _to(HOME)


async def _sign_in(request: Request, api: Api, said: Words) -> Response:
    given = await forms.fields(request)
    if given is None:
        return _to(f"{SIGN_IN}?notice=form")
    credentials = {name: given.get(name, "") for name in ("username", "password")}
    return await _signed_in(request, api, said, "/session", credentials, "sign_in")


async def _code(request: Request, api: Api, said: Words) -> Response:
    given = await forms.fields(request)
    if given is None:
        return _to(f"{SIGN_IN}?notice=form")
    return await _signed_in(
        request, api, said, "/session/second-factor", {"code": given.get("code", "")}, "code"
    )


async def _signed_in(  # noqa: PLR0917 - one step of signing in, and the page to show when it fails
    request: Request, api: Api, said: Words, path: str, body: Mapping[str, str], page: str
) -> Response:
    try:
        answer = await api.send(path, body)
    except RefusedError as refused:
        notice = _SIGN_IN_REFUSED.get(refused.status, "sign_in.failed")
        return _page(request, said, page, notice=said.t(notice), status=HTTPStatus(refused.status))
    me: dict[str, Any] = answer.json()
    cookies = answer.headers.get_list("set-cookie")
    shown: Response = _to(HOME)
    if me["one_time"] or me["second_factor"] == "missing":
        shown = _page(request, said, "message", text=said.t("lite.finish_elsewhere"))
    elif me["second_factor"] == "owed":
        shown = _to("/lite/")  # the queue asks for the code
    for cookie in cookies:
        shown.headers.append("set-cookie", cookie)
    return shown


async def _sign_out(request: Request, api: Api, _: Words) -> Response:
    if await forms.fields(request) is None:
        return _to(HOME)
    answer = await api.leave()
    shown = _to(SIGN_IN)
    for cookie in answer.headers.get_list("set-cookie"):
        shown.headers.append("set-cookie", cookie)
    return shown


_SIGN_IN_REFUSED: Final[Mapping[int, str]] = {
    401: "sign_in.wrong",
    403: "second_factor.wrong",
    422: "sign_in.wrong",
    429: "sign_in.locked",
    503: "sign_in.unreachable",
}


def _ack(given: Mapping[str, str]) -> dict[str, Any] | None:
    version = given.get("version", "")
    return {"version": int(version)} if version.isdecimal() else None


def _noted(given: Mapping[str, str]) -> dict[str, Any] | None:
    body, note = _ack(given), given.get("note", "").replace("\r\n", "\n").strip()[:_NOTE]
    return body | {"note": note} if body and note else None


def _closed(given: Mapping[str, str]) -> dict[str, Any] | None:
    body, outcome = _ack(given), given.get("outcome", "")
    note = given.get("note", "").replace("\r\n", "\n").strip()[:_NOTE]
    return body | {"outcome": outcome, "note": note} if body and outcome else None


_STEPS: Final[Mapping[str, Callable[[Mapping[str, str]], dict[str, Any] | None]]] = {
    "ack": _ack,
    "note": _noted,
    "close": _closed,
}
"""Step → what the interface is told, from what the form says; ``None``: something it needs is missing."""


# Shell -------------------------------------------------------------------------------------------------


def _shown(page: Page) -> Callable[[Request], Awaitable[Response]]:
    """``page`` as a route: what the interface refuses becomes a page that says what to do."""

    async def handle(request: Request) -> Response:
        said = Words(_locale(request))
        async with asking(request) as api:
            try:
                return await page(request, api, said)
            except RefusedError as refused:
                return _refused(request, said, refused)

    return handle


def _refused(request: Request, said: Words, refused: RefusedError) -> Response:
    if refused.status == HTTPStatus.UNAUTHORIZED:
        return _to(SIGN_IN)
    if refused.code == "second_factor_owed":
        return _page(request, said, "code", notice="")
    if refused.code in _UNFINISHED:
        return _page(request, said, "message", text=said.t("lite.finish_elsewhere"))
    text = _REFUSED.get(refused.status, "lite.failed")
    page = _page(request, said, "message", text=said.t(text), status=HTTPStatus(refused.status))
    if refused.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        page.headers["Refresh"] = str(REFRESH_S)
    return page


_REFUSED: Final[Mapping[int, str]] = {
    403: "app.no_permission",
    404: "lite.not_found",
    429: "sign_in.locked",
    503: "lite.away",
}


def _page(
    request: Request, said: Words, template: str, *, status: HTTPStatus = HTTPStatus.OK, **values: Any
) -> Response:
    seed = forms.seed(request)
    html = _TEMPLATES.get_template(f"{template}.html").render(
        said=said, t=said.t, languages=LANGUAGES, proof=forms.proof(request, seed), field=forms.FIELD,
        key=secrets.token_hex, **values,
    )  # fmt: skip
    page = HTMLResponse(html, status, _HEADERS)
    forms.keep(request, page, seed)
    return page


def _to(path: str) -> Response:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER, _HEADERS)


def _notice(request: Request, said: Words) -> str:
    """Why the last form did nothing; only words of our own can come from an address."""
    asked = request.query_params.get("notice", "")
    return said.t(_NOTICES[asked]) if asked in _NOTICES else ""


def _locale(request: Request) -> str:
    chosen = request.cookies.get(_LANGUAGE, "")
    return chosen if chosen in LANGUAGES else choose(request.headers.get("accept-language", ""))


async def _to_home(_: Request) -> Response:
    return _to(HOME)


async def _style(_: Request) -> Response:
    return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "no-cache"})


async def _language(request: Request) -> Response:
    """Only a way of speaking is kept, so a link may choose it."""
    shown, locale = _to(HOME), request.path_params["locale"]
    if locale in LANGUAGES:
        shown.set_cookie(_LANGUAGE, locale, max_age=_YEAR_S, path="/lite", httponly=True, samesite="strict")
    return shown
