"""The table of rules: each has its number, its sentence in every language, and its place among the
purposes."""

from __future__ import annotations

from typing import Final

import pytest

from cloud.consent.purposes import PURPOSES, Purpose
from cloud.detect.rules.table import RULES
from cloud.incidents.kinds import KINDS, TECHNICAL
from dashboards.words import LOCALES, catalogue

WORDS: Final = (
    *(spec.name for spec in RULES),
    "not_up_as_usual",
    "home_silent_out_of_bed",
    "home_silent_in_bathroom",
    "home_silent_out",
    "area_outage",
)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_finding_has_a_sentence(locale: str) -> None:
    words = catalogue(locale)
    assert [name for name in WORDS if f"finding.{name}" not in words] == []


def test_no_two_rules_have_one_name() -> None:
    assert len({spec.name for spec in RULES}) == len(RULES)


def test_what_rests_on_movement_goes_when_its_purpose_is_withdrawn() -> None:
    monitored = PURPOSES[Purpose.MONITORING].alarms
    assert [spec.name for spec in RULES if not spec.technical and spec.kind not in monitored] == []


def test_what_is_technical_is_never_told_of_a_person() -> None:
    assert [spec.name for spec in RULES if spec.technical != (KINDS[spec.kind].family in TECHNICAL)] == []
