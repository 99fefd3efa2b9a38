"""The threat model names a test behind each answer: every one of them is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parents[1]
PAGE: Final = TESTS.parent / "docs" / "security.md"
_NAMED: Final = re.compile(r"`(?P<file>…|[a-z_/]+/test_\w+\.py)(?:::(?P<test>test_\w+))?`")


def named() -> Iterator[tuple[Path, str]]:
    """File and test (empty: the whole file) of each reference; ``…`` is the file named before."""
    file = ""
    for found in _NAMED.finditer(PAGE.read_text(encoding="utf-8")):
        file = file if found["file"] == "…" else found["file"]
        yield TESTS / file, found["test"] or ""


def test_every_test_that_the_page_names_is_there() -> None:
    missing = [
        f"{file.relative_to(TESTS)}::{test}"
        for file, test in named()
        if not file.is_file() or (test and f"def {test}(" not in file.read_text(encoding="utf-8"))
    ]
    assert missing == []
    assert len(list(named())) >= 60
