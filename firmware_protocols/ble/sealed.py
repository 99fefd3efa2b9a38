"""AES-CCM as broadcasters use it: a key shared by two, a nonce that never repeats, a short tag.

What this is: the few lines that every authenticated advertisement needs. What it is not: a format; which
bytes make the nonce, and which counter must grow, each codec knows.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from firmware_protocols.codec import Frame, Security
from firmware_protocols.errors import Replayed, Unauthentic

KEY_SIZE: Final = 16
MAC_SIZE: Final = 6


def mac_of(address: str) -> bytes:
    """Return the six bytes of ``AA:BB:CC:DD:EE:FF`` in that order.

    Raises:
        ValueError: it is no such address.
    """
    mac = bytes.fromhex(address.replace(":", ""))
    if len(mac) != MAC_SIZE:
        raise ValueError(f"{address!r} is not a MAC address")
    return mac


def sender_of(frame: Frame) -> bytes:
    """Return the MAC of the radio that ``frame`` came from.

    Raises:
        Unauthentic: the driver did not say.
    """
    try:
        return mac_of(frame.address)
    except ValueError as error:
        raise Unauthentic("authenticated frame without the sender's MAC address") from error


def seal(key: bytes, nonce: bytes, plain: bytes, *, tag: int, aad: bytes | None = None) -> bytes:
    """Return ``plain`` encrypted, with ``tag`` bytes of authentication behind it.

    Raises:
        ValueError: the key is not 16 bytes.
    """
    if len(key) != KEY_SIZE:
        raise ValueError(f"key of {len(key)} bytes, {KEY_SIZE} needed")
    return AESCCM(key, tag_length=tag).encrypt(nonce, plain, aad)


def unseal(security: Security, nonce: bytes, sealed: bytes, *, tag: int, aad: bytes | None = None) -> bytes:
    """Return what ``sealed`` (tag at its end) holds.

    Raises:
        Unauthentic: no key, or it does not fit.
    """
    if security.key is None or len(security.key) != KEY_SIZE:
        raise Unauthentic("encrypted frame, but no 16-byte key for this device")
    try:
        return AESCCM(security.key, tag_length=tag).decrypt(nonce, sealed, aad)
    except InvalidTag as error:
        raise Unauthentic("wrong key, or the frame was changed") from error


def check_newer(counter: int, security: Security) -> None:
    """Refuse an authentic frame that does not come after all accepted ones.

    Raises:
        Replayed: its counter is not above the highest accepted one.
    """
    if security.last_counter is not None and counter <= security.last_counter:
        raise Replayed("replayed, or the device counts anew", counter, security.last_counter)
