"""The authority's key on disk, and certificates that the strictest reader takes."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store

from cloud.enrolment import codes
from cloud.enrolment.authority import EPOCH, FILE, Authority, AuthorityError, Request, create, kept, load
from firmware_protocols.model import GatewayId

NOW = datetime(2026, 11, 20, tzinfo=UTC)
YEAR = timedelta(days=365)


def test_the_key_is_made_once_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    first = kept(tmp_path / "secrets")
    assert stat.S_IMODE((tmp_path / "secrets" / FILE).stat().st_mode) == 0o600
    assert kept(tmp_path / "secrets").certificate == first.certificate
    assert [file.name for file in (tmp_path / "secrets").iterdir()] == [FILE]


def test_two_who_start_at_once_have_one_authority(tmp_path: Path) -> None:
    found: list[Authority] = []
    threads = [threading.Thread(target=lambda: found.append(kept(tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.pem for one in found}) == 1


def swapped(file: Path) -> None:
    """The key of one authority with the certificate of another."""
    key = file.read_text().split("-----BEGIN CERTIFICATE")[0]
    file.write_text(key + create().pem)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda file: file.chmod(0o640), "chmod 600"),
        (lambda file: file.write_text("garbage"), "does not hold a private key and a certificate"),
        (swapped, "do not belong together"),
        (lambda file: file.unlink(), "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    kept(tmp_path)
    spoil(tmp_path / FILE)
    with pytest.raises(AuthorityError, match=words) as caught:
        load(tmp_path / FILE)
    assert FILE in str(caught.value)


def test_a_gateways_certificate_holds_for_a_client_and_for_nothing_else() -> None:
    authority = create()
    key = ec.generate_private_key(ec.SECP256R1())
    issued = authority.certify_gateway(GatewayId("gw-a"), Request(key.public_key()), NOW, YEAR)
    leaf = x509.load_pem_x509_certificate(issued.pem.encode())
    builder = PolicyBuilder().store(Store([authority.certificate])).time(NOW + YEAR / 2)
    seen = builder.build_client_verifier().verify(leaf, [])
    assert [name.value for name in seen.subjects or []] == [f"urn:anban:gw-a:{issued.serial}"]
    with pytest.raises(x509.verification.VerificationError):
        builder.build_server_verifier(x509.DNSName("gw-a")).verify(leaf, [])


def test_the_brokers_certificate_holds_for_its_names_also_for_a_clock_in_the_past() -> None:
    authority = create()
    leaf = x509.load_pem_x509_certificate(authority.certify_server(["mq.test", "127.0.0.1"]).encode())
    builder = PolicyBuilder().store(Store([authority.certificate])).time(EPOCH + timedelta(days=1))
    assert builder.build_server_verifier(x509.DNSName("mq.test")).verify(leaf, [])
    with pytest.raises(x509.verification.VerificationError):
        builder.build_server_verifier(x509.DNSName("other.test")).verify(leaf, [])


def test_no_certificate_outlives_the_authority() -> None:
    authority = create()
    key = Request(ec.generate_private_key(ec.SECP256R1()).public_key())
    until = authority.certificate.not_valid_after_utc
    assert authority.certify_gateway(GatewayId("gw-a"), key, until - YEAR / 2, YEAR).expires_at == until


def test_a_code_has_128_bits_and_survives_being_read_aloud() -> None:
    shown = codes.new()
    assert [len(group) for group in shown.split("-")] == [5, 5, 5, 5, 6]
    assert len({codes.new() for _ in range(100)}) == 100
    typed = shown.lower().replace("-", " ").replace("1", "i")
    assert codes.hashed(typed) == codes.hashed(shown) is not None


@pytest.mark.parametrize("text", ["", "x", "0" * 25, "0" * 27, "U" * 26, "é" * 26, "0" * 25 + "\0"])
def test_what_can_be_no_code_has_no_hash(text: str) -> None:
    assert codes.hashed(text) is None
