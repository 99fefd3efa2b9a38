"""Every finding has its sentence in every language, and the sentence its numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from cloud.detect.vitals.model import Rule

CATALOGUES: Final = sorted((Path(__file__).parents[4] / "dashboards" / "i18n").glob("*.json"))


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: str(path.stem))
def test_every_finding_has_a_sentence(catalogue: Path) -> None:
    words = json.loads(catalogue.read_text(encoding="utf-8"))
    assert [rule for rule in Rule if f"finding.{rule}" not in words] == []
