"""The screens' words, for whoever speaks outside a screen.

What this is: the catalogues of ``i18n/`` read as one. What it is not: wording. The one idea: what a replay,
a message or a test says is what the operator reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "i18n"
LOCALES: Final = ("en", "zh-Hans", "zh-Hant")


@cache
def catalogue(locale: str) -> Mapping[str, str]:
    """Every text of every page in ``locale``, by key. Raises ``KeyError`` for none of ``LOCALES``."""
    if locale not in LOCALES:
        raise KeyError(locale)
    found: dict[str, str] = {}
    for path in sorted(FOLDER.glob(f"*/{locale}.json")):
        found.update(json.loads(path.read_text(encoding="utf-8")))
    return found
