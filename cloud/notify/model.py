"""What a channel is given, what it gives back, and how it fails: the contract of every notifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one address.

    ``title``, ``body``: ready to be read. ``variables``: the same facts apart, in simplified Chinese, for
    channels that only fill in approved templates; ``template`` names which. ``attempt``: 1 for the first.
    ``priority``: 1 (life) to 5 (information) of what it is about. ``link``: where to read on. ``mark``: the
    same in every attempt, so that what is taken twice need not be shown twice.
    """

    address: str
    template: str
    title: str
    body: str
    variables: Mapping[str, str]
    attempt: int = 1
    priority: int = 1
    link: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider took it, which is no delivery yet. ``reference``: their number for it or ``""``.

    ``provider``: who took it, as ``reports.READERS`` names them. ``followed``: they will say whether it was
    delivered, so their silence means that it was not.
    """

    reference: str = ""
    provider: str = ""
    followed: bool = False


@dataclass(eq=False)
class NotifyError(Exception):
    """It was not sent. ``permanent``: trying this channel again is useless. ``gone``: nobody is at this
    address any more, and it can be forgotten. ``reason``: nothing personal. ``wait``: how long the provider
    asks to be left alone.

    Not frozen: an exception that leaves a context manager gets its traceback assigned.
    """

    reason: str
    permanent: bool
    gone: bool = False
    wait: timedelta = timedelta(0)

    def __str__(self) -> str:
        return self.reason


class Notifier(Protocol):
    """One way to reach people. Registered by one line in ``notify.NOTIFIERS``."""

    async def deliver(self, message: Outgoing) -> Receipt:
        """Hand ``message`` to the provider, once; returns within about 20 s.

        Raises:
            NotifyError: the only exception.
        """
        ...
