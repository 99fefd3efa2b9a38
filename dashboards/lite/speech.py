"""The language of a page without script, from the catalogues that the screens use, too.

The one idea: one lookup over one catalogue, so that this page says "已确认" exactly where the console does. A
word that is missing is a fault of the program (``KeyError``), except a term of the platform, which a newer
server may send before this page knows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dashboards.words import catalogue

LANGUAGES: Final[Mapping[str, tuple[str, str]]] = {
    "zh-Hans": ("简体中文", "zh-Hans-CN"),
    "zh-Hant": ("繁體中文", "zh-Hant-TW"),
    "en": ("English", "en"),
}
"""Locale → its own name, and the tag that decides the shapes of Han characters (BCP 47)."""
_FIRST: Final = "zh-Hans"
_TRADITIONAL: Final = ("hant", "-tw", "-hk", "-mo")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    locale: str

    @property
    def tag(self) -> str:
        """BCP 47, for the page."""
        return LANGUAGES[self.locale][1]

    def t(self, key: str, **values: object) -> str:
        """The text for ``key`` with its ``{name}`` filled in."""
        return catalogue(self.locale)[key].format(**values)

    def term(self, kind: str, value: str) -> str:
        """The word for ``value`` of ``kind``, or ``value`` itself."""
        return catalogue(self.locale).get(f"{kind}.{value}", value)

    def all(self, kind: str) -> list[tuple[str, str]]:
        """Every value of ``kind`` with its word."""
        prefix = f"{kind}."
        texts = catalogue(self.locale).items()
        return [(key.removeprefix(prefix), text) for key, text in texts if key.startswith(prefix)]


def choose(preferred: str) -> str:
    """The first language of an ``Accept-Language`` that there is; simplified Chinese without one."""
    for asked in preferred.split(","):
        tag = asked.partition(";")[0].strip().lower()
        if tag.startswith("en"):
            return "en"
        if tag.startswith("zh"):
            return "zh-Hant" if any(part in tag for part in _TRADITIONAL) else _FIRST
    return _FIRST
