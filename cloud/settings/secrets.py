"""Secrets that the settings name a file for, rather than saying them.

A file that everybody on the machine can read is refused (``cloud.secret_files``).
"""

from __future__ import annotations

import re
from pathlib import Path

from cloud import secret_files
from cloud.settings.model import Broker, ConfigError, County, Oidc, Sms


def broker_secret(broker: Broker) -> str:
    """The secret to sign in with: the content of ``secret_file`` if named, else ``secret``.

    Raises:
        ConfigError: the file cannot be read.
    """
    return secret_text(broker.secret_file, "broker.secret_file") or broker.secret


def county_dsn(county: County) -> str:
    """Its connection string: the content of ``dsn_file`` if named, else ``dsn``.

    Raises:
        SecretFileError: the file cannot be read, or everybody can read it.
    """
    return secret_files.text(Path(county.dsn_file)) if county.dsn_file else county.dsn


def oidc_secret(oidc: Oidc) -> str:
    """The secret that we show the identity provider.

    Raises:
        ConfigError: the file cannot be read, or everybody can.
    """
    return secret_text(oidc.client_secret_file, "oidc.client_secret_file") or oidc.client_secret


def sms_pin(sms: Sms) -> str:
    """The PIN of the card, ``""`` if no file is named.

    Raises:
        ConfigError: the file cannot be read, or holds no PIN.
    """
    pin = secret_text(sms.pin_file, "sms.pin_file")
    if sms.pin_file and re.fullmatch(r"[0-9]{4,8}", pin) is None:
        raise ConfigError(f"sms.pin_file: {sms.pin_file} holds no PIN of 4-8 digits")
    return pin


def secret_text(file: str | None, named_by: str) -> str:
    """The secret in ``file``; ``""`` if none is named.

    Raises:
        ConfigError: it cannot be read, or everybody can read it.
    """
    if not file:
        return ""
    try:
        return secret_files.text(Path(file))
    except secret_files.SecretFileError as error:
        raise ConfigError(f"{named_by}: {error}") from error
