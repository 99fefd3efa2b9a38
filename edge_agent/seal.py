"""Sensor keys sealed at rest, and the command that seals those of a configuration file.

What this is: AES-256-GCM under a key derived (HKDF-SHA-256) from the gateway's first key. What it is not:
it protects nothing from whoever holds the memory card, on which the gateway's key lies too; that needs a
chip. The one idea: a configuration that is mailed, backed up or photographed shows no sensor's key.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge_agent.identity import PrivateKey

PREFIX: Final = "sealed:"
_INFO: Final = b"anban/1 bind keys"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
"""NIST SP 800-38D, 5.2.1.1: the length that GCM is made for."""


@dataclass(eq=False)
class SealError(Exception):
    """The sealed text was not made on this gateway, or was changed."""

    reason: str

    def __str__(self) -> str:
        return self.reason


def sealed(root: PrivateKey, secret: bytes) -> str:
    """``secret`` as text that only ``root``'s gateway reads; another text each time."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return PREFIX + base64.urlsafe_b64encode(nonce + _cipher(root).encrypt(nonce, secret, _INFO)).decode()


def opened(root: PrivateKey, text: str) -> bytes:
    """The secret in ``text``.

    Raises:
        SealError: it was not sealed here, or was changed.
    """
    try:
        whole = base64.b64decode(text.removeprefix(PREFIX), altchars=b"-_", validate=True)
        return _cipher(root).decrypt(whole[:_NONCE_BYTES], whole[_NONCE_BYTES:], _INFO)
    except (binascii.Error, ValueError, InvalidTag) as error:
        raise SealError("was not sealed on this gateway, or was changed") from error


def seal_text(root: PrivateKey, text: str, keys: Iterable[str]) -> str:
    """The configuration ``text`` with each of the hexadecimal ``keys`` sealed; all else as it was."""
    for key in dict.fromkeys(keys):
        quoted = re.compile(rf"""(["']){re.escape(key)}\1""", re.IGNORECASE)
        text = quoted.sub(f'"{sealed(root, bytes.fromhex(key))}"', text)
    return text


def replace_text(file: Path, text: str) -> None:
    """Put ``text`` into ``file`` in one step; its mode and owner stay.

    Raises:
        OSError: the folder cannot be written, or the owner not be kept.
    """
    kept = file.stat()
    draft = file.with_name(file.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
        if (kept.st_uid, kept.st_gid) != (os.geteuid(), os.getegid()):
            os.fchown(stream.fileno(), kept.st_uid, kept.st_gid)
        os.fchmod(stream.fileno(), kept.st_mode & 0o7777)
    draft.replace(file)


def _cipher(root: PrivateKey) -> AESGCM:
    scalar = root.private_numbers().private_value.to_bytes(_KEY_BYTES, "big")
    return AESGCM(HKDF(hashes.SHA256(), _KEY_BYTES, None, _INFO).derive(scalar))
