"""What the cloud is told: one TOML file turned into frozen values.

An unknown key, a wrong type or a value out of range is an error that names the key, so that a typing mistake
never becomes a silent default. What stays empty is filled by the embedded services (``anban-cloud all``).
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, get_type_hints

import msgspec

from cloud import secret_files

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
ShardNumber = Annotated[int, msgspec.Meta(ge=0, le=255)]


class ConfigError(Exception):
    """The configuration cannot be used; ``str()`` names the key and says what to do."""


class Database(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``dsn``: a libpq connection string, of the owner; empty: the embedded server.

    ``service_dsn`` and ``api_dsn``: the same server as its other roles, as ``anban-cloud roles`` prints them;
    empty: the owner signs in and takes the role on. ``pool``: most connections at once.
    """

    dsn: str = ""
    service_dsn: str = ""
    api_dsn: str = ""
    pool: Annotated[int, msgspec.Meta(ge=2, le=100)] = 10


class Broker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The MQTT broker. ``host`` empty: the embedded one. ``secret_file`` is read instead of ``secret``.

    ``port``: 0 lets the embedded broker keep the one it chose on its first start. ``client_id`` names the
    durable session; empty: derived from the secret, so that no gateway can guess it and take the session
    over. ``ca_file`` turns TLS on; ``cert_file`` (a PEM with key and certificate) signs in by certificate.
    """

    host: str = ""
    port: Port = 0
    user: str = "ingest"
    secret: str = ""
    secret_file: str = ""
    client_id: str = ""
    ca_file: str = ""
    cert_file: str = ""


class Enrolment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Gateways by certificate. ``host``: the broker's name or address as gateways reach it; empty: off.

    ``port``: its port as gateways reach it, 0: ``broker.port``. ``listen``: where the embedded broker then
    listens (IPv4). ``authority_file``: a PEM with the authority's key and certificate; empty: one below
    ``data``, made on the first start. ``broker_ca_file``: who vouches for a broker of your own; empty: the
    same authority. ``days``: how long a gateway's certificate lives.
    """

    host: str = ""
    port: Port = 0
    listen: str = "0.0.0.0"  # noqa: S104 - its clients show a certificate; gateways are outside this machine
    authority_file: str = ""
    broker_ca_file: str = ""
    days: Annotated[int, msgspec.Meta(ge=3, le=3_650)] = 365


class Ingest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``shards``: first and last shard of this installation. ``ranges``: into how many ranges its workers
    share them, each with broker sessions of its own; the same for all workers, and at least as many as there
    are.

    ``wait_s``: how long readings wait for company in a transaction; ``rows``: how many at most share one.
    """

    shards: tuple[ShardNumber, ShardNumber] = (0, 255)
    ranges: Annotated[int, msgspec.Meta(ge=1, le=256)] = 1
    rows: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 10_000
    wait_s: Annotated[float, msgspec.Meta(ge=0.0, le=5.0)] = 0.05


class Web(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the screens and the API listen. ``port`` 0: any free one. ``public_url``: how others reach it.

    ``secure_cookie``: set it when the public address is https.
    """

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str = ""
    secure_cookie: bool = False


