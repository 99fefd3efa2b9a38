"""A care-circle member answers from the link in the message: no sign-in, the token is the proof.

What this is: the API's ``POST /answers/{token}`` and the page behind the link itself. What it is not: a
decision; ``ladder.answer`` takes it. The one idea: looking answers nothing (link previews look, too), only a
pressed button does; and the page says nothing about the resident that the message did not.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import HTMLResponse
from pydantic import AfterValidator, BaseModel, ConfigDict

from cloud.access import Api, Call
from cloud.dispatch import page, reports
from cloud.dispatch.ladder import answer, arrived
from cloud.dispatch.model import Answered, Outcome, Said, UnknownToken
from cloud.notify.tokens import ANSWER_PATH
from cloud.notify.wording import language
from cloud.problems import not_found, responses

router = APIRouter(tags=["answers"])
pages = APIRouter(tags=["answers"])

Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,128}$", description="from the link in the message")]
Languages = Annotated[str, Header(alias="Accept-Language")]


def _without_tail(token: str) -> str:
    """Telephones like to take the full stop after a link for a part of it."""
    return _TAIL.sub("", token)


LinkToken = Annotated[str, Path(description="from the link in the message"), AfterValidator(_without_tail)]
_TAIL: Final = re.compile(r"[^A-Za-z0-9_-].*", re.DOTALL)


class Reply(BaseModel):
    """Whether the person goes there, or is there."""

    model_config = ConfigDict(extra="forbid")

    answer: Said


class Taken(BaseModel):
    """What became of the answer. ``responder``: who is on the way now, empty: nobody."""

    outcome: Outcome
    responder: str


@router.post(
    "/answers/{token}",
    operation_id="answerRequest",
    summary="Accept or decline to go and look, or be there",
    responses=responses(HTTPStatus.NOT_FOUND),
)
async def answer_request(token: Token, reply: Reply, api: Api) -> Taken:
    """Safe to repeat; the last word counts. 404 when no message went out with this token."""
    try:
        taken = await _take(api, token, reply.answer)
    except UnknownToken as error:
        raise not_found() from error
    return Taken(outcome=taken.outcome, responder=taken.responder)


@pages.get(
    ANSWER_PATH + "{token}",
    operation_id="answerPage",
    summary="The page behind the link",
    response_class=HTMLResponse,
)
async def answer_page(token: LinkToken, api: Api, languages: Languages = "") -> HTMLResponse:
    """Two buttons and nothing personal. It does not tell whether the token is known."""
    async with api.unscoped() as conn:
        await reports.opened(conn, token, api.now)
    return page.question(_preferred(languages))


@pages.post(
    ANSWER_PATH + "{token}",
    operation_id="answerByPage",
    summary="What the two buttons send",
    response_class=HTMLResponse,
)
async def answer_by_page(
    token: LinkToken, request: Request, api: Api, languages: Languages = ""
) -> HTMLResponse:
    """The answer as a form, for telephones that run no script."""
    form = parse_qs((await request.body()).decode(errors="replace"))
    match form.get("answer"):
        case ["accept" | "decline" | "arrived" as word]:
            said = Said(word)
        case _:
            return page.question(_preferred(languages))
    try:
        taken = await _take(api, token, said)
    except UnknownToken:
        return page.unknown(_preferred(languages))
    return page.result(_preferred(languages), taken)


async def _take(api: Call, token: str, said: Said) -> Answered:
    async with api.unscoped() as conn:
        if said is Said.ARRIVED:
            return await arrived(conn, token, api.now)
        return await answer(conn, token, said is Said.ACCEPT, api.now)


def _preferred(languages: str) -> str:
    """The first language a browser names; the words choose the nearest they have."""
    first = languages.split(",", maxsplit=1)[0].split(";", maxsplit=1)[0].strip()
    return language(first)
