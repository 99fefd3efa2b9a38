"""What people text back to a question, and which question they mean. Pure.

What this is: a text of few characters, read strictly, and a choice among the questions that one telephone
was asked. What it is not: reading what a provider sends (``heard``) or answering (``dispatch.texted``). The
one idea: a wrong yes leaves somebody alone until it is found out, so only a plain yes is one; "received" and
"fine" are asked about once more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

YES: Final = frozenset({"1", "去", "我去", "能去", "马上去", "馬上去", "yes", "i go"})
NO: Final = frozenset({"0", "2", "不去", "不能", "不能去", "去不了", "no"})
LONGEST_WAY: Final = timedelta(hours=3)
"""[D] A later promise is none; the yes still counts, with the time that is thought of otherwise. Counted from
the question, too: whoever puts it off again and again does not hold up the next one for ever.
"""
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Short codes of questions; without I and O, which look like digits."""
_MARKS: Final = r"。.!！~、,，;；:：“”\"'()（）\[\]【】"
_NOISE: Final = re.compile(rf"(?<![\d{_MARKS}])[{_MARKS}]++|[{_MARKS}]++(?!\d)")
"""Marks that say nothing. Between two digits they do: ``1.5`` and ``1:30`` promise no 5 or 30 minutes."""
_HOURS: Final = {
    "半": 30,
    **dict.fromkeys(("1", "一", "one", "an"), 60),
    **dict.fromkeys(("1.5", "一个半", "一個半"), 90),
    **dict.fromkeys(("2", "二", "两", "兩", "two"), 120),
    **dict.fromkeys(("3", "三", "three"), 180),
}
"""How people write some hours, in minutes."""
_WORDS: Final = "|".join(sorted(YES | NO, key=len, reverse=True))
_SHAPE: Final = re.compile(
    rf"(?P<word>{_WORDS})(?: ?(?P<code>[a-z])(?![a-z]))?"
    r"(?: +(?P<minutes>\d{1,3}) ?(?:分钟|分鐘|分|min|minutes)?"
    r"|[,、](?P<listed>\d{1,3}) ?(?:分钟|分鐘|分|min|minutes)"
    rf"|[ ,、](?P<hours>{'|'.join(map(re.escape, _HOURS))})[个個]? ?(?:小时|小時|钟头|鐘頭|hours?|h))?"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """``going``: a yes. ``code``: the letter of the question that is meant, ``""`` for none. ``within``: in
    what time they promise to be there.
    """

    going: bool
    code: str = ""
    within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One question to one telephone. ``over``: its incident needs nobody any more. ``answered``: by them, or
    they were told that they need not go. ``code``: its letter, once it has one. In order of their numbers the
    later is the newer.
    """

    message_id: int
    over: bool = False
    answered: bool = False
    code: str = ""

    @property
    def open(self) -> bool:
        """Whether it still waits for their answer."""
        return not (self.over or self.answered)


def understood(text: str) -> Reply | None:
    """What ``text`` says: a yes or a no first, then the letter of a question, then minutes after a space, or
    a time with its unit; ``None`` for anything else. ``120`` is a telephone number, and no promise.
    """
    plain = _NOISE.sub(" ", unicodedata.normalize("NFKC", text)).casefold()
    found = _SHAPE.fullmatch(" ".join(plain.split()))
    if found is None:
        return None
    hours = _HOURS.get(found["hours"] or "", 0)
    minutes = timedelta(minutes=int(found["minutes"] or found["listed"] or hours))
    within = minutes if timedelta(0) < minutes <= LONGEST_WAY else None
    return Reply(found["word"] in YES, (found["code"] or "").upper(), within)


def promise(reply: Reply, asked_at: datetime, now: datetime) -> timedelta | None:
    """In what time whoever was asked at ``asked_at`` is to be there; ``None``: they promise no time that
    counts.
    """
    left = asked_at + LONGEST_WAY - now
    return min(reply.within, left) if reply.within and left > timedelta(0) else None


def meant(reply: Reply, asked: Sequence[Question]) -> list[Question]:
    """The question that ``reply`` answers; more than one: it is not said which. Never none.

    The letter decides; without one the only open question; without that the newest they may still change
    their mind about; else the newest, which is over.
    """
    named = [one for one in asked if reply.code and one.code == reply.code]
    waiting = [one for one in asked if one.open]
    if named:
        return [_newest(named)]
    if waiting:
        return waiting
    return [_newest([one for one in asked if not one.over] or asked)]


def lettered(asked: Sequence[Question]) -> dict[int, str]:
    """A letter for each of ``asked`` that has none yet, by the number of its message; none for what is beyond
    the last letter.
    """
    taken = {one.code for one in asked}
    free = (letter for letter in LETTERS if letter not in taken)
    return dict(zip((one.message_id for one in asked if not one.code), free, strict=False))


def _newest(asked: Sequence[Question]) -> Question:
    return max(asked, key=lambda one: one.message_id)
