"""Why a frame could not be understood: one small tree of nouns with fields.

``DecodeError`` is never fatal: the pipeline counts it, samples it to the log and goes on.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DecodeError(Exception):
    """A frame that a codec refuses. Subclasses say why; ``str()`` is fit for a technician."""

    def __str__(self) -> str:
        return self.__class__.__name__


@dataclass(frozen=True)
class Truncated(DecodeError):
    """Fewer bytes than the layout needs."""

    needed: int
    got: int

    def __str__(self) -> str:
        return f"frame ends early: {self.got} bytes, at least {self.needed} needed"


@dataclass(frozen=True)
class BadChecksum(DecodeError):
    """The frame's checksum does not match its content."""

    expected: int
    actual: int

    def __str__(self) -> str:
        return f"checksum {self.actual:#x}, expected {self.expected:#x}"


@dataclass(frozen=True)
class UnknownFormat(DecodeError):
    """Well-formed enough to read, but not a layout this codec knows."""

    detail: str

    def __str__(self) -> str:
        return f"unknown format: {self.detail}"


@dataclass(frozen=True)
class Unauthentic(DecodeError):
    """The frame fails authentication: wrong key, replayed counter, or an encrypted device gone plain."""

    reason: str

    def __str__(self) -> str:
        return f"not authentic: {self.reason}"


@dataclass(frozen=True)
class BadMessage(DecodeError):
    """A wire message (batch, ack, state, command) that breaks the contract `anban/1`."""

    reason: str

    def __str__(self) -> str:
        return f"not a valid anban/1 message: {self.reason}"
