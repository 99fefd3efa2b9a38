"""What the home hears: phrases for alarms, when to repeat them, and how they become sound.

What it is not: it decides no alarm. The one idea: ``Announcer`` (pure) says which phrase is due; a ``Prompt``
makes it heard and never makes anybody wait. The words, and their language, are the sound file's matter. How
long something sounds is counted from tick to tick: a clock that is set neither ends a siren nor mutes it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from edge_agent.rules.surroundings import CARRIED_S
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState

log = logging.getLogger(__name__)


class Phrase(StrEnum):
    """What can be said at home. The value names the sound file."""

    ARE_YOU_ALL_RIGHT = "are_you_all_right"
    HELP_CALLED = "help_called"
    HELP_REACHED = "help_reached"
    SOMEBODY_COMING = "somebody_coming"
    ALL_IS_WELL = "all_is_well"
    FIRE = "fire"
    GAS = "gas"
    WATER = "water"
    STOVE = "stove"
    MEDICINE = "medicine"


@dataclass(frozen=True, slots=True)
class Saying:
    """A phrase, repeated every ``every_s`` (0: once) for ``for_s``; an alarm record calls it ``action``.

    ``stands``: it goes on although somebody has accepted. A question still wants its answer, and nobody at a
    screen puts out the fire that people must leave.
    """

    phrase: Phrase
    every_s: float = 0.0
    for_s: float = 0.0
    action: str = "voice"
    stands: bool = False


_SAYINGS: Final[Mapping[tuple[AlarmKind, AlarmState], Saying]] = {
    (AlarmKind.FALL, AlarmState.SUSPECTED): Saying(Phrase.ARE_YOU_ALL_RIGHT, 5, 60, stands=True),
    (AlarmKind.FALL, AlarmState.RAISED): Saying(Phrase.HELP_CALLED, 20, 600),
    (AlarmKind.SOS, AlarmState.RAISED): Saying(Phrase.HELP_CALLED, 20, 600),
    (AlarmKind.LONG_LIE, AlarmState.SUSPECTED): Saying(Phrase.ARE_YOU_ALL_RIGHT, 5, 60, stands=True),
    (AlarmKind.LONG_LIE, AlarmState.RAISED): Saying(Phrase.HELP_CALLED, 20, 600),
    (AlarmKind.STILLNESS, AlarmState.SUSPECTED): Saying(Phrase.ARE_YOU_ALL_RIGHT, 5, 60, stands=True),
    (AlarmKind.STILLNESS, AlarmState.RAISED): Saying(Phrase.HELP_CALLED, 20, 600),
    (AlarmKind.BED_EXIT, AlarmState.SUSPECTED): Saying(Phrase.ARE_YOU_ALL_RIGHT, 5, 60, stands=True),
    (AlarmKind.BED_EXIT, AlarmState.RAISED): Saying(Phrase.HELP_CALLED, 20, 600),
    (AlarmKind.NIGHT_DOOR, AlarmState.SUSPECTED): Saying(Phrase.ARE_YOU_ALL_RIGHT, 5, 60, stands=True),
    (AlarmKind.WANDERING, AlarmState.SUSPECTED): Saying(Phrase.ARE_YOU_ALL_RIGHT, 5, 60, stands=True),
    (AlarmKind.STOVE, AlarmState.SUSPECTED): Saying(Phrase.STOVE, 5, 60, stands=True),
    (AlarmKind.HEAT, AlarmState.RAISED): Saying(Phrase.FIRE, 10, 60, stands=True),
    (AlarmKind.VITALS, AlarmState.RAISED): Saying(Phrase.HELP_CALLED),
    (AlarmKind.SMOKE, AlarmState.RAISED): Saying(Phrase.FIRE, 4, 600, "siren", stands=True),
    (AlarmKind.GAS, AlarmState.RAISED): Saying(Phrase.GAS, 4, 600, "siren", stands=True),
    (AlarmKind.CARBON_MONOXIDE, AlarmState.RAISED): Saying(Phrase.GAS, 4, 600, "siren", stands=True),
    (AlarmKind.FLOOD, AlarmState.RAISED): Saying(Phrase.WATER, 20, 120, stands=True),
}
_ENDINGS: Final[Mapping[AlarmState, Saying]] = {AlarmState.CANCELLED: Saying(Phrase.ALL_IS_WELL)}
REMINDERS: Final[Mapping[AlarmKind, Phrase]] = {
    AlarmKind.STOVE: Phrase.STOVE,
    AlarmKind.MEDICINE: Phrase.MEDICINE,
}
"""What the home says before anybody is told."""
_SPOKEN: Final = frozenset(kind for kind, _ in _SAYINGS)
"""Nobody at home was told of another kind (a modem without network), so nobody is told of its end."""


_REMEMBERED: Final = 100
"""Alarms whose acceptance is kept in mind; a record that comes later must not start the call anew."""


def saying_for(alarm: Alarm) -> Saying | None:
    """What to say when this record comes, if anything."""
    if alarm.kind not in _SPOKEN:
        return None
    return _ENDINGS.get(alarm.state) or _SAYINGS.get((alarm.kind, alarm.state))


@dataclass(slots=True)
class _Playing:
    saying: Saying
    next_s: float
    until_s: float


@dataclass(slots=True)
class Announcer:
    """Which phrases are due. One saying per alarm: a new record of an alarm replaces its saying.

    An alarm that a person has taken on calls no more; one that calls again after it was closed is heard.
    All ``_s`` are counted seconds.
    """

    _playing: dict[AlarmId, _Playing] = field(default_factory=dict)
    _words: list[Phrase] = field(default_factory=list)
    _accepted: dict[AlarmId, None] = field(default_factory=dict)
    """Alarms that somebody has in hand, oldest first."""
    _muted_until_s: float = 0.0
    _counted_s: float = 0.0
    _at: datetime | None = None

    def hear(self, alarm: Alarm) -> tuple[str, ...]:
        """Take up a record of an alarm; return the local actions it leads to."""
        if alarm.state is AlarmState.ACCEPTED:
            self.someone_accepts(alarm.id, coming=True)
            return ("voice",)
        saying = saying_for(alarm)
        if saying is None:
            return ()
        if alarm.id in self._accepted and alarm.state not in _ENDINGS and not saying.stands:
            self._playing.pop(alarm.id, None)
            return ()
        self._playing[alarm.id] = _Playing(saying, self._counted_s, self._counted_s + saying.for_s)
        return (saying.action,)

    def someone_accepts(self, alarm: AlarmId, *, coming: bool) -> None:
        """A person has taken it on, or is ``coming``: say so, and end what only bridged the wait."""
        self._accepted[alarm] = None
        if len(self._accepted) > _REMEMBERED:
            del self._accepted[next(iter(self._accepted))]
        self._words.append(Phrase.SOMEBODY_COMING if coming else Phrase.HELP_REACHED)
        playing = self._playing.get(alarm)
        if playing is not None and not playing.saying.stands:
            del self._playing[alarm]

    def remind(self, kind: AlarmKind) -> None:
        """Say once what ``kind`` would be about."""
        self._words.append(REMINDERS[kind])

    def close(self, alarm: AlarmId) -> bool:
        """People are done with it: whatever still sounds for it ends. Return whether something did."""
        self._accepted.pop(alarm, None)
        return self._playing.pop(alarm, None) is not None

    def mute(self, seconds: float) -> None:
        """Say nothing for so long. An alarm that comes meanwhile is still sent, only not heard."""
        self._muted_until_s = self._counted_s + seconds

    def tick(self, now: datetime) -> list[Phrase]:
        """The phrases to play now."""
        self._count(now)
        due = [playing for playing in self._playing.values() if playing.next_s <= self._counted_s]
        for playing in due:
            playing.next_s = self._counted_s + playing.saying.every_s
        self._playing = {
            alarm: playing
            for alarm, playing in self._playing.items()
            if playing.saying.every_s > 0 and playing.next_s <= playing.until_s
        }
        words, self._words = self._words, []
        if self._counted_s < self._muted_until_s:
            return []
        return list(dict.fromkeys([*words, *(playing.saying.phrase for playing in due)]))

    def _count(self, now: datetime) -> None:
        gap_s = (now - self._at).total_seconds() if self._at else 0.0
        self._at = now
        if 0 < gap_s <= CARRIED_S:
            self._counted_s += gap_s


class Prompt(Protocol):
    """Makes phrases heard."""

    def play(self, phrase: Phrase) -> None:
        """Have ``phrase`` played; returns at once and never raises."""
        ...

    async def run(self) -> None:
        """Whatever needs the loop; until cancelled."""
        ...


class LogPrompt:
    """The default: a line in the log and, on a terminal, its bell."""

    def play(self, phrase: Phrase) -> None:
        log.warning("prompt phrase=%s", phrase)
        if sys.stderr.isatty():
            sys.stderr.write("\a")
            sys.stderr.flush()

    async def run(self) -> None:
        await asyncio.Event().wait()


class CommandPrompt:
    """Runs a command for each phrase, one after the other, e.g. ``aplay -q /srv/sounds/{phrase}.wav``."""

    WAITING: Final = 4
    """Phrases that may wait; when full the oldest goes, because the newest is what matters now."""
    LONGEST_S: Final = 20.0

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)
        self._phrases: asyncio.Queue[Phrase] = asyncio.Queue()
        self._said = ""

    def play(self, phrase: Phrase) -> None:
        while self._phrases.qsize() >= self.WAITING:
            self._phrases.get_nowait()
        self._phrases.put_nowait(phrase)

    async def run(self) -> None:
        while True:
            phrase = await self._phrases.get()
            try:
                outcome = await self._play(phrase)
            except OSError as error:
                outcome = str(error)
            if outcome != self._said:
                log.log(
                    logging.ERROR if outcome else logging.INFO, "sound command outcome=%s", outcome or "works"
                )
                self._said = outcome

    async def _play(self, phrase: Phrase) -> str:
        words = [word.replace("{phrase}", phrase) for word in self._command]
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(self.LONGEST_S):
                code = await process.wait()
        except TimeoutError:
            return f"ran longer than {self.LONGEST_S:.0f} s"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return f"exit code {code}" if code else ""


def choose(command: Sequence[str]) -> Prompt:
    """The prompt the settings ask for."""
    return CommandPrompt(command) if command else LogPrompt()
