"""Who we are to a push service: one key of this installation, and a signed word with each message (RFC 8292).

What this is: the key file, made when there is none, and the header that it signs. The one idea: a browser
binds its subscription to this key, so whoever loses the file loses every subscription, and whoever steals it
can push as we do; it is a secret like the others and is never made twice.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from joserfc import jwt
from joserfc.jwk import ECKey

from cloud import secret_files
from cloud.secret_files import SecretFileError

LIVES: Final = timedelta(hours=12)
"""Of one signed word; services refuse more than 24 hours (RFC 8292, section 2)."""


class KeyFileError(Exception):
    """The key cannot be used; ``str()`` names the file and says why. Never its content."""


@dataclass(frozen=True, slots=True)
class VapidKey:
    """The key. ``public``: what browsers subscribe with, unpadded base64url of the uncompressed point."""

    public: str
    _private: ECKey = field(repr=False)

    @classmethod
    def of(cls, key: ec.EllipticCurvePrivateKey) -> VapidKey:
        """The same key, ready to sign."""
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return cls(urlsafe_b64encode(point).rstrip(b"=").decode(), ECKey.import_key(_pem(key)))

    def authorization(self, origin: str, subject: str, now: datetime) -> str:
        """The header for a service at ``origin``. ``subject``: whom its operators write to."""
        claims: dict[str, str | int] = {
            "aud": origin,
            "exp": int((now + LIVES).timestamp()),
            "sub": subject,
        }
        token = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, self._private)
        return f"vapid t={token}, k={self.public}"


def load(file: Path) -> VapidKey:
    """The key in ``file``; a new one when there is no such file.

    Raises:
        KeyFileError: it cannot be made or read, or everybody can read it, or it is no P-256 key.
    """
    try:
        if not file.exists():
            secret_files.make(file, _pem(ec.generate_private_key(ec.SECP256R1())))
        key = load_pem_private_key(secret_files.read(file), password=None)
    except FileExistsError:  # another process was faster
        return load(file)
    except (OSError, SecretFileError, ValueError) as error:
        raise KeyFileError(f"{file}: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyFileError(f"{file} holds no P-256 key")
    return VapidKey.of(key)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
