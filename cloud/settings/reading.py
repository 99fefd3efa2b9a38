"""One TOML file and the environment, turned into settings.

An unknown key, a wrong type or a value out of range is an error that names the key, so that a typing mistake
never becomes a silent default.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, get_type_hints

import msgspec

from cloud.settings.faults import check
from cloud.settings.model import ConfigError, Settings
from cloud.settings.secrets import secret_text

SECRET_ENVIRONMENT: Final = {
    "ANBAN_DATABASE_DSN": ("database", "dsn"),
    "ANBAN_DATABASE_SERVICE_DSN": ("database", "service_dsn"),
    "ANBAN_DATABASE_INGEST_DSN": ("database", "ingest_dsn"),
    "ANBAN_DATABASE_API_DSN": ("database", "api_dsn"),
    "ANBAN_BROKER_SECRET": ("broker", "secret"),
    "ANBAN_SMS_TOKEN": ("sms", "token"),
    "ANBAN_OIDC_CLIENT_SECRET": ("oidc", "client_secret"),
    "ANBAN_METRICS_TOKEN": ("operations", "metrics_token"),
}
"""Secrets may come from the environment instead of the file; they win over it. With ``_FILE`` behind its name
a variable names the file that holds the secret, as orchestrators hand them over.
"""


def load(
    path: Path | None, *, data: Path | None = None, environment: Mapping[str, str] = os.environ
) -> Settings:
    """Read the file at ``path`` (none: all defaults); ``data`` given on the command line wins.

    Raises:
        ConfigError: unreadable, not TOML, an unknown key, a wrong type or range.
    """
    document = _read(path) if path else {}
    for variable, (section, key) in SECRET_ENVIRONMENT.items():
        secret = environment.get(variable) or secret_text(environment.get(f"{variable}_FILE"), variable)
        if secret:
            document.setdefault(section, {})[key] = secret
    if data is not None:
        document["data"] = str(data)
    return parse(document)


def parse(document: Mapping[str, Any]) -> Settings:
    """Turn a parsed TOML document into settings.

    Raises:
        ConfigError: as for ``load``.
    """
    _refuse_unknown(document, Settings, "")
    try:
        settings = msgspec.convert(document, Settings)
    except msgspec.ValidationError as error:
        raise ConfigError(f"configuration: {error}") from error
    check(settings)
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the configuration: {error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def _refuse_unknown(document: Mapping[str, Any], kind: type[msgspec.Struct], prefix: str) -> None:
    known = get_type_hints(kind)
    for key, value in document.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {prefix}{near[0]}?" if near else f"; known: {', '.join(sorted(known))}"
            raise ConfigError(f"unknown configuration key {prefix}{key}{hint}")
        nested = known[key]
        if isinstance(nested, type) and issubclass(nested, msgspec.Struct) and isinstance(value, Mapping):
            _refuse_unknown(value, nested, f"{prefix}{key}.")
