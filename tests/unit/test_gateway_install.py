"""The installer and the unit of the gateway, below a folder of their own."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge_agent.configuration import SettingsError, load
from tests.harness import ROOT

FOLDER = ROOT / "deploy" / "gateway"
UNIT = Path("etc/systemd/system/anban-edge.service")
ANALYZE = shutil.which("systemd-analyze")


def install(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(FOLDER / "install"), *arguments], capture_output=True, text=True, check=False)


def test_below_a_root_it_writes_the_files_and_says_the_rest(tmp_path: Path) -> None:
    done = install("--root", str(tmp_path))
    assert done.returncode == 0, done.stderr
    written = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    assert written == {str(UNIT), "etc/systemd/system.conf.d/anban.conf", "etc/anban/edge.toml"}
    assert (tmp_path / "etc/anban/edge.toml").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "var/lib/anban").stat().st_mode & 0o777 == 0o700
    for words in ("would do: useradd", "would do: systemctl enable", "next: sudo -u anban anban-edge enrol"):
        assert words in done.stdout


def test_run_again_it_keeps_the_configuration(tmp_path: Path) -> None:
    install("--root", str(tmp_path))
    config = tmp_path / "etc/anban/edge.toml"
    config.write_text("# ours\n")
    assert "kept: /etc/anban/edge.toml" in install("--root", str(tmp_path)).stdout
    assert config.read_text() == "# ours\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--rot", "x"), "unknown option --rot"),
        (("--root",), "--root needs a folder"),
        (("a", "b"), "one wheel"),
    ],
)
def test_what_it_does_not_understand_it_does_not_guess(arguments: tuple[str, ...], words: str) -> None:
    done = install(*arguments)
    assert done.returncode == 1
    assert words in done.stderr


def test_only_a_signed_wheel_is_taken_where_a_key_asks_for_it(tmp_path: Path) -> None:
    key, root = ed25519.Ed25519PrivateKey.generate(), tmp_path / "root"
    wheel, signature = tmp_path / "anban.whl", tmp_path / "anban.whl.sig"
    wheel.write_bytes(b"the program")
    assert install("--root", str(root), str(wheel)).returncode == 0, "no key, no question"
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (root / "etc/anban/release.pub").write_bytes(pem)
    assert "there is no signature" in install("--root", str(root), str(wheel)).stderr
    signature.write_bytes(key.sign(b"the program"))
    assert install("--root", str(root), str(wheel)).returncode == 0
    wheel.write_bytes(b"another program")
    refused = install("--root", str(root), str(wheel))
    assert (refused.returncode, "is not signed by" in refused.stderr) == (1, True)


def test_the_configuration_that_it_brings_says_what_to_do_next(tmp_path: Path) -> None:
    text = (FOLDER / "edge.toml").read_text().replace("/var/lib/anban", str(tmp_path))
    (tmp_path / "edge.toml").write_text(text)
    with pytest.raises(SettingsError, match="this gateway is not enrolled: run anban-edge enrol"):
        load(tmp_path / "edge.toml")
    examples = re.sub(r"^# (?=\S+ = |\[)", "", text, flags=re.MULTILINE)
    examples = examples.replace("[gateway]\n", '[gateway]\nid = "gw-a"\nshard = 1\n')
    (tmp_path / "edge.toml").write_text(examples + '[uplink]\nhost = "h"\nsecret = "0123456789abcdef"\n')
    assert list(load(tmp_path / "edge.toml").devices) == ["pendant", "radar-bath"]


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not there")
def test_systemd_understands_the_unit_and_finds_it_closed(tmp_path: Path) -> None:
    assert ANALYZE
    install("--root", str(tmp_path))
    program = tmp_path / "opt/anban/current/bin/anban-edge"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for target in ("basic", "sysinit", "multi-user", "shutdown"):
        unit = tmp_path / f"usr/lib/systemd/system/{target}.target"
        unit.parent.mkdir(parents=True, exist_ok=True)
        unit.write_text(f"[Unit]\nDescription={target}\n")
    verified = subprocess.run(
        [ANALYZE, "verify", f"--root={tmp_path}", str(tmp_path / UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    judged = subprocess.run(
        [ANALYZE, "security", "--offline=true", "--threshold=30", f"--root={tmp_path}", UNIT.name],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert judged.returncode == 0, judged.stdout[-200:]
