"""One Bluetooth controller, driven by bumble's host stack, for the whole process.

What this is: opening, losing and opening again, and waiting for answers no longer than they can come. What
it is not: scanning and connecting (``hci_backend``). The one idea: everything that waits for the controller
waits in ``answered``, so a dongle that is pulled out ends every wait at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

from bleak.exc import BleakError
from bumble.core import BaseBumbleError
from bumble.device import Device, DeviceConfiguration
from bumble.hci import Address
from bumble.host import Host
from bumble.transport import open_transport
from bumble.transport.common import Transport

logger = logging.getLogger(__name__)
logging.getLogger("bumble").setLevel(logging.CRITICAL)  # it raises what it logs, and we say that once

OPEN_S: Final = 10.0
"""To open the transport and reset the controller."""
SEEN_LIMIT: Final = 256
"""Addresses remembered; neighbours' phones change theirs every few minutes."""
_STATIC_RANDOM: Final = "CDEFcdef"
"""First digit of a static random address, two top bits set (core specification, vol. 6 part B, 1.3.2.1)."""
_T = TypeVar("_T")


class ReportingHost(Device):
    """bumble's host, handing on each report as it comes: its own merging keeps every address for ever."""

    def on_advertising_report(self, report: Any) -> None:
        self.emit("report", report)


class HciRadio:
    """One controller, opened on first use and again after it was lost. Belongs to one event loop."""

    def __init__(self, moniker: str) -> None:
        self.moniker = moniker
        self.connecting = asyncio.Lock()
        """A controller has one connection attempt at a time."""
        self.lost = asyncio.Event()
        """Set when the transport broke, cleared when it is open."""
        self._opening = asyncio.Lock()
        self._transport: Transport | None = None
        self._host: ReportingHost | None = None
        self._addresses: dict[str, Address] = {}

    async def host(self) -> ReportingHost:
        """Return the running host, opening the transport if need be.

        Raises:
            BleakError: the transport cannot be opened or the controller does not answer.
        """
        async with self._opening:
            if self._host is None:
                self._host = await self._open()
            return self._host

    async def close(self) -> None:
        """Let the controller go. Safe to do twice."""
        transport, self._transport, self._host = self._transport, None, None
        if transport is not None:
            await transport.close()

    def holds(self, host: Device) -> bool:
        """Whether ``host`` is the running one; else its controller is gone, and asking it would only hang."""
        return self._host is host

    async def answered(self, call: Awaitable[_T], within_s: float) -> _T:
        """Await ``call`` for at most ``within_s``, and no longer than the controller is there.

        bumble cancels what waits for a connection that is gone; in a task of its own that cannot be
        mistaken for our own cancellation.

        Raises:
            BleakError: whatever went wrong below.
        """
        task = asyncio.ensure_future(call)
        lost = asyncio.ensure_future(self.lost.wait())
        try:
            await asyncio.wait({task, lost}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            task.cancel()
            lost.cancel()
        if not task.done():
            raise BleakError("the controller is gone" if lost.done() else f"no answer within {within_s:g} s")
        if task.cancelled():
            raise BleakError("the connection was lost")
        try:
            return task.result()
        except (BaseBumbleError, OSError) as error:
            raise BleakError(str(error) or type(error).__name__) from error

    def remember(self, address: Address) -> str:
        """Note how ``address`` was heard (public or random); return it as ``AA:BB:CC:DD:EE:FF``."""
        text = address.to_string(with_type_qualifier=False)
        if text not in self._addresses:
            if len(self._addresses) >= SEEN_LIMIT:
                del self._addresses[next(iter(self._addresses))]
            self._addresses[text] = address
        return text

    def address(self, text: str) -> Address:
        """The full address for ``text``: as heard, else a guess from its two top bits."""
        guess = Address.RANDOM_DEVICE_ADDRESS if text[0] in _STATIC_RANDOM else Address.PUBLIC_DEVICE_ADDRESS
        return self._addresses.get(text.upper()) or Address(text.upper(), guess)

    async def _open(self) -> ReportingHost:
        try:
            async with asyncio.timeout(OPEN_S):
                self._transport = await open_transport(self.moniker)
                source, sink = self._transport
                config = DeviceConfiguration(name="Anban", address=Address.ANY_RANDOM)
                host = ReportingHost(config=config, host=Host(source, sink))
                await host.power_on()
        except (OSError, TimeoutError, ValueError, BaseBumbleError) as error:
            await self.close()
            raise BleakError(f"no Bluetooth controller at {self.moniker}: {error or 'no answer'}") from error
        self._transport.source.terminated.add_done_callback(lambda _: self._on_lost(host))
        self.lost.clear()
        return host

    def _on_lost(self, host: ReportingHost) -> None:
        if self._host is host:
            self.lost.set()
            logger.warning("bluetooth controller lost transport=%s", self.moniker)
            self._host = self._transport = None
