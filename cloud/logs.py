"""How log lines are written: ``key=value`` for people, or one JSON object a line for machines.

The lines themselves are the same: a few words, then facts. What is personal never gets into either.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Final

TEXT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"
QUIET: Final = {
    "psycopg.pool": logging.ERROR,
    "yoyo": logging.WARNING,
    "httpx": logging.WARNING,
    "uvicorn.error": logging.ERROR,
}
"""Libraries that would repeat what our own lines say once."""
_FACT: Final = re.compile(r"(?:^|\s)([a-z][a-z0-9_]*)=(\S*)")
_OWN: Final = frozenset(["at", "level", "logger", "message", "error"])
"""Keys that a fact cannot take."""


class JsonLines(logging.Formatter):
    """One object a line: ``at`` (UTC), ``level``, ``logger``, ``message``, its facts, ``error``: a stack."""

    def format(self, record: logging.LogRecord) -> str:
        """Turn a record into a line."""
        message = record.getMessage()
        facts = {key: value for key, value in _FACT.findall(message) if key not in _OWN}
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message,
            **facts,
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def set_up(*, verbose: bool, form: str = "text") -> None:
    """Write to stderr; ``form``: ``text`` or ``json``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler], force=True)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)
