"""The document of a release: read, refused, and who may take it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.wire.release import BadKey, BadRelease, Release, is_signed, numbers, objection, parse

FILE = {"name": "anban-2.0.0-py3-none-any.whl", "size": 3, "sha256": "0" * 64}
DOCUMENT: dict[str, Any] = {"version": "2.0.0", "serial": 7, "files": [FILE]}


def written(**changes: Any) -> bytes:
    return json.dumps({**DOCUMENT, **changes}).encode()


def with_file(**changes: Any) -> bytes:
    """With a second file like the first, but for ``changes``."""
    return written(files=[FILE, {**FILE, **changes}])


def test_a_document_is_read() -> None:
    release = parse(written())
    assert (release.version, release.serial, release.size, release.downgrade) == ("2.0.0", 7, 3, False)


@pytest.mark.parametrize(
    "document",
    [
        b"", b"{}", b"\xff", b"[" * 40_000, written(serial=0), written(extra=1), written(files=[]),
        written(version="2"), written(version="2.0.0rc1"), written(version="2.0.1"),
        with_file(), with_file(name="../x.whl"), with_file(name=".x.whl"), with_file(name="/etc/x.whl"),
        with_file(name="x.sh"), with_file(name="a.whl", size=256 * 2**20), with_file(name="a.whl", size=-1),
        with_file(name="a.whl", sha256="0" * 63), with_file(name="a.whl\n"), written(version="2.0.0\n"),
        with_file(name="a.whl", sha256="0" * 64 + "\n"),
    ],
)  # fmt: skip
def test_what_is_none_is_refused(document: bytes) -> None:
    with pytest.raises(BadRelease):
        parse(document)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(document: bytes) -> None:
    with contextlib.suppress(BadRelease):
        parse(document)


def test_a_key_that_is_none_says_so() -> None:
    with pytest.raises(BadKey, match="no public key"):
        is_signed(b"x", b"y", b"-----BEGIN PUBLIC KEY-----\n")


@pytest.mark.parametrize(
    ("running", "serial", "refused", "flags", "words"),
    [
        ("1.9.9", 0, {}, "", ""),
        ("", 0, {}, "", ""),
        ("1.10.0", 6, {}, "", ""),
        ("1.9", 7, {}, "", ""),
        ("1.9", 8, {}, "downgrade", "serial 7 is older"),
        ("2.0.1", 0, {}, "", "not signed as a downgrade"),
        ("2.0.1", 0, {}, "downgrade", ""),
        ("1.9", 7, {"2.0.0": "nothing committed"}, "", "taken back: nothing committed"),
        ("1.9", 7, {"2.0.0": "nothing committed"}, "again", ""),
    ],
)
def test_who_may_take_it(running: str, serial: int, refused: dict[str, str], flags: str, words: str) -> None:
    release = Release("2.0.0", 7, (), downgrade="downgrade" in flags)
    found = objection(release, running=running, serial=serial, refused=refused, again="again" in flags)
    assert words in found
    assert bool(words) == bool(found)


def test_versions_are_compared_by_their_numbers() -> None:
    assert numbers("0.9.0") < numbers("0.10.0") < numbers("0.10.0.1") < numbers("1.0")
    assert numbers("") == numbers("a checkout") == ()
