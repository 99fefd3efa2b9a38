"""What the cloud is told, read once by whatever starts a process and handed on from there."""

from cloud.settings.model import (
    Audit,
    AuditFiles,
    Backup,
    Broker,
    ConfigError,
    County,
    Database,
    Enrolment,
    Ingest,
    Keys,
    Notify,
    Oidc,
    Operations,
    Settings,
    Sms,
    Storage,
    Web,
)
from cloud.settings.reading import load, parse
from cloud.settings.secrets import broker_secret, county_dsn, oidc_secret, sms_pin

__all__ = [
    "Audit",
    "AuditFiles",
    "Backup",
    "Broker",
    "ConfigError",
    "County",
    "Database",
    "Enrolment",
    "Ingest",
    "Keys",
    "Notify",
    "Oidc",
    "Operations",
    "Settings",
    "Sms",
    "Storage",
    "Web",
    "broker_secret",
    "county_dsn",
    "load",
    "oidc_secret",
    "parse",
    "sms_pin",
]
