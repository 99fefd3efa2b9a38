"""The files of a release over HTTP, for gateways.

What this is not: no sign-in; what is handed out is a program that everybody may have, and each gateway checks
it against a signature that no cloud can make. The one idea: a download goes on where it stopped (``Range``,
one part), and no more than a piece of a file is in memory.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Header, Path
from fastapi.responses import StreamingResponse

from cloud.access import Api, Call
from cloud.problems import ProblemError, not_found, responses
from cloud.releases import store
from cloud.releases.store import Stored

router = APIRouter(tags=["releases"])

_RANGE: Final = re.compile(r"bytes=(0|[1-9][0-9]{0,12})-")
_BYTES: Final = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
Version = Annotated[str, Path(max_length=32, pattern=r"^[0-9]+(\.[0-9]+){1,3}$")]
Name = Annotated[str, Path(max_length=160, pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*\.whl$")]


@router.get(
    "/releases/{version}/{name}",
    operation_id="getReleaseFile",
    summary="A file of a release, for gateways",
    response_class=StreamingResponse,
    responses={
        HTTPStatus.OK.value: {"content": _BYTES},
        HTTPStatus.PARTIAL_CONTENT.value: {
            "description": "From the byte asked for on",
            "content": _BYTES,
        },
        **responses(HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE),
    },
)
async def get_release_file(
    version: Version, name: Name, api: Api, range_: Annotated[str | None, Header(alias="Range")] = None
) -> StreamingResponse:
    """The file, or what follows a byte of it (``Range: bytes=N-``); only while its release goes out."""
    async with api.reading() as conn:
        file = await store.find_file(conn, version, name)
    if file is None:
        raise not_found()
    found = _RANGE.fullmatch(range_ or "")
    first = int(found[1]) if found else 0
    if first >= file.size:
        raise ProblemError(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            "range_not_satisfiable",
            "The file ends before that byte.",
            headers={"Content-Range": f"bytes */{file.size}"},
        )
    headers = {"Content-Length": str(file.size - first), "Accept-Ranges": "bytes"}
    if found:
        headers["Content-Range"] = f"bytes {first}-{file.size - 1}/{file.size}"
    status = HTTPStatus.PARTIAL_CONTENT if found else HTTPStatus.OK
    return StreamingResponse(
        _content(api, file, first), status, headers, media_type="application/octet-stream"
    )


async def _content(api: Call, file: Stored, first: int) -> AsyncIterator[bytes]:
    """A connection is lent for one piece only: a slow gateway must not keep it from an alarm."""
    while first < file.size:
        async with api.reading() as conn:
            piece = await store.piece(conn, file, first)
        if not piece:
            return
        first += len(piece)
        yield piece
