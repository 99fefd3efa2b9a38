"""The far end of a serial cable: a pty with a steady name.

The one idea: the pty's own name changes with every plug, so a link points to it, as udev's ``by-id`` names do
for real adapters; whoever reads the link sees a device come and go.
"""

from __future__ import annotations

import contextlib
import os
import tty
from pathlib import Path
from typing import Final

_MOST: Final = 4096


class FarEnd:
    """One cable; ``link`` is what the gateway's settings name as its port. It is plugged in when made."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self._ours = self._theirs = -1
        self.plug()

    @property
    def fileno(self) -> int:
        """To wait for what the gateway says."""
        return self._ours

    def plug(self) -> None:
        """Let the device appear."""
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._theirs))

    def unplug(self) -> None:
        """Pull the cable: the link goes, and whoever reads gets an error."""
        self.link.unlink(missing_ok=True)
        os.close(self._ours)
        os.close(self._theirs)

    def say(self, data: bytes) -> None:
        """Send bytes; where nobody reads and the line is full, they are lost, as on any serial line."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._ours, data)

    def hear(self) -> bytes:
        """What the gateway has said since the last call."""
        with contextlib.suppress(BlockingIOError):
            return os.read(self._ours, _MOST)
        return b""
