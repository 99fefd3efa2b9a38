"""The keys of advisory locks, all in one place: two that are equal hold each other up and nobody sees why.

A lock of a transaction ends with it; that of ``MIGRATE`` with its session.
"""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class Lock(IntEnum):
    """What only one may do at a time in a database."""

    CHANGES = 4_155_432_001
    """Appending to the change log: in ``append_change`` (migrations 0001 and 0014)."""
    MIGRATE = 4_155_432_002
    """Changing the schema."""
    ROLL_UP = 4_155_432_003
    """Rolling readings up: two turns at once could write an older state over a newer."""
    PARTS = 4_155_432_004
    """Changing the parts of a table."""
    SEAL = 4_155_432_005
    """Putting entries of the audit trail into the chain."""
