"""One plain English sentence for a finding, out of the screens' own catalogue.

What this is: filling templates. What it is not: wording; a sentence that is not in the catalogue is left out,
its numbers are shown all the same. The one idea: a replay says what the operator would have read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dashboards.words import catalogue
from firmware_protocols.model import AlarmKind

_LOCALE: Final = "en"
_TELLING_FROM_TWO: Final = frozenset({"count", "witnesses"})
"""As ``dashboards/web/src/core/evidence.ts`` has it: one is what every alarm has."""


def of_finding(finding: str, quantity: str, numbers: Mapping[str, Any]) -> str:
    """The sentence of what the cloud found (``finding.`` in the catalogue)."""
    template = catalogue(_LOCALE).get(f"finding.{finding}", finding)
    told = {name: _number(value) for name, value in numbers.items()}
    return _filled(template, {"quantity": catalogue(_LOCALE).get(f"quantity.{quantity}", quantity), **told})


def of_alarm(kind: AlarmKind, evidence: Mapping[str, Any]) -> str:
    """The sentence of an alarm of the gateway: what it is, and the numbers behind it."""
    what = catalogue(_LOCALE).get(f"kind.{kind}", kind.value)
    return ", ".join([what, *_measured(evidence), *dict.fromkeys(_phrases(evidence))])


def _measured(evidence: Mapping[str, Any]) -> Iterator[str]:
    quantity, value, limit = (evidence.get(name) for name in ("quantity", "value", "limit"))
    if isinstance(quantity, str) and isinstance(value, int | float) and isinstance(limit, int | float):
        named = catalogue(_LOCALE).get(f"quantity.{quantity}", quantity)
        shown = {"quantity": named, "value": _number(value), "limit": _number(limit)}
        yield _filled(catalogue(_LOCALE)["evidence.measured"], shown)


def _phrases(evidence: Mapping[str, Any]) -> Iterator[str]:
    for name, value in evidence.items():
        shown = len(value) if isinstance(value, list | tuple) else value
        template = catalogue(_LOCALE).get(f"evidence.{name}")
        if isinstance(shown, Mapping):
            yield from _phrases(shown)
        elif template is not None and shown is not False and not _is_usual(name, shown):
            yield _filled(template, {"value": "" if shown is True else _number(shown)})


def _is_usual(name: str, value: object) -> bool:
    return name in _TELLING_FROM_TWO and value == 1


def _filled(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def _number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{round(value, 2 if abs(value) < 1 else 1):g}"