class Notify(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of the message channels by scheme, e.g. ``[notify.channels.sms]``; each channel checks its
    own.
    """

    channels: dict[str, dict[str, str]] = {}


class Sms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The alarm centre's number, where gateways text when their network is gone.

    ``port``: of the modem with that number (any pyserial URL); empty: none here. ``pin_file``: its card's
    PIN. ``token``: the secret in the address that a provider calls for each text (``POST
    /api/v1/texts/TOKEN``); empty: no such address. ``text_field``: how that provider names the text.
    """

    port: str = ""
    baud: Annotated[int, msgspec.Meta(ge=300, le=4_000_000)] = 115_200
    pin_file: str = ""
    token: Annotated[str, msgspec.Meta(pattern="^([A-Za-z0-9_-]{24,128})?$")] = ""
    text_field: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "text"


class Backup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sealed copies of the embedded database. ``folder``: where they go, better on another disk; empty: none.

    ``key_file``: the key they are sealed with (``anban-cloud backup-key FILE`` makes one); without it they
    cannot be opened, so a copy of it belongs elsewhere. ``keep``: how many. ``every_h``: how often ``all``
    adds one.
    """

    folder: str = ""
    key_file: str = ""
    keep: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 7
    every_h: Annotated[int, msgspec.Meta(ge=1, le=168)] = 24


class Operations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a process is watched. ``listen``: ``HOST:PORT`` of its /health, /ready and /metrics (port 0: any
    free one); empty: nowhere.

    ``metrics_from``: networks that may read /metrics; others show ``metrics_token`` as a bearer token; empty:
    nobody else may. ``log``: lines for people, or JSON. ``trace_url``: where spans go (OTLP over HTTP, e.g.
    ``http://127.0.0.1:4318``; needs the extra ``trace``); empty: none are made. ``site``: what tells this
    installation's traces from another's.
    """

    listen: Annotated[str, msgspec.Meta(pattern=r"^(\S+:[0-9]{1,5})?$")] = ""
    metrics_from: tuple[str, ...] = ("127.0.0.1/32", "::1/128")
    metrics_token: Annotated[str, msgspec.Meta(pattern="^([A-Za-z0-9_-]{24,128})?$")] = ""
    log: Literal["text", "json"] = "text"
    trace_url: Annotated[str, msgspec.Meta(pattern=r"^(https?://\S+)?$")] = ""
    site: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "anban"


class Oidc(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Signing in through an identity provider (OpenID Connect). ``issuer``: its address; empty: none.

    ``claim``: by which a person was written down; an e-mail address must be verified there.
    ``second_factor``: the provider asks everybody for two factors itself. ``name``: how the sign-in calls it.
    """

    issuer: Annotated[str, msgspec.Meta(pattern=r"^(https?://\S+)?$")] = ""
    client_id: str = ""
    client_secret: str = ""
    client_secret_file: str = ""
    claim: Literal["sub", "email", "preferred_username"] = "sub"
    second_factor: bool = False
    name: str = "OpenID"


class Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``file``: the keys that seal telephone and ID numbers (``cloud.sealed``); empty: one below ``data``."""

    file: str = ""


class Audit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The audit trail. ``keep_days``: how long entries are kept; six months at the least (MLPS 2.0), three
    years unless said. ``heads_file``: where the signed ends of the chain go, best on another machine's disk;
    ``key_file``: the Ed25519 key (PEM) that signs them, made if there is none. Empty: below ``data``.
    """

    keep_days: Annotated[int, msgspec.Meta(ge=183, le=36_500)] = 1_095
    heads_file: str = ""
    key_file: str = ""


class AuditFiles(NamedTuple):
    """Where the trail's heads and their key are."""

    heads: Path
    key: Path


class Storage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long readings and events are kept, in days (docs/operations.md, Storage).

    ``keep``: every single reading and event; a tenant may keep less, nobody more. ``keep_quarters``: what is
    known of each quarter of an hour; hours and days stay. ``compress_readings``, ``compress_events``: age at
    which TimescaleDB compresses them; later changes to what is compressed cost more.
    """

    keep: Annotated[int, msgspec.Meta(ge=3, le=36_500)] = 395
    keep_quarters: Annotated[int, msgspec.Meta(ge=3, le=36_500)] = 1_826
    compress_readings: Annotated[int, msgspec.Meta(ge=1, le=365)] = 2
    compress_events: Annotated[int, msgspec.Meta(ge=1, le=365)] = 14


class County(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[county]]`` with a database of its own, which the city's figures come from too.

    ``division``: its 12-digit code. ``dsn`` signs in as a role that may call ``county_figures`` and nothing
    else; ``dsn_file`` is read instead. ``shards``: which of the broker's 256 are its homes'.
    """

    division: Annotated[str, msgspec.Meta(pattern="^[0-9]{12}$")]
    shards: tuple[ShardNumber, ShardNumber]
    dsn: str = ""
    dsn_file: str = ""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it. ``data``: folder of the embedded services and their secrets."""

    data: str = ""
    database: Database = Database()
    broker: Broker = Broker()
    enrolment: Enrolment = Enrolment()
    ingest: Ingest = Ingest()
    web: Web = Web()
    notify: Notify = Notify()
    sms: Sms = Sms()
    storage: Storage = Storage()
    operations: Operations = Operations()
    county: tuple[County, ...] = ()
    audit: Audit = Audit()
    backup: Backup = Backup()
    keys: Keys = Keys()
    oidc: Oidc = Oidc()

    def audit_files(self) -> AuditFiles | None:
        """As configured, else below ``data``; ``None``: neither is there."""
        heads, key = self.audit.heads_file, self.audit.key_file
        if not self.data and not (heads and key):
            return None
        data = Path(self.data)
        return AuditFiles(
            Path(heads) if heads else data / "audit" / "heads.jsonl",
            Path(key) if key else data / "secrets" / "audit.key",
        )


_HOST: Final = re.compile(r"[A-Za-z0-9.-]{0,253}|[0-9A-Fa-f:.]+")
_LAST_PORT: Final = 65_535
SECRET_ENVIRONMENT: Final = {
    "ANBAN_DATABASE_DSN": ("database", "dsn"),
    "ANBAN_DATABASE_SERVICE_DSN": ("database", "service_dsn"),
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
        secret = environment.get(variable) or _secret_text(environment.get(f"{variable}_FILE"), variable)
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
    first, last = settings.ingest.shards
    if first > last:
        raise ConfigError(f"ingest.shards: {first} comes after {last}")
    if settings.broker.host and not settings.broker.port:
        raise ConfigError("broker.port is not set: brokers listen on 1883, with TLS on 8883")
    if settings.broker.cert_file and not settings.broker.ca_file:
        raise ConfigError("broker.cert_file needs broker.ca_file: a certificate is shown over TLS only")
    _check_enrolment(settings)
    _check_operations(settings.operations)
    if settings.backup.folder and not settings.backup.key_file:
        raise ConfigError("backup.key_file is not set: make a key with anban-cloud backup-key FILE")
    _check_counties(settings.county)
    if settings.oidc.issuer and not (settings.oidc.client_id and settings.web.public_url):
        raise ConfigError("oidc.issuer needs oidc.client_id, and web.public_url to come back to")
    return settings


def _check_counties(counties: Sequence[County]) -> None:
    taken: dict[int, str] = {}
    for county in counties:
        first, last = county.shards
        if first > last:
            raise ConfigError(f"county {county.division}: shard {first} comes after {last}")
        if not (county.dsn or county.dsn_file):
            raise ConfigError(f"county {county.division}: neither dsn nor dsn_file is set")
        for shard in range(first, last + 1):
            if (other := taken.setdefault(shard, county.division)) != county.division:
                raise ConfigError(f"county {county.division}: shard {shard} belongs to {other} already")
    twice = [code for code, n in Counter(county.division for county in counties).items() if n > 1]
    if twice:
        raise ConfigError(f"county {twice[0]} is there twice")


def _check_enrolment(settings: Settings) -> None:
    enrolment = settings.enrolment
    if not _HOST.fullmatch(enrolment.host):
        raise ConfigError(
            f"enrolment.host: {enrolment.host!r} is no name or address; without scheme and port"
        )
    try:
        ipaddress.IPv4Address(enrolment.listen)
    except ValueError as error:
        raise ConfigError(f"enrolment.listen: {enrolment.listen!r} is no IPv4 address") from error
    if enrolment.host and not (enrolment.authority_file or settings.data):
        raise ConfigError("enrolment.authority_file is not set, and there is no data folder to keep one in")


def _check_operations(operations: Operations) -> None:
    if operations.listen and int(operations.listen.rpartition(":")[2]) > _LAST_PORT:
        raise ConfigError(f"operations.listen: {operations.listen!r} has no port of 0-{_LAST_PORT}")
    for network in operations.metrics_from:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ConfigError(f"operations.metrics_from: {error}; write e.g. 10.0.0.0/8") from error


def broker_secret(broker: Broker) -> str:
    """The secret to sign in with: the content of ``secret_file`` if named, else ``secret``.

    Raises:
        ConfigError: the file cannot be read.
    """
    return _secret_text(broker.secret_file, "broker.secret_file") or broker.secret


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
    return _secret_text(oidc.client_secret_file, "oidc.client_secret_file") or oidc.client_secret


def sms_pin(sms: Sms) -> str:
    """The PIN of the card, ``""`` if no file is named.

    Raises:
        ConfigError: the file cannot be read, or holds no PIN.
    """
    pin = _secret_text(sms.pin_file, "sms.pin_file")
    if sms.pin_file and re.fullmatch(r"[0-9]{4,8}", pin) is None:
        raise ConfigError(f"sms.pin_file: {sms.pin_file} holds no PIN of 4-8 digits")
    return pin


def _secret_text(file: str | None, named_by: str) -> str:
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
