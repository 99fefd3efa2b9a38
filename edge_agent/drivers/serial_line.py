"""Serial lines as they are configured: a port, and what its kind of device needs around it.

What this is not: reading, which is ``serial_port``. The one idea: each need is a driver around a driver, so a
port knows nothing of gateways of many or of radars that must be told at power-up what to do.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from edge_agent.drivers import Deliver, Driver, Incoming
from edge_agent.drivers.beat import Beat
from edge_agent.drivers.serial_port import SerialPort
from edge_agent.drivers.ti_setup import ConfiguredRadar
from edge_agent.settings import EdgeSettings, SerialSettings
from firmware_protocols.codec import Senders
from firmware_protocols.model import DeviceId
from firmware_protocols.registry import SENDERS

log = logging.getLogger(__name__)

MOST_STRANGERS: Final = 64
"""D. Strangers that are told by address; a housing block has more, and they are only counted."""


def build(settings: EdgeSettings) -> Sequence[Driver]:
    """One driver per configured line."""
    return [_around(SerialPort(line), line) for line in settings.serial]


def _around(port: Driver, line: SerialSettings) -> Driver:
    configured = ConfiguredRadar(port, line) if line.cli_port else port
    senders = SENDERS.get(line.codec)
    return configured if senders is None else GatewayOfMany(configured, line, senders)


class GatewayOfMany:
    """A line on which many devices are heard: each frame becomes one of its sender's."""

    def __init__(self, port: Driver, line: SerialSettings, senders: Senders) -> None:
        self.name = port.name
        self._port = port
        self._line = line.name
        self._senders = senders
        self._devices = {device.address.upper(): DeviceId(device.name) for device in line.device}
        self._strangers = 0
        self._told: set[str] = set()

    @property
    def beat(self) -> Beat:
        return self._port.beat

    def health(self) -> Mapping[str, float]:
        """The port's figures, and ``strangers``: frames of senders that are not configured."""
        return {**self._port.health(), "strangers": float(self._strangers)}

    async def run(self, deliver: Deliver) -> None:
        def hand_on(incoming: Incoming) -> None:
            if (mine := self._with_sender(incoming)) is not None:
                deliver(mine)

        await self._port.run(hand_on)

    def _with_sender(self, incoming: Incoming) -> Incoming | None:
        """``incoming`` as the frame of its sender; ``None`` if nobody configured sent it."""
        address = self._senders.of(incoming.frame.payload)
        if address is None:
            return None
        device = self._devices.get(address)
        if device is None:
            self._note_stranger(address)
            return None
        return replace(incoming, frame=replace(incoming.frame, device=device, address=address))

    def _note_stranger(self, address: str) -> None:
        """Count it; say each once, so that an installer learns a new device's address."""
        self._strangers += 1
        if address not in self._told and len(self._told) < MOST_STRANGERS:
            self._told.add(address)
            log.info("unknown sender line=%s address=%s", self._line, address)
