"""Everything that the Apprise library can reach: ntfy, webhooks, mail, team chats.

What this is: one address, one attempt, in a thread. What it is not: Apprise's own retries, configuration
files or attachments. The one idea: Apprise says only yes or no, so a no is always worth another try; only an
address that it cannot read is hopeless.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final

from cloud.notify.model import NotifyError, Outgoing, Receipt
from cloud.settings import ConfigError

PATIENCE_S: Final = 20.0
"""For one attempt; Apprise itself waits 4 s to connect and 4 s for an answer. Its thread may end later."""
THREADS: Final = 64
"""Attempts at once: more than are ever under way (``worker.SENDING``), so that none waits for a thread."""


class AppriseNotifier:
    """Sends through whatever service the address names."""

    def __init__(self) -> None:
        """Load Apprise now, so that no alarm waits for it (half a second).

        Without a time limit of its own it works in our thread; with one it shares six threads (on two cores)
        among all services, and six that hang hold up every other.
        """
        asset = load().AppriseAsset
        self._asset = asset(secure_logging=True, storage_mode="memory", app_id="Anban", service_timeout=0)

    @staticmethod
    @cache
    def _shared() -> AppriseNotifier:
        return AppriseNotifier()

    @classmethod
    def configured(cls, options: Mapping[str, str]) -> AppriseNotifier:
        """One notifier serves all schemes; the address carries every option.

        Raises:
            ConfigError: there are ``options`` all the same.
        """
        if options:
            raise ConfigError(f"notify.channels: {min(options)} belongs into the address itself")
        return cls._shared()

    async def deliver(self, message: Outgoing) -> Receipt:
        """See ``Notifier``."""
        loop = asyncio.get_running_loop()
        attempt = loop.run_in_executor(_threads(), self._notify, message)
        try:
            async with asyncio.timeout(PATIENCE_S):  # wait_for of Python 3.11 may swallow a cancellation
                taken = await attempt
        except TimeoutError as error:
            raise NotifyError(f"no answer within {PATIENCE_S:.0f} s", permanent=False) from error
        if not taken:
            raise NotifyError("the service did not take it", permanent=False)
        return Receipt()

    def _notify(self, message: Outgoing) -> bool:
        apprise = load()
        service = apprise.Apprise.instantiate(message.address, asset=self._asset)
        if service is None:
            raise NotifyError("the address cannot be read", permanent=True)
        outlet = apprise.Apprise(asset=self._asset)
        outlet.add(service)
        return bool(
            outlet.notify(body=message.body, title=message.title, notify_type=apprise.NotifyType.WARNING)
        )


@cache
def load() -> Any:
    """Apprise with all its services, and without its log, which holds addresses."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    # One of the services imports a module that Python 3.13 drops, and says so.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise

        apprise.Apprise.instantiate("json://localhost")
    return apprise


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, "apprise")
