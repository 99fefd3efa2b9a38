"""Cutting a serial byte stream into frames of the shape start, header with length, data, checksum.

What this is: one framer for every such format, given its ``Layout``. What it is not: a decoder. The one
idea: a start mark proves nothing, because it also occurs inside data; so after any failure the search goes
on at the very next byte, and a real frame hidden in garbage is still found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """The shape of one format's frames.

    ``start``: the bytes every frame begins with. ``header``: bytes (with ``start``) after which the length is
    known. ``size``: the whole frame's length, told from its header. ``largest``: a longer frame is not
    believed, which bounds both the memory and how long a false start can hold back what follows. ``valid``:
    whether a whole frame's checksum and tail are right.
    """

    start: bytes
    header: int
    size: Callable[[bytes], int]
    largest: int
    valid: Callable[[bytes], bool]


class ResyncFramer:
    """A ``Framer`` for one port; holds at most ``layout.largest`` bytes between calls."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._waiting = b""
        self._discarded = 0

    @property
    def discarded(self) -> int:
        """Bytes that belonged to no frame, so far."""
        return self._discarded

    def feed(self, data: bytes) -> list[bytes]:
        """Take ``data``; return the whole, valid frames it completed. Never raises."""
        stream = self._waiting + data
        frames: list[bytes] = []
        at = 0
        while True:
            start = self._next_start(stream, at)
            self._discarded += start - at
            at = start
            size = self._size_at(stream, at)
            if size is None:
                break
            frame = stream[at : at + size]
            if size and self._layout.valid(frame):
                frames.append(frame)
                at += size
            else:
                self._discarded += 1
                at += 1
        self._waiting = stream[at:]
        return frames

    def _next_start(self, stream: bytes, at: int) -> int:
        """Index of the next start mark, whole or cut by the end of ``stream``; else the end."""
        mark = self._layout.start
        found = stream.find(mark, at)
        if found >= 0:
            return found
        cut = next((n for n in range(len(mark) - 1, 0, -1) if stream.endswith(mark[:n])), 0)
        return max(at, len(stream) - cut)

    def _size_at(self, stream: bytes, at: int) -> int | None:
        """Length of the whole frame at ``at``; 0 if it cannot be one, ``None`` while bytes are missing."""
        header = stream[at : at + self._layout.header]
        if len(header) < self._layout.header:
            return None
        size = self._layout.size(header)
        if not self._layout.header <= size <= self._layout.largest:
            return 0
        return size if at + size <= len(stream) else None
