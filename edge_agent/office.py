"""Asks the cloud for certificates: one HTTPS request, one answer, every failure in a technician's words.

What this is: the client of ``/api/v1/enrolments``. What it is not: it keeps nothing (``identity``). The one
idea: who answers is checked before anything is sent, by the system's authorities, by one that was named, or
by the fingerprint of its very certificate.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from edge_agent.identity import Cloud, PrivateKey, signing_request
from firmware_protocols.wire.topics import valid_gateway_id

TIMEOUT_S: Final = 20.0
_MOST_BYTES: Final = 64 * 1024
_PATH: Final = "/api/v1/enrolments"
_CLOCK_CODES: Final = frozenset({9, 10})
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL."""
_RENEWAL: Final = b"anban renewal\n"


@dataclass(eq=False)
class OfficeError(Exception):
    """No certificate. ``reason`` says why and what to do. ``final``: asking again will not help."""

    reason: str
    final: bool = False

    def __str__(self) -> str:
        return self.reason


class Broker(msgspec.Struct, frozen=True):
    """Where to publish, and who vouches for it (PEM)."""

    host: str
    port: int
    authority: str


class Answer(msgspec.Struct, frozen=True):
    """What the cloud gives."""

    gateway_id: str
    shard: int
    certificate: str
    broker: Broker
    sms_key: str = ""


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    detail: str = ""


def enrol(cloud: Cloud, claim: str, hardware: str, key: PrivateKey, now: datetime) -> Answer:
    """Turn ``claim`` into a certificate for ``key``. Blocks. ``now`` is only for the message about the clock.

    Raises:
        OfficeError: there is none; the claim may be used again unless ``final``.
    """
    body = {"claim": claim, "csr": signing_request(key), "hardware": hardware}
    return _ask(cloud, _PATH, body, now)


def renew(
    cloud: Cloud,
    serial: str,
    signer: PrivateKey,
    key: PrivateKey,
    now: datetime,
) -> Answer:
    """A successor for ``key``; ``signer`` is the key of the certificate ``serial`` that is in force. Blocks.

    Raises:
        OfficeError: there is none.
    """
    request = signing_request(key)
    signature = signer.sign(_RENEWAL + request.encode(), ec.ECDSA(hashes.SHA256()))
    body = {"serial": serial, "csr": request, "signature": base64.b64encode(signature).decode("ascii")}
    return _ask(cloud, f"{_PATH}/renew", body, now)


def check_url(url: str) -> str:
    """``url`` without a closing slash, if a claim may be sent there.

    Raises:
        OfficeError: not https, or no host. On this very machine http will do.
    """
    if not names_a_place(url):
        raise OfficeError(f"{url} is no address: say --url https://name-of-the-cloud", final=True)
    parts = urlsplit(url)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise OfficeError(f"{url} is not encrypted: a claim goes over https only", final=True)
    return url.rstrip("/")


def _ask(cloud: Cloud, path: str, body: Mapping[str, str], now: datetime) -> Answer:
    url = check_url(cloud.url)
    parts = urlsplit(url)
    connection = _connection(cloud)
    try:
        connection.connect()
        _check_pin(cloud, connection)
        headers = {"Content-Type": "application/json", "X-Anban": "1"}
        connection.request("POST", parts.path + path, msgspec.json.encode(body), headers)
        response = connection.getresponse()
        content = response.read(_MOST_BYTES)
    except ssl.SSLCertVerificationError as error:
        raise OfficeError(_distrust(error, url, now)) from error
    except (OSError, http.client.HTTPException) as error:
        raise OfficeError(f"{url} cannot be reached: {error or type(error).__name__}") from error
    finally:
        connection.close()
    return _read(url, response.status, content)


def connected(cloud: Cloud) -> http.client.HTTPConnection:
    """A connection to ``cloud``, which has shown who it is. The caller closes it.

    Raises:
        OfficeError: its address or its certificate cannot be used.
        OSError: it cannot be reached, or is not trusted.
    """
    connection = _connection(cloud)
    try:
        connection.connect()
        _check_pin(cloud, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _connection(cloud: Cloud) -> http.client.HTTPConnection:
    parts = urlsplit(check_url(cloud.url))
    host, port = parts.hostname or "", parts.port
    if parts.scheme != "https":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        context = ssl.create_default_context(cadata=cloud.ca or None)
    except ssl.SSLError as error:
        raise OfficeError("the file given with --ca-file holds no certificate in PEM", final=True) from error
    if cloud.pin:
        context.check_hostname = False
        context.verify_mode = (
            ssl.CERT_NONE
        )  # its very certificate is compared instead, before anything is sent
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)


def _check_pin(cloud: Cloud, connection: http.client.HTTPConnection) -> None:
    if not cloud.pin or not isinstance(connection.sock, ssl.SSLSocket):
        return
    shown = hashlib.sha256(connection.sock.getpeercert(binary_form=True) or b"").hexdigest()
    if shown != cloud.pin:
        raise OfficeError(f"{cloud.url} shows a certificate with another fingerprint: {shown}")


def _distrust(error: ssl.SSLCertVerificationError, url: str, now: datetime) -> str:
    if error.verify_code in _CLOCK_CODES:
        return (
            f"{url}: {error.verify_message}, says this machine, whose clock shows {now:%Y-%m-%d %H:%M} UTC; "
            "if that is wrong, set it first: timedatectl set-ntp true"
        )
    return (
        f"{url} is not trusted: {error.verify_message}; name the file of who vouches for it with --ca-file, "
        "or its fingerprint with --pin"
    )


def _read(url: str, status: int, content: bytes) -> Answer:
    if status != http.HTTPStatus.OK:
        raise _refusal(url, status, content)
    try:
        answer = msgspec.json.decode(content, type=Answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OfficeError(f"{url} does not answer as an Anban cloud does: {error}") from error
    if not valid_gateway_id(answer.gateway_id):
        raise OfficeError(f"{url} gives a gateway id that is none")
    return answer


def _refusal(url: str, status: int, content: bytes) -> OfficeError:
    try:
        problem = msgspec.json.decode(content, type=_Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = _Problem()
    if not problem.code:
        return OfficeError(f"{url} does not answer as an Anban cloud does: HTTP {status}")
    told = problem.detail or problem.code
    final = http.HTTPStatus.BAD_REQUEST <= status < http.HTTPStatus.TOO_MANY_REQUESTS
    return OfficeError(f"the cloud says: {told}", final=final)


def names_a_place(url: str) -> bool:
    """Whether it has a host, a port that can be one if any, and a scheme that we speak."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.scheme in {"https", "http"} and parts.port != 0
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
