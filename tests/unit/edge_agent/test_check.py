"""What ``anban-edge check`` says of updates: every part of ``[update]``, and what to do about it."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge_agent.check import findings
from edge_agent.configuration import parse
from edge_agent.settings import EdgeSettings
from tests.unit.edge_agent import office

BASE: dict[str, Any] = {
    "uplink": {"host": "127.0.0.1", "port": 1, "secret": "none listens"},
    "serial": [
        {"name": "radar-bath", "codec": "micradar", "port": "socket://127.0.0.1:1", "room": "bathroom"}
    ],
}


def pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def gateway(folder: Path, url: str, ca: str = "") -> EdgeSettings:
    """A gateway that has everything an update needs."""
    for link in ("current", "trusted"):
        program = folder / "program" / link / "bin" / "python"
        program.parent.mkdir(parents=True)
        program.touch(0o755)
    (folder / "release.pub").write_bytes(pem(ed25519.Ed25519PrivateKey.generate()))
    update = {"url": url, "folder": str(folder / "program"), "key_file": str(folder / "release.pub")}
    if ca:
        (folder / "ca.pem").write_text(ca)
        update["ca_file"] = str(folder / "ca.pem")
    own = {"id": "gw-1", "shard": 1, "data_dir": str(folder / "data")}
    return parse({"gateway": own, **BASE, "update": update})


def bad(settings: EdgeSettings) -> list[str]:
    return [finding.text for finding in findings(settings) if not finding.ok]


def test_all_that_an_update_needs_is_there(tmp_path: Path) -> None:
    with office.opened(tmp_path) as cloud:
        said = findings(gateway(tmp_path, cloud.url, cloud.authority.pem))
    assert [finding.text for finding in said if not finding.ok] == []
    texts = [finding.text for finding in said]
    assert f"updates from {cloud.url}" in texts
    assert f"key of releases {tmp_path}/release.pub" in texts
    assert f"program {tmp_path}/program/current" in texts
    assert f"update folder {tmp_path}/data/update can be written" in texts


def test_a_cloud_that_does_not_answer_is_told_with_what_to_look_at(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens
        url = f"https://127.0.0.1:{closed.getsockname()[1]}"
        (line,) = bad(gateway(tmp_path, url))
    assert line.startswith(f"updates from {url}: cannot be reached (Connection refused): is there a network")


def test_a_cloud_for_which_nobody_known_vouches_is_told_with_the_key_to_set(tmp_path: Path) -> None:
    with office.opened(tmp_path) as cloud:
        (line,) = bad(gateway(tmp_path, cloud.url))
    assert "not trusted" in line
    assert "update.ca_file" in line


def test_an_address_that_is_not_encrypted_is_refused(tmp_path: Path) -> None:
    (line,) = bad(gateway(tmp_path, "http://cloud.test"))
    assert "is not encrypted" in line


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"no key", "the key of releases is no public key in PEM"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "the key of releases is not an Ed25519 key"),
    ],
)
def test_a_key_that_signs_no_release_is_told(tmp_path: Path, content: bytes | None, why: str) -> None:
    with office.opened(tmp_path) as cloud:
        settings = gateway(tmp_path, cloud.url, cloud.authority.pem)
        file = tmp_path / "release.pub"
        file.unlink()
        if content is not None:
            file.write_bytes(content)
        (line,) = bad(settings)
    assert why in line
    assert "copy the public key of releases (PEM) there" in line


def test_a_program_folder_without_a_program_is_told_for_each_link(tmp_path: Path) -> None:
    with office.opened(tmp_path) as cloud:
        settings = gateway(tmp_path, cloud.url, cloud.authority.pem)
        assert settings.update is not None
        elsewhere = replace(settings, update=replace(settings.update, folder=tmp_path / "elsewhere"))
        lines = bad(elsewhere)
    assert [line.split(":")[0] for line in lines] == [
        f"program {tmp_path}/elsewhere/current",
        f"program {tmp_path}/elsewhere/trusted",
    ]
