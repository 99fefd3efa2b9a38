"""A program of its own folder: a virtual environment made of the running one and of a release's wheels.

What this is not: it trusts no file by itself; whoever calls has checked them. The one idea: what a release
does not bring is taken over by hard links from the environment that runs, so a release may be one small
wheel, and a memory card is not written with what is on it already. pip replaces files and never changes them
in place, so the old environment stays as it is. No network is asked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from firmware_protocols.wire.release import NAME

PREFIX: Final = "env-"
_INSTALL_S: Final = 1800.0
"""[D] A Raspberry Pi unpacks the whole program in minutes."""
_TRY_S: Final = 60.0
_SHOWN: Final = 200


class User(NamedTuple):
    """Who runs something: ids of user and group. No other group comes along."""

    uid: int
    gid: int


class InstallError(Exception):
    """The environment could not be made; ``str()`` says why."""


def make(program: Path, name: str, wheels: Path, version: str, user: User | None) -> None:
    """Make ``program/name`` from ``program/current`` and ``wheels``; ``user``: who must be able to run it.

    Raises:
        InstallError: there is none, and nothing is left of it.
    """
    fresh, running = program / name, (program / "current").resolve()
    try:
        _run([sys.executable, "-m", "venv", "--without-pip", str(fresh)], _TRY_S)
        _link(_packages(running), _packages(fresh))
        wanted = f"{NAME}[edge]=={version}"
        offline = ["--no-index", "--find-links", str(wheels), "--no-cache-dir", "--disable-pip-version-check"]
        pip = [str(fresh / "bin" / "python"), "-m", "pip", "install", "--quiet", *offline, wanted]
        _run(pip, _INSTALL_S, room={"TMPDIR": str(wheels)})
        _run([str(fresh / "bin" / "anban-edge"), "--help"], _TRY_S, user)
    except (OSError, InstallError) as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise InstallError(str(error)) from error
    os.sync()


def forget_others(program: Path, wanted: set[str]) -> None:
    """Remove all environments but those in ``wanted`` and those that a link leads to."""
    linked = {path.resolve().name for path in program.iterdir() if path.is_symlink()}
    for folder in program.glob(f"{PREFIX}*"):
        if folder.name not in wanted | linked and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


def _packages(environment: Path) -> Path:
    major, minor = sys.version_info[:2]
    return environment / "lib" / f"python{major}.{minor}" / "site-packages"


def _link(source: Path, target: Path) -> None:
    """Hard links, or copies on a file system that has none."""
    try:
        shutil.copytree(source, target, copy_function=os.link, symlinks=True, dirs_exist_ok=True)
    except (shutil.Error, OSError):
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)


def _run(
    command: list[str], within_s: float, user: User | None = None, room: Mapping[str, str] | None = None
) -> None:
    """``room``: more of the environment, such as where temporary files may be."""
    clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "PIP_CONFIG_FILE": os.devnull}
    try:
        done = subprocess.run(
            command,
            env={**clean, **(room or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=within_s,
            user=user and user.uid,
            group=user and user.gid,
            extra_groups=() if user else None,
        )
    except subprocess.TimeoutExpired as error:
        raise InstallError(f"{Path(command[0]).name} takes more than {within_s:.0f} s") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise InstallError(said[-1][:_SHOWN] if said else f"{Path(command[0]).name} ends {done.returncode}")
