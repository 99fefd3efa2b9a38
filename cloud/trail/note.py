"""What one request has to say for the audit trail, collected while it is answered.

What this is: the one mutable value of a request. What it is not: a decision whether to write; everything that
a signed-in person or a service asks for is written (``cloud.recorder``), and a route only adds whose data it
was. The one idea: who forgets to add something still leaves an entry, which then names every home.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cloud.trail.model import Entry


@dataclass(slots=True)
class Note:
    """``actor`` is empty until somebody has signed in; then nothing is written."""

    now: datetime
    action: str = "unknown"
    about: str = ""
    origin: str = ""
    actor: str = ""
    tenant_id: int | None = None
    purpose: str = ""
    homes: tuple[int, ...] | None = None
    said: bool = False
    written: bool = False

    def by(self, actor: str, tenant_id: int) -> None:
        """Somebody is signed in."""
        self.actor, self.tenant_id = actor, tenant_id

    def saw(self, purpose: str, homes: Iterable[int] | None) -> None:
        """For ``purpose``, data of ``homes`` are shown; ``None``: of all homes that the actor may see.

        Said again before it was written, the homes add up; said after that, they leave an entry of their own.
        """
        shown = None if homes is None else tuple(homes)
        if self.said and not self.written and self.homes is not None and shown is not None:
            shown = tuple(sorted({*self.homes, *shown}))
        self.purpose, self.homes = purpose, shown
        self.said, self.written = True, False

    def entry(self, status: int = 0) -> Entry:
        """The entry for the trail; ``status`` 0: in the transaction of the change, before any answer."""
        return Entry(
            self.now,
            self.tenant_id,
            self.actor,
            self.action,
            purpose=self.purpose,
            homes=self.homes,
            about=self.about,
            status=status,
            origin=self.origin,
        )
