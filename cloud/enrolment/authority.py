"""The certificate authority: one key, three kinds of certificate (gateway, broker, ingest).

What this is: from a key and a request to a certificate. What it is not: it decides nobody's right to one
(``store``) and knows no table. The one idea: of a certificate request only the public key is taken; every
name in a certificate is ours, so a request cannot ask to be somebody else.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cloud.embedded.accounts import certified_name
from cloud.settings import Settings
from firmware_protocols.model import GatewayId

EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""Our own certificates are valid from here [D]: a gateway that wakes with its clock in the past must still
find the broker, and nothing is gained by a later date."""
LIFE: Final = timedelta(days=20 * 365)
"""Of the authority and of the broker's certificate [D]; who reads the broker's key reads the authority's."""
SKEW: Final = timedelta(hours=1)
"""A gateway's certificate is valid from so long before it was made [D]: brokers' clocks differ."""
FILE: Final = "authority.pem"
_MAX_REQUEST: Final = 8_192


class AuthorityError(Exception):
    """The authority cannot be had; ``str()`` says which file and why."""


class BadRequestError(Exception):
    """Not a certificate request that this authority signs; ``str()`` says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is taken of a certificate request: the public key, whose private half the asker has proved."""

    public_key: ec.EllipticCurvePublicKey

    @property
    def key_hash(self) -> bytes:
        """SHA-256 of the public key, its name in the database."""
        return key_hash(self.public_key)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate. ``serial``: its number in hex."""

    serial: str
    pem: str
    expires_at: datetime


def read_request(pem: str) -> Request:
    """Check a PKCS #10 request in PEM: its own signature holds, and its key is on P-256.

    Raises:
        BadRequestError: anything else.
    """
    if len(pem) > _MAX_REQUEST:
        raise BadRequestError(f"it is longer than {_MAX_REQUEST} characters")
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        public_key = request.public_key()
        signed = request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadRequestError("it is no certificate request in PEM") from error
    if not signed:
        raise BadRequestError("its signature does not hold")
    if not isinstance(public_key, ec.EllipticCurvePublicKey) or public_key.curve.name != "secp256r1":
        raise BadRequestError("its key is not on the curve P-256")
    return Request(public_key)


def proves(certificate_pem: str, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` (ECDSA, SHA-256) over ``message`` was made with the certificate's key."""
    public_key = x509.load_pem_x509_certificate(certificate_pem.encode()).public_key()
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        return False
    try:
        public_key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def key_hash(public_key: ec.EllipticCurvePublicKey) -> bytes:
    """SHA-256 of the key's SubjectPublicKeyInfo."""
    return hashlib.sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


@dataclass(frozen=True, slots=True)
class Authority:
    """A key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """The certificate, which everybody may have."""
        return _pem(self.certificate)

    def certify_gateway(self, gateway: GatewayId, request: Request, now: datetime, life: timedelta) -> Issued:
        """A certificate for ``gateway``, valid for ``life`` from ``now`` or as long as the authority is."""
        return self._client(gateway, request.public_key, now - SKEW, now + life)

    def certify_client(self, name: str) -> tuple[Issued, str]:
        """A certificate for one of our own programs at the broker, and its fresh key in PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._client(name, key.public_key(), EPOCH, EPOCH + LIFE), _key_pem(key)

    def certify_server(self, hosts: Iterable[str]) -> str:
        """A fresh key and a certificate for a broker that is reached by ``hosts``, in one PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        listed = list(dict.fromkeys(hosts))
        names = x509.SubjectAlternativeName([_host(host) for host in listed])
        serial = x509.random_serial_number()
        until = self.certificate.not_valid_after_utc
        draft = self._draft(listed[0], serial, key.public_key(), EPOCH, until).add_extension(
            names, critical=False
        )
        return _key_pem(key) + _pem(self._signed(draft, ExtendedKeyUsageOID.SERVER_AUTH))

    def revocations(self, revoked: Iterable[tuple[int, datetime]]) -> str:
        """The list of revoked certificates (serial number, when), PEM.

        It holds as long as the authority: a list that nobody renewed must not shut every home out.
        """
        draft = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(EPOCH)
            .next_update(self.certificate.not_valid_after_utc)
        )
        for serial, at in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
            draft = draft.add_revoked_certificate(entry)
        return draft.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode("ascii")

    def _client(
        self, name: str, public_key: ec.EllipticCurvePublicKey, since: datetime, until: datetime
    ) -> Issued:
        serial = x509.random_serial_number()
        until = min(until, self.certificate.not_valid_after_utc)
        mapped = x509.UniformResourceIdentifier(certified_name(name, f"{serial:x}"))
        draft = self._draft(name, serial, public_key, since, until).add_extension(
            x509.SubjectAlternativeName([mapped]), critical=False
        )
        return Issued(f"{serial:x}", _pem(self._signed(draft, ExtendedKeyUsageOID.CLIENT_AUTH)), until)

    def _draft(
        self,
        name: str,
        serial: int,
        public_key: ec.EllipticCurvePublicKey,
        since: datetime,
        until: datetime,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(serial)
            .not_valid_before(since)
            .not_valid_after(until)
        )

    def _signed(self, draft: x509.CertificateBuilder, usage: x509.ObjectIdentifier) -> x509.Certificate:
        ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (
            draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(ours, critical=False)
            .sign(self.key, hashes.SHA256())
        )


def create() -> Authority:
    """A new authority with a new key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Anban gateways")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(EPOCH)
        .not_valid_after(EPOCH + LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def kept(folder: Path) -> Authority:
    """The authority in ``folder``; made on the first call, with its key readable by its owner alone.

    Raises:
        AuthorityError: the file cannot be read or written, or does not hold one.
    """
    file = folder / FILE
    try:
        if not file.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _keep(file, create())
    except OSError as error:
        raise AuthorityError(f"{file} cannot be written: {error.strerror}") from error
    return load(file)


def configured(settings: Settings) -> Authority | None:
    """The authority that ``settings`` ask for; ``None`` when gateways do not enrol here.

    Raises:
        AuthorityError: as for ``kept`` and ``load``.
    """
    if not settings.enrolment.host:
        return None
    if settings.enrolment.authority_file:
        return load(Path(settings.enrolment.authority_file))
    return kept(Path(settings.data) / "secrets")


def load(file: Path) -> Authority:
    """The authority in ``file``: its private key and its certificate, both in PEM.

    Raises:
        AuthorityError: unreadable, open to others, not a P-256 authority, or its halves do not belong
            together.
    """
    try:
        if file.stat().st_mode & 0o077:
            raise AuthorityError(f"{file} may be read by others: chmod 600 {file}")
        content = file.read_bytes()
        key = load_pem_private_key(content, None)
        certificate = x509.load_pem_x509_certificate(content)
    except OSError as error:
        raise AuthorityError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise AuthorityError(f"{file} does not hold a private key and a certificate in PEM") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityError(f"{file}: the key is not on an elliptic curve")
    if key.public_key() != certificate.public_key():
        raise AuthorityError(f"{file}: key and certificate do not belong together")
    return Authority(key, certificate)


def read_text(file: Path) -> str:
    """The content of a certificate file.

    Raises:
        AuthorityError: it cannot be read.
    """
    try:
        return file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise AuthorityError(f"{file} cannot be read: {error}") from error


def _keep(file: Path, authority: Authority) -> None:
    """Write it whole or not at all; of two who try at once, the first wins."""
    descriptor, name = tempfile.mkstemp(dir=file.parent)  # readable by its owner alone
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(_key_pem(authority.key) + authority.pem)
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(draft)
    finally:
        draft.unlink()


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
