"""A cloud's enrolment office for the gateway's tests: real TLS, real certificates, answers as it is told."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from cloud.enrolment.authority import Authority, create, read_request
from edge_agent.identity import Cloud
from firmware_protocols.model import GatewayId

YEAR = timedelta(days=365)
SMS_KEY = "5a" * 32


@dataclass
class Office:
    """Signs what it is asked to. ``refuse``: what it answers instead; ``silent``: hangs up unanswered."""

    port: int = 0
    authority: Authority = field(default_factory=create)
    asked: list[dict[str, Any]] = field(default_factory=list)
    refuse: tuple[int, bytes] | None = None
    silent: bool = False
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def cloud(self) -> Cloud:
        return Cloud(self.url, ca=self.authority.pem)

    def answer(self, body: dict[str, Any]) -> tuple[int, bytes]:
        self.asked.append(body)
        if self.refuse:
            return self.refuse
        gateway = GatewayId("gw-test1")
        issued = self.authority.certify_gateway(gateway, read_request(body["csr"]), self.since, YEAR)
        broker = {"host": "127.0.0.1", "port": 8883, "authority": self.authority.pem}
        given = {"gateway_id": gateway, "shard": 7, "certificate": issued.pem, "broker": broker}
        given["sms_key"] = SMS_KEY
        return 200, json.dumps(given).encode()


def problem(status: int, code: str, detail: str) -> tuple[int, bytes]:
    return status, json.dumps({"status": status, "code": code, "detail": detail}).encode()


@contextmanager
def opened(folder: Path, *, not_before: datetime | None = None) -> Iterator[Office]:
    """The office, listening. ``not_before``: its certificate is valid from then only."""
    office = Office()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, content = office.answer(body)
            if office.silent:
                return
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    office.port = server.server_address[1]
    (folder / "server.pem").write_text(certificate(office.authority, not_before))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield office
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def certificate(authority: Authority, not_before: datetime | None) -> str:
    """A key and a certificate for 127.0.0.1."""
    pem = authority.certify_server(["127.0.0.1"])
    if not_before is None:
        return pem
    key, _, body = pem.partition("-----BEGIN CERTIFICATE")
    made = x509.load_pem_x509_certificate(("-----BEGIN CERTIFICATE" + body).encode())
    builder = x509.CertificateBuilder(
        made.issuer, made.subject, made.public_key(), made.serial_number, not_before, not_before + YEAR,
        list(made.extensions),
    )  # fmt: skip
    return key + builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
