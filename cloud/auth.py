"""Who is asking, what they may do, why they read, and how far that reaches.

A ``Principal`` is a signed-in person; a ``Scope`` is what one read or change may touch. The one idea: a role
says which routes answer, a ``Purpose`` says which rows and fields exist for it, and both are tables. Every
query on resident data takes a ``Scope`` and joins it (``tenant_id = any(%(tenants)s)`` and the homes), so
that one forgotten filter cannot happen quietly: a test scans the SQL for it, and row security backs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeAlias


class Role(StrEnum):
    """What a person does; decides which routes answer (``PERMISSIONS``)."""

    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    OPERATOR = "operator"
    CASEWORKER = "caseworker"
    RESPONDER = "responder"
    FAMILY = "family"
    EVALUATOR = "evaluator"
    AUDITOR = "auditor"
    CITY_ADMIN = "city_admin"
    CITY_EVALUATOR = "city_evaluator"
    SERVICE = "service"


Locale: TypeAlias = Literal["zh-Hans", "zh-Hant", "en"]
"""In which languages the platform speaks."""


class Permission(StrEnum):
    """One thing a role may do."""

    READ_QUEUE = "read_queue"
    HANDLE_INCIDENT = "handle_incident"
    SHARE_INCIDENT = "share_incident"
    HAND_OVER = "hand_over"
    READ_HOME = "read_home"
    READ_FIGURES = "read_figures"
    READ_WALL = "read_wall"
    READ_AUDIT = "read_audit"
    ADMINISTER = "administer"
    MANAGE_TENANTS = "manage_tenants"
    MANAGE_CONSENT = "manage_consent"
    OVERRIDE_CONSENT = "override_consent"
    REVIEW_ACCESS = "review_access"
    MANAGE_PERSON = "manage_person"
    TUNE_RULES = "tune_rules"
    MANAGE_HOURS = "manage_hours"
    MAKE_VISITS = "make_visits"
    LEAD_VISITS = "lead_visits"
    MANAGE_RESPONDERS = "manage_responders"
    CORRECT_REPORT = "correct_report"
    FOLLOW_HOME = "follow_home"


_HANDLING: Final = frozenset(
    {Permission.READ_QUEUE, Permission.HANDLE_INCIDENT, Permission.READ_HOME, Permission.MAKE_VISITS}
)
_WATCHING: Final = _HANDLING | {
    Permission.READ_FIGURES,
    Permission.READ_WALL,
    Permission.SHARE_INCIDENT,
    Permission.HAND_OVER,
}
_CONSENT: Final = frozenset({Permission.MANAGE_CONSENT, Permission.OVERRIDE_CONSENT})
_LEADING: Final = frozenset(
    {
        Permission.REVIEW_ACCESS,
        Permission.TUNE_RULES,
        Permission.MANAGE_HOURS,
        Permission.LEAD_VISITS,
        Permission.MANAGE_RESPONDERS,
        Permission.CORRECT_REPORT,
    }
)

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.ADMIN: _WATCHING | _CONSENT | _LEADING | {Permission.ADMINISTER, Permission.MANAGE_PERSON},
    Role.SUPERVISOR: _WATCHING | _CONSENT | _LEADING,
    Role.OPERATOR: _WATCHING | _CONSENT,
    Role.CASEWORKER: _HANDLING | _CONSENT,
    Role.RESPONDER: _HANDLING | {Permission.OVERRIDE_CONSENT},
    Role.FAMILY: frozenset({Permission.READ_HOME, Permission.FOLLOW_HOME}),
    Role.EVALUATOR: frozenset({Permission.READ_FIGURES}),
    Role.AUDITOR: frozenset({Permission.READ_AUDIT}),
    Role.CITY_ADMIN: frozenset({Permission.READ_FIGURES, Permission.MANAGE_TENANTS}),
    Role.CITY_EVALUATOR: frozenset({Permission.READ_FIGURES}),
    Role.SERVICE: frozenset(),
}
"""The auditor reads who did what and nothing else, and nobody else reads that: whoever is audited does not
audit. Whoever reviews broken glass sees, of one home, who did what there. A service has what its token
names."""

RESTRICTED_ROLES: Final = frozenset({Role.CASEWORKER, Role.RESPONDER, Role.FAMILY})
"""Roles that see only the homes they are assigned to (``staff_home``); none assigned: none seen."""
CITY_ROLES: Final = frozenset({Role.CITY_ADMIN, Role.CITY_EVALUATOR})
"""Roles whose figures reach the tenants below their own in the division tree."""


class Purpose(StrEnum):
    """Why a read is made; ``PURPOSES`` says what exists for it."""

    CONSOLE = "console"
    LIVE = "live"
    WALL = "wall"
    DISPATCH = "dispatch"
    CARE = "care"
    FAMILY = "family"
    FIGURES = "figures"
    AUDIT = "audit"
    ADMINISTER = "administer"
    EMERGENCY = "emergency"
    RIGHTS = "rights"
    OVERSEE = "oversee"


class Rows(StrEnum):
    """Which homes a purpose reaches: the reader's, all of the tenant, or none.

    ``none`` reaches the figures of the reader's tenant and of those below, and no person.
    """

    OWN = "own"
    TENANT = "tenant"
    NONE = "none"


class Fields(StrEnum):
    """What is shown of a person: everything, no notes and masked numbers, or nothing."""

    FULL = "full"
    MASKED = "masked"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Use:
    """What one purpose is for: who may have it, and what it shows."""

    roles: frozenset[Role]
    rows: Rows
    fields: Fields


_DESK: Final = frozenset({Role.ADMIN, Role.SUPERVISOR, Role.OPERATOR})
_STREET: Final = frozenset({Role.CASEWORKER, Role.RESPONDER})

PURPOSES: Final[Mapping[Purpose, Use]] = {
    Purpose.CONSOLE: Use(_DESK | _STREET, Rows.OWN, Fields.FULL),
    Purpose.LIVE: Use(_DESK | _STREET, Rows.OWN, Fields.FULL),
    Purpose.WALL: Use(_DESK | {Role.SERVICE}, Rows.OWN, Fields.MASKED),
    Purpose.DISPATCH: Use(_DESK | _STREET, Rows.OWN, Fields.FULL),
    Purpose.CARE: Use(_DESK | {Role.CASEWORKER}, Rows.OWN, Fields.FULL),
    Purpose.FAMILY: Use(frozenset({Role.FAMILY, Role.SERVICE}), Rows.OWN, Fields.MASKED),
    Purpose.FIGURES: Use(_DESK | CITY_ROLES | {Role.EVALUATOR, Role.SERVICE}, Rows.NONE, Fields.NONE),
    Purpose.AUDIT: Use(frozenset({Role.AUDITOR, Role.SERVICE}), Rows.NONE, Fields.NONE),
    Purpose.ADMINISTER: Use(frozenset({Role.ADMIN, Role.CITY_ADMIN}), Rows.OWN, Fields.FULL),
    Purpose.EMERGENCY: Use(_DESK | _STREET, Rows.TENANT, Fields.FULL),
    Purpose.RIGHTS: Use(frozenset({Role.ADMIN}), Rows.OWN, Fields.FULL),
    Purpose.OVERSEE: Use(frozenset({Role.ADMIN, Role.SUPERVISOR}), Rows.OWN, Fields.NONE),
}
"""``emergency`` lets who stands before a door that is not theirs see that home (PIPL, article 13: to protect
a life); it opens one home, for one incident, with a reason that somebody else reviews
(``cloud.consent.emergency``). A city has no purpose that reaches a person: it sees figures.
``rights`` is what a resident may ask for of their own: to see, to take along, to be forgotten (PIPL, articles
44-50). ``oversee``: who leads people sees which of them read or changed what of one home."""

USUAL: Final[Mapping[Role, Purpose]] = {
    Role.ADMIN: Purpose.DISPATCH,
    Role.SUPERVISOR: Purpose.DISPATCH,
    Role.OPERATOR: Purpose.DISPATCH,
    Role.CASEWORKER: Purpose.CARE,
    Role.RESPONDER: Purpose.DISPATCH,
    Role.FAMILY: Purpose.FAMILY,
    Role.SERVICE: Purpose.FAMILY,
}
"""Why a role reads a home when nobody says otherwise; the others must say."""


class Module(StrEnum):
    """What a county buys or leaves. Alarms are none of them: whoever presses the button is always helped.

    Nothing of ``MESSAGES`` is built: it is known, so that a county can be equipped ahead.
    """

    MONITORING = "monitoring"
    VISITS = "visits"
    MESSAGES = "messages"
    DETECTION = "detection"
    REPORTS = "reports"


class PurposeError(Exception):
    """This person may not read for this purpose. ``code`` is stable, ``str()`` says what to do."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person. ``homes``: ``None`` for all of the tenant, else the only ones they may see.

    ``below``: tenants under this one in the division tree, for the roles of a city; else empty. ``modules``:
    what the tenant has.

    ``token_id``: it is a service with a token of its own, that ``staff_id`` made, and ``permissions`` are
    what it may do.
    """

    staff_id: int
    tenant_id: int
    role: Role
    name: str
    locale: str
    homes: tuple[int, ...] | None
    below: tuple[int, ...] = ()
    modules: frozenset[Module] = frozenset(Module)
    token_id: int | None = None
    permissions: frozenset[Permission] | None = None

    @property
    def actor(self) -> str:
        """How the audit trail names them."""
        return f"staff:{self.staff_id}" if self.token_id is None else f"token:{self.token_id}"

    def may(self, permission: Permission) -> bool:
        """Whether this person's role, or this service's token, includes ``permission``."""
        return permission in (PERMISSIONS[self.role] if self.permissions is None else self.permissions)

    def scope(self, purpose: Purpose) -> Scope:
        """What a read for ``purpose`` may touch.

        Raises:
            PurposeError: this role does not read for it.
        """
        use = PURPOSES[purpose]
        if self.role not in use.roles:
            raise PurposeError("purpose_refused", f"Your role does not read for the purpose {purpose}.")
        tenants = _TENANTS[use.rows](self)
        return Scope(tenants, _REACH[use.rows](self.homes), purpose, self.staff_id)

    def usual_scope(self) -> Scope:
        """What a read may touch that is made for what this role usually does.

        Raises:
            PurposeError: it reads no home without saying why.
        """
        return self.scope(USUAL.get(self.role, Purpose.FIGURES))


_TENANTS: Final[Mapping[Rows, Callable[[Principal], tuple[int, ...]]]] = {
    Rows.OWN: lambda who: (who.tenant_id,),
    Rows.TENANT: lambda who: (who.tenant_id,),
    Rows.NONE: lambda who: (who.tenant_id, *who.below),
}
"""The tenants of a scope."""
_REACH: Final[Mapping[Rows, Callable[[tuple[int, ...] | None], tuple[int, ...] | None]]] = {
    Rows.OWN: lambda homes: homes,
    Rows.TENANT: lambda _: None,
    Rows.NONE: lambda _: (),
}
"""The homes of a scope, from those of the person."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The bounds of one read: tenants, homes (``None``: all homes of those tenants), and why it is read.

    ``staff_id``: whose idempotency keys are visible, 0: nobody's. ``incidents``: the only incidents that
    exist (``None``: all of those homes), for one that another tenant has shared.
    """

    tenants: tuple[int, ...]
    homes: tuple[int, ...] | None
    purpose: Purpose
    staff_id: int = 0
    incidents: tuple[int, ...] | None = None

    @property
    def params(self) -> dict[str, list[int] | None]:
        """The parameters ``%(tenants)s`` and ``%(homes)s`` of every scoped query.

        The clause is ``tenant_id = any(%(tenants)s)`` and
        ``(%(homes)s::int[] is null or home_id = any(%(homes)s))``.
        """
        return {"tenants": list(self.tenants), "homes": None if self.homes is None else list(self.homes)}

    @property
    def full(self) -> bool:
        """Whether notes and whole telephone numbers are shown."""
        return PURPOSES[self.purpose].fields is Fields.FULL

    @property
    def settings(self) -> dict[str, str]:
        """The same bounds as row security reads them; empty means all, except for tenants: nothing."""
        return {
            "anban.tenants": _array(self.tenants),
            "anban.homes": _array(self.homes),
            "anban.incidents": _array(self.incidents),
            "anban.staff": str(self.staff_id),
            "anban.purpose": self.purpose,
        }


def _array(ids: tuple[int, ...] | None) -> str:
    return "" if ids is None else "{" + ",".join(map(str, ids)) + "}"
