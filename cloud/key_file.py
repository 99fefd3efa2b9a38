"""The file of the keys that seal numbers: add a key, and say which one seals.

A new key is added at the end, where every process learns to open with it at its next start; only then it is
put first, where it seals. So no process ever meets a value that it cannot open.
"""

from __future__ import annotations

import os
from pathlib import Path

from cloud import secret_files
from cloud.sealed import Keyring, new_line, parse
from cloud.secret_files import SecretFileError
from cloud.settings import ConfigError


def add(file: Path) -> str:
    """Add a fresh key at the end of ``file``, which is made if it is not there; return its id.

    Raises:
        ConfigError: the file cannot be used.
    """
    lines, ring = _read(file) if file.exists() else ([], Keyring())
    known = {key.id for key in ring.keys}
    key_id = next(f"k{number}" for number in range(1, len(known) + 2) if f"k{number}" not in known)
    _write(file, [*lines, new_line(key_id)])
    return key_id


def use(file: Path, key_id: str) -> None:
    """Put the key ``key_id`` first: it seals from the next start on.

    Raises:
        ConfigError: the file cannot be used, or holds no such key.
    """
    lines, ring = _read(file)
    if key_id not in {key.id for key in ring.keys}:
        raise ConfigError(f"{file} holds no key {key_id}: {', '.join(key.id for key in ring.keys)}")
    _write(file, sorted(lines, key=lambda line: not line.startswith(f"{key_id} ")))


def _read(file: Path) -> tuple[list[str], Keyring]:
    try:
        text = secret_files.text(file)
        return [f"{line}\n" for line in text.splitlines()], parse(text)
    except (SecretFileError, ValueError) as error:
        raise ConfigError(f"{file}: {error}") from error


def _write(file: Path, lines: list[str]) -> None:
    """Replace ``file`` in one step: a key that is lost is every number lost."""
    draft = file.with_name(f"{file.name}.{os.getpid()}.draft")
    try:
        secret_files.make(draft, "".join(lines).encode())
        draft.replace(file)
    except OSError as error:
        raise ConfigError(f"{file}: {error}") from error
