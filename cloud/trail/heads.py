"""Signed heads: the end of the chain, written down elsewhere, so that a chain cut short is seen.

What this is: an Ed25519 signature over the number and the hash of the last link, one line of JSON each, in a
file outside the database. The one idea: whoever owns the database can write a new chain, but cannot sign the
heads of the old one away; so this file belongs on another machine, or its lines into another log.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from cloud import secret_files
from cloud.secret_files import SecretFileError

_DOMAIN: Final = b"anban audit head 1\n"
"""What else this key might sign is no head."""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The chain ended with link ``seq`` and ``hash`` (hex) at ``at``. ``key`` and ``signature``: hex."""

    seq: int
    hash: str
    at: datetime
    key: str
    signature: str


class HeadsError(Exception):
    """The file of heads cannot be used; ``str()`` says why."""


def signing_key(file: Path) -> Ed25519PrivateKey:
    """The key in ``file`` (PEM), made there if there is none.

    Raises:
        SecretFileError: it cannot be read or made, or is no Ed25519 key.
    """
    try:
        if not file.exists():
            key = Ed25519PrivateKey.generate()
            secret_files.make(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        found = load_pem_private_key(secret_files.read(file), None)
    except FileExistsError:
        return signing_key(file)
    except (OSError, ValueError, TypeError) as error:
        raise SecretFileError(f"{file}: no Ed25519 key can be read or made: {error}") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise SecretFileError(f"{file} does not hold an Ed25519 key")
    return found


def sign(key: Ed25519PrivateKey, seq: int, link: bytes, now: datetime) -> Head:
    """The signed head of a chain whose last link is ``seq`` with the hash ``link``."""
    at = now.astimezone(UTC)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    return Head(seq, link.hex(), at, public, key.sign(_signed(seq, link.hex(), at)).hex())


def holds(head: Head, key: str) -> bool:
    """Whether ``head`` was signed by the public ``key`` (hex)."""
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(head.signature), _signed(head.seq, head.hash, head.at))
    except (InvalidSignature, ValueError):
        return False
    return True


def write(file: Path, head: Head) -> None:
    """Append ``head`` to ``file``, on the disk when this returns.

    Raises:
        OSError: it cannot be written.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab") as stream:
        stream.write(msgspec.json.encode(head) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def read(file: Path) -> list[Head]:
    """All heads of ``file``, oldest first. A last line that was torn by a power cut is left out.

    Raises:
        HeadsError: it cannot be read, or holds something else.
    """
    try:
        whole, _, _torn = file.read_bytes().rpartition(b"\n")
        return [msgspec.json.decode(line, type=Head) for line in whole.splitlines() if line]
    except (OSError, msgspec.DecodeError) as error:
        raise HeadsError(f"{file}: {error}") from error


def _signed(seq: int, link: str, at: datetime) -> bytes:
    return _DOMAIN + msgspec.json.encode([seq, link, at.astimezone(UTC).isoformat(timespec="microseconds")])
