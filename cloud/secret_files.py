"""Secrets in files: read only when nobody else can read them, made when there is none.

What this is: the one way to a secret's file. The one idea: a secret that every user of the machine can read
is none, so the start fails and says which mode it needs; the group may read, because service managers and
orchestrators hand secrets to a group.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


class SecretFileError(Exception):
    """A secret's file cannot be used; ``str()`` names it and says what to do. Never its content."""


def read(file: Path) -> bytes:
    """The content of ``file``.

    Raises:
        SecretFileError: it cannot be read, or everybody can.
    """
    try:
        with file.open("rb") as stream:
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            if mode & stat.S_IRWXO:
                raise SecretFileError(f"{file} can be read by every user (mode {mode:o}): chmod o= {file}")
            return stream.read()
    except OSError as error:
        raise SecretFileError(str(error)) from error


def text(file: Path) -> str:
    """The content of ``file`` as text without the white space around it.

    Raises:
        SecretFileError: as for ``read``, or it is not UTF-8.
    """
    try:
        return read(file).decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise SecretFileError(f"{file} is not UTF-8 text") from error


def make(file: Path, content: bytes) -> None:
    """Create ``file`` with ``content``, readable by us alone, on the disk when this returns.

    Raises:
        FileExistsError: somebody was faster, or it is there already: a secret is never overwritten.
        OSError: it cannot be written.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        file.hardlink_to(draft)
    finally:
        draft.unlink()
