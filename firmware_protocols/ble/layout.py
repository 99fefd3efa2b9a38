"""Little-endian fields of a GATT value: written, and read in order, refusing a value that is short."""

from __future__ import annotations

from typing import Final

from firmware_protocols.errors import Truncated, UnknownFormat

MAX_VALUE: Final = 512
"""Bytes of an attribute's value (Bluetooth Core 5.4, vol 3, part F, 3.2.9)."""


class Fields:
    """A cursor over ``data``. It lives inside one ``parse`` call and never leaves it.

    Raises:
        UnknownFormat: ``data`` is longer than any attribute.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) > MAX_VALUE:
            raise UnknownFormat(f"{len(data)} bytes, an attribute has at most {MAX_VALUE}")
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._at

    def take(self, size: int) -> bytes:
        """Return the next ``size`` bytes.

        Raises:
            Truncated: there are not that many.
        """
        end = self._at + size
        if end > len(self._data):
            raise Truncated(needed=end, got=len(self._data))
        chunk = self._data[self._at : end]
        self._at = end
        return chunk

    def uint(self, size: int) -> int:
        """Return the next ``size`` bytes as an unsigned number."""
        return int.from_bytes(self.take(size), "little")


def uint_bytes(value: int, size: int) -> bytes:
    """Return ``value`` as ``size`` little-endian bytes.

    Raises:
        ValueError: it is negative or does not fit.
    """
    if not 0 <= value < 1 << 8 * size:
        raise ValueError(f"{value} does not fit {size} bytes")
    return value.to_bytes(size, "little")
