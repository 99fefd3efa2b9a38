"""Every word of the report stands in three languages."""

from __future__ import annotations

from typing import Final, get_args

import pytest

from cloud.auth import Locale
from cloud.incidents.kinds import KINDS
from cloud.report import words
from cloud.report.indicators import INDICATORS
from cloud.report.tally import CUTS, UNKNOWN, Cut, band
from cloud.report.words import Speech
from cloud.visits.plans.build import Why
from cloud.visits.plans.words import SAID

LOCALES: Final[tuple[Locale, ...]] = get_args(Locale)
SLOTS: Final = [f"{day}-{hour:02d}" for day in range(1, 8) for hour in range(0, 24, 3)]
ONES: Final = {
    Cut.SETTING: ["town", "rural", UNKNOWN],
    Cut.AGE: [band(age) for age in (None, 50, 64, 71, 88, 95)],
    Cut.SEX: ["f", "m", UNKNOWN],
    Cut.KIND: [kind.value for kind in KINDS],
    Cut.SLOT: SLOTS,
}
"""Everything that a cut can be cut into, but for areas."""


def latin(text: str) -> bool:
    return all(ord(char) < 0x2E80 for char in text)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_indicator_says_what_it_is_called_and_divides_by_what(locale: Locale) -> None:
    speech = Speech(locale)
    titles = {speech.said(name).title for name in INDICATORS}
    assert len(titles) == len(INDICATORS)
    for one in INDICATORS.values():
        said = speech.said(one.name)
        for text in (said.title, said.numerator, said.denominator):
            assert text
            assert latin(text) == (locale == "en"), text
        if one.target is not None:
            assert speech.source(one.target.source)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_one_of_a_cut_has_a_name(locale: Locale) -> None:
    speech = Speech(locale, {"431202": "鹤城区"})
    for cut, ones in ONES.items():
        labels = {speech.label(cut, of) for of in ones}
        assert len(labels) == len(set(ones)), cut
        assert locale == "en" or not any(latin(label) for label in labels if cut is not Cut.SLOT)
        assert words.CUT_NAMES[locale][cut]
    assert set(CUTS) == {*ONES, Cut.ALL, Cut.COUNTY, Cut.TOWN}
    assert speech.label(Cut.COUNTY, "431202") == "鹤城区"
    assert speech.label(Cut.TOWN, "431202001") == "431202001", "an area that nobody names keeps its code"


def test_a_slot_is_named_by_its_day_and_hours() -> None:
    assert Speech("zh-Hans").label(Cut.SLOT, "5-21") == "周五 21:00–24:00"
    assert Speech("en").label(Cut.SLOT, "1-00") == "Mon 00:00–03:00"


@pytest.mark.parametrize("locale", LOCALES)
def test_why_not_today_is_a_sentence(locale: Locale) -> None:
    assert set(SAID[locale]) == set(Why)
    assert len(set(SAID[locale].values())) == len(Why)
