"""Which version of the program this is."""

from __future__ import annotations

import functools
import importlib.metadata


@functools.cache
def version() -> str:
    """The installed distribution's version; ``""`` when it runs from a checkout."""
    try:
        return importlib.metadata.version("anban")
    except importlib.metadata.PackageNotFoundError:
        return ""
