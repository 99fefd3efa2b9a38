"""From bytes of a stranger to typed values, or ``BadMessage``; nothing else comes out.

What this is: the guard that every message of ``anban/1`` passes. What it is not: a judge of content; whether
a time or a value is plausible is for the side that stores it. The one idea: after ``decode`` the shape is
right, and after ``check_json`` a free-form part holds only what JSON, JavaScript and PostgreSQL all can hold.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final, Protocol, TypeVar

import msgspec

from firmware_protocols.errors import BadMessage
from firmware_protocols.model import JsonValue

MAX_DEPTH: Final = 8
"""Levels of a free-form part (an alarm's evidence, a command's arguments)."""
MAX_INTEGER: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8259, section 6)."""

_QUOTED: Final = re.compile(r" '.*'", re.DOTALL)
"""msgspec quotes a word outside a vocabulary; what was sent may be personal, and as long as it likes."""
_LONGEST_REASON: Final = 200

_Value = TypeVar("_Value")
_Value_co = TypeVar("_Value_co", covariant=True)


class _Decoder(Protocol[_Value_co]):
    def decode(self, buf: bytes, /) -> _Value_co: ...


def decode(decoder: _Decoder[_Value], payload: bytes, limit: int) -> _Value:
    """Return what ``decoder`` makes of ``payload``.

    Raises:
        BadMessage: more than ``limit`` bytes (then nothing is read), or not such a message. The reason names
            a place in the message, never its content.
    """
    if len(payload) > limit:
        raise BadMessage(f"{len(payload)} bytes, at most {limit} allowed")
    try:
        return decoder.decode(payload)
    except UnicodeDecodeError as error:
        raise BadMessage(f"not UTF-8: {error.reason}") from error
    except RecursionError as error:
        raise BadMessage("nested too deeply") from error
    except msgspec.DecodeError as error:
        raise BadMessage(_QUOTED.sub("", str(error))[:_LONGEST_REASON]) from error


def check_json(value: object, depth: int = MAX_DEPTH) -> None:
    """Check that ``value`` is JSON that survives every store on the road.

    MessagePack can carry binary, dates, NaN and keys that are no text; JSON can carry NUL characters, which
    PostgreSQL refuses, and integers that JavaScript rounds.

    Raises:
        BadMessage: it is not.
    """
    match value:
        case list() | dict() if depth == 0:
            raise BadMessage(f"nested more than {MAX_DEPTH} levels deep")
        case list():
            for item in value:
                check_json(item, depth - 1)
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise BadMessage("a key is not a text")
                check_json(key, depth)
                check_json(item, depth - 1)
        case _:
            fault = _scalar_fault(value)
            if fault:
                raise BadMessage(fault)


def _scalar_fault(value: object) -> str:
    match value:
        case None | bool():
            return ""
        case str():
            return "a text holds a NUL character" if "\0" in value else ""
        case int():
            return "an integer is beyond 2^53" if abs(value) > MAX_INTEGER else ""
        case float():
            return "" if math.isfinite(value) else "a number is not finite"
        case _:
            return f"{type(value).__name__} is not JSON"


def tidy(value: object, depth: int = MAX_DEPTH) -> JsonValue:
    """Return ``value`` as ``check_json`` wants it, with null for what cannot be said.

    A number that is not finite in an alarm's evidence must not cost the alarm.
    """
    match value:
        case Mapping() | list() | tuple() if depth == 0:
            return None
        case Mapping():
            return {str(key).replace("\0", ""): tidy(item, depth - 1) for key, item in value.items()}
        case list() | tuple():
            return [tidy(item, depth - 1) for item in value]
        case str():
            return value.replace("\0", "")
        case None | bool() | int() | float() if not _scalar_fault(value):
            return value
        case _:
            return None
