"""Sealed files: encrypted and authenticated in pieces, so that a copy of any size needs little memory.

AES-256-GCM over pieces of 1 MiB. Each file has a key of its own, derived (HKDF) from the master key, a random
salt and the file's name; each piece's nonce holds its number and whether it is the last. So a piece that is
changed, moved, missing or of another file is noticed, and so is a file that was cut short or renamed.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import struct
from collections.abc import Iterator
from io import BufferedIOBase, BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cloud import secret_files
from cloud.secret_files import SecretFileError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAGIC: Final = b"ANBAN-SEALED-1\n"
KEY_BYTES: Final = 32
PIECE: Final = 2**20
_SALT: Final = 16
_TAG: Final = 16
_NONCE: Final = struct.Struct(">3xQ?")


class SealError(Exception):
    """A sealed file or a key cannot be used; ``str()`` says why."""


def new_key(file: Path) -> None:
    """Write a new master key to ``file``, readable by us alone.

    Raises:
        FileExistsError: there is a file already; a key that is overwritten is lost, with all it sealed.
    """
    secret_files.make(file, base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")


def read_key(file: Path) -> bytes:
    """The master key in ``file``.

    Raises:
        SealError: there is none, or everybody can read it.
    """
    try:
        key = base64.b64decode(secret_files.read(file).strip(), validate=True)
    except (SecretFileError, binascii.Error) as error:
        raise SealError(f"no key in {file}: {error}") from error
    if len(key) != KEY_BYTES:
        raise SealError(f"no key in {file}: {len(key)} bytes instead of {KEY_BYTES}")
    return key


class Sealer(RawIOBase):
    """A writable stream: what is written comes out sealed at ``close``. ``target`` stays open."""

    def __init__(self, target: IO[bytes], key: bytes, name: str) -> None:
        """Begin the sealed file ``name`` on ``target``."""
        super().__init__()
        salt = secrets.token_bytes(_SALT)
        self._cipher = _cipher(key, salt, name)
        self._target = target
        self._held = bytearray()
        self._number = 0
        target.write(MAGIC + salt)

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Take ``data``; whole pieces go out. One always waits: only ``close`` knows which is the last."""
        taken = memoryview(data).nbytes
        self._held += data
        while len(self._held) > PIECE:
            self._put(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]
        return taken

    def close(self) -> None:
        """Put out the last piece."""
        if not self.closed:
            self._put(bytes(self._held), last=True)
        super().close()

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_NONCE.pack(self._number, last), piece, None))
        self._number += 1


class _Opened(RawIOBase):
    """The readable other end."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        room = memoryview(buffer).cast("B")
        taken = min(len(room), len(self._left))
        room[:taken], self._left = self._left[:taken], self._left[taken:]
        return taken


def opened(source: IO[bytes], key: bytes, name: str) -> BufferedIOBase:
    """A stream of what was sealed into ``source`` as ``name``. Nothing unproved is ever handed out.

    Raises:
        SealError: at once or while it is read: another key, another file, changed, or cut short.
    """
    head = source.read(len(MAGIC) + _SALT)
    if len(head) != len(MAGIC) + _SALT or not head.startswith(MAGIC):
        raise SealError(f"{name} is not a sealed file")
    return BufferedReader(_Opened(_pieces(source, _cipher(key, head[len(MAGIC) :], name), name)), PIECE)


def _pieces(source: IO[bytes], cipher: AESGCM, name: str) -> Iterator[bytes]:
    number, sealed = 0, source.read(PIECE + _TAG)
    while True:
        following = source.read(PIECE + _TAG)
        try:
            yield cipher.decrypt(_NONCE.pack(number, not following), sealed, None)
        except InvalidTag:
            raise SealError(
                f"{name} cannot be opened: another key, another file, changed or cut short"
            ) from None
        if not following:
            return
        number, sealed = number + 1, following


def _cipher(key: bytes, salt: bytes, name: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, f"anban backup {name}".encode()).derive(key))
