"""``POST /texts/{token}``: a provider hands over a text that came to the alarm centre's number.

What it is not: a part of the screens' contract; no browser calls it, and the document leaves it out. The one
idea: the answer comes after COMMIT, and any answer but 204 makes the provider try again.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import parse_qs

import msgspec
from fastapi import APIRouter, Path, Request

from cloud.access import Api
from cloud.problems import ProblemError, not_found
from cloud.texts import store

router = APIRouter(tags=["texts"], include_in_schema=False)

Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{24,128}$")]
_FORM: Final = "application/x-www-form-urlencoded"


@router.post("/texts/{token}", status_code=HTTPStatus.NO_CONTENT)
async def take_text(token: Token, request: Request, api: Api) -> None:
    """Take one text, JSON or form, in the field that the settings name. Whether it is believed is not told.

    404: there is no such address. 422: the text is missing.
    """
    sms = api.parts.settings.sms
    if not sms.token or not hmac.compare_digest(token, sms.token):
        raise not_found()
    text = _text(await request.body(), request.headers.get("content-type", ""), sms.text_field)
    async with api.writing() as conn:
        await store.take(conn, text, api.now)


def _text(body: bytes, content_type: str, name: str) -> str:
    """The text in the body.

    Raises:
        ProblemError: there is none.
    """
    if content_type.startswith(_FORM):
        found = parse_qs(body.decode("utf-8", "replace")).get(name, [""])[0]
    else:
        found = _of_json(body, name)
    if not found:
        detail = f"The field {name!r} with the text is missing."
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "no_text", detail)
    return found


def _of_json(body: bytes, name: str) -> str:
    try:
        document = msgspec.json.decode(body)
    except (ValueError, RecursionError):  # msgspec's errors and bad UTF-8 are kinds of the first
        return ""
    found = document.get(name) if isinstance(document, dict) else None
    return found if isinstance(found, str) else ""
