"""A release of the gateway's program: which files make it up, as a signed JSON document.

What this is: the document, its checks and its signature. What it is not: the files, or how they come to a
gateway. The one idea: the signature is made offline, over the document's very bytes, and the document names
each file by its SHA-256; whoever hands both over can withhold a release but never change one. ``serial`` only
grows from release to release, so that an old document cannot be handed over again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Final

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from msgspec import Meta

from firmware_protocols.wire.strict import MAX_INTEGER

MOST_DOCUMENT: Final = 32 * 1024
"""Bytes of a document [D]: with its signature it fits twice into a control message."""
MOST_BYTES: Final = 256 * 1024 * 1024
"""Of all files together [D]; the program and everything that it needs are 60 MiB."""
NAME: Final = "anban"

Version = Annotated[str, Meta(pattern=r"\A(0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]{0,5})){1,3}\Z")]
FileName = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._+-]{0,150}\.whl\Z")]
"""No separator and no leading dot: such a name cannot leave its folder."""


class BadRelease(ValueError):  # noqa: N818 - a judgement on a document, not a failure
    """The document is none; ``str()`` says why."""


class BadKey(ValueError):  # noqa: N818 - a judgement on a file
    """The public key cannot be used; ``str()`` says why."""


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One wheel. ``sha256``: hex."""

    name: FileName
    size: Annotated[int, Meta(ge=1, le=MOST_BYTES)]
    sha256: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program by its version. ``downgrade``: it may replace a newer one."""

    version: Version
    serial: Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
    files: Annotated[tuple[File, ...], Meta(min_length=1, max_length=200)]
    downgrade: bool = False

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def parse(document: bytes) -> Release:
    """Read a document.

    Raises:
        BadRelease: it is none, names a file twice, is too large, or does not hold the program itself.
    """
    if len(document) > MOST_DOCUMENT:
        raise BadRelease(f"{len(document)} bytes, at most {MOST_DOCUMENT} allowed")
    try:
        release = msgspec.json.decode(document, type=Release)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRelease(f"not a release document: {error}") from error
    names = [file.name for file in release.files]
    if len(set(names)) < len(names):
        raise BadRelease("a file is named twice")
    if release.size > MOST_BYTES:
        raise BadRelease(f"{release.size} bytes of files, at most {MOST_BYTES} allowed")
    if program(release.version) not in names:
        raise BadRelease(f"does not hold {program(release.version)}")
    return release


def program(version: str) -> str:
    """The name of the program's own wheel."""
    return f"{NAME}-{version}-py3-none-any.whl"


def is_signed(document: bytes, signature: bytes, public_key_pem: bytes) -> bool:
    """Whether ``document`` was signed by the key (Ed25519).

    Raises:
        BadKey: ``public_key_pem`` holds no such key.
    """
    try:
        public_key(public_key_pem).verify(signature, document)
    except InvalidSignature:
        return False
    return True


def public_key(pem: bytes) -> Ed25519PublicKey:
    """The key of releases that ``pem`` holds.

    Raises:
        BadKey: it holds none.
    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey("the key of releases is no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise BadKey("the key of releases is not an Ed25519 key")
    return key


def numbers(version: str) -> tuple[int, ...]:
    """``version`` as what can be compared; what is none (a checkout has none) is below every version."""
    found = re.fullmatch(r"[0-9]+(?:\.[0-9]+)*", version)
    return tuple(int(part) for part in version.split(".")) if found else ()


def objection(
    release: Release, *, running: str, serial: int, refused: Mapping[str, str], again: bool = False
) -> str:
    """Why a gateway must not take ``release``; ``""`` if it may.

    ``running``: version that runs. ``serial``: the highest that this gateway has ever tried. ``refused``:
    versions that it went back from, with the reason. ``again``: a person wants such a one tried again.
    """
    if release.serial < serial:
        return f"serial {release.serial} is older than {serial}, which this gateway has tried"
    if numbers(release.version) < numbers(running) and not release.downgrade:
        return f"{release.version} is older than {running}, which runs, and is not signed as a downgrade"
    if release.version in refused and not again:
        return f"{release.version} was tried before and taken back: {refused[release.version]}"
    return ""


def valid_file_name(name: str) -> bool:
    """Whether ``name`` may be that of a file of a release."""
    try:
        msgspec.convert(name, FileName)
    except msgspec.ValidationError:
        return False
    return PurePosixPath(name).name == name
