"""``POST /receipts/{provider}/{token}``: a provider says what became of our messages.

What it is not: for browsers; the address itself is the secret (no provider signs its call-backs), and no
cookie is read. The one idea: the provider is thanked only after COMMIT; any other answer makes it call again,
which is also what becomes of a report that overtakes the answer it belongs to.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from cloud.access import Api
from cloud.dispatch import reports
from cloud.notify.reports import READERS, BadReport, read
from cloud.problems import ProblemError, not_found, responses

router = APIRouter(tags=["messages"])

Provider = Annotated[str, Path(pattern=r"^[a-z-]{1,32}$", description=f"one of {', '.join(READERS)}")]
Token = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9_-]{24,128}$", description="notify.reports_token of the configuration")
]


class Thanks(BaseModel):
    """What a provider wants to hear, or it calls again: a code and words, each under its own names."""

    code: int = 0
    msg: str = ""
    result: int = 0
    errmsg: str = ""


BODY = {"application/json": {"schema": {"oneOf": [{"type": "object"}, {"type": "array"}]}}}


@router.post(
    "/receipts/{provider}/{token}",
    operation_id="takeReceipts",
    summary="Take a provider's word of what became of messages",
    responses=responses(HTTPStatus.NOT_FOUND),
    response_model_exclude_unset=True,
    openapi_extra={"requestBody": {"required": True, "content": BODY}},
)
async def take_receipts(provider: Provider, token: Token, request: Request, api: Api) -> Thanks:
    """As the provider documents its call-back. 404 without such a provider or token, 422 when the body is
    something else, 503 when a message is not known (yet): call again.
    """
    known = api.parts.settings.notify.reports_token
    if not known or not hmac.compare_digest(token, known) or provider not in READERS:
        raise not_found()
    try:
        found = read(provider, await request.body())
    except BadReport as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_report", str(error)) from error
    strangers = 0
    for report in found:
        async with api.unscoped() as conn:
            strangers += not await reports.take(conn, provider, report, api.now)
    if strangers:
        detail = f"{strangers} of {len(found)} messages are not known (yet): call again."
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "unknown_message", detail)
    return Thanks.model_validate(READERS[provider].thanks)
