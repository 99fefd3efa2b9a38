"""An EnOcean USB stick with the contacts, cords and handles that it hears.

The one idea: the stick is one serial line, the devices are many; each speaks by its own sender's id, and a
neighbour's are heard as well.
"""

from __future__ import annotations

from pathlib import Path

from firmware_protocols.serial import enocean
from firmware_protocols.serial.enocean import Handle
from simulators.serial_devices import Cable


class EnoceanStick:
    """The stick at the end of a pty; each method is something a device on the air does."""

    def __init__(self, link: Path) -> None:
        self.cable = Cable(link)

    def show(self, sender: str, *, closed: bool) -> None:
        """A contact's magnet comes or goes, or the contact gives its sign of life."""
        self.cable.send(enocean.encode_contact(sender, closed))

    def teach(self, sender: str) -> None:
        """An installer presses a contact's learn button."""
        self.cable.send(enocean.encode_contact(sender, closed=True, teach_in=True))

    def press(self, sender: str) -> None:
        """Somebody pulls a cord or presses a rocker, and lets go."""
        self.cable.send(enocean.encode_rocker(sender, pressed=True))
        self.cable.send(enocean.encode_rocker(sender, pressed=False))

    def turn(self, sender: str, handle: Handle) -> None:
        """Somebody turns a window handle."""
        self.cable.send(enocean.encode_handle(sender, handle))
