"""``/family/wishes`` and ``/family/phones``: when somebody sleeps, and where they take pushes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request

from cloud.access import Api
from cloud.db import Connection
from cloud.family import wishes
from cloud.family.routes import ERRORS, Follower
from cloud.family.views import NewPhone, NewWishes, WishesView
from cloud.notify.push_content import BadSubscription, Subscription
from cloud.notify.webpush import WebPush
from cloud.once import ERRORS as ONCE_ERRORS
from cloud.once import Once
from cloud.problems import ProblemError, not_found, responses

router = APIRouter(tags=["family"])

PhoneId = Annotated[int, Path(ge=1, lt=2**63, description="number of the telephone")]
CHANGES: Final = ERRORS | ONCE_ERRORS


def _push(request: Request) -> WebPush | None:
    found = request.app.state.push
    assert found is None or isinstance(found, WebPush)  # noqa: S101 - create_app puts it there
    return found


Push = Annotated[WebPush | None, Depends(_push)]


@router.get("/family/wishes", operation_id="readWishes", summary="What I want of messages", responses=ERRORS)
async def read_wishes(api: Api, reader: Follower, push: Push) -> WishesView:
    """One's own hours, what a locked screen may say, and one's telephones."""
    scope = reader.usual_scope()
    async with api.reading(scope) as conn:
        found = await wishes.read(conn, scope, _key(push))
    api.saw(scope.purpose, [])
    return found


@router.put(
    "/family/wishes", operation_id="putWishes", summary="Say what I want of messages", responses=CHANGES
)
async def put_wishes(asked: NewWishes, reader: Follower, push: Push, once: Once) -> WishesView:
    """Urgent news comes at any hour, whatever is said here."""
    scope = reader.usual_scope()

    async def work(conn: Connection) -> WishesView:
        await wishes.keep(conn, reader, begins=asked.quiet_from, ends=asked.quiet_until, detail=asked.detail)
        once.call.saw(scope.purpose, [])
        return await wishes.read(conn, scope, _key(push))

    return await once.do(scope, WishesView, work)


@router.post(
    "/family/phones",
    operation_id="addPhone",
    summary="Let this browser take pushes",
    status_code=HTTPStatus.CREATED,
    responses=CHANGES,
)
async def add_phone(asked: NewPhone, reader: Follower, push: Push, once: Once) -> WishesView:
    """409 where no pushes are sent, or too many telephones take them; 422 for a service that is not known."""
    scope = reader.usual_scope()
    if push is None:
        raise ProblemError(HTTPStatus.CONFLICT, "no_push", "This installation sends no pushes.")
    to = Subscription(asked.endpoint, asked.p256dh, asked.auth)
    _check(push, to)

    async def work(conn: Connection) -> WishesView:
        try:
            await wishes.subscribe(conn, reader, to, asked.agent, once.call.parts.ring, once.call.now)
        except wishes.TooManyPhones as error:
            detail = f"{wishes.MOST_PHONES} telephones are enough: remove one first."
            raise ProblemError(HTTPStatus.CONFLICT, "too_many_phones", detail) from error
        once.call.saw(scope.purpose, [])
        return await wishes.read(conn, scope, push.key.public)

    return await once.do(scope, WishesView, work)


@router.delete(
    "/family/phones/{phone_id}",
    operation_id="removePhone",
    summary="Send nothing to this telephone any more",
    status_code=HTTPStatus.NO_CONTENT,
    responses=CHANGES | responses(HTTPStatus.NOT_FOUND),
)
async def remove_phone(phone_id: PhoneId, reader: Follower, once: Once) -> None:
    """One of one's own."""
    scope = reader.usual_scope()

    async def work(conn: Connection) -> None:
        if not await wishes.forget(conn, reader, phone_id):
            raise not_found()
        once.call.saw(scope.purpose, [])

    await once.carry_out(scope, work)


def _key(push: WebPush | None) -> str:
    return push.key.public if push else ""


def _check(push: WebPush, to: Subscription) -> None:
    """We shall call this address: it must be at a service that is known, and have keys."""
    try:
        to.check()
    except BadSubscription as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_keys", "These are no keys.") from error
    if not push.accepts(to.endpoint):
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "unknown_service",
            "This browser's push service is not known here.",
        )
