"""Who is asking, and what they may see.

A ``Principal`` is a signed-in person; a ``Scope`` is what one read may touch. Every query on resident data
takes a ``Scope`` and joins it (``tenant_id = any(%(tenants)s)`` and the homes), so that one forgotten filter
cannot happen quietly: a test scans the SQL for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a person does; decides which routes answer (``PERMISSIONS``)."""

    ADMIN = "admin"
    OPERATOR = "operator"
    CASEWORKER = "caseworker"
    FAMILY = "family"
    EVALUATOR = "evaluator"


class Permission(StrEnum):
    """One thing a role may do."""

    READ_QUEUE = "read_queue"
    HANDLE_INCIDENT = "handle_incident"
    READ_HOME = "read_home"
    READ_FIGURES = "read_figures"
    READ_AUDIT = "read_audit"
    ADMINISTER = "administer"


PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.ADMIN: frozenset(Permission),
    Role.OPERATOR: frozenset(
        {Permission.READ_QUEUE, Permission.HANDLE_INCIDENT, Permission.READ_HOME, Permission.READ_FIGURES}
    ),
    Role.CASEWORKER: frozenset({Permission.READ_QUEUE, Permission.HANDLE_INCIDENT, Permission.READ_HOME}),
    Role.FAMILY: frozenset({Permission.READ_HOME}),
    Role.EVALUATOR: frozenset({Permission.READ_FIGURES}),
}

RESTRICTED_ROLES: Final = frozenset({Role.CASEWORKER, Role.FAMILY})
"""Roles that see only the homes they are assigned to (``staff_home``); none assigned: none seen."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person. ``homes``: ``None`` for all of the tenant, else the only ones they may see."""

    staff_id: int
    tenant_id: int
    role: Role
    name: str
    locale: str
    homes: tuple[int, ...] | None

    def may(self, permission: Permission) -> bool:
        """Whether this person's role includes ``permission``."""
        return permission in PERMISSIONS[self.role]

    def scope(self, purpose: str) -> Scope:
        """What a read for ``purpose`` (a word for the audit log, e.g. ``console``) may touch."""
        return Scope((self.tenant_id,), self.homes, purpose)


@dataclass(frozen=True, slots=True)
class Scope:
    """The bounds of one read: tenants, homes (``None``: all homes of those tenants), and why it is read."""

    tenants: tuple[int, ...]
    homes: tuple[int, ...] | None
    purpose: str

    @property
    def params(self) -> dict[str, list[int] | None]:
        """The parameters ``%(tenants)s`` and ``%(homes)s`` of every scoped query.

        The clause is ``tenant_id = any(%(tenants)s)`` and
        ``(%(homes)s::int[] is null or home_id = any(%(homes)s))``.
        """
        return {"tenants": list(self.tenants), "homes": None if self.homes is None else list(self.homes)}
