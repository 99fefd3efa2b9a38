"""Why a frame could not be understood: one small tree of nouns with fields.

They are data classes, but neither frozen nor compared by value: Python itself writes ``__traceback__`` into
an exception that passes a context manager, and a frozen one would turn into ``FrozenInstanceError`` there.
``DecodeError`` is never fatal: the pipeline counts it, samples it to the log and goes on.
"""

# ruff: noqa: N818 - a reason is a noun: `except Truncated` reads as it should

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class DecodeError(Exception):
    """A frame that a codec refuses. Subclasses say why; ``str()`` is fit for a technician."""

    def __str__(self) -> str:
        return self.__class__.__name__


@dataclass(eq=False)
class Truncated(DecodeError):
    """Fewer bytes than the layout needs."""

    needed: int
    got: int

    def __str__(self) -> str:
        return f"frame ends early: {self.got} bytes, at least {self.needed} needed"


@dataclass(eq=False)
class BadChecksum(DecodeError):
    """The frame's checksum does not match its content."""

    expected: int
    actual: int

    def __str__(self) -> str:
        return f"checksum {self.actual:#x}, expected {self.expected:#x}"


@dataclass(eq=False)
class UnknownFormat(DecodeError):
    """Well-formed enough to read, but not a layout this codec knows."""

    detail: str

    def __str__(self) -> str:
        return f"unknown format: {self.detail}"


@dataclass(eq=False)
class Unauthentic(DecodeError):
    """The frame fails authentication: wrong key, replayed counter, or an encrypted device gone plain."""

    reason: str

    def __str__(self) -> str:
        return f"not authentic: {self.reason}"


@dataclass(eq=False)
class Replayed(Unauthentic):
    """The key fits, but the counter is not above the highest accepted one.

    Either somebody plays a recording, or the device began to count again after a battery change: then its
    next real call is refused too, so whoever sees this tells a technician.
    """

    counter: int
    last: int


@dataclass(eq=False)
class BadMessage(DecodeError):
    """A wire message (batch, ack, state, command) that breaks the contract `anban/1`."""

    reason: str

    def __str__(self) -> str:
        return f"not a valid anban/1 message: {self.reason}"
