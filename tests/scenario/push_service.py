"""A push service and a browser behind it: what RFC 8030, 8291 and 8292 ask of both ends, over real HTTP.

What this is: a server that refuses what a real one refuses (no signed word, a wrong audience, no TTL, a wrong
encoding), and a browser that opens what comes. What it is not: built on our own seal; the browser goes the
other way round.
"""

from __future__ import annotations

import json
import struct
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from cloud.notify.push_content import Subscription, unpadded

AUTH = bytes(range(16))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass(slots=True)
class Browser:
    """One browser with keys of its own."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def subscription(self, endpoint: str) -> Subscription:
        """What it hands to a page."""
        return Subscription(endpoint, _text(_point(self.key)), _text(AUTH))

    def open(self, body: bytes) -> bytes:
        """What was sealed for it (RFC 8188, section 2; RFC 8291, section 3.4)."""
        salt, (size, length) = body[:16], struct.unpack("!LB", body[16:21])
        point, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(body) <= size
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        info = b"WebPush: info\x00" + _point(self.key) + point
        secret = HKDF(SHA256(), 32, AUTH, info).derive(self.key.exchange(ec.ECDH(), theirs))
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(secret)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(secret)
        text = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        assert text.endswith(b"\x02"), "the delimiter of the last record"
        return text[:-1]


@dataclass(slots=True)
class PushService:
    """``status`` and ``wait_s``: what it answers when it has nothing to object to, ``slow_s`` after it took
    the notice. ``shown``: what ``browser`` was shown; ``headers``: with which. ``faults``: what it objected
    to. ``known``: the key it was subscribed with, as text.
    """

    browser: Browser = field(default_factory=Browser)
    port: int = 0
    status: int = 201
    wait_s: int = 0
    slow_s: float = 0.0
    known: str = ""
    shown: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def subscription(self) -> Subscription:
        return self.browser.subscription(f"{self.origin}/push/one")

    def fault(self, headers: dict[str, str]) -> str:
        """What is wrong with a request; empty: nothing."""
        kind, _, rest = headers.get("authorization", "").partition(" ")
        named = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        if kind != "vapid" or set(named) != {"t", "k"}:
            return "no vapid"
        if self.known and named["k"] != self.known:
            return "another key than it was subscribed with"
        point = unpadded(named["k"])
        public: dict[str, str | list[str]] = {
            "kty": "EC",
            "crv": "P-256",
            "x": _text(point[1:33]),
            "y": _text(point[33:]),
        }
        claims = jwt.decode(named["t"], ECKey.import_key(public), algorithms=["ES256"]).claims
        if claims["aud"] != self.origin or not claims["sub"].startswith(("mailto:", "https:")):
            return "wrong claims"
        if not 1 <= len(unpadded(headers.get("topic", ""))) <= 24:
            return "a topic is 1 to 32 letters of base64url"
        if not headers.get("ttl", "").isdigit() or headers.get("content-encoding") != "aes128gcm":
            return "no ttl, or another encoding"
        return ""


@contextmanager
def push_service() -> Iterator[PushService]:
    """Serve until the end of the block."""
    state = PushService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            fault = state.fault(headers)
            if fault:
                state.faults.append(fault)
            status = 401 if fault else state.status
            if 200 <= status < 300:
                state.headers.append(headers)
                state.shown.append(json.loads(state.browser.open(body)))
            time.sleep(state.slow_s)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if state.wait_s:
                self.send_header("Retry-After", str(state.wait_s))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
