"""Whatever the trail can say that somebody did, an auditor reads in their language."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest

from cloud import staff_command
from cloud.auth import Purpose
from cloud.detect.vitals import record
from cloud.openapi import DOCUMENT
from cloud.privacy import excerpt
from cloud.recorder import SILENT
from cloud.report import keeper
from dashboards.words import LOCALES, catalogue

CONTRACT: Final[dict[str, Any]] = json.loads(DOCUMENT.read_bytes())
OPERATIONS: Final = {
    operation["operationId"]
    for methods in CONTRACT["paths"].values()
    for operation in methods.values()
    if "security" in operation and operation["operationId"] not in SILENT
}
"""What somebody asks for who is signed in: all of it is recorded."""
ELSEWHERE: Final = {
    "signIn", "signInRefused", "unknown", "erasePerson", "holdPerson", "releasePerson",
    record.ACTION, keeper.ACTION, staff_command.ACTION, excerpt.ACTION,
}  # fmt: skip
"""What is recorded under another name than an operation's: before somebody is signed in, at the server."""
RECORD: Final = re.compile(r"(list|read|add|change|retire)(\w+?)Records?")
"""The register's operations are put together from a verb and a noun (``core/doing.ts``)."""


@pytest.mark.parametrize("locale", LOCALES)
def test_every_recorded_action_has_its_words(locale: str) -> None:
    needed = {key for action in OPERATIONS | ELSEWHERE for key in keys(action)}
    assert needed - catalogue(locale).keys() == set()


def test_nothing_has_words_that_is_never_done() -> None:
    known = {key.removeprefix("doing.") for key in catalogue("en") if key.startswith("doing.")}
    assert known - OPERATIONS - ELSEWHERE == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_every_purpose_of_a_read_has_its_words(locale: str) -> None:
    assert {f"use.{purpose}" for purpose in Purpose} - catalogue(locale).keys() == set()


def keys(action: str) -> set[str]:
    """Under which keys the words for ``action`` stand."""
    found = RECORD.fullmatch(action)
    return {f"doing.{action}"} if found is None else {f"doing_verb.{found[1]}", f"doing_what.{found[2]}"}
