"""The three catalogues: the same keys, the same parameters, and every word the cloud can send."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

import dashboards
from cloud.consent.purposes import Purpose
from cloud.incidents.model import IncidentState, OutcomeCode
from cloud.visits.ability.items import BY_KEY, Domain
from cloud.visits.ability.judge import Override
from cloud.visits.duty import Reason
from cloud.visits.forms.shapes import Scale, Several, Shape
from cloud.visits.forms.table import FORMS, Area, Proof, VisitKind
from cloud.visits.hours.ledger import Kind
from cloud.visits.records.fold import Conflict
from dashboards.words import FOLDER, LOCALES, catalogue
from firmware_protocols.model import AlarmKind, Quantity

FOLDERS = sorted(path for path in FOLDER.iterdir() if path.is_dir())
SOURCES = Path(dashboards.__file__).parent / "web" / "src"
LITE = Path(dashboards.__file__).parent / "lite"
OTHERS = LOCALES[1:]
PARAMETER = re.compile(r"\{(\w+)\}")
SIMPLIFIED_ONLY = "为么个们护确认门开关实处钥铃静话断网络语级书"


def options(shape: Shape) -> tuple[str, ...]:
    """What somebody may choose, by its key."""
    match shape:
        case Scale(steps):
            return steps
        case Several(several):
            return several
        case _:
            return ()


def read(folder: Path, locale: str) -> dict[str, str]:
    words: dict[str, str] = json.loads((folder / f"{locale}.json").read_text(encoding="utf-8"))
    return words


def test_no_key_stands_in_two_catalogues() -> None:
    keys = [key for folder in FOLDERS for key in read(folder, "en")]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.name))
@pytest.mark.parametrize("locale", OTHERS)
def test_each_language_has_exactly_the_keys_of_english(folder: Path, locale: str) -> None:
    assert list(read(folder, locale)) == list(read(folder, "en"))


@pytest.mark.parametrize("locale", LOCALES)
def test_no_text_is_empty_or_padded(locale: str) -> None:
    assert [key for key, text in catalogue(locale).items() if not text or text != text.strip()] == []


@pytest.mark.parametrize("locale", OTHERS)
def test_each_text_has_the_parameters_of_the_english_one(locale: str) -> None:
    english = catalogue("en")
    for key, text in catalogue(locale).items():
        assert set(PARAMETER.findall(text)) == set(PARAMETER.findall(english[key])), key


def test_traditional_text_holds_no_simplified_forms() -> None:
    found = {key: text for key, text in catalogue("zh-Hant").items() if set(text) & set(SIMPLIFIED_ONLY)}
    assert found == {}


@pytest.mark.parametrize(
    ("prefix", "values"),
    [
        ("kind", AlarmKind),
        ("state", IncidentState),
        ("outcome", OutcomeCode),
        ("quantity", Quantity),
        ("purpose", Purpose),
        ("visit_kind", VisitKind),
        ("area", Area),
        ("proof", Proof),
        ("conflict", Conflict),
        ("owed", Reason),
        ("entry", Kind),
        ("domain", Domain),
        ("override", Override),
        ("item", BY_KEY),
        ("q", {question.key for form in FORMS.values() for question in form.questions}),
        ("o", {option for form in FORMS.values() for one in form.questions for option in options(one.shape)}),
    ],
)
def test_every_word_the_cloud_can_send_has_a_text(prefix: str, values: Iterable[str]) -> None:
    english = catalogue("en")
    assert [value for value in values if f"{prefix}.{value}" not in english] == []


def test_every_key_is_used() -> None:
    """A key is used when the sources name it, or name its prefix in a call that builds keys."""
    scripts = [path for path in SOURCES.rglob("*.ts*") if path.name != "schema.d.ts"]
    pages = [path for path in LITE.rglob("*") if path.suffix in {".py", ".html"}]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in scripts + pages)
    named = r'(?:term\(|words: |"word:)"?([\w.]+)"'
    built = set(re.findall(named, sources)) | set(re.findall(r"`([\w.]+)\.\$\{", sources))
    unused = [
        key for key in catalogue("en") if f'"{key}"' not in sources and key.rpartition(".")[0] not in built
    ]
    assert unused == []
