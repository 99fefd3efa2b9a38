"""Sealed files: what goes in comes out, and nothing else ever does."""

from __future__ import annotations

import io
import secrets
from pathlib import Path

import pytest

from cloud.backup import seal
from cloud.backup.seal import MAGIC, PIECE, SealError

KEY = secrets.token_bytes(32)
HEAD = len(MAGIC) + 16


def sealed(plain: bytes, name: str = "a") -> bytes:
    target = io.BytesIO()
    with seal.Sealer(target, KEY, name) as sealer:
        sealer.write(plain)
    return target.getvalue()


def opened(content: bytes, *, key: bytes = KEY, name: str = "a") -> bytes:
    with seal.opened(io.BytesIO(content), key, name) as stream:
        return stream.read()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 17])
def test_what_was_sealed_is_opened_again(size: int) -> None:
    plain = secrets.token_bytes(size)
    assert opened(sealed(plain)) == plain


def test_it_may_be_written_bit_by_bit() -> None:
    target = io.BytesIO()
    with seal.Sealer(target, KEY, "a") as sealer:
        for number in range(300):
            sealer.write(bytes([number % 256]) * 7_000)
    assert opened(target.getvalue()) == b"".join(bytes([n % 256]) * 7_000 for n in range(300))


def test_nothing_readable_stands_in_it() -> None:
    assert b"secret" not in sealed(b"secret" * 1_000)


def test_the_same_content_never_looks_the_same() -> None:
    assert sealed(b"x")[HEAD:] != sealed(b"x")[HEAD:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-1],
        lambda whole: whole[: HEAD + PIECE + 16],
        lambda whole: whole + b"x",
        lambda whole: whole[:HEAD] + whole[HEAD + PIECE + 16 :],
        lambda whole: whole[:HEAD] + bytes([whole[HEAD] ^ 1]) + whole[HEAD + 1 :],
        lambda whole: whole[: HEAD - 1] + bytes([whole[HEAD - 1] ^ 1]) + whole[HEAD:],
        lambda whole: whole[:HEAD],
        lambda _: b"",
        lambda _: b"PK\3\4 something else entirely, long enough",
    ],
    ids=[
        "shorter",
        "a piece less",
        "longer",
        "first piece gone",
        "a bit",
        "the salt",
        "head only",
        "empty",
        "other",
    ],
)
def test_what_was_changed_or_cut_is_not_opened(damage) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SealError):
        opened(damage(sealed(secrets.token_bytes(2 * PIECE + 5))))


def test_another_key_and_another_name_do_not_open_it() -> None:
    with pytest.raises(SealError, match="another key, another file"):
        opened(sealed(b"x"), key=secrets.token_bytes(32))
    with pytest.raises(SealError):
        opened(sealed(b"x", "log/1"), name="log/2")


def test_a_key_is_ours_alone_and_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "key"
    seal.new_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    key = seal.read_key(file)
    with pytest.raises(FileExistsError):
        seal.new_key(file)
    assert seal.read_key(file) == key


@pytest.mark.parametrize("content", [b"", b"not base64!", b"c2hvcnQ="])
def test_a_file_without_a_key_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(SealError, match="no key in"):
        seal.read_key(file)
    with pytest.raises(SealError, match="no key in"):
        seal.read_key(tmp_path / "nowhere")


def test_a_key_that_everybody_can_read_is_none(tmp_path: Path) -> None:
    file = tmp_path / "key"
    seal.new_key(file)
    file.chmod(0o644)
    with pytest.raises(SealError, match="chmod o="):
        seal.read_key(file)
