"""Renews the gateway's certificate at two thirds of its life, while the agent runs.

The one idea: the new key is on disk before it is asked for, and the old certificate stays until the new one
has connected once; a power cut, a lost answer or a cloud that forgot leaves a gateway that still connects.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from edge_agent import identity, office
from edge_agent.clock import Clock
from edge_agent.identity import Identity, IdentityError
from firmware_protocols.model import ClockState

log = logging.getLogger(__name__)

LOOK_S: Final = 3600.0
"""How often it is looked at [D]: a third of a year is left when the first attempt is made."""
SETTLE_S: Final = 5.0
"""After a renewal, before connecting with it [D]: the broker has then heard of it."""
_DAY: Final = timedelta(days=1)
FORGOTTEN: Final = 2 * _DAY
"""A new certificate that has not connected for so long never will [D]: the cloud may have lost it."""


@dataclass(slots=True)
class Renewal:
    """Run it; ``reconnect`` is called when a new certificate is there to be tried."""

    folder: Path
    clock: Clock
    reconnect: Callable[[], None]
    settle_s: float = SETTLE_S
    _said: str = ""
    _until: datetime | None = None

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Renew if it is time; a failure is said once and tried again at the next look."""
        try:
            self._until = until(self.folder)
            renewed = await asyncio.to_thread(renew_if_due, self.folder, self.clock)
            self._until = until(self.folder)
        except (office.OfficeError, IdentityError) as error:
            self._say(f"certificate not renewed, {self.days_left():.0f} days left: {error}")
            return
        if renewed:
            log.info("certificate renewed, days left=%.0f", self.days_left())
            self._said = ""
            await asyncio.sleep(self.settle_s)
            self.reconnect()

    def days_left(self) -> float:
        """Of the certificate in force, as it was at the last look; negative: it is over."""
        return (self._until - self.clock.now()) / _DAY if self._until else 0.0

    def figures(self) -> dict[str, float]:
        """For the heartbeat."""
        return {"certificate_days": round(self.days_left(), 1)} if self._until else {}

    def _say(self, what: str) -> None:
        if what != self._said:
            log.warning("%s", what)
            self._said = what


def until(folder: Path) -> datetime:
    """When the certificate in force is over.

    Raises:
        IdentityError: there is none, or it cannot be read.
    """
    known = identity.read(folder)
    if known is None:
        raise IdentityError("this gateway is not enrolled any more")
    return identity.validity(folder / known.certificate).until


def is_due(folder: Path, known: Identity, now: datetime) -> bool:
    """Whether two thirds of the certificate's life are over, or it never came into use.

    Raises:
        IdentityError: the certificate cannot be read.
    """
    valid = identity.validity(folder / known.certificate)
    return now >= (valid.since + FORGOTTEN if known.previous else valid.renew_at())


def renew_if_due(folder: Path, clock: Clock) -> bool:
    """Renew when it is time and the time is known; whether it was done. Blocks.

    Raises:
        OfficeError: the cloud gives no certificate.
        IdentityError: the identity cannot be read or written.
    """
    known, now = identity.read(folder), clock.now()
    if known is None or clock.state() is ClockState.UNSYNCED or not is_due(folder, known, now):
        return False
    working = known.previous or known.certificate
    in_force = folder / working
    key = identity.pending_key(folder)
    answer = office.renew(known.cloud, identity.serial(in_force), identity.load_key(in_force), key, now)
    identity.keep_authority(folder, answer.broker.authority)
    renewed = msgspec.structs.replace(
        known,
        host=answer.broker.host,
        port=answer.broker.port,
        certificate=identity.keep(folder, key, answer.certificate),
        previous=working,
    )
    identity.write(folder, renewed)
    identity.done_asking(folder)
    return True
