"""The audit trail: who read or changed what of whom, in a chain that shows every later change (ADR 0036)."""

from cloud.trail.model import GENESIS, Entry, Link, link_hash
from cloud.trail.note import Note
from cloud.trail.store import append, forget, seal

__all__ = ["GENESIS", "Entry", "Link", "Note", "append", "forget", "link_hash", "seal"]
