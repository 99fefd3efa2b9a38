"""What the licence and advisory check makes of what it is told."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from deploy import dependencies
from deploy.dependencies import ROOT, advice, allowed

TABLE = allowed(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("licence", "fits"),
    [
        ("MIT", True),
        ("(MIT OR GPL-3.0-only)", True),
        ("MIT AND PSF-2.0", True),
        ("MIT AND GPL-3.0-only", False),
        ("DFSG approved; MIT License", True),
        ("GPL-3.0-only", False),
        ("UNKNOWN", False),
        ("", False),
    ],
)
def test_a_licence_fits_when_one_of_its_choices_is_allowed_in_all_its_parts(licence: str, fits: bool) -> None:
    assert (TABLE.fault("some-package", licence) == "") == fits


def test_an_exception_has_a_reason_and_covers_only_its_package() -> None:
    assert all(len(reason) > 20 for reason in TABLE.because.values())
    assert TABLE.fault("psycopg", "LGPL-3.0-only") == ""
    assert TABLE.fault("psycopg-other", "LGPL-3.0-only") != ""


def test_what_the_service_did_not_know_was_not_checked() -> None:
    skipped: dict[str, Any] = {"name": "a", "skip_reason": "not found"}
    known: dict[str, Any] = {"name": "b", "version": "1.0", "vulns": [{"id": "CVE-2026-1"}]}
    said = advice({"dependencies": [skipped, known, {"name": "c", "version": "2", "vulns": []}]})
    assert (said.checked, said.unknown, said.bad) == (2, ["a"], ["b 1.0: CVE-2026-1"])


def test_a_service_that_knows_nothing_is_no_clean_bill(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dependencies, "SERVICES", ())
    monkeypatch.setattr(dependencies, "licences", lambda: [("psycopg", "LGPL-3.0-only")])
    assert dependencies.main() == 0
    assert "not checked: no advisory service reachable" in capsys.readouterr().out
