"""What the cloud can be told: frozen values, a struct per section of the file.

What this is: every key with its meaning, range and default. What it is not: reading (``reading``), what keys
must say together (``faults``), or secrets that lie in files (``secrets``). The one idea: an empty value is
filled by the embedded services (``anban-cloud all``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec

from cloud.headers import Hsts

SYS = "$SYS"
"""Instead of an address in ``broker.monitor``: the broker's own topics, as mosquitto has them."""
Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
ShardNumber = Annotated[int, msgspec.Meta(ge=0, le=255)]


class ConfigError(Exception):
    """The configuration cannot be used; ``str()`` names the key and says what to do."""


class Database(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``dsn``: a libpq connection string, of the owner; empty: the embedded server.

    ``service_dsn``, ``ingest_dsn`` and ``api_dsn``: the same server as its other roles, as ``anban-cloud
    roles`` prints them; empty: the owner signs in and takes the role on, and ingest is the service.
    ``pool``: most connections at once.
    """

    dsn: str = ""
    service_dsn: str = ""
    ingest_dsn: str = ""
    api_dsn: str = ""
    pool: Annotated[int, msgspec.Meta(ge=2, le=100)] = 10


class Broker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The MQTT broker. ``host`` empty: the embedded one. ``secret_file`` is read instead of ``secret``.

    ``port``: 0 lets the embedded broker keep the one it chose on its first start. ``client_id`` names the
    durable session; empty: derived from the secret, so that no gateway can guess it and take the session
    over. ``ca_file`` turns TLS on; ``cert_file`` (a PEM with key and certificate) signs in by certificate.
    ``monitor``: where to ask what waits for ingest: the monitoring address of each server of a NATS
    (``http://HOST:8222``), or ``$SYS`` alone for a mosquitto; empty: nobody asks.
    """

    host: str = ""
    port: Port = 0
    user: str = "ingest"
    secret: str = ""
    secret_file: str = ""
    client_id: str = ""
    ca_file: str = ""
    cert_file: str = ""
    monitor: tuple[Annotated[str, msgspec.Meta(pattern=r"^(\$SYS|https?://\S+)$")], ...] = ()


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
    wait_s: Annotated[float, msgspec.Meta(ge=0.0, le=5.0)] = 0.15


class Web(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the screens and the API listen. ``port`` 0: any free one. ``public_url``: how others reach it.

    ``secure_cookie``: set it when the public address is https. ``address_rate``: requests per second that one
    network address may keep up without a session, 0: any; see docs/security.md. ``hsts``: for whom browsers
    remember that we speak https only; ``subdomains`` shuts out every name below ours that speaks http.
    """

    host: str = "127.0.0.1"
    port: Port = 8080
    public_url: str = ""
    secure_cookie: bool = False
    address_rate: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 50
    hsts: Hsts = "subdomains"


class Notify(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of the message channels by scheme, e.g. ``[notify.channels.sms]``; each channel checks its
    own. ``reports_token``: the secret in the address that providers call with what became of a message
    (``POST /api/v1/receipts/PROVIDER/TOKEN``); empty: no such address. ``probes``: one address of your own
    for each channel that shall be tried every hour.
    """

    channels: dict[str, dict[str, str]] = {}
    reports_token: Annotated[str, msgspec.Meta(pattern="^([A-Za-z0-9_-]{24,128})?$")] = ""
    probes: tuple[str, ...] = ()


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


class Routine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Daily routine. ``model``: a trained model in place of the shipped one (``anban-cloud train-routine``).

    ``backend``: where that training runs: ``loky`` (processes of this machine), ``threading``,
    ``sequential``, or a cluster, ``dask`` or ``ray``, with the ``address`` of its scheduler (empty: one of
    its own here). ``jobs``: processes or threads, -1 for one a core.
    """

    model: str = ""
    backend: str = "loky"
    jobs: Annotated[int, msgspec.Meta(ge=-1, le=4_096)] = -1
    address: str = ""


class Planner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Plans of a day. ``router``: what knows the roads, asked at ``router_url`` (``http://127.0.0.1:5000``);
    without one, ways are estimated and learned from check-ins.
    """

    router: Literal["", "osrm", "valhalla"] = ""
    router_url: str = ""


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


class Tiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[tiles]]`` below the map, in the order in which they lie on each other.

    ``url``: of a server, with ``{z}``, ``{x}``, ``{y}`` and, for what ``key_file`` holds, ``{key}``; or
    ``file``: an MBTiles or PMTiles file with pictures. ``datum``: to what the pictures refer.
    ``attribution`` and ``review_no`` (审图号) stand in the corner of the map.
    """

    id: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,31}$")]
    attribution: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    url: Annotated[str, msgspec.Meta(pattern=r"^(https?://\S+)?$")] = ""
    file: str = ""
    key_file: str = ""
    review_no: Annotated[str, msgspec.Meta(max_length=64)] = ""
    datum: Literal["wgs84", "gcj02"] = "wgs84"
    min_zoom: Annotated[int, msgspec.Meta(ge=0, le=22)] = 0
    max_zoom: Annotated[int, msgspec.Meta(ge=0, le=22)] = 18


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
    tiles: tuple[Tiles, ...] = ()
    audit: Audit = Audit()
    backup: Backup = Backup()
    keys: Keys = Keys()
    routine: Routine = Routine()
    plans: Planner = Planner()
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
