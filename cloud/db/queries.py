"""Named SQL: each context keeps its statements in one ``queries.sql`` that only its store reads.

A statement starts with a line ``-- its_name --``; further comment lines say why. What is read here ships with
the program, so it may pass as a literal where psycopg asks for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Final, LiteralString, cast

_NAME: Final = re.compile(r"^-- (\w+) --$", re.MULTILINE)


class Queries(Mapping[str, LiteralString]):
    """The statements of one file by name: ``QUERIES = Queries(__package__)``, ``QUERIES["due_messages"]``."""

    def __init__(self, package: str, file: str = "queries.sql") -> None:
        """Read ``file`` of ``package``.

        Raises:
            ValueError: text before the first name, or a name given twice.
        """
        text = resources.files(package).joinpath(file).read_text(encoding="utf-8")
        self._statements = split(text)

    def __getitem__(self, name: str) -> LiteralString:
        return self._statements[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)

    def __len__(self) -> int:
        return len(self._statements)


def split(text: str) -> dict[str, LiteralString]:
    """Cut the text of a query file into its statements.

    Raises:
        ValueError: a statement without a name, or a name given twice.
    """
    head, *parts = _NAME.split(text)
    if any(line.strip() and not line.startswith("--") for line in head.splitlines()):
        raise ValueError("a query file starts with comments or with a line '-- name --'")
    names, bodies = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"a query is named twice: {min(n for n in names if names.count(n) > 1)}")
    return {name: cast("LiteralString", body.strip()) for name, body in zip(names, bodies, strict=True)}
