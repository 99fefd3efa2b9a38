"""Who this gateway is: its key, its certificate, its broker, in files that only the agent's user reads.

What this is: the folder ``identity`` below the data folder, read and changed. What it is not: it asks
nobody for anything (``enrol``, ``renewal``). The one idea: ``identity.json`` names the files that count and
is replaced in one step, last; whatever it does not name was never in force, whenever the power went.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from msgspec import Meta

from firmware_protocols.wire.topics import SHARDS

PrivateKey = ec.EllipticCurvePrivateKey
FOLDER: Final = "identity"
FILE: Final = "identity.json"
AUTHORITY: Final = "authority.pem"
PENDING: Final = "pending.pem"
"""A key whose certificate was asked for; kept until it comes, so that asking again is the same request."""


@dataclass(eq=False)
class IdentityError(Exception):
    """The identity cannot be read or written; ``str()`` says what to do."""

    reason: str

    def __str__(self) -> str:
        return self.reason


class Cloud(msgspec.Struct, frozen=True):
    """Where certificates come from. ``ca``: PEM of who vouches for it, empty: the system's authorities.

    ``pin``: instead, the SHA-256 of its own certificate, hex.
    """

    url: str
    ca: str = ""
    pin: str = ""


class Identity(msgspec.Struct, frozen=True):
    """The content of ``identity.json``. Files are named within the folder.

    ``root``: the first key, from which the sealing key is derived; it outlives every renewal.
    ``certificate``: key and certificate in force. ``previous``: those before, until the new ones have
    connected once. ``sms_key``: what texts are signed with, hex.
    """

    gateway: str
    shard: Annotated[int, Meta(ge=0, lt=SHARDS)]
    host: str
    port: Annotated[int, Meta(ge=1, le=65_535)]
    cloud: Cloud
    root: str
    certificate: str
    previous: str = ""
    sms_key: str = ""


@dataclass(frozen=True, slots=True)
class Validity:
    """How long a certificate holds."""

    since: datetime
    until: datetime

    def renew_at(self) -> datetime:
        """Two thirds of its life."""
        return self.since + (self.until - self.since) * 2 / 3


def folder_of(data_dir: Path) -> Path:
    """Where the identity of the agent with this data folder lies."""
    return data_dir / FOLDER


def read(folder: Path) -> Identity | None:
    """The identity in ``folder``; ``None`` if this gateway was never enrolled.

    Raises:
        IdentityError: there is one, and it cannot be used.
    """
    file = folder / FILE
    try:
        return msgspec.json.decode(file.read_bytes(), type=Identity)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise IdentityError(f"{file} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IdentityError(f"{file} is damaged ({error}): enrol this gateway again with --again") from error


def write(folder: Path, identity: Identity) -> None:
    """Let ``identity`` count from now on, and forget files that it does not name.

    Raises:
        IdentityError: the disk takes nothing.
    """
    _replace(folder / FILE, msgspec.json.format(msgspec.json.encode(identity)) + b"\n")
    named = {FILE, AUTHORITY, PENDING, identity.root, identity.certificate, identity.previous}
    for file in folder.iterdir():
        if file.name not in named:
            with contextlib.suppress(OSError):
                file.unlink()


def pending_key(folder: Path) -> PrivateKey:
    """The key to ask a certificate for: the one of an unanswered request, else a new one, on disk already.

    Raises:
        IdentityError: the folder cannot be written.
    """
    file = folder / PENDING
    if file.exists():
        with contextlib.suppress(IdentityError):
            return load_key(file)
    key = ec.generate_private_key(ec.SECP256R1())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise IdentityError(f"{folder} cannot be made: {error.strerror}") from error
    _replace(file, _key_pem(key))
    return key


def keep(folder: Path, key: PrivateKey, certificate_pem: str) -> str:
    """Store a key with its certificate; the name of the file, for ``Identity.certificate``.

    Raises:
        IdentityError: they do not belong together, or the disk takes nothing.
    """
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    except ValueError as error:
        raise IdentityError("the answer holds no certificate") from error
    if certificate.public_key() != key.public_key():
        raise IdentityError("the certificate in the answer is for another key")
    name = f"{certificate.serial_number:x}.pem"
    _replace(folder / name, _key_pem(key) + certificate_pem.encode())
    return name


def keep_authority(folder: Path, pem: str) -> None:
    """Store who vouches for the broker.

    Raises:
        IdentityError: not a certificate, or the disk takes nothing.
    """
    try:
        x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise IdentityError("the answer does not say who vouches for the broker") from error
    _replace(folder / AUTHORITY, pem.encode())


def done_asking(folder: Path) -> None:
    """The certificate that was asked for is in force: the next request takes a new key."""
    with contextlib.suppress(OSError):
        (folder / PENDING).unlink()


def root_key(folder: Path) -> PrivateKey:
    """The first key of this gateway, which outlives every renewal.

    Raises:
        IdentityError: there is none, or it cannot be read.
    """
    known = read(folder)
    if known is None:
        raise IdentityError("this gateway is not enrolled: anban-edge enrol CLAIM --url https://...")
    return load_key(folder / known.root)


def load_key(file: Path) -> PrivateKey:
    """The private key in a PEM file.

    Raises:
        IdentityError: it cannot be read, or is none.
    """
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except OSError as error:
        raise IdentityError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise IdentityError(f"{file} holds no private key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise IdentityError(f"{file} holds a key of another kind")
    return key


def validity(file: Path) -> Validity:
    """How long the certificate in a PEM file holds.

    Raises:
        IdentityError: it cannot be read, or is none.
    """
    certificate = _certificate(file)
    return Validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def serial(file: Path) -> str:
    """The number of the certificate in a PEM file, hex.

    Raises:
        IdentityError: it cannot be read, or is none.
    """
    return f"{_certificate(file).serial_number:x}"


def certificate_pem(file: Path) -> str:
    """The certificate in a PEM file, without the key beside it.

    Raises:
        IdentityError: it cannot be read, or is none.
    """
    return _certificate(file).public_bytes(Encoding.PEM).decode("ascii")


def signing_request(key: PrivateKey) -> str:
    """A PKCS #10 request in PEM. The name in it counts for nothing: the authority knows who asks."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode("ascii")


def _certificate(file: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        raise IdentityError(f"{file} holds no certificate that can be read: {error}") from error


def _key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _replace(file: Path, content: bytes) -> None:
    """Put ``content`` into ``file`` in one step that a power cut cannot halve, for its owner alone."""
    draft = file.with_name(file.name + ".new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise IdentityError(f"{file} cannot be written: {error.strerror}") from error
