"""A TI radar on its two ports: a command line that wants to be configured, and a stream of frames once it is.

What this is: the firmware as the gateway meets it. The one idea: at power-up it knows nothing and sends
nothing, takes commands one by one, and streams from ``sensorStart`` until its power goes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from firmware_protocols.serial import ti_mmwave
from firmware_protocols.serial.ti_mmwave import Target
from simulators.serial_devices import Cable

FRAME_S: Final = 0.1
PROMPT: Final = "mmwDemo:/>"
COMMANDS: Final = frozenset(
    {"sensorStop", "flushCfg", "channelCfg", "frameCfg", "profileCfg", "trackingCfg", "sensorStart"}
)
"""The commands that this one knows; a real one knows some forty."""


class TiRadar:
    """One radar. ``data`` and ``cli`` are its ports; ``people`` what it sees, changed by whoever plays."""

    def __init__(self, folder: Path, name: str) -> None:
        self.data = Cable(folder / f"{name}-data")
        self.cli = Cable(folder / f"{name}-cli")
        self.people: Sequence[Target] = ()
        self.tops_m: Mapping[int, float] = {}
        self.rates: tuple[float, float] | None = None
        self.heard: list[str] = []
        self.running = False
        self._number = 0
        self._typed = b""

    def power_off(self) -> None:
        """Lose the configuration; the ports stay, as with an adapter that has its own supply."""
        self.running = False
        self.heard.clear()
        self._typed = b""

    def unplug(self) -> None:
        """Take power and both ports away."""
        self.power_off()
        self.data.pull()
        self.cli.pull()

    def plug(self) -> None:
        """Bring both ports back; the radar must be configured anew."""
        self.data.plug()
        self.cli.plug()

    async def run(self) -> None:
        """Answer commands and, once started, send frames, until cancelled."""
        while True:
            self._listen()
            if self.running:
                self.data.send(self.frame())
            await asyncio.sleep(FRAME_S / 4 if not self.running else FRAME_S)

    def frame(self) -> bytes:
        """The next frame."""
        self._number += 1
        tlvs = [(ti_mmwave.PRESENCE, ti_mmwave.encode_presence(bool(self.people)))]
        if self.people:
            tlvs.append((ti_mmwave.TARGETS, ti_mmwave.encode_targets(self.people)))
        if self.tops_m:
            tlvs.append((ti_mmwave.HEIGHTS, ti_mmwave.encode_heights(self.tops_m)))
        if self.rates:
            tlvs.append((ti_mmwave.VITALS, ti_mmwave.encode_vitals(*self.rates)))
        return ti_mmwave.encode(tlvs, number=self._number)

    def _listen(self) -> None:
        *whole, self._typed = (self._typed + self.cli.hear()).split(b"\n")
        for line in whole:
            command = line.decode("ascii").strip()
            self.cli.send(f"{command}\n{self._answer(command)}{PROMPT}".encode("ascii"))

    def _answer(self, command: str) -> str:
        if not command:
            return ""
        word = command.split(maxsplit=1)[0]
        if word not in COMMANDS:
            return f"'{command}' is not recognized as a CLI command\n"
        if self.running and word != "sensorStop":
            return "Error -1\n"  # this firmware takes no second configuration
        self.heard.append(command)
        self.running = word == "sensorStart"
        return "Done\n"
