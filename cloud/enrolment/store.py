"""Enrolment in the database: a claim becomes a certificate, a certificate its successor.

What this is: the gateway's side. What it is not: what administrators do (``claims``). The one idea: the
claim, or the gateway whose certificate asks, is locked while it is judged, so of two who come at once one
waits and then sees what the other did.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cloud.db import Connection, Queries
from cloud.embedded import Account
from cloud.embedded.accounts import certified_account
from cloud.enrolment import codes
from cloud.enrolment.authority import Authority, Issued, Request, proves
from cloud.enrolment.judge import Claim, Verdict, judge
from firmware_protocols.model import GatewayId

_SQL: Final = Queries(__package__ or "")
_RENEWAL: Final = b"anban renewal\n"
_HARDWARE_SHOWN: Final = 64
_SMS_KEY_BYTES: Final = 32
"""As long as the HMAC-SHA-256 that is made with it (RFC 2104, section 3)."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a gateway is told: who it is, its certificate in PEM, and what it signs texts with."""

    gateway: GatewayId
    shard: int
    certificate: str
    sms_key: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no certificate. ``code`` is stable."""

    code: str


NOT_IN_FORCE: Final = Refused("certificate_not_in_force")
NOT_PROVED: Final = Refused("signature_wrong")


async def enrol(
    conn: Connection,
    authority: Authority,
    *,
    code: str,
    hardware: str,
    request: Request,
    life: timedelta,
    now: datetime,
) -> Enrolled | Refused:
    """Use the claim ``code`` once; whatever certificates the gateway had before are over."""
    row = await _row(conn, "claim_for_update", {"code_hash": codes.hashed(code)})
    verdict = judge(_claim(row), hardware, request.key_hash, now)
    if row is None:
        return Refused(verdict)
    gateway = GatewayId(row["gateway_id"])
    match verdict:
        case Verdict.ISSUE:
            issued = authority.certify_gateway(gateway, request, now, life)
            await _run(conn, "use_claim", {"claim": row["id"], "now": now})
            await _run(conn, "admit_gateway", {"gateway": gateway})
            await _add(conn, gateway, issued, request, claim=row["id"], keep=[issued.serial], now=now)
            await _note(conn, gateway, "enrolled", issued.serial, now=now)
            return await _enrolled(conn, gateway, row["shard"], issued.pem)
        case Verdict.AGAIN:
            await _note(conn, gateway, "answered again", now=now)
            return await _enrolled(conn, gateway, row["shard"], row["pem"])
    await _note(conn, gateway, "refused", f"{verdict} {hardware[:_HARDWARE_SHOWN]}".strip(), now=now)
    return Refused(verdict)


async def renew(
    conn: Connection,
    authority: Authority,
    *,
    serial: str,
    request_pem: str,
    request: Request,
    signature: bytes,
    life: timedelta,
    now: datetime,
) -> Enrolled | Refused:
    """A successor for the certificate ``serial``, whose key has signed ``renewal(request_pem)``.

    Asked again with the same new key, the answer is the same. The certificate that asks stays in force until
    the next renewal, because the new one may never arrive; all older ones are over.
    """
    row = await _row(conn, "certificate_for_update", {"serial": serial, "now": now})
    if row is None or not row["in_force"]:
        return NOT_IN_FORCE
    if not proves(row["pem"], signature, renewal(request_pem)):
        return NOT_PROVED
    gateway = GatewayId(row["gateway_id"])
    asked = {"gateway": gateway, "key_hash": request.key_hash, "now": now}
    before = await _row(conn, "renewed_before", asked)
    if before is not None:
        return await _enrolled(conn, gateway, row["shard"], before["pem"])
    issued = authority.certify_gateway(gateway, request, now, life)
    await _add(conn, gateway, issued, request, claim=None, keep=[issued.serial, serial], now=now)
    await _note(conn, gateway, "renewed", issued.serial, now=now)
    return await _enrolled(conn, gateway, row["shard"], issued.pem)


async def _enrolled(conn: Connection, gateway: GatewayId, shard: int, certificate: str) -> Enrolled:
    """The answer, with the key that the gateway has, or one drawn now: it has no secret to derive it from."""
    drawn = {"gateway": gateway, "drawn": secrets.token_bytes(_SMS_KEY_BYTES)}
    row = await _row(conn, "keep_sms_key", drawn)
    if row is None:
        raise LookupError("no such gateway")
    return Enrolled(gateway, shard, certificate, row["sms_key"])


def renewal(request_pem: str) -> bytes:
    """What the key in force signs to get a successor."""
    return _RENEWAL + request_pem.encode()


async def certified_accounts(conn: Connection, now: datetime) -> list[Account]:
    """The broker's accounts of all certificates in force."""
    rows = await (await conn.execute(_SQL["accounts"], {"now": now})).fetchall()
    return [certified_account(GatewayId(row["gateway_id"]), row["serial"]) for row in rows]


def _claim(row: dict[str, Any] | None) -> Claim | None:
    if row is None:
        return None
    return Claim(
        hardware=row["hardware"],
        expires_at=row["expires_at"],
        used_at=row["used_at"],
        withdrawn_at=row["withdrawn_at"],
        key_hash=row["key_hash"],
        revoked=row["revoked"],
    )


async def _add(
    conn: Connection,
    gateway: GatewayId,
    issued: Issued,
    request: Request,
    *,
    claim: int | None,
    keep: Sequence[str],
    now: datetime,
) -> None:
    """Keep the certificate; all of the gateway's but those in ``keep`` are over."""
    values = {
        "serial": issued.serial,
        "gateway": gateway,
        "claim": claim,
        "key_hash": request.key_hash,
        "pem": issued.pem,
        "expires_at": issued.expires_at,
        "now": now,
        "keep": list(keep),
    }
    await _run(conn, "add_certificate", values)
    await _run(conn, "retire_others", values)


async def _note(
    conn: Connection, gateway: GatewayId, action: str, detail: str = "", *, now: datetime
) -> None:
    values = {
        "gateway": gateway,
        "actor": f"gateway:{gateway}",
        "action": action,
        "detail": detail,
        "now": now,
    }
    await _run(conn, "note_step", values)


async def _row(conn: Connection, statement: str, values: dict[str, Any]) -> dict[str, Any] | None:
    return await (await conn.execute(_SQL[statement], values)).fetchone()


async def _run(conn: Connection, statement: str, values: dict[str, Any]) -> None:
    await conn.execute(_SQL[statement], values)
