"""Numbers of people, sealed: readable only with a key that is not in the database.

What this is: a ring of keys, and a sealed text for a text. What it is not: it knows no table. The one idea: a
sealed value is bound to what it is and to whose it is (its *context*), so one moved to another home does not
open; inside one context equal texts have equal seals, so SQL may copy and compare what it cannot read.

Form: ``~CIPHER:KEY:BASE64``. A text without ``~`` is plain: from before there was a key.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cloud import secret_files
from cloud.secret_files import SecretFileError
from cloud.settings import ConfigError, Settings

MARK: Final = "~"
KEY_BYTES: Final = 32
PEOPLE: Final = frozenset({"sms", "voice", "tel", "signal", "signals", "mailto", "mailtos", "webpush"})
"""Schemes of addresses that name a person; the part after the scheme is sealed."""
_NONCE: Final = 12  # bytes, as AES-GCM wants them (NIST SP 800-38D, 5.2.1.1)
_LINE: Final = re.compile(r"([A-Za-z0-9_-]{1,32}) ([a-z0-9]{1,16}) ([A-Za-z0-9+/=]{1,128})")

_log = logging.getLogger(__name__)


class SealError(Exception):
    """A sealed value does not open; ``str()`` says why, never what is in it."""


class Cipher(Protocol):
    """Authenticated encryption with associated data. A new one is a class and a line in ``CIPHERS``."""

    def encrypt(self, key: bytes, nonce: bytes, text: bytes, context: bytes) -> bytes:
        """``text`` sealed with ``key`` (32 bytes) and ``nonce`` (12 bytes)."""
        ...

    def decrypt(self, key: bytes, nonce: bytes, sealed: bytes, context: bytes) -> bytes:
        """What ``encrypt`` was given.

        Raises:
            InvalidTag: another key, another context, or damaged.
        """
        ...


class AesGcm:
    """AES-256 in Galois/counter mode."""

    def encrypt(self, key: bytes, nonce: bytes, text: bytes, context: bytes) -> bytes:
        """See ``Cipher``."""
        return AESGCM(key).encrypt(nonce, text, context)

    def decrypt(self, key: bytes, nonce: bytes, sealed: bytes, context: bytes) -> bytes:
        """See ``Cipher``."""
        return AESGCM(key).decrypt(nonce, sealed, context)


CIPHERS: Final[Mapping[str, Cipher]] = {"aes": AesGcm()}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the ring, and the three that are derived from it: no key serves two uses."""

    id: str
    cipher: str
    sealing: bytes
    nonces: bytes
    marks: bytes

    @classmethod
    def of(cls, key_id: str, cipher: str, secret: bytes) -> Key:
        """The key with these 32 random bytes."""

        def derived(use: str) -> bytes:
            return HKDF(SHA256(), KEY_BYTES, None, f"anban sealed {use} 1".encode()).derive(secret)

        return cls(key_id, cipher, derived("text"), derived("nonce"), derived("mark"))

    @property
    def prefix(self) -> str:
        """How every value begins that this key sealed."""
        return f"{MARK}{self.cipher}:{self.id}:"


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys by which values open; the first one seals. Without any, texts stay plain."""

    keys: tuple[Key, ...] = ()

    @property
    def prefix(self) -> str:
        """How a value begins that needs no new seal; ``""`` without keys."""
        return self.keys[0].prefix if self.keys else ""

    def seal(self, text: str, context: str) -> str:
        """``text`` sealed for ``context``; ``""`` stays ``""``."""
        if not text or not self.keys:
            return text
        key = self.keys[0]
        bound, plain = context.encode(), text.encode()
        nonce = hmac.digest(key.nonces, len(bound).to_bytes(4, "big") + bound + plain, "sha256")[:_NONCE]
        sealed = nonce + CIPHERS[key.cipher].encrypt(key.sealing, nonce, plain, bound)
        return key.prefix + base64.b64encode(sealed).decode("ascii")

    def seal_bytes(self, content: bytes, context: str) -> bytes:
        """``content`` sealed with the first key, whose ``prefix`` is to be kept beside it.

        Raises:
            SealError: there is no key: what is sealed so is never stored in the clear.
        """
        if not self.keys:
            raise SealError("there is no key to seal with")
        key, nonce = self.keys[0], secrets.token_bytes(_NONCE)
        return nonce + CIPHERS[key.cipher].encrypt(key.sealing, nonce, content, context.encode())

    def open_bytes(self, sealed: bytes, prefix: str, context: str) -> bytes:
        """What ``seal_bytes`` was given.

        Raises:
            SealError: no such key here, another context, or damaged.
        """
        key = next((one for one in self.keys if one.prefix == prefix), None)
        if key is None:
            raise SealError("it was sealed with a key that is not in the ring")
        try:
            return CIPHERS[key.cipher].decrypt(
                key.sealing, sealed[:_NONCE], sealed[_NONCE:], context.encode()
            )
        except InvalidTag as error:
            raise SealError("it is damaged, or of another visit") from error

    def open(self, value: str, context: str) -> str:
        """The text that was sealed for ``context``; a plain one as it is.

        Raises:
            SealError: no such key here, another context, or damaged.
        """
        if not value.startswith(MARK):
            return value
        cipher, _, rest = value[len(MARK) :].partition(":")
        key_id, _, encoded = rest.partition(":")
        key = next((one for one in self.keys if (one.id, one.cipher) == (key_id, cipher)), None)
        if key is None:
            raise SealError(f"it was sealed with key {key_id[:32]}, which is not in the ring")
        try:
            sealed = base64.b64decode(encoded, validate=True)
            nonce, body = sealed[:_NONCE], sealed[_NONCE:]
            return CIPHERS[cipher].decrypt(key.sealing, nonce, body, context.encode()).decode()
        except (binascii.Error, InvalidTag, ValueError) as error:
            raise SealError("it is damaged, or of another home") from error

    def shown(self, value: str, context: str) -> str:
        """Like ``open`` for a screen: what does not open is left out and logged, the rest must be seen."""
        try:
            return self.open(value, context)
        except SealError as error:
            _log.error("a sealed value does not open context=%s: %s", context, error)
            return ""

    def seal_address(self, address: str, context: str) -> str:
        """``sms:+86…`` with all but its scheme sealed; an address that names nobody as it is."""
        scheme, colon, rest = address.partition(":")
        if scheme not in PEOPLE:
            return address
        return scheme + colon + self.seal(rest, context)

    def open_address(self, address: str, context: str) -> str:
        """What ``seal_address`` was given.

        Raises:
            SealError: as for ``open``.
        """
        scheme, colon, rest = address.partition(":")
        return scheme + colon + self.open(rest, context)

    def shown_address(self, address: str, context: str) -> str:
        """Like ``open_address`` for a screen; see ``shown``."""
        scheme, colon, rest = address.partition(":")
        return scheme + colon + self.shown(rest, context)

    def mark(self, text: str) -> bytes | None:
        """A keyed hash by which ``text`` is found again; ``None`` for none, and without keys."""
        return _mark(self.keys[0], text) if text and self.keys else None

    def marks(self, text: str) -> list[bytes]:
        """The marks that ``text`` may stand under, whichever key was the first when it was stored."""
        return [_mark(key, text) for key in self.keys]


NO_KEYS: Final = Keyring()


def _mark(key: Key, text: str) -> bytes:
    return hmac.digest(key.marks, text.encode(), "sha256")


def contact(home_id: int) -> str:
    """The context of a telephone number or address of a home's care circle, also where it was copied to."""
    return f"contact of home {home_id}"


