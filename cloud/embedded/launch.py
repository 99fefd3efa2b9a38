"""Runs before a service, in its process: drops root, ties its life to ours, becomes the service.

Started as ``python -I -S launch.py PARENT SIGNAL UID GID COMMAND...``; it imports nothing of the product,
so it costs a few milliseconds. The one idea: the kernel itself sends SIGNAL when the parent dies, however
it dies, so that not even ``kill -9`` leaves an orphan.
"""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(arguments: list[str]) -> None:
    parent, signal, uid, gid = map(int, arguments[:4])
    command = arguments[4:]
    if os.geteuid() == 0 and uid != 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After the change of user, which clears it.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the supervisor is gone")
    os.umask(0o077)
    os.execv(command[0], command)  # noqa: S606 - replaces this process; there is no shell


if __name__ == "__main__":
    main(sys.argv[1:])
