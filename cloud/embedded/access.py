"""Who holds a data folder, and how a single command gets at the database in it.

A running ``anban-cloud all`` holds the folder's lock; the kernel lets go of it however the holder dies. A
command then uses the holder's server; with nobody there it runs the server itself for as long as it needs
it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cloud.embedded.postgres import Postgres
from cloud.embedded.process import ServiceError
from cloud.embedded.supervise import running


class InUseError(ServiceError):
    """Somebody else holds the data folder."""


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Hold the folder for the length of the block.

    Raises:
        InUseError: somebody else does.
    """
    data.mkdir(parents=True, exist_ok=True)
    lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUseError(f"{data} is in use by another anban-cloud: stop it or choose another") from None
        yield
    finally:
        os.close(lock)


@contextmanager
def database(data: Path) -> Iterator[str]:
    """Connection string of the embedded database, which runs at least as long as the block.

    Raises:
        ServiceError: there is none below ``data``, or it does not start.
    """
    postgres = Postgres(data)
    if not postgres.dsn_file.exists():
        raise ServiceError(f"no embedded database below {data}")
    with ExitStack() as stack:
        try:
            stack.enter_context(held(data))
        except InUseError:
            pass  # its holder runs the server
        else:
            stack.enter_context(running(postgres))
        yield postgres.dsn