def resident(home_id: int, what: str) -> str:
    """The context of one number (``phone``, ``id_number``) of whoever lives in a home."""
    return f"{what} of the resident of home {home_id}"


def visit(visit_id: int) -> str:
    """The context of what is attached to a visit."""
    return f"file of visit {visit_id}"


def duty(tenant_id: int) -> str:
    """The context of a duty manager's address."""
    return f"duty of tenant {tenant_id}"


def responder(tenant_id: int) -> str:
    """The context of a number or address of somebody who may be called to a door."""
    return f"responder of tenant {tenant_id}"


def follower(tenant_id: int) -> str:
    """The context of where a member of a family takes pushes."""
    return f"follower of tenant {tenant_id}"


def addressee(message: Mapping[str, Any], circle: str) -> str:
    """The context of a message's address: somebody who was called (``ask_id``), who follows a home
    (``push_id``), of the ``circle`` (``step``), or the duty manager of the ``tenant_id``.
    """
    if message["push_id"] is not None:
        return follower(message["tenant_id"])
    if message["ask_id"] is not None:
        return responder(message["tenant_id"])
    return circle if message["step"] is not None else duty(message["tenant_id"])


def second_factor(staff_id: int) -> str:
    """The context of a person's TOTP secret."""
    return f"second factor of staff {staff_id}"


def key_file(settings: Settings) -> Path | None:
    """Where the keys are: as configured, else below ``data``; ``None``: neither is there."""
    if settings.keys.file:
        return Path(settings.keys.file)
    return Path(settings.data) / "secrets" / "fields.keys" if settings.data else None


def keyring(settings: Settings) -> Keyring:
    """The keys of this installation. Below ``data`` a first key is made if there is none.

    Raises:
        ConfigError: the file cannot be read, made, or used.
    """
    file = key_file(settings)
    if file is None:
        _log.warning("keys.file is not set: telephone and ID numbers are stored in the clear")
        return NO_KEYS
    try:
        if not settings.keys.file and not file.exists():
            secret_files.make(file, new_line("k1").encode())
        return parse(secret_files.text(file))
    except FileExistsError:
        return keyring(settings)
    except (OSError, SecretFileError, ValueError) as error:
        raise ConfigError(f"keys.file: {error}") from error


def parse(text: str) -> Keyring:
    """The ring from the text of a key file: a key per line, ``ID CIPHER BASE64``, the sealing one first.

    Raises:
        ValueError: it names the line that is no key; never its content.
    """
    keys: list[Key] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        secret = _secret(found[3]) if found else b""
        if found is None or found[2] not in CIPHERS or len(secret) != KEY_BYTES:
            raise ValueError(f"line {number} is no key: ID CIPHER BASE64, {KEY_BYTES} bytes")
        if found[1] in {key.id for key in keys}:
            raise ValueError(f"line {number} names key {found[1]} again")
        keys.append(Key.of(found[1], found[2], secret))
    if not keys:
        raise ValueError("it holds no key")
    return Keyring(tuple(keys))


def new_line(key_id: str, cipher: str = "aes") -> str:
    """The line of a fresh key for a key file."""
    return f"{key_id} {cipher} {base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode('ascii')}\n"


def _secret(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""
