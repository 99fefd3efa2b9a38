"""What is attached to a visit: photos, signatures, voice notes, sealed.

What this is: what may be kept, and under which consent. What it is not: evidence that a visit needs: a form
is whole without a photo. The one idea: what shows or lets hear somebody is kept only where they have agreed,
only sealed, and only where whoever reads it has the home within their bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cloud import sealed
from cloud.auth import Scope
from cloud.consent.purposes import Purpose
from cloud.db import Connection
from cloud.sealed import Keyring
from cloud.visits.forms.table import FORMS
from cloud.visits.hours.store import Desk
from cloud.visits.records import store
from cloud.visits.records.desk import NotFound, follow
from cloud.visits.records.fold import File

NEEDED: Final[Mapping[File, Purpose]] = {File.PHOTO: Purpose.CAMERA, File.VOICE: Purpose.VOICE}
"""Under which consent each is kept; a signature is its own."""
MOST: Final[Mapping[File, int]] = {File.SIGNATURE: 2, File.VOICE: 3}
"""How many of each at one visit; of photos the form says it. D."""
BEGINS: Final[Mapping[str, tuple[int, bytes]]] = {
    "image/jpeg": (0, b"\xff\xd8\xff"),
    "image/png": (0, b"\x89PNG\r\n\x1a\n"),
    "image/webp": (8, b"WEBP"),
    "audio/ogg": (0, b"OggS"),
    "audio/webm": (0, b"\x1a\x45\xdf\xa3"),
    "audio/mp4": (4, b"ftyp"),
}
"""By which bytes, and where, each kind of file is known; what a browser's recorder and camera make."""
_OF: Final[Mapping[File, str]] = {File.PHOTO: "image/", File.SIGNATURE: "image/", File.VOICE: "audio/"}


@dataclass(frozen=True, slots=True)
class Attached:
    """A file as a device sends it. ``key``: its own, drawn once."""

    visit_id: int
    key: UUID
    sort: File
    content: bytes


class NoConsent(Exception):  # noqa: N818 - a noun with fields
    """The person has not agreed to ``purpose``: the visit stands without it."""

    def __init__(self, purpose: Purpose) -> None:
        super().__init__(purpose)
        self.purpose = purpose


class TooMany(Exception):  # noqa: N818 - a noun
    """The visit has as many of these as it may have."""


class NoKind(ValueError):  # noqa: N818 - a noun
    """It is no picture, or no recording, of a kind that is taken."""


def media_type_of(sort: File, content: bytes) -> str:
    """What a file is, by its own bytes and not by its name.

    Raises:
        NoKind: nothing that is taken as ``sort``.
    """
    for media_type, (at, mark) in BEGINS.items():
        if media_type.startswith(_OF[sort]) and content[at : at + len(mark)] == mark:
            return media_type
    raise NoKind(sort)


async def attach(desk: Desk, ring: Keyring, one: Attached) -> None:
    """Keep a file, once.

    Raises:
        NotFound: no such visit.
        NoKind: it is not what it is said to be.
        NoConsent: the person has not agreed.
        TooMany: the visit has enough of them.
        SealError: the installation has no key.
    """
    media_type = media_type_of(one.sort, one.content)
    held = await store.hold(desk.conn, desk.scope, number=one.visit_id)
    if held is None:
        raise NotFound(one.visit_id)
    there = await store.rows(desk.conn, "files", desk.scope, visit_id=held.id)
    if any(row["key"] == one.key for row in there):
        return
    most = FORMS[held.plan.kind].photos if one.sort is File.PHOTO else MOST[one.sort]
    if sum(row["sort"] == one.sort for row in there) >= most:
        raise TooMany(one.sort)
    await _agreed(desk, held.home_id, one.sort)
    values = {
        "visit_id": held.id,
        "home_id": held.home_id,
        "staff_id": desk.staff_id,
        "key": one.key,
        "sort": one.sort.value,
        "media_type": media_type,
        "size": len(one.content),
        "now": desk.now,
        "sealed": ring.seal_bytes(one.content, sealed.visit(held.id)),
        "seal": ring.prefix,
    }
    await store.rows(desk.conn, "add_file", desk.scope, **values)
    await follow(desk, held)


async def read(conn: Connection, scope: Scope, ring: Keyring, number: int) -> tuple[int, str, bytes]:
    """Whose home a file is of, what it is, and its content.

    Raises:
        NotFound: no such file within the bounds.
        SealError: it does not open.
    """
    found = await store.rows(conn, "file", scope, id=number)
    if not found:
        raise NotFound(number)
    row = found[0]
    content = ring.open_bytes(row["sealed"], row["seal"], sealed.visit(row["visit_id"]))
    return row["home_id"], row["media_type"], content


async def _agreed(desk: Desk, home_id: int, sort: File) -> None:
    purpose = NEEDED.get(sort)
    if purpose is None:
        return
    found = await store.rows(desk.conn, "withheld", desk.scope, home_id=home_id, purpose=purpose.value)
    if found[0]["withheld"]:
        raise NoConsent(purpose)
