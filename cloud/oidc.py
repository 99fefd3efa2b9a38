"""Signing in through an identity provider: OpenID Connect, authorization code flow with PKCE.

What this is: the client. What it is not: an account; who may come in was written down before by an
administrator (``staff_identity``), and nobody is made an account because a provider knows them. The one idea:
everything that comes back (state, code, token) is worth nothing without what this side kept for it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote_plus

import httpx
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from cloud import settings as configuration
from cloud.db import Connection, Queries
from cloud.sessions import key_of

SCOPE: Final = "openid email profile"
PATIENCE_S: Final = 10.0
START_LIFE: Final = timedelta(minutes=10)
"""How long somebody may take at the provider."""
KEEP_S: Final = 3_600.0
"""How long the provider's addresses and keys are believed."""
AGAIN_S: Final = 10.0
"""A key nobody knows makes us ask for the keys anew, at most this often."""
LEEWAY_S: Final = 60
"""By how much the provider's clock may be off."""
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""Asymmetric ones only: with a shared secret, or none, anybody could sign."""

_SQL: Final = Queries("cloud", "oidc.sql")


class OidcError(Exception):
    """The sign-in is refused, or the provider does not answer; ``code`` says which. Nothing personal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Start:
    """A sign-in on its way: where the browser goes, and the state that it must bring back.

    ``nonce`` and ``verifier``: what this side keeps for it (``keep``).
    """

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(slots=True)
class Provider:
    """One provider. ``back``: our address that it sends browsers back to."""

    settings: configuration.Oidc
    back: str
    _found: dict[str, Any] = field(default_factory=dict)
    _keys: KeySet | None = None
    _asked_at: float = 0.0
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self) -> Start:
        """Begin a sign-in. It may ask the provider: no transaction waits for that.

        Raises:
            OidcError: ``unavailable``.
        """
        found = await self._discovered()
        nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        state = secrets.token_urlsafe(32)
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.back,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        address = add_params_to_uri(found["authorization_endpoint"], asked.items())
        return Start(str(address), state, nonce, verifier)

    async def finish(self, start: Mapping[str, Any], code: str, now: datetime) -> dict[str, Any]:
        """Turn the code into the claims of the ID token, proved to be for us, for this start, and fresh.

        Raises:
            OidcError: ``unavailable``, or ``refused``.
        """
        found = await self._discovered()
        shown = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "code_verifier": start["verifier"],
        }
        secret = configuration.oidc_secret(self.settings)
        # RFC 6749, section 2.3.1: both are form-encoded before they become a header.
        ours = httpx.BasicAuth(quote_plus(self.settings.client_id), quote_plus(secret))
        try:
            async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
                answer = await client.post(found["token_endpoint"], data=shown, auth=ours)
            token = answer.json().get("id_token", "") if answer.is_success else ""
        except httpx.HTTPError as error:
            raise OidcError("unavailable") from error
        except (ValueError, AttributeError) as error:
            raise OidcError("refused") from error
        return await self._claims(str(token), start["nonce"], now)

    async def _claims(self, token: str, nonce: str, now: datetime) -> dict[str, Any]:
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            try:
                decoded = jwt.decode(token, await self._key_set(), algorithms=list(ALGORITHMS))
            except (JoseError, ValueError):
                decoded = jwt.decode(token, await self._key_set(anew=True), algorithms=list(ALGORITHMS))
            registry.validate(decoded.claims)
        except (JoseError, ValueError) as error:
            raise OidcError("refused") from error
        return dict(decoded.claims)

    async def _discovered(self) -> dict[str, Any]:
        async with self._asking:
            if not self._found or time.monotonic() - self._asked_at > KEEP_S:
                await self._ask()
            return self._found

    async def _key_set(self, *, anew: bool = False) -> KeySet:
        """The provider's keys; ``anew``: it may have changed them since."""
        async with self._asking:
            if self._keys is None or (anew and time.monotonic() - self._asked_at > AGAIN_S):
                await self._ask()
            if self._keys is None:
                raise OidcError("unavailable")
            return self._keys

    async def _ask(self) -> None:
        try:
            async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
                where = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
                found = (await client.get(where)).raise_for_status().json()
                keys = (await client.get(found["jwks_uri"])).raise_for_status().json()
            if found["issuer"] != self.settings.issuer:
                raise OidcError("unavailable")
            self._found, self._keys = found, KeySet.import_key_set(keys)
            self._asked_at = time.monotonic()
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            raise OidcError("unavailable") from error


async def keep(conn: Connection, start: Start, now: datetime) -> None:
    """Remember what must come back."""
    kept = {"state_hash": key_of(start.state), "nonce": start.nonce, "verifier": start.verifier}
    await conn.execute(_SQL["forget_starts"], {"now": now})
    await conn.execute(_SQL["start"], kept | {"expires_at": now + START_LIFE})


async def take(conn: Connection, state: str, now: datetime) -> dict[str, Any] | None:
    """What was kept for the start with this state, once; ``None``: none, or it took too long."""
    row = await (await conn.execute(_SQL["take_start"], {"state_hash": key_of(state)})).fetchone()
    return row if row is not None and row["expires_at"] > now else None


async def whose(conn: Connection, oidc: configuration.Oidc, claims: Mapping[str, Any]) -> int | None:
    """The person whom an administrator has written down under the configured claim; ``None``: nobody.

    An e-mail address counts only if the provider has verified it.
    """
    value = claims.get(oidc.claim)
    if not isinstance(value, str) or (oidc.claim == "email" and claims.get("email_verified") is not True):
        return None
    asked = {"issuer": oidc.issuer, "claim": oidc.claim, "value": value}
    row = await (await conn.execute(_SQL["whose"], asked)).fetchone()
    return row["id"] if row else None


async def write_down(conn: Connection, oidc: configuration.Oidc, staff_id: int, value: str) -> bool:
    """Let a person in through the provider under ``value``, ``""``: no more; ``False``: it is taken."""
    await conn.execute(_SQL["forget_identity"], {"staff_id": staff_id, "issuer": oidc.issuer})
    if not value:
        return True
    kept = {"issuer": oidc.issuer, "claim": oidc.claim, "value": value, "staff_id": staff_id}
    return (await conn.execute(_SQL["keep_identity"], kept)).rowcount > 0


def two_factors(oidc: configuration.Oidc, claims: Mapping[str, Any]) -> bool:
    """Whether the provider has asked for two factors: by configuration, or by what it says (RFC 8176)."""
    methods = claims.get("amr")
    return oidc.second_factor or (isinstance(methods, list) and "mfa" in methods)
