"""Text messages by the alarm centre's own modem: no provider, no internet, no approval of texts.

What it is not: the modem (``texts.modem``) or its queue (``notify.modem``). The one idea: each text fits into
one segment and carries no link, because whoever gets it answers by sending back a digit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg

from cloud.db import Pool
from cloud.notify import modem
from cloud.notify.model import NotifyError, Outgoing, Receipt
from cloud.notify.options import checked
from cloud.notify.phone import international
from cloud.notify.sms_templates import BY_MODEM, preview
from cloud.sealed import Keyring
from cloud.settings import ConfigError

LONGEST_SIGN: Final = 12
"""Characters, as of a signature that carriers approve: with these each text fits into one segment."""


@dataclass(frozen=True, slots=True)
class ModemSms:
    """``sign_name``: stands before each text, so that people know who writes."""

    pool: Pool
    ring: Keyring
    clock: Callable[[], datetime]
    sign_name: str

    async def deliver(self, message: Outgoing) -> Receipt:
        """See ``Notifier``. That a text stands in the queue is no delivery: word of it follows."""
        number = international(message.address)
        words = preview(
            message.template, message.variables, self.sign_name, "", BY_MODEM.get(message.template)
        )
        try:
            async with self.pool.connection() as conn:
                queued = await modem.put(conn, self.ring, number, words, message.priority, self.clock())
        except psycopg.Error as error:
            raise NotifyError(f"the queue is away: {type(error).__name__}", permanent=False) from error
        return Receipt(str(queued), modem.NAME, followed=True)


@dataclass(frozen=True, slots=True)
class Port:
    """What the options do not say of the way to the modem: the queue, and the keys that seal it."""

    pool: Pool
    ring: Keyring
    clock: Callable[[], datetime]

    def configured(self, options: Mapping[str, str]) -> ModemSms | None:
        """Read ``[notify.channels.sms]`` or its spare: ``sign_name``.

        Raises:
            ConfigError: an unknown or missing option, or a signature that is too long.
        """
        checked("notify.channels.sms", options, {}, needed=("sign_name",))
        sign_name = options["sign_name"]
        if len(sign_name) > LONGEST_SIGN:
            raise ConfigError(
                f"notify.channels.sms: sign_name has {len(sign_name)} characters, at most {LONGEST_SIGN}"
            )
        return ModemSms(self.pool, self.ring, self.clock, sign_name)
