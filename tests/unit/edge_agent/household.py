"""What the agent's unit tests share: a moment, ids that count, a home and its devices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

from edge_agent.clock import Clock, Stamp
from edge_agent.rules import Home
from edge_agent.settings import Device, DeviceKind
from firmware_protocols.model import (
    AlarmId,
    ClockState,
    DeviceId,
    Event,
    EventKind,
    GatewayId,
    Quantity,
    Reading,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
STAMP = Stamp("boot-1", ClockState.SYNCED)
GATEWAY = GatewayId("gw-1")
PENDANT, BUTTON, WATCH, RADAR, SMOKE = map(DeviceId, ("pendant", "bedside", "watch", "radar", "smoke"))

DEVICES = {
    device.name: device
    for device in (
        Device(PENDANT, DeviceKind.PENDANT, ""),
        Device(BUTTON, DeviceKind.CANCEL_BUTTON, "bedroom"),
        Device(WATCH, DeviceKind.WEARABLE, ""),
        Device(RADAR, DeviceKind.RADAR, "bathroom"),
        Device(SMOKE, DeviceKind.SMOKE, "kitchen"),
    )
}


def after(seconds: float) -> datetime:
    """So long after noon."""
    return NOON + timedelta(seconds=seconds)


def counting() -> Callable[[], AlarmId]:
    """Ids 1, 2, 3 …"""
    numbers = count(1)
    return lambda: AlarmId(str(next(numbers)))


def home(confirm_s: float = 20.0) -> Home:
    """The devices above."""
    return Home({name: str(device.kind) for name, device in DEVICES.items()}, counting(), confirm_s)


def press(device: DeviceId, at: datetime = NOON, detail: str = "press") -> Event:
    """A button press."""
    return Event(device, EventKind.BUTTON, detail, at)


def radar_fall(at: datetime = NOON) -> Event:
    """A radar's report."""
    return Event(RADAR, EventKind.FALL_SUSPECTED, "radar", at)


def state(device: DeviceId, quantity: Quantity, value: bool | None, at: datetime = NOON) -> Reading:
    """A detector's state."""
    return Reading(device, quantity, value, at)


class Hands:
    """A clock whose hands the test moves."""

    def __init__(self) -> None:
        self.at = NOON

    def seconds(self) -> float:
        """``at`` as the system would tell it."""
        return self.at.timestamp()

    def clock(self) -> Clock:
        """A synchronised clock that shows ``at``."""
        return Clock(self.seconds, self.seconds, lambda: True, "boot-1", self.seconds)
