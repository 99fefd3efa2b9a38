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
UPDATE = Path("etc/systemd/system/anban-update.service")
ANALYZE = shutil.which("systemd-analyze")


def install(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(FOLDER / "install"), *arguments], capture_output=True, text=True, check=False)


def test_below_a_root_it_writes_the_files_and_says_the_rest(tmp_path: Path) -> None:
    done = install("--root", str(tmp_path))
    assert done.returncode == 0, done.stderr
    written = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    units = {f"etc/systemd/system/anban-update.{kind}" for kind in ("service", "path", "timer")}
    assert written == units | {str(UNIT), "etc/systemd/system.conf.d/anban.conf", "etc/anban/edge.toml"}
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
        (("--root", "/nonexistent", "--read-only"), "there is no /nonexistent/etc/fstab"),
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
    examples = examples.replace("[update]\n", '[update]\nurl = "https://care.example.org"\n')
    examples = examples.replace("[gateway]\n", '[gateway]\nid = "gw-a"\nshard = 1\n')
    (tmp_path / "edge.toml").write_text(examples + '[uplink]\nhost = "h"\nsecret = "0123456789abcdef"\n')
    assert list(load(tmp_path / "edge.toml").devices) == ["pendant", "radar-bath"]


FSTAB = """\
# /etc/fstab of a Raspberry Pi
proc            /proc           proc    defaults          0       0
PARTUUID=1-01  /boot/firmware  vfat    defaults          0       2
PARTUUID=1-02  /               ext4    defaults,noatime  0       1
"""


def mounts(fstab: Path) -> dict[str, list[str]]:
    """Where something is mounted, and with which options."""
    lines = [line.split() for line in fstab.read_text().splitlines() if line and line[0] != "#"]
    return {line[1]: line[3].split(",") for line in lines}


def test_a_root_that_is_only_read_has_what_is_written_elsewhere(tmp_path: Path) -> None:
    fstab, log = tmp_path / "etc/fstab", tmp_path / "etc/systemd/journald.conf.d/anban.conf"
    fstab.parent.mkdir()
    fstab.write_text(FSTAB)
    done = install("--root", str(tmp_path), "--read-only")
    assert done.returncode == 0, done.stderr
    found = mounts(fstab)
    assert [found[where][0] for where in ("/", "/boot/firmware", "/proc")] == ["ro", "ro", "defaults"]
    assert (found["/var/lib/anban"], found["/opt/anban"]) == (["bind"], ["bind", "ro"])
    assert {"/srv/anban", "/tmp", "/var/tmp", "/var/log", "/var/lib/bluetooth"} <= set(found)
    assert "Storage=volatile" in log.read_text()
    drops = list(tmp_path.glob("etc/systemd/system/*.service.d/read-only.conf"))
    assert ["ANBAN_GUARD=--remount" in drop.read_text() for drop in drops] == [True, True]
    once = fstab.read_text()
    install("--root", str(tmp_path), "--read-only")
    assert fstab.read_text() == once, "done twice it is the same"
    verified = subprocess.run(
        ["findmnt", "--verify", "--tab-file", str(fstab)], capture_output=True, text=True, check=False
    )
    assert "parse error" not in verified.stdout


def test_a_root_that_is_only_read_can_be_written_again(tmp_path: Path) -> None:
    fstab = tmp_path / "etc/fstab"
    fstab.parent.mkdir()
    fstab.write_text(FSTAB)
    install("--root", str(tmp_path), "--read-only")
    assert install("--root", str(tmp_path), "--writable").returncode == 0
    found = mounts(fstab)
    assert [found[where][0] for where in ("/", "/boot/firmware")] == ["rw", "rw"]
    assert set(found) == {"/", "/proc", "/boot/firmware", "/srv/anban", "/var/lib/anban", "/opt/anban"}
    assert "ro" not in found["/opt/anban"]
    assert not list(tmp_path.glob("etc/systemd/**/read-only.conf"))
    assert not (tmp_path / "etc/systemd/journald.conf.d/anban.conf").exists()


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not there")
def test_systemd_understands_the_unit_and_finds_it_closed(tmp_path: Path) -> None:
    assert ANALYZE
    install("--root", str(tmp_path))
    for name in ("current/bin/anban-edge", "trusted/bin/python"):
        program = tmp_path / "opt/anban" / name
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    for target in ("basic", "sysinit", "multi-user", "shutdown", "paths", "timers"):
        unit = tmp_path / f"usr/lib/systemd/system/{target}.target"
        unit.parent.mkdir(parents=True, exist_ok=True)
        unit.write_text(f"[Unit]\nDescription={target}\n")
    verified = subprocess.run(
        [ANALYZE, "verify", f"--root={tmp_path}", str(tmp_path / UNIT), str(tmp_path / UPDATE)],
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
