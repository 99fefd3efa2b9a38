"""The examples of ``docs/api.md``, sent in their order to the application."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Final

from tests.unit.cloud.conftest import Site
from tests.unit.cloud.town import PASSWORD

PAGE: Final = Path(__file__).parents[4] / "docs" / "api.md"
_BLOCK: Final = re.compile(r"```http\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Example:
    """One request as the page shows it, and what it says of the answer."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    status: int
    kept: dict[str, str]
    shown: dict[str, str]


def example(text: str) -> Example:
    """Read one block."""
    asked, _, answer = text.rpartition("→ ")
    head, _, body = asked.partition("\n\n")
    first, *more = head.splitlines()
    method, path = first.split(" ", 1)
    status, *words = answer.split()
    return Example(
        method,
        path,
        dict(line.split(": ", 1) for line in more),
        body.strip(),
        int(status),
        dict(word.split("=") for word in words if "=" in word),
        dict(word.split(":") for word in words if ":" in word),
    )


async def test_every_example_of_the_page_is_answered_as_it_says(site: Site) -> None:
    browser = site.browser()
    del browser.headers["X-Anban"]
    known: dict[str, Any] = {"password": PASSWORD, "home": site.town.yellow}
    examples = [example(text) for text in _BLOCK.findall(PAGE.read_text(encoding="utf-8"))]
    assert len(examples) >= 15
    for one in examples:
        address = "http://anban.test" + Template(one.path).substitute(known)
        body = Template(one.body).substitute(known).encode() or None
        headers = one.headers | ({"Content-Type": "application/json"} if body else {})
        answer = await browser.request(one.method, address, content=body, headers=headers)
        assert answer.status_code == one.status, f"{one.method} {one.path}: {answer.text}"
        said = answer.json()
        assert {name: str(said[name]).lower() for name in one.shown} == one.shown
        known |= {name: said[field] for name, field in one.kept.items()}
