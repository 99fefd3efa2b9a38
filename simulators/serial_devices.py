"""Devices on a serial line: a MicRadar in the bathroom ceiling, behind a pty.

What this is: the far end of the cable. The one idea: the pty's name changes with every start, so a link with
a steady name points to it, as udev does for real adapters; the agent opens the link.
"""

from __future__ import annotations

import contextlib
import os
import tty
from pathlib import Path
from typing import Final

from firmware_protocols.serial import micradar

REPORT_EVERY_S: Final = 10.0
"""A radar repeats what it sees this often."""


class Radar:
    """A radar at the end of a pty; ``link`` is what the gateway's settings name as its port."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._theirs))

    def see(self, present: bool, moving: bool) -> None:
        """Report whether somebody is there and moves."""
        movement = micradar.Movement.ACTIVE if moving else micradar.Movement.STILL
        self._write(micradar.encode_heartbeat())
        self._write(micradar.encode_presence(present))
        self._write(micradar.encode_movement(movement if present else micradar.Movement.NONE))

    def fall(self, fallen: bool) -> None:
        """Report the fall state."""
        self._write(micradar.encode_fall(fallen))

    def close(self) -> None:
        """Pull the cable: the link goes, and whoever reads gets an error."""
        self.link.unlink(missing_ok=True)
        os.close(self._ours)
        os.close(self._theirs)

    def _write(self, frame: bytes) -> None:
        """Send a frame; where nobody reads and the line is full, it is lost, as on any serial line."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._ours, frame)
