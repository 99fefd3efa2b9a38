"""A real file system that is small enough to fill: a tmpfs, mounted for the length of a block.

The one idea: the mount is made by the kernel call itself, so it works for root and for whoever holds the
right in a user namespace; ``on_small_disks`` gives a test of an ordinary user such a namespace.
"""

from __future__ import annotations

import ctypes
import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, ParamSpec

from tests.harness import ROOT

_MNT_DETACH: Final = 2  # linux/fs.h: whoever still has a file open keeps it
_INSIDE: Final = "ANBAN_TEST_MAY_MOUNT"
_NAMESPACE: Final = ("unshare", "--user", "--map-current-user", "--mount", "--keep-caps")
_libc: Final = ctypes.CDLL(None, use_errno=True)

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Disk:
    """The small disk at ``folder``."""

    folder: Path

    def fill(self) -> None:
        """Take all the room there is."""
        with self._filler.open("ab", buffering=0) as filler:
            for piece in (2**16, 1):
                try:
                    while True:
                        filler.write(bytes(piece))
                except OSError:
                    continue

    def make_room(self) -> None:
        """Give it back."""
        self._filler.unlink()

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Disk]:
    """A disk of ``mib`` MiB at ``folder``, which is made. Use it below ``on_small_disks``."""
    folder.mkdir(parents=True, exist_ok=True)
    where = os.fsencode(folder)
    _check(_libc.mount(b"tmpfs", where, b"tmpfs", 0, f"size={mib}m,mode=0777".encode()))
    try:
        yield Disk(folder)
    finally:
        _check(_libc.umount2(where, _MNT_DETACH))


def on_small_disks(test: Callable[P, None]) -> Callable[P, None]:
    """Run ``test`` where it may mount: here for root, else once more in a namespace of its own.

    Where neither is permitted the test fails, because what it proves was not proved.
    """

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        if os.geteuid() == 0 or _INSIDE in os.environ:
            test(*args, **kwargs)
            return
        name = os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0]
        command = [*_NAMESPACE, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", name]
        environment = {**os.environ, _INSIDE: "1"}
        found = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert found.returncode == 0, f"as root, or with user namespaces: {found.stdout}{found.stderr}"

    return run


def _check(code: int) -> None:
    if code != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
