"""A small identity provider over real HTTP: discovery, authorization code with PKCE, keys that rotate.

What this is: what a client must get right is checked here as a provider does it. What it is not: an account
system; whoever comes is ``claims``. Its faults are switches of the test.
"""

from __future__ import annotations

import base64
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

import uvicorn
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "anban", "client secret"
KEY_BITS: Final = 2_048


@dataclass
class Idp:
    """What the provider knows. ``changed``: claims that it puts into the token instead of the right ones."""

    clock: Callable[[], datetime]
    address: str = ""
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "u-1"})
    changed: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(KEY_BITS, {"kid": "first"}))
    forged: RSAKey | None = None
    down: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def rotate(self) -> None:
        """From now on another key signs."""
        self.key = RSAKey.generate_key(KEY_BITS, {"kid": secrets.token_hex(4)})

    def token(self, asked: dict[str, str]) -> str:
        now = int(self.clock().timestamp())
        claims = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        signing = self.forged or self.key
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims | self.claims | self.changed, signing)


def create_app(idp: Idp) -> FastAPI:
    """The provider's four addresses."""
    app = FastAPI(openapi_url=None)

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Response:
        if idp.down:
            return Response(status_code=503)
        return JSONResponse(
            {
                "issuer": idp.address,
                "authorization_endpoint": f"{idp.address}/authorize",
                "token_endpoint": f"{idp.address}/token",
                "jwks_uri": f"{idp.address}/keys",
            }
        )

    @app.get("/keys")
    def keys() -> Response:
        return JSONResponse(KeySet([idp.key]).as_dict(private=False))

    @app.get("/authorize")
    def authorize(request: Request) -> Response:
        asked = request.query_params
        assert (asked["client_id"], asked["code_challenge_method"]) == (CLIENT, "S256")
        code, back = secrets.token_urlsafe(), asked["redirect_uri"]
        idp.codes[code] = {"nonce": asked["nonce"], "challenge": asked["code_challenge"], "back": back}
        return RedirectResponse(f"{back}?code={code}&state={asked['state']}", 302)

    @app.post("/token")
    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        sent = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        asked = idp.codes.pop(form["code"], {})
        right = (
            [unquote_plus(part) for part in sent.split(":")] == [CLIENT, SECRET]
            and form["grant_type"] == "authorization_code"
            and asked.get("back") == form["redirect_uri"]
            and asked.get("challenge") == create_s256_code_challenge(form["code_verifier"])
        )
        if not right:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": idp.token(asked)})

    return app


@contextmanager
def serve(idp: Idp) -> Iterator[None]:
    """Run the provider on a free local port."""
    config = uvicorn.Config(create_app(idp), host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the provider did not start")
        threading.Event().wait(0.01)
    idp.address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=60)
