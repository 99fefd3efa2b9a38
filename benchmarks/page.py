"""Tables in a page of the documentation, each written by the benchmark that measured it.

A part stands between ``<!-- NAME: written by COMMAND -->`` and ``<!-- end of NAME -->``; the prose around it
is written by people. The one idea: no figure is copied by hand.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any


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


def over_recordings(
    name: str,
    about: str | None,
    measure: Callable[[Path, int], dict[str, Any]],
    lines: Callable[[dict[str, Any]], list[str]],
) -> None:
    """The command line of a benchmark that measures recordings by a seed: parse, ``measure``, print its
    ``lines`` or all of it, and write the part ``name`` of a page. ``about``: the docstring of its module.
    """
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the recordings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--page", type=Path, help="write the table into this page")
    given = parser.parse_args()
    figures = measure(given.data, given.seed)
    if given.page:
        write_part(given.page, name, lines(figures))
    print(json.dumps(figures, indent=2) if given.json else "\n".join(lines(figures)))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A table in Markdown."""
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |"
