"""Devices on a serial line: a radar of any family, behind a pty.

What this is: the far end of the cable. The one idea: the pty's name changes with every start, so a link with
a steady name points to it, as udev does for real adapters; the agent opens the link.
"""

from __future__ import annotations

import contextlib
import os
import random
import tty
from dataclasses import replace
from pathlib import Path
from typing import Final

from simulators.radars import MODELS, Scene

REPORT_EVERY_S: Final = 10.0
"""A radar in the demonstration repeats what it sees this often."""
_MOST_HEARD: Final = 4096


class Cable:
    """A pty to pull and plug in again; ``link`` is what the gateway's settings name as its port."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self._ends: tuple[int, int] | None = None
        self.plug()

    def plug(self) -> None:
        """Connect: the link leads to a new pty."""
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        self._ends = ours, theirs
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(theirs))

    def pull(self) -> None:
        """Pull the cable: the link goes, and whoever reads gets an error."""
        self.link.unlink(missing_ok=True)
        ends, self._ends = self._ends, None
        for end in ends or ():
            os.close(end)

    def send(self, data: bytes) -> None:
        """Send; without a cable, or where nobody reads and the line is full, it is lost, as on any line."""
        if self._ends:
            with contextlib.suppress(BlockingIOError):
                os.write(self._ends[0], data)

    def hear(self) -> bytes:
        """What the gateway has said since the last call."""
        if self._ends:
            with contextlib.suppress(BlockingIOError):
                return os.read(self._ends[0], _MOST_HEARD)
        return b""


class Radar:
    """A radar at the end of a cable, speaking the bytes of ``codec``."""

    def __init__(self, link: Path, codec: str = "micradar") -> None:
        self.cable = Cable(link)
        self._speak = MODELS[codec].speak
        self._rng = random.Random(str(link))
        self.scene = Scene(present=False)

    @property
    def link(self) -> Path:
        """The path that the gateway opens."""
        return self.cable.link

    def look(self, scene: Scene) -> None:
        """See ``scene``, and report it once."""
        self.scene = scene
        self.cable.send(self._speak(scene, self._rng))

    def see(self, present: bool, moving: bool) -> None:
        """Report whether somebody is there and moves."""
        self.look(replace(self.scene, present=present, moving=moving))

    def fall(self, fallen: bool) -> None:
        """Report the fall state, and keep reporting it with whatever else is seen."""
        self.look(replace(self.scene, fallen=fallen))

    def close(self) -> None:
        """Pull the cable for good."""
        self.cable.pull()
