"""Two providers for one scheme: where the first fails, the second takes the next attempt.

What it is not: both at once, which would ring twice. The one idea: the number of the attempt says whose turn
it is, so that the choice needs no memory and is the same after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass

from cloud.notify.model import Notifier, NotifyError, Outgoing, Receipt


@dataclass(frozen=True, slots=True)
class Spared:
    """``providers``: the first and its spares, each with its own contract."""

    providers: tuple[Notifier, ...]

    async def deliver(self, message: Outgoing) -> Receipt:
        """See ``Notifier``. What is permanent for one provider is not for the next."""
        turn = (message.attempt - 1) % len(self.providers)
        try:
            return await self.providers[turn].deliver(message)
        except NotifyError as error:
            last = message.attempt >= len(self.providers)
            raise NotifyError(error.reason, permanent=error.permanent and last) from error
