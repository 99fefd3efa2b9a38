"""Drivers: what brings frames in. The contract, and the table of all there are.

A driver knows a transport and nothing of bytes' meaning: it hands each frame over with the name of the codec
that understands it. Each driver module has ``build(settings) -> Sequence[Driver]`` and is imported only when
the configuration asks for it, so that a gateway without Bluetooth never loads a Bluetooth stack.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from edge_agent.drivers.beat import Beat
from edge_agent.settings import EdgeSettings
from firmware_protocols.codec import Frame


@dataclass(frozen=True, slots=True)
class Incoming:
    """A frame and the key of its codec in ``registry.CODECS``.

    ``broadcast``: the transport sends one and the same frame many times (an advertisement), so an identical
    payload heard again is a repetition and not a second occurrence.
    ``retained``: not a message of now but a broker's memory of the last one, of unknown age.
    """

    codec: str
    frame: Frame
    broadcast: bool = False
    retained: bool = False


Deliver = Callable[[Incoming], None]
"""Takes a frame. Call it on the event loop's thread only; it does not block for long and never raises."""


@dataclass(eq=False)
class DriverError(Exception):
    """The transport failed in a way that a new ``run`` may mend: unplugged, in use, adapter gone.

    ``reason`` is logged once when it changes, so it must read the same each time for the same fault.
    """

    reason: str

    def __str__(self) -> str:
        return self.reason


class Driver(Protocol):
    """One transport, or one port of it."""

    @property
    def name(self) -> str:
        """Unique among the running drivers, e.g. ``serial/radar-bath``; it appears in logs and health."""
        ...

    @property
    def beat(self) -> Beat:
        """Noted on the event loop at least every ``limit_s`` while it runs and does not hang."""
        ...

    async def run(self, deliver: Deliver) -> None:
        """Bring frames until cancelled; release the transport on the way out, however it ends.

        The supervisor calls it again, after a back-off, when it returns or raises.

        Raises:
            DriverError: the transport is lost or cannot be had.
        """
        ...

    def health(self) -> Mapping[str, float]:
        """Counters and figures by name, published in the heartbeat as ``<driver name>/<figure>``.

        ``fault`` is 1 when what the driver tried by itself has not helped: then people are told (``faults``).
        ``fault/NAME`` is the same of one thing beyond it.
        """
        ...


@dataclass(frozen=True, slots=True)
class DriverSpec:
    """Where a driver lives and when it is wanted."""

    module: str
    wanted: Callable[[EdgeSettings], bool]


def _radio(settings: EdgeSettings) -> bool:
    """Wanted by both Bluetooth drivers: connections wait for the scanner to hear their device."""
    return settings.ble is not None and bool(settings.ble.device)


def _local(settings: EdgeSettings) -> bool:
    return settings.local_mqtt is not None and bool(settings.local_mqtt.device)


DRIVERS: Final[Mapping[str, DriverSpec]] = {
    "serial": DriverSpec("edge_agent.drivers.serial_line", lambda settings: bool(settings.serial)),
    "ble_scan": DriverSpec("edge_agent.drivers.ble_scan", _radio),
    "ble_gatt": DriverSpec("edge_agent.drivers.ble_gatt", _radio),
    "local_mqtt": DriverSpec("edge_agent.drivers.local_mqtt", _local),
}


def build_all(settings: EdgeSettings) -> list[Driver]:
    """Every driver the configuration asks for, in table order."""
    built: list[Driver] = []
    for spec in DRIVERS.values():
        if spec.wanted(settings):
            found: Sequence[Driver] = importlib.import_module(spec.module).build(settings)
            built.extend(found)
    return built
