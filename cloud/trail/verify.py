"""Checks the chain and names the first broken link: pure, over links in their order.

The one idea: each link is computed anew from the one before; the first that differs is where somebody was at
work, and nothing after it can be believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cloud.trail.heads import Head, holds
from cloud.trail.model import GENESIS, Entry, Link, link_hash


@dataclass(slots=True)
class Check:
    """Takes the links one by one. ``kept_since``: older entries may be gone. ``heads``: by their number.

    ``fault``: the first thing that is wrong, in words; empty as long as nothing is.
    """

    kept_since: datetime
    heads: Mapping[int, Head] = field(default_factory=dict)
    seq: int = 0
    before: bytes = GENESIS
    gone: int = 0
    fault: str = ""

    def take(self, link: Link, entry: Entry | None) -> bool:
        """Check the next link; ``False`` once something is wrong."""
        self.fault = self._fault(link, entry)
        if self.fault:
            return False
        self.seq, self.before = link.seq, link.hash
        self.gone += entry is None
        return True

    def end(self) -> str:
        """The fault, if the chain is shorter than a signed head says."""
        last = max(self.heads, default=0)
        if not self.fault and last > self.seq:
            at = self.heads[last].at
            self.fault = (
                f"the chain ends at link {self.seq}, but link {last} was signed at {at:%Y-%m-%d %H:%M} UTC"
            )
        return self.fault

    def _fault(self, link: Link, entry: Entry | None) -> str:
        if link.seq != self.seq + 1:
            return f"link {self.seq + 1} is missing"
        if entry is None and link.at >= self.kept_since:
            return f"link {link.seq}: its entry {link.entry_id} is gone before its time"
        if entry is not None and entry.digest(link.entry_id) != link.entry_hash:
            return f"link {link.seq}: its entry {link.entry_id} was changed"
        if link_hash(self.before, link.seq, link.entry_id, link.at, link.entry_hash) != link.hash:
            return f"link {link.seq} does not follow link {self.seq}"
        head = self.heads.get(link.seq)
        if head is not None and head.hash != link.hash.hex():
            return f"link {link.seq} is not the one that was signed at {head.at:%Y-%m-%d %H:%M} UTC"
        return ""


def believed(heads: list[Head], key: str) -> tuple[dict[int, Head], str]:
    """The heads by their number, and what is wrong with the first that ``key`` did not sign."""
    for head in heads:
        if not holds(head, key):
            return {}, f"the head of link {head.seq} was not signed by this key"
    return {head.seq: head for head in heads}, ""
