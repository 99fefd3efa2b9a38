"""As whom the services run, and what that user can reach.

PostgreSQL refuses to run as root. Started by root, the services run as an unprivileged account that owns
its own folders and nothing else. No permission of any parent folder is changed: a service is started
*inside* its folder and names it by its working directory; programs that the account cannot reach are
copied to where it can.
"""

from __future__ import annotations

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cloud.embedded.process import ServiceError

PREFERRED: Final = ("anban", "nobody")
"""Accounts tried in this order: a package may create the first, every Linux has the second."""
PROGRAMS: Final = Path("/var/lib/anban/programs")
"""Where root puts programs that the service account could not reach otherwise, e.g. below ``/root``."""


@dataclass(frozen=True, slots=True)
class Account:
    """A system account by its numbers."""

    uid: int
    gid: int


def service_account() -> Account:
    """Ourselves, unless we are root; then the first of ``PREFERRED`` that exists.

    Raises:
        ServiceError: root on a system without any of them.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    for name in PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid)
    raise ServiceError(
        f"running as root needs one of the accounts {', '.join(PREFERRED)}: create it or run as a user"
    )


def own(folder: Path, account: Account) -> Path:
    """Make ``folder`` exist with mode 0700 and belong to ``account``; return it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != account.uid:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)
    return folder


def write_private(file: Path, text: str, account: Account) -> None:
    """Put ``text`` into ``file`` in one step, readable by ``account`` alone."""
    draft = file.with_name(file.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        if os.geteuid() == 0:
            os.fchown(stream.fileno(), account.uid, account.gid)
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)


def reachable(program: Path, account: Account) -> bool:
    """Whether ``account`` may pass every folder above ``program`` and run it."""
    steps = [program.resolve(), *program.resolve().parents]
    return all(_may_pass(step, account) for step in steps)


def runnable(program: Path, install: Path, label: str, account: Account, store: Path = PROGRAMS) -> Path:
    """``program`` itself if ``account`` reaches it, else its twin in a copy of ``install`` at
    ``store/label``.

    ``install`` is the file or folder that ``program`` needs to run; ``label`` names it with its version,
    so that an update makes a new copy.
    """
    if reachable(program, account):
        return program
    copy = store / label
    if not copy.exists():
        store.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = store / f"{label}.{os.getpid()}"
        if install.is_dir():
            shutil.copytree(install, draft, symlinks=True)
        else:
            shutil.copy2(install, draft)
        draft.rename(copy)
    return copy if install == program else copy / program.relative_to(install)


def _may_pass(step: Path, account: Account) -> bool:
    status = step.stat()
    if account.uid in (0, status.st_uid):
        return bool(status.st_mode & 0o100)
    return bool(status.st_mode & (0o010 if status.st_gid == account.gid else 0o001))
