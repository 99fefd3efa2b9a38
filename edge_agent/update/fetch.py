"""Fetches the files of a release over HTTPS into the agent's own folder, going on where it stopped.

What this is not: no judgement on a release, and no installing. The one idea: a file counts once its bytes
have the length and the hash that the signed document names; what is there of it meanwhile lies under another
name and is asked for from its end on. Nothing that an answer says beside its bytes is believed.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import shutil
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from edge_agent import identity, office
from edge_agent.identity import Cloud, IdentityError
from edge_agent.office import OfficeError
from edge_agent.settings import EdgeSettings, UpdateSettings
from firmware_protocols.wire.release import File, Release

log = logging.getLogger(__name__)

PATH: Final = "/api/v1/releases"
SPARE_BYTES: Final = 64 * 1024 * 1024
"""[D] Left free where the outbox lives: an update never takes the room of an alarm."""
_CHUNK: Final = 256 * 1024
_PART: Final = ".part"


@dataclass(eq=False)
class FetchError(Exception):
    """Not all files are there. ``final``: asking again will not help."""

    reason: str
    final: bool = False

    def __str__(self) -> str:
        return self.reason


def source(settings: EdgeSettings, update: UpdateSettings) -> Cloud:
    """Where releases are fetched: as configured, else where this gateway was enrolled.

    Raises:
        IdentityError: it was not, or its identity cannot be read.
    """
    if update.url:
        return Cloud(update.url, update.ca)
    known = identity.read(settings.identity_folder)
    if known is None:
        raise IdentityError("this gateway is not enrolled any more")
    return known.cloud


def fetch(cloud: Cloud, release: Release, folder: Path, is_over: Callable[[], bool] = lambda: False) -> None:
    """Have all files of ``release`` in ``folder``, and nothing else. Blocks; may be killed and called again.

    ``is_over``: asked now and then; once true, it is given up.

    Raises:
        FetchError: not all of them could be had now.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _forget_others(folder, release)
        missing = [file for file in release.files if not _is_there(folder / file.name, file)]
        needed, free = sum(file.size for file in missing), shutil.disk_usage(folder).free
        if free < needed + SPARE_BYTES:
            raise FetchError(f"{free >> 20} MiB are free, {(needed + SPARE_BYTES) >> 20} are needed")
        for file in missing:
            _fetch_one(cloud, release.version, file, folder, is_over)
    except ssl.SSLError as error:
        raise FetchError(f"{cloud.url} is not trusted: {error}") from error
    except (OSError, http.client.HTTPException, OfficeError) as error:
        raise FetchError(f"{cloud.url}: {error or type(error).__name__}") from error


def _forget_others(folder: Path, release: Release) -> None:
    wanted = {file.name for file in release.files} | {file.name + _PART for file in release.files}
    for path in folder.iterdir():
        if path.name not in wanted:
            path.unlink()


def _is_there(path: Path, file: File) -> bool:
    return path.is_file() and path.stat().st_size == file.size and _hash(path) == file.sha256


def _fetch_one(cloud: Cloud, version: str, file: File, folder: Path, is_over: Callable[[], bool]) -> None:
    part = folder / (file.name + _PART)
    have = part.stat().st_size if part.exists() else 0
    if have > file.size:
        part.unlink()
        have = 0
    if have < file.size:
        _download(cloud, f"{PATH}/{version}/{file.name}", part, Span(have, file.size), is_over)
    if _hash(part) != file.sha256:
        part.unlink()
        raise FetchError(f"{file.name} is not the file that was signed", final=have == 0)
    part.replace(folder / file.name)


@dataclass(frozen=True, slots=True)
class Span:
    """``have`` bytes are there of ``size``."""

    have: int
    size: int


def _download(cloud: Cloud, path: str, part: Path, span: Span, is_over: Callable[[], bool]) -> None:
    """Append to ``part`` what is missing."""
    have, size = span.have, span.size
    connection = office.connected(cloud)
    try:
        connection.request("GET", path, headers={"Range": f"bytes={have}-"} if have else {})
        with connection.getresponse() as answer:
            if answer.status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
                raise FetchError(f"the cloud does not give {part.stem}: HTTP {answer.status}")
            if answer.status == HTTPStatus.OK:
                have = 0  # it does not do parts: from the beginning
            have = _append(answer, part, Span(have, size), is_over)
    finally:
        connection.close()
    if have < size:
        raise FetchError(f"{part.stem} ended early, {size - have} bytes are missing")


def _append(answer: http.client.HTTPResponse, part: Path, span: Span, is_over: Callable[[], bool]) -> int:
    """Write what comes behind the bytes that are there; return how many there are then."""
    have, size = span.have, span.size
    with part.open("r+b" if have else "wb") as writing:
        writing.seek(have)
        while chunk := answer.read(min(_CHUNK, size - have + 1)):
            have += len(chunk)
            if have > size:
                raise FetchError(f"{part.stem} is longer than what was signed", final=True)
            writing.write(chunk)
            if is_over():
                raise FetchError("given up: the agent ends")
    return have


def _hash(path: Path) -> str:
    with path.open("rb") as reading:
        return hashlib.file_digest(reading, "sha256").hexdigest()
