"""``anban-edge listen``: decoded frames as lines, for whoever stands beside the sensor."""

from __future__ import annotations

import asyncio
import functools
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge_agent.drivers import Incoming, build_all
from edge_agent.settings import Device, EdgeSettings
from edge_agent.supervise import supervise
from firmware_protocols.codec import Security
from firmware_protocols.errors import DecodeError
from firmware_protocols.model import DeviceId, Event, MotionWindow, Observation, Reading
from firmware_protocols.registry import CODECS


@dataclass(frozen=True, slots=True)
class Printer:
    """Writes a line per observation. It keeps no replay counters: what it shows is not checked for age."""

    devices: Mapping[DeviceId, Device]
    write: Callable[[str], object]

    def take(self, incoming: Incoming) -> None:
        """Decode one frame and write what it says."""
        frame = incoming.frame
        head = f"{frame.received_at:%H:%M:%S.%f} {frame.device} {incoming.codec}"
        head += " (retained)" if incoming.retained else ""
        device = self.devices.get(frame.device)
        key = device.key if device else None
        try:
            decoded = CODECS[incoming.codec].decode(frame, Security(key, encrypted=key is not None))
        except (DecodeError, KeyError) as error:
            self.write(f"{head} REFUSED {error} {frame.payload.hex(' ')}\n")
            return
        for observation in decoded.observations:
            self.write(f"{head} {describe(observation)}\n")


def describe(observation: Observation) -> str:
    """One observation in words."""
    match observation:
        case Reading(quantity=quantity, value=value, quality=quality):
            shown = (
                value if isinstance(value, bool) or value is None else f"{value:g} {quantity.unit}".rstrip()
            )
            return f"{quantity} {shown} ({quality})"
        case Event(kind=kind, detail=detail):
            return f"event {kind} {detail}".rstrip()
        case MotionWindow():
            return f"motion {len(observation.samples_mg)} samples at {observation.rate_hz:g} Hz"


async def listen_until_signalled(settings: EdgeSettings, write: Callable[[str], object]) -> None:
    """Run the drivers alone and print until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    printer = Printer(settings.devices, write)
    async with asyncio.TaskGroup() as group:
        parts = [
            group.create_task(supervise(driver.name, functools.partial(driver.run, printer.take)))
            for driver in build_all(settings)
        ]
        await stop.wait()
        for part in parts:
            part.cancel()
