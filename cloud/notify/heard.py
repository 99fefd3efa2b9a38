"""Texts that people send back, as their providers hand them over.

What this is: one reader per provider, bytes in and texts out. What it is not: what a text means (``replies``)
or whose question it answers (``dispatch.texted``). The one idea: each text has a mark of its own, so that one
which is handed over again is known again.

Sources: https://help.aliyun.com/document_detail/414223.htm (SmsUp; handed over again for hours until it is
thanked for) and https://www.tencentcloud.com/zh/document/api/382/43548.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from cloud.notify import sms_aliyun, sms_tencent
from cloud.notify.reports import MOST, READERS, BadReport, decoded, entries

_CHINA: Final = ZoneInfo("Asia/Shanghai")
_LONGEST: Final = 200
"""Characters of a text that are looked at; nothing that is understood is longer."""
_DIGITS: Final = 11
"""Of a mobile number in China; more, and the country stands before it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A text that came in. ``number``: its sender's, in E.164; anybody can forge it. ``sent_at``: when the
    provider says that it was written. ``mark``: the same only for the same text.
    """

    number: str
    text: str
    sent_at: datetime
    mark: str


def read(provider: str, body: bytes) -> Sequence[Heard]:
    """Every text in ``body``, at most ``MOST``.

    Raises:
        KeyError: this provider hands over no texts.
        BadReport: the body is not what it documents.
    """
    found = list(HEARD[provider](body))
    if len(found) > MOST:
        raise BadReport(f"more than {MOST} texts")
    return found


def thanks(provider: str) -> Mapping[str, object]:
    """What the provider wants to hear, or it hands the text over again."""
    return READERS[provider].thanks


def _aliyun(body: bytes) -> Iterator[Heard]:
    for entry in entries(body):
        match entry:
            case {
                "phone_number": str(number),
                "content": str(text),
                "send_time": str(sent),
                "sequence_id": int(mark),
            }:
                yield Heard(_e164("86", number), text[:_LONGEST], _local(sent), str(mark))
            case _:
                raise BadReport("phone_number, content, send_time or sequence_id is missing")


def _tencent(body: bytes) -> Iterator[Heard]:
    match decoded(body):
        case {"nationcode": str(country), "mobile": str(number), "text": str(text), "time": int(sent)}:
            mark = f"{country} {number} {sent} {text}"
            yield Heard(_e164(country, number), text[:_LONGEST], _stamp(sent), mark)
        case _:
            raise BadReport("nationcode, mobile, text or time is missing")


HEARD: Final[Mapping[str, Callable[[bytes], Iterator[Heard]]]] = {
    sms_aliyun.NAME: _aliyun,
    sms_tencent.NAME: _tencent,
}


def _e164(country: str, number: str) -> str:
    digits = number.strip().removeprefix("+").removeprefix("00")
    if not (digits.isascii() and digits.isdigit()):
        raise BadReport("a number that is none")
    bare = digits.removeprefix(country) if len(digits) > _DIGITS else digits
    return f"+{country}{bare}"


def _local(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA)
    except ValueError as error:
        raise BadReport("send_time is no time") from error


def _stamp(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise BadReport("time is no time") from error
