"""The second factor: codes of an authenticator (TOTP, RFC 6238), and recovery codes for when it is lost.

What this is: enrol, prove, forget. What it is not: the first factor, or the lock after wrong codes
(``sessions``). The one idea: a code is worth one sign-in; the step of time that it belongs to is used up in
the same statement that accepts it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pyotp
import segno

from cloud import sealed
from cloud.db import Connection, Queries
from cloud.passwords import readable
from cloud.sealed import Keyring

STEP_S: Final = 30
"""RFC 6238, section 5.2: the recommended time step."""
DRIFT: Final = (0, -1, 1)
"""Steps by which a telephone's clock may be off; RFC 6238, section 5.2: at most one for the delay."""
CODES: Final = 10
ISSUER: Final = "Anban"
NEXT_LIFE: Final = timedelta(minutes=10)
"""How long a new authenticator may wait for its proof."""
_CODE_LENGTH: Final = 12
"""58 random bits."""
_TOTP: Final = re.compile(r"\d{6}")

_SQL: Final = Queries("cloud", "second_factor.sql")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator must learn, once. ``qr``: the address as an image (data URI, SVG)."""

    secret: str
    address: str
    qr: str


@dataclass(frozen=True, slots=True)
class State:
    """``since``: when the factor came into force, ``None``: there is none. ``codes_left``: unused ones."""

    since: datetime | None
    codes_left: int


async def begin(conn: Connection, ring: Keyring, staff_id: int, name: str) -> Enrolment | None:
    """Draw a secret for a person; ``None`` if they have a factor in force. Begun again, the last counts."""
    secret = pyotp.random_base32()
    stored = {"staff_id": staff_id, "secret": ring.seal(secret, sealed.second_factor(staff_id))}
    if not (await conn.execute(_SQL["begin"], stored)).rowcount:
        return None
    return _enrolment(secret, name)


async def begin_next(
    conn: Connection, ring: Keyring, staff_id: int, name: str, now: datetime
) -> Enrolment | None:
    """Draw a secret that takes the place of the one in force once it is proved, within ``NEXT_LIFE``; until
    then the old one counts. ``None``: there is none in force.
    """
    secret = pyotp.random_base32()
    stored = {"staff_id": staff_id, "secret": ring.seal(secret, sealed.second_factor(staff_id))}
    if not (await conn.execute(_SQL["begin_next"], stored | {"until": now + NEXT_LIFE})).rowcount:
        return None
    return _enrolment(secret, name)


def _enrolment(secret: str, name: str) -> Enrolment:
    address = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)
    return Enrolment(secret, address, segno.make(address, error="m").svg_data_uri(scale=5, border=4))


async def confirm(
    conn: Connection, ring: Keyring, staff_id: int, code: str, now: datetime, *, replacing: bool = False
) -> list[str] | None:
    """Put the factor in force once a code shows that the authenticator has it; return the recovery codes,
    which are kept nowhere. ``None``: the code is wrong, or nothing was begun.

    ``replacing``: it may take the place of one in force.
    """
    proved = await _prove_totp(conn, ring, staff_id, code, now, confirmed=False)
    if proved:
        proved = (await conn.execute(_SQL["confirm"], {"staff_id": staff_id, "now": now})).rowcount > 0
    elif replacing:
        proved = await _replace(conn, ring, staff_id, code, now)
    if not proved:
        return None
    await conn.execute(_SQL["drop_codes"], {"staff_id": staff_id})
    codes = [readable(_CODE_LENGTH) for _ in range(CODES)]
    for one in codes:
        await conn.execute(_SQL["keep_code"], {"staff_id": staff_id, "code_mark": _marks(ring, one)[0]})
    return codes


async def prove(conn: Connection, ring: Keyring, staff_id: int, code: str, now: datetime) -> bool:
    """Whether ``code`` is one of the authenticator or an unused recovery code; it is used up by this."""
    if _TOTP.fullmatch(code.strip()):
        return await _prove_totp(conn, ring, staff_id, code, now, confirmed=True)
    used = {"staff_id": staff_id, "marks": _marks(ring, code)}
    return (await conn.execute(_SQL["use_code"], used)).rowcount > 0


async def state(conn: Connection, staff_id: int) -> State:
    """Since when a person has a factor in force, and what is left of the recovery codes."""
    row = await (await conn.execute(_SQL["state"], {"staff_id": staff_id})).fetchone()
    return State(row["since"], row["codes_left"]) if row else State(None, 0)


async def forget(conn: Connection, staff_id: int) -> bool:
    """Take a person's factor away, so that they can enrol a new one; whether they had one."""
    await conn.execute(_SQL["drop_codes"], {"staff_id": staff_id})
    return (await conn.execute(_SQL["forget"], {"staff_id": staff_id})).rowcount > 0


async def _prove_totp(
    conn: Connection, ring: Keyring, staff_id: int, code: str, now: datetime, *, confirmed: bool
) -> bool:
    row = await (await conn.execute(_SQL["factor"], {"staff_id": staff_id, "now": now})).fetchone()
    if row is None or (row["confirmed_at"] is not None) != confirmed:
        return False
    step = step_of(ring.open(row["secret"], sealed.second_factor(staff_id)), code.strip(), now)
    if step is None:
        return False
    return (await conn.execute(_SQL["use_step"], {"staff_id": staff_id, "step": step})).rowcount > 0


async def _replace(conn: Connection, ring: Keyring, staff_id: int, code: str, now: datetime) -> bool:
    row = await (await conn.execute(_SQL["factor"], {"staff_id": staff_id, "now": now})).fetchone()
    if row is None or row["next_secret"] is None:
        return False
    step = step_of(ring.open(row["next_secret"], sealed.second_factor(staff_id)), code.strip(), now)
    if step is None:
        return False
    proved = {"staff_id": staff_id, "next_secret": row["next_secret"], "step": step, "now": now}
    return (await conn.execute(_SQL["replace"], proved)).rowcount > 0


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step of time whose code this is, near ``now``; ``None``: of none."""
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    fitting = [current + off for off in DRIFT if hmac.compare_digest(totp.generate_otp(current + off), code)]
    return fitting[0] if fitting else None


def _marks(ring: Keyring, code: str) -> list[bytes]:
    """The hashes under which a recovery code may stand, however it was typed; the newest first."""
    plain = re.sub(r"[^a-z0-9]", "", code.lower())
    return [*ring.marks(f"recovery {plain}"), hashlib.sha256(f"recovery {plain}".encode()).digest()]
