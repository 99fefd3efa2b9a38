"""Every finding has its sentence in every language, and the sentence its numbers."""

from __future__ import annotations

import pytest

from cloud.detect.vitals.model import Rule
from dashboards.words import LOCALES, catalogue


@pytest.mark.parametrize("locale", LOCALES)
def test_every_finding_has_a_sentence(locale: str) -> None:
    words = catalogue(locale)
    assert [rule for rule in Rule if f"finding.{rule}" not in words] == []
