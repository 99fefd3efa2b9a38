"""What a push service carries but cannot read: a message sealed for one browser (RFC 8188, RFC 8291). Pure.

What this is: a subscription as browsers give it, checked, and one record of ``aes128gcm``. What it is not:
the primitives, which are the ``cryptography`` library's. The one idea: the browser's own key and a fresh one
of ours make a key that no service in between has.
"""

from __future__ import annotations

import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, Self

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD: Final = 4096
"""Bytes; the most that every service must take (RFC 8030, section 7.2)."""
MOST_TEXT: Final = RECORD - 86 - 16 - 1
"""What is left for the text: without header (16 + 4 + 1 + 65), tag and delimiter (RFC 8291, section 4)."""
SALT: Final = 16
_AUTH: Final = 16
_LAST_RECORD: Final = b"\x02"


class BadSubscription(ValueError):  # noqa: N818 - a noun
    """Nothing can be sealed for it; ``str()`` says why, never its content."""


class Subscription(msgspec.Struct, frozen=True):
    """Where one browser takes pushes. ``endpoint``: a secret address at its maker's service; ``p256dh``: its
    public key; ``auth``: a secret of its own; both unpadded base64url.
    """

    endpoint: str
    p256dh: str
    auth: str

    @property
    def key(self) -> ec.EllipticCurvePublicKey:
        """Its public key.

        Raises:
            ValueError: it is none.
        """
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpadded(self.p256dh))

    @property
    def address(self) -> str:
        """As an address of a message."""
        return "webpush:" + urlsafe_b64encode(msgspec.json.encode(self)).decode()

    @classmethod
    def at(cls, address: str) -> Self:
        """What ``address`` gave.

        Raises:
            BadSubscription: it is no such address.
        """
        try:
            return msgspec.json.decode(urlsafe_b64decode(address.partition(":")[2]), type=cls)
        except ValueError as error:
            raise BadSubscription("not the address of a subscription") from error

    def check(self) -> None:
        """Refuse keys that nothing can be sealed with.

        Raises:
            BadSubscription: it says which.
        """
        try:
            _, auth = self.key, unpadded(self.auth)
        except ValueError as error:
            raise BadSubscription("p256dh or auth is no key") from error
        if len(auth) != _AUTH:
            raise BadSubscription(f"auth has {_AUTH} bytes")


def seal(
    text: bytes,
    to: Subscription,
    *,
    ours: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body of one push. ``ours`` and ``salt`` are drawn afresh; only a test of the standard gives them.

    Raises:
        BadSubscription: its keys are none.
        ValueError: ``text`` is longer than ``MOST_TEXT``.
    """
    if len(text) > MOST_TEXT:
        raise ValueError(f"more than {MOST_TEXT} bytes")
    to.check()
    ours = ours or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(SALT)
    point = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    about = b"WebPush: info\x00" + unpadded(to.p256dh) + point
    secret = _derive(ours.exchange(ec.ECDH(), to.key), unpadded(to.auth), about, 32)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\x00", 12)
    header = salt + struct.pack("!LB", RECORD, len(point)) + point
    return header + AESGCM(key).encrypt(nonce, text + _LAST_RECORD, None)


def unpadded(text: str) -> bytes:
    """The bytes of unpadded base64url.

    Raises:
        ValueError: it is none.
    """
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
