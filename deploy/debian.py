"""Install what the tests drive for real: a browser, a second broker, a message bus, Chinese fonts.

As root, or where ``sudo`` asks no password, it installs what is missing; elsewhere it says exactly what is
missing and fails, because a test that cannot run is not a test that passed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class Need:
    """A Debian package, the file that shows it is there, and what it is for."""

    package: str
    shown_by: tuple[str, ...]
    purpose: str

    @property
    def present(self) -> bool:
        """Whether any of the files exists."""
        return any(Path(path).exists() for path in self.shown_by)


NEEDS: Final = (
    Need("chromium", ("/usr/bin/chromium",), "the console's tests drive a real browser"),
    Need("mosquitto", ("/usr/sbin/mosquitto",), "a second make of broker, beside the embedded one"),
    Need("prometheus", ("/usr/bin/promtool",), "the alert rules are tried on made-up series"),
    Need("dbus-daemon", ("/usr/bin/dbus-daemon",), "a private bus for the BlueZ path"),
    Need(
        "fonts-noto-cjk",
        ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",),
        "Chinese text on screenshots and wall displays",
    ),
)


def apt_prefix() -> list[str] | None:
    """How apt-get may be called here, or ``None``."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def install(packages: list[str], prefix: list[str]) -> None:
    """Install ``packages``; a daemon that a package brings is not started (the tests start their own)."""
    environment = ["env", "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1"]
    quiet = ["-qq", "-o", "Dpkg::Use-Pty=0"]
    subprocess.run([*prefix, "apt-get", *quiet, "update"], check=True)
    command = [
        *prefix,
        *environment,
        "apt-get",
        *quiet,
        "install",
        "--yes",
        "--no-install-recommends",
        *packages,
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    """Return 0 when everything is there (now)."""
    missing = [need for need in NEEDS if not need.present]
    if not missing:
        return 0
    prefix = apt_prefix()
    if prefix is not None:
        sys.stderr.write(f"installing from Debian: {' '.join(need.package for need in missing)}\n")
        install([need.package for need in missing], prefix)
        missing = [need for need in missing if not need.present]
    for need in missing:
        sys.stderr.write(f"missing: {need.package} ({need.purpose})\n")
    if missing:
        names = " ".join(need.package for need in missing)
        sys.stderr.write(f"\nThe tests need them. As root: apt-get install {names}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
