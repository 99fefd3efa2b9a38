"""``POST /replies/{provider}/{token}``: a provider hands over a text that somebody sent back.

What it is not: for browsers, or for alarms (``texts``); the address itself is the secret, as for receipts.
The one idea: the provider is thanked after COMMIT, whatever became of the text: it must not hand one over
again because we could not make sense of it.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request

from cloud.access import Api
from cloud.dispatch import texted
from cloud.dispatch.report_routes import BODY, Thanks, Token
from cloud.notify.heard import HEARD, read, thanks
from cloud.notify.reports import BadReport
from cloud.problems import ProblemError, not_found, responses

router = APIRouter(tags=["messages"])

Provider = Annotated[str, Path(pattern=r"^[a-z-]{1,32}$", description=f"one of {', '.join(HEARD)}")]


@router.post(
    "/replies/{provider}/{token}",
    operation_id="takeReplies",
    summary="Take the texts that people sent back",
    responses=responses(HTTPStatus.NOT_FOUND),
    response_model_exclude_unset=True,
    openapi_extra={"requestBody": {"required": True, "content": BODY}},
)
async def take_replies(provider: Provider, token: Token, request: Request, api: Api) -> Thanks:
    """As the provider documents its call-back. 404 without such a provider or token, 422 when the body is
    something else.
    """
    known = api.parts.settings.notify.reports_token
    if not known or not hmac.compare_digest(token, known) or provider not in HEARD:
        raise not_found()
    try:
        found = read(provider, await request.body())
    except BadReport as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_report", str(error)) from error
    for text in found:
        async with api.unscoped() as conn:
            await texted.take(conn, api.parts.ring, text, api.now)
    return Thanks.model_validate(thanks(provider))
