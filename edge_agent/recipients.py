"""Who is texted, in which words, and what of an answer says yes. Pure.

What it is not: it decides no text (``second_path``). The one idea: a text to a person names no condition, and
records and logs name the role of its receiver, never the number.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from firmware_protocols.wire.plan import Phones

CENTRE: Final = "centre"
ACCEPTS: Final = frozenset({
    "1", "ok", "okay", "yes", "y",
    "收到", "好", "好的", "是", "去", "我去", "来了", "來了", "马上到", "馬上到", "知道了",
})  # fmt: skip
"""Answers that take a call on, without case, width and punctuation."""
LEAST_NATIONAL: Final = 8
"""Digits of a sender without country code from which on it may be one of ours; service numbers are
shorter."""
_WORDS: Final[Mapping[str, str]] = {
    "zh-Hans": "{name} {time} 呼叫求助。若您能前往查看，请回复1。",
    "zh-Hant": "{name} {time} 呼叫求助。若您能前往查看，請回覆1。",
    "en": "{name} called for help at {time}. Can you go? Reply 1.",
}
"""To people: a name, that help was called, a time. No condition: a telephone lies on a table for others to
read."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom to text: numbers in E.164, at most two contacts, ``""`` for no centre. ``name``: what contacts
    call the resident. ``hourly``: most texts in an hour, and a fifth of the most in a day.
    """

    centre: str = ""
    contacts: tuple[str, ...] = ()
    name: str = ""
    locale: str = "zh-Hans"
    time_zone: str = "Asia/Shanghai"
    hourly: int = 12

    @property
    def numbers(self) -> Mapping[str, str]:
        """Number by role, in the order of texting. Records and logs name the role, never the number."""
        people = {f"contact {rank}": number for rank, number in enumerate(self.contacts, start=1)}
        return {CENTRE: self.centre, **people} if self.centre else people


def words_to_contact(recipients: Recipients, at: datetime) -> str:
    """What a contact reads about a call made ``at``."""
    local = at.astimezone(zone(recipients.time_zone))
    return _WORDS[recipients.locale].format(name=recipients.name, time=f"{local:%H:%M}")


def planned(own: Recipients, phones: Phones, now: datetime) -> Recipients:
    """``own``, the technician's, with the plan's numbers instead where it names any, or nobody where it says
    so. Contacts are asked about somebody, so without a name there are none."""
    contacts = own.contacts if phones.contacts is None else phones.contacts
    over = phones.until is not None and now.timestamp() >= phones.until
    return replace(
        own, centre=phones.centre or own.centre, contacts=contacts if own.name and not over else ()
    )


def zone(name: str) -> tzinfo | None:
    """The time zone ``name``; ``None``, the system's own, where nobody knows it."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None


def is_acceptance(words: str) -> bool:
    """Whether an answer takes the call on."""
    plain = unicodedata.normalize("NFKC", words).casefold()
    return "".join(character for character in plain if character.isalnum()) in ACCEPTS


def is_from(sender: str, number: str) -> bool:
    """Whether ``sender`` (with or without country code, as networks show it) is ``number``."""
    digits = sender.lstrip("+").lstrip("0")
    if not digits.isdecimal():
        return False
    return sender == number or (
        not sender.startswith("+") and len(digits) >= LEAST_NATIONAL and number.endswith(digits)
    )
