"""What providers say later of a message that they took: delivered, not delivered, picked up, a key pressed.

What this is: one reader per provider, bytes in and reports out, and the rule by which a report changes a
message. What it is not: storing or answering (``dispatch.reports``). The one idea: a state only ever goes
forward, so a report that comes twice, late or before another does no harm, and a provider that lies can at
worst say that somebody was reached whom the ladder does not count as reached anyway.

Sources: https://help.aliyun.com/zh/sms/developer-reference/smsreport-2,
https://help.aliyun.com/zh/vms/developer-reference/voicecallreport-4, the codes of a call in
https://help.aliyun.com/zh/vms/developer-reference/operators-receipt-error-code,
https://cloud.tencent.com/document/product/382/52077 (= tencentcloud.com 382/43547) and, for calls,
https://cloud.tencent.com/document/product/1128/37725 (status), …/37726 (keys), …/37727 (failures).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from cloud.notify import sms_aliyun, sms_tencent, voice_aliyun, voice_tencent
from cloud.notify.voice_templates import KEYS

MOST: Final = 1_000
"""Reports in one call-back; providers gather up to some hundreds."""
_LONGEST: Final = 64
"""Characters of a code or a number that are kept."""


class Word(StrEnum):
    """What a provider says became of a message."""

    DELIVERED = "delivered"
    FAILED = "failed"
    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Report:
    """``reference``: the provider's number of the message. ``code``: why, in the provider's words; nothing
    personal, ``""`` for none.
    """

    reference: str
    word: Word
    code: str = ""


class BadReport(Exception):  # noqa: N818 - a noun
    """The body is not what this provider documents; ``str()`` says what is wrong with it."""


ORDER: Final = ("queued", "sent", "failed", "accepted", "delivered", "read", "answered")
"""States of a message from nothing to all. What was given up may still be delivered; a withdrawn message
stays withdrawn."""


def advanced(state: str, word: Word) -> str:
    """The state of a message in ``state`` after ``word``: further on or the same, save that one which was
    only accepted can fail.
    """
    if word is Word.FAILED:
        return "failed" if state in {"sent", "accepted"} else state
    reached = "answered" if word in {Word.YES, Word.NO} else "delivered"
    if state not in ORDER or ORDER.index(state) >= ORDER.index(reached):
        return state
    return reached


@dataclass(frozen=True, slots=True)
class Reader:
    """``read``: the reports of a body, raises ``BadReport``. ``thanks``: what the provider wants to hear, or
    it calls again.
    """

    read: Callable[[bytes], Iterator[Report]]
    thanks: Mapping[str, object]


def read(provider: str, body: bytes) -> Sequence[Report]:
    """Every report in ``body``, at most ``MOST``.

    Raises:
        KeyError: there is no such provider.
        BadReport: the body is not what it documents.
    """
    found = list(READERS[provider].read(body))
    if len(found) > MOST:
        raise BadReport(f"more than {MOST} reports")
    return found


def _aliyun_sms(body: bytes) -> Iterator[Report]:
    for entry in entries(body):
        match entry:
            case {"biz_id": str(number), "success": bool(success)}:
                word = Word.DELIVERED if success else Word.FAILED
                yield Report(_short(number), word, _short(_of(entry, "err_code")))
            case _:
                raise BadReport("biz_id or success is missing")


_ALIYUN_CALL: Final = {
    "200000": Word.DELIVERED,  # listened to the end
    "200001": Word.DELIVERED,  # hung up before the end
    "200008": Word.DELIVERED,  # pressed no key in time
    "300000": Word.DELIVERED,  # pressed one
    **dict.fromkeys(("200002", "200003", "200004", "200005", "200006", "200007"), Word.FAILED),
    **dict.fromkeys(("200010", "200011", "200105", "200117", "200118", "200121"), Word.FAILED),
}
"""What the codes of a call say; any other is on the way to one of these."""


def _aliyun_voice(body: bytes) -> Iterator[Report]:
    for entry in entries(body):
        match entry:
            case {"call_id": str(number), "status_code": str(status)}:
                yield from _of_call(_short(number), status, _short(_of(entry, "dtmf")))
            case _:
                raise BadReport("call_id or status_code is missing")


def _of_call(number: str, status: str, key: str) -> Iterator[Report]:
    """Of one entry: the key first, because whoever pressed one has heard it."""
    if key:
        yield _pressed(number, key)
    elif status in _ALIYUN_CALL:
        yield Report(number, _ALIYUN_CALL[status], status)


def _tencent_sms(body: bytes) -> Iterator[Report]:
    for entry in entries(body):
        match entry:
            case {"sid": str(number), "report_status": "SUCCESS" | "FAIL" as status}:
                word = Word.DELIVERED if status == "SUCCESS" else Word.FAILED
                yield Report(_short(number), word, _short(_of(entry, "errmsg")))
            case _:
                raise BadReport("sid or report_status is missing")


_TENCENT_TAKEN: Final = "0"


def _tencent_voice(body: bytes) -> Iterator[Report]:
    match decoded(body):
        case {"voiceprompt_callback": {"callid": str(number), "result": str(result)}}:
            word = Word.DELIVERED if result == _TENCENT_TAKEN else Word.FAILED
            yield Report(_short(number), word, _short(result))
        case {"voicekey_callback": {"callid": str(number), "keypress": str(key)}}:
            yield _pressed(_short(number), _short(key))
        case {"voice_failure_callback": {"callid": str(number), "failure_code": int(code)}}:
            yield Report(_short(number), Word.FAILED, str(code))
        case _:
            raise BadReport("no call-back of a notification, a key or a failure")


def _pressed(number: str, key: str) -> Report:
    """Only the first key counts; one that says nothing shows that somebody listened."""
    first = key[:1]
    if first not in KEYS:
        return Report(number, Word.DELIVERED, f"key {first}")
    return Report(number, Word.YES if KEYS[first] else Word.NO, f"key {first}")


READERS: Final[Mapping[str, Reader]] = {
    sms_aliyun.NAME: Reader(_aliyun_sms, {"code": 0, "msg": "OK"}),
    voice_aliyun.NAME: Reader(_aliyun_voice, {"code": 0, "msg": "OK"}),
    sms_tencent.NAME: Reader(_tencent_sms, {"result": 0, "errmsg": "OK"}),
    voice_tencent.NAME: Reader(_tencent_voice, {"result": 0, "errmsg": "OK"}),
}


def decoded(body: bytes) -> object:
    """The JSON in a call-back.

    Raises:
        BadReport: it is none.
    """
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise BadReport("not JSON") from error


def entries(body: bytes) -> Sequence[object]:
    """The entries of a call-back that is a list.

    Raises:
        BadReport: it is none.
    """
    found = decoded(body)
    if not isinstance(found, list):
        raise BadReport("not a list")
    return found


def _of(entry: object, name: str) -> object:
    return entry.get(name) if isinstance(entry, dict) else None


def _short(value: object) -> str:
    """Plain and short: it is kept and shown."""
    text = value if isinstance(value, str) else ""
    return "".join(sign for sign in text if sign.isascii() and sign.isprintable())[:_LONGEST]
