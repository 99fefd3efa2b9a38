"""Writes the OpenAPI document, from which the screens' types are generated: ``python -m cloud.openapi``.

It needs no database: the application is built and never started.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

from psycopg_pool import AsyncConnectionPool

from cloud.db import Connection
from cloud.settings import Settings
from cloud.web import create_app

DOCUMENT: Final = Path(__file__).parents[1] / "dashboards" / "web" / "openapi.json"


def document() -> str:
    """The document as text: sorted keys, so that a difference is a difference."""
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool("", open=False)
    app = create_app(Settings(), pool, pool)
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> None:
    """Write the document to the file named, by default the one kept with the screens."""
    parser = argparse.ArgumentParser(prog="python -m cloud.openapi", description=main.__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=DOCUMENT)
    parser.parse_args().file.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
