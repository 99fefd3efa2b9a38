"""``POST /texts/{token}``: a provider hands over a text that came to the alarm centre's number.

What it is not: for browsers; the address itself is the secret, and no cookie is read. The one idea: the
answer comes after COMMIT, and any answer but 204 makes the provider try again.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import parse_qs

import msgspec
from fastapi import APIRouter, Path, Request

from cloud.access import Api
from cloud.problems import ProblemError, not_found, responses
from cloud.texts import store

router = APIRouter(tags=["texts"])

Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{24,128}$", description="sms.token of the configuration")]
_FORM: Final = "application/x-www-form-urlencoded"
_BODY: Final = {kind: {"schema": {"type": "object"}} for kind in ("application/json", _FORM)}


@router.post(
    "/texts/{token}",
    operation_id="takeText",
    summary="Take a text that came to the alarm centre's number",
    status_code=HTTPStatus.NO_CONTENT,
    responses=responses(HTTPStatus.NOT_FOUND),
    openapi_extra={"requestBody": {"required": True, "content": _BODY}},
)
async def take_text(token: Token, request: Request, api: Api) -> None:
    """JSON or form, the text in the field that the configuration names. Whether it is believed is not told;
    any answer but 204 asks to be called again. 404 without such a token, 422 when the text is missing.
    """
    sms = api.parts.settings.sms
    if not sms.token or not hmac.compare_digest(token, sms.token):
        raise not_found()
    text = _text(await request.body(), request.headers.get("content-type", ""), sms.text_field)
    async with api.unscoped() as conn:
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
