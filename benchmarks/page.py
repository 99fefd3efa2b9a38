"""Tables in a page of the documentation, each written by the benchmark that measured it.

A part stands between ``<!-- NAME: written by COMMAND -->`` and ``<!-- end of NAME -->``; the prose around it
is written by people. The one idea: no figure is copied by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path


class PageError(ValueError):
    """The page has no such part; ``str()`` says what to add to it."""


def write_part(page: Path, name: str, lines: Iterable[str]) -> None:
    """Put ``lines`` in the place of the part ``name`` of ``page``.

    Raises:
        OSError: the page cannot be read or written.
        PageError: it has no such part, or several.
    """
    begin, end = rf"<!-- {re.escape(name)}: [^\n]*-->\n", f"<!-- end of {name} -->"
    part = re.compile(f"({begin}).*?({re.escape(end)})", re.DOTALL)
    text = page.read_text(encoding="utf-8")
    found = part.findall(text)
    if len(found) != 1:
        raise PageError(
            f"{page}: wanted one <!-- {name}: written by … --> before one {end}; has {len(found)}"
        )
    body = "".join(f"{line}\n" for line in lines)
    page.write_text(part.sub(lambda match: f"{match[1]}{body}{match[2]}", text), encoding="utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A table in Markdown."""
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |"
