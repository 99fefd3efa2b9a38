"""How a gateway gets its identity, keeps it, signs in with it, renews it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import socket
import ssl
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from cloud.enrolment.authority import create, read_request
from edge_agent import identity, renewal
from edge_agent.__main__ import main
from edge_agent.clock import Clock
from edge_agent.enrol import AlreadyEnrolledError, enrol, hardware_serial
from edge_agent.identity import Cloud, IdentityError
from edge_agent.office import OfficeError, check_url
from edge_agent.renewal import Renewal
from edge_agent.settings import UplinkSettings
from edge_agent.sign_in import ByCertificate, SignIn, tls_context
from tests.unit.edge_agent import office as offices
from tests.unit.edge_agent.office import YEAR, Office, problem

NOW = datetime.now(UTC)
DUE = NOW + YEAR * 2 / 3 + timedelta(hours=1)
"""Two thirds of the life of a certificate that is made within the hour: the suite is long."""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with offices.opened(tmp_path) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "identity"


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def at(moment: datetime, *, synced: bool = True) -> Clock:
    return Clock(wall=moment.timestamp, synchronised=lambda: synced)


def test_an_enrolled_gateway_has_its_key_for_itself_alone(office: Office, folder: Path) -> None:
    known = enrol(folder, office.cloud, "CLAIM", NOW)
    assert (known.gateway, known.shard, known.host, known.port) == ("gw-test1", 7, "127.0.0.1", 8883)
    assert files(folder) == {identity.FILE, identity.AUTHORITY, known.certificate}
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "PRIVATE" not in str(office.asked)


def test_after_a_lost_answer_the_same_request_is_made_again(office: Office, folder: Path) -> None:
    office.silent = True
    with pytest.raises(OfficeError, match="cannot be reached"):
        enrol(folder, office.cloud, "CLAIM", NOW)
    assert identity.read(folder) is None
    office.silent = False
    enrol(folder, office.cloud, "CLAIM", NOW)
    keys = {read_request(one["csr"]).key_hash for one in office.asked}
    assert (len(office.asked), len(keys)) == (2, 1)


def test_it_is_enrolled_once_unless_told_again_and_then_keeps_its_first_key(
    office: Office, folder: Path
) -> None:
    first = enrol(folder, office.cloud, "CLAIM", NOW)
    with pytest.raises(AlreadyEnrolledError, match=r"enrolled as gw-test1 already.*--again"):
        enrol(folder, office.cloud, "CLAIM", NOW)
    second = enrol(folder, office.cloud, "CLAIM", NOW, again=True)
    assert second.root == first.root == first.certificate != second.certificate


@pytest.mark.parametrize("left", [b'{"gateway": "gw-te', b'{"gateway": "gw\xfftest1"}', b"\0" * 400])
def test_a_damaged_identity_is_said_and_can_be_replaced(office: Office, folder: Path, left: bytes) -> None:
    enrol(folder, office.cloud, "CLAIM", NOW)
    (folder / identity.FILE).write_bytes(left)
    with pytest.raises(IdentityError, match=r"damaged.*--again"):
        identity.read(folder)
    assert enrol(folder, office.cloud, "CLAIM", NOW, again=True).gateway == "gw-test1"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (problem(409, "claim_used", "This claim was used already: ask for a new one."), "was used already"),
        (problem(410, "claim_expired", "This claim is too old: ask for a new one."), "too old"),
        ((200, b"<html>welcome</html>"), "does not answer as an Anban cloud does"),
        ((200, b'{"gateway_id": "\xff"}'), "does not answer as an Anban cloud does"),
        ((400, b'{"code": "\xff"}'), "does not answer as an Anban cloud does: HTTP 400"),
        ((502, b"<html>bad gateway</html>"), "does not answer as an Anban cloud does: HTTP 502"),
    ],
)
def test_a_refusal_is_told_in_words(
    office: Office, folder: Path, answer: tuple[int, bytes], words: str
) -> None:
    office.refuse = answer
    with pytest.raises(OfficeError, match=words):
        enrol(folder, office.cloud, "CLAIM", NOW)
    assert identity.read(folder) is None


def test_a_certificate_for_another_key_is_not_taken(office: Office, folder: Path) -> None:
    other = Office(authority=office.authority)
    request = identity.signing_request(ec.generate_private_key(ec.SECP256R1()))
    office.refuse = other.answer({"csr": request})
    with pytest.raises(IdentityError, match="for another key"):
        enrol(folder, office.cloud, "CLAIM", NOW)


def test_nobody_learns_the_claim_who_is_not_trusted(office: Office, folder: Path) -> None:
    stranger = create().pem
    with pytest.raises(OfficeError, match=r"is not trusted: .*--ca-file"):
        enrol(folder, Cloud(office.url, ca=stranger), "CLAIM", NOW)
    with pytest.raises(OfficeError, match="another fingerprint"):
        enrol(folder, Cloud(office.url, pin="0" * 64), "CLAIM", NOW)
    with pytest.raises(OfficeError, match="holds no certificate"):
        enrol(folder, Cloud(office.url, ca="garbage"), "CLAIM", NOW)
    assert office.asked == []


def test_its_fingerprint_is_enough(office: Office, folder: Path, tmp_path: Path) -> None:
    pem = "-----BEGIN CERT" + (tmp_path / "server.pem").read_text().split("-----BEGIN CERT")[1]
    pin = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    assert enrol(folder, Cloud(office.url, pin=pin), "CLAIM", NOW).cloud.pin == pin


def test_a_clock_in_the_past_is_named(tmp_path: Path, folder: Path) -> None:
    with offices.opened(tmp_path, not_before=NOW + timedelta(days=9)) as office:
        with pytest.raises(OfficeError, match=r"not yet valid.*whose clock shows 2001-02-03.*timedatectl"):
            enrol(folder, office.cloud, "CLAIM", datetime(2001, 2, 3, tzinfo=UTC))
        assert office.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://cloud.example",
        "cloud.example",
        "ftp://cloud.example",
        "https://",
        "https://cloud.example:port",
        "https://cloud.example:99999",
        "https://[::1",
    ],
)
def test_a_claim_travels_encrypted_and_to_an_address_only(url: str) -> None:
    with pytest.raises(OfficeError, match=r"is no address|is not encrypted"):
        check_url(url)
    assert check_url("http://127.0.0.1:8080/") == "http://127.0.0.1:8080"


def test_no_network_is_said(folder: Path) -> None:
    with pytest.raises(OfficeError, match=r"cannot be reached: .*refused"):
        enrol(folder, Cloud("https://127.0.0.1:9"), "CLAIM", NOW)


def test_the_serial_number_of_a_pi_is_read(tmp_path: Path) -> None:
    (tmp_path / "serial-number").write_bytes(b"10000000abcdef01\0")
    assert hardware_serial((tmp_path / "none", tmp_path / "serial-number")) == "10000000abcdef01"
    assert hardware_serial((tmp_path / "none",)) == ""


def test_renewal_comes_at_two_thirds_of_a_life_and_only_when_the_time_is_known(
    office: Office, folder: Path
) -> None:
    enrol(folder, office.cloud, "CLAIM", NOW)
    due = NOW + YEAR * 2 / 3
    assert not renewal.renew_if_due(folder, at(due - timedelta(days=1)))
    assert not renewal.renew_if_due(folder, at(due + timedelta(days=1), synced=False))
    assert renewal.renew_if_due(folder, at(due + timedelta(days=1)))
    assert len(office.asked) == 2


def test_the_old_certificate_is_tried_in_turn_until_the_new_one_has_connected(
    office: Office, folder: Path
) -> None:
    before = enrol(folder, office.cloud, "CLAIM", NOW)
    renewal.renew_if_due(folder, at(DUE))
    after = identity.read(folder)
    assert after is not None
    assert after.previous == before.certificate != after.certificate
    signing = ByCertificate(UplinkSettings("127.0.0.1", tls=True), folder, lambda: True)
    tried = [signing.next().settings.cert_file for _ in range(4)]
    assert tried == [folder / after.certificate, folder / after.previous] * 2
    signing.worked()
    assert identity.read(folder) == after, "it was the old one that connected"
    signing.next()
    signing.worked()
    settled = identity.read(folder)
    assert settled is not None
    assert settled.previous == ""
    assert settled.root == before.certificate
    assert (folder / settled.root).exists(), "the first key outlives its certificate"


def test_a_disk_that_takes_nothing_does_not_end_a_connection_that_works(
    office: Office, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    enrol(folder, office.cloud, "CLAIM", NOW)
    renewal.renew_if_due(folder, at(DUE))
    signing = ByCertificate(UplinkSettings("127.0.0.1", tls=True), folder, lambda: True)
    signing.next()
    (folder / f"{identity.FILE}.new").mkdir()  # where the next version would be written
    signing.worked()
    assert "old certificate kept reason=" in caplog.text


def test_a_renewal_that_was_not_answered_is_asked_again_with_the_same_key(
    office: Office, folder: Path
) -> None:
    before = enrol(folder, office.cloud, "CLAIM", NOW)
    late = at(DUE)
    office.silent = True
    with pytest.raises(OfficeError):
        renewal.renew_if_due(folder, late)
    assert identity.read(folder) == before
    office.silent = False
    assert renewal.renew_if_due(folder, late)
    keys = {read_request(one["csr"]).key_hash for one in office.asked[1:]}
    assert len(keys) == 1


def test_a_new_certificate_that_never_connects_is_replaced_with_the_one_that_does(
    office: Office, folder: Path
) -> None:
    """The cloud was restored from an older backup: it does not know what it gave."""
    first = enrol(folder, office.cloud, "CLAIM", NOW)
    office.since = due = DUE
    assert renewal.renew_if_due(folder, at(due))
    assert not renewal.renew_if_due(folder, at(due + timedelta(days=1)))
    assert renewal.renew_if_due(folder, at(due + timedelta(days=2)))
    assert [one["serial"] + ".pem" for one in office.asked[1:]] == [first.certificate] * 2
    known = identity.read(folder)
    assert known is not None
    assert known.previous == first.certificate


async def test_a_failing_renewal_is_said_once_with_the_days_left(
    office: Office, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    enrol(folder, office.cloud, "CLAIM", NOW)
    office.refuse = problem(403, "certificate_not_in_force", "The certificate that asks is not in force.")
    reconnected = asyncio.Event()
    task = Renewal(folder, at(NOW + YEAR * 3 / 4), reconnected.set, settle_s=0)
    await task.look()
    await task.look()
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "certificate not renewed, 91 days left: the cloud says: The certificate that asks is not in force."
    ]
    assert task.figures() == {"certificate_days": pytest.approx(91.2, abs=0.2)}
    office.refuse = None
    await task.look()
    assert reconnected.is_set()


def test_a_clock_that_nobody_has_set_does_not_lock_the_gateway_out(tmp_path: Path) -> None:
    """The certificate of the broker is not valid yet by our clock; its authority is checked all the same."""
    with offices.opened(tmp_path, not_before=NOW + timedelta(days=9)) as office:
        (tmp_path / "ca.pem").write_text(office.authority.pem)
        (tmp_path / "other.pem").write_text(create().pem)

        def handshake(ca: str, *, check_time: bool) -> str:
            settings = UplinkSettings("127.0.0.1", office.port, tls=True, ca_file=tmp_path / ca)
            context = tls_context(SignIn(settings, check_time))
            try:
                with socket.create_connection(("127.0.0.1", office.port)) as plain:
                    context.wrap_socket(plain, server_hostname="127.0.0.1").close()
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
            return "trusted"

        assert handshake("ca.pem", check_time=True) == "certificate is not yet valid"
        assert handshake("ca.pem", check_time=False) == "trusted"
        assert handshake("other.pem", check_time=False) != "trusted"


def test_what_the_file_does_not_name_is_forgotten(office: Office, folder: Path) -> None:
    known = enrol(folder, office.cloud, "CLAIM", NOW)
    (folder / "left-over.pem").write_text("of a power cut")
    identity.write(folder, msgspec.structs.replace(known, port=8884))
    assert "left-over.pem" not in files(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can leave files that another user cannot read")
@pytest.mark.parametrize("command", [["enrol", "CLAIM", "--url", "https://127.0.0.1:9"], ["commission"]])
def test_root_does_not_leave_files_that_the_agent_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    config, data = tmp_path / "edge.toml", tmp_path / "data"
    config.write_text(
        f'[gateway]\nid = "gw-a"\nshard = 1\ndata_dir = "{data}"\n[uplink]\nhost = "h"\nsecret = "s"\n'
    )
    data.mkdir()
    shutil.chown(data, "nobody")
    assert main([*command, "--config", str(config)]) == 2
    assert f"{data} belongs to nobody: say sudo -u nobody anban-edge" in capsys.readouterr().err
    assert list(data.iterdir()) == []
