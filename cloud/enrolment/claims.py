"""What administrators do about gateways: draw and withdraw claims, see certificates, revoke.

The one idea: a claim names its gateway before anybody holds the code, so what the code is worth is decided
by who draws it, not by who uses it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from cloud.auth import Purpose, Scope
from cloud.db import Connection, Queries
from cloud.embedded.nats import INGEST_USER
from cloud.enrolment import codes
from firmware_protocols.model import GatewayId
from firmware_protocols.wire.topics import SHARDS

LISTED: Final = 500
"""Newest claims and certificates shown."""
VALID: Final = timedelta(hours=72)
"""How long a claim may be used, unless said otherwise [D]: drawn on Friday, used on Monday."""
LONGEST: Final = timedelta(days=30)
RESERVED: Final = frozenset({INGEST_USER})
"""Names that a broker gives other rights than a gateway's."""
_ID_ALPHABET: Final = "23456789abcdefghjkmnpqrstvwxyz"
_ID_LENGTH: Final = 8

_SQL: Final = Queries(__package__ or "", "claims.sql")


class ClaimView(BaseModel):
    """A claim as an administrator sees it; the code is not in it."""

    model_config = ConfigDict(frozen=True)

    id: int
    home_id: int
    gateway_id: str
    hardware: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    withdrawn_at: datetime | None


class CertificateView(BaseModel):
    """A certificate as an administrator sees it. ``serial``: its number in hex."""

    model_config = ConfigDict(frozen=True)

    serial: str
    home_id: int
    gateway_id: str
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A new claim. ``code`` is shown to the person who asked, and kept nowhere."""

    id: int
    code: str
    gateway: GatewayId
    expires_at: datetime


class ClaimError(Exception):
    """No claim can be drawn; ``code`` is stable, ``str()`` says why and what to do."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


async def draw(
    conn: Connection,
    scope: Scope,
    *,
    home_id: int,
    gateway: str | None,
    hardware: str,
    valid: timedelta,
    actor: str,
    now: datetime,
) -> Drawn:
    """Draw a claim for ``gateway`` of the home; ``None``: its only one, or a new one if it has none.

    Raises:
        ClaimError: ``not_found`` (home or gateway, or out of ``scope``), ``which_gateway``.
    """
    chosen = await _gateway_of(conn, scope, home_id, gateway)
    if chosen is None:
        chosen = new_gateway_id()
        row = {"gateway": chosen, "home_id": home_id, "shard": secrets.randbelow(SHARDS)}
        await conn.execute(_SQL["add_gateway"], row)
    code, expires_at = codes.new(), now + valid
    values = {
        **scope.params,
        "gateway": chosen,
        "code_hash": codes.hashed(code),
        "hardware": hardware,
        "now": now,
        "expires_at": expires_at,
    }
    added = await (await conn.execute(_SQL["add_claim"], values)).fetchone()
    if added is None:
        raise ClaimError("not_found", f"there is no gateway {chosen}")
    await _note(conn, chosen, "claim drawn", str(added["id"]), actor=actor, now=now)
    return Drawn(added["id"], code, chosen, expires_at)


async def withdraw(conn: Connection, scope: Scope, claim: int, actor: str, now: datetime) -> bool:
    """Withdraw an unused claim; false when there is none to withdraw."""
    values = {**scope.params, "claim": claim, "now": now}
    row = await (await conn.execute(_SQL["withdraw_claim"], values)).fetchone()
    if row is None:
        return False
    await _note(conn, GatewayId(row["gateway_id"]), "claim withdrawn", str(claim), actor=actor, now=now)
    return True


async def revoke(conn: Connection, scope: Scope, gateway: str, actor: str, now: datetime) -> bool:
    """Shut ``gateway`` out: its sign-in, its certificates, its unused claims. False: there is none.

    A new claim lets it in again, with a new certificate.
    """
    values = {**scope.params, "gateway": gateway, "now": now}
    if await (await conn.execute(_SQL["revoke_gateway"], values)).fetchone() is None:
        return False
    await conn.execute(_SQL["revoke_certificates"], values)
    await conn.execute(_SQL["withdraw_claims"], values)
    await _note(conn, GatewayId(gateway), "revoked", actor=actor, now=now)
    return True


async def listed(conn: Connection, scope: Scope) -> list[ClaimView]:
    """The newest claims."""
    return [ClaimView(**row) for row in await _rows(conn, scope, "claims")]


async def certificates(conn: Connection, scope: Scope) -> list[CertificateView]:
    """The newest certificates."""
    return [CertificateView(**row) for row in await _rows(conn, scope, "certificates")]


async def home_of_key(conn: Connection, key: str, tenant: str | None) -> tuple[int, Scope]:
    """The home with this outside name, and the scope of whoever runs the database.

    Raises:
        ClaimError: none or several (in different tenants) have it.
    """
    asked = {"home": key, "tenant": tenant}
    rows = await (await conn.execute(_SQL["homes_of_key"], asked)).fetchall()
    if len(rows) != 1:
        hint = "name its tenant too" if rows else "see the roster"
        raise ClaimError("not_found", f"{len(rows)} homes have the key {key!r}: {hint}")
    return rows[0]["id"], Scope((rows[0]["tenant_id"],), None, Purpose.ADMINISTER)


def new_gateway_id() -> GatewayId:
    """A fresh, opaque id."""
    return GatewayId("gw-" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH)))


async def _gateway_of(conn: Connection, scope: Scope, home_id: int, gateway: str | None) -> GatewayId | None:
    rows = await _rows(conn, scope, "gateways_of_home", home_id=home_id)
    if not rows:
        raise ClaimError("not_found", "there is no such home")
    there = [row["gateway_id"] for row in rows if row["gateway_id"] not in {None, *RESERVED}]
    if gateway is not None:
        if gateway not in there:
            raise ClaimError("not_found", f"this home has no gateway {gateway}")
        return GatewayId(gateway)
    if len(there) > 1:
        raise ClaimError("which_gateway", f"this home has several gateways: {', '.join(there)}")
    return GatewayId(there[0]) if there else None


async def _rows(conn: Connection, scope: Scope, statement: str, **more: Any) -> list[dict[str, Any]]:
    cursor = await conn.execute(_SQL[statement], {**scope.params, "most": LISTED, **more})
    return await cursor.fetchall()


async def _note(
    conn: Connection, gateway: GatewayId, action: str, detail: str = "", *, actor: str, now: datetime
) -> None:
    values = {"gateway": gateway, "actor": actor, "action": action, "detail": detail, "now": now}
    await conn.execute(_SQL["note_step"], values)
