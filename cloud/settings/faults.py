"""What settings must say together, although each of them is what it should be. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from cloud.settings.model import SYS, Broker, ConfigError, County, Operations, Settings, Tiles

_HOST: Final = re.compile(r"[A-Za-z0-9.-]{0,253}|[0-9A-Fa-f:.]+")
_LAST_PORT: Final = 65_535
_TILE_PARTS: Final = ("{z}", "{x}", "{y}")


def check(settings: Settings) -> None:
    """Refuse settings that contradict each other.

    Raises:
        ConfigError: names the key and says what to do.
    """
    first, last = settings.ingest.shards
    if first > last:
        raise ConfigError(f"ingest.shards: {first} comes after {last}")
    _check_broker(settings.broker)
    _check_enrolment(settings)
    _check_operations(settings.operations)
    if settings.backup.folder and not settings.backup.key_file:
        raise ConfigError("backup.key_file is not set: make a key with anban-cloud backup-key FILE")
    if bool(settings.plans.router) != bool(settings.plans.router_url):
        raise ConfigError(
            "plans.router and plans.router_url are set together: osrm or valhalla, and where it listens"
        )
    _check_counties(settings.county)
    _check_tiles(settings.tiles)
    if settings.oidc.issuer and not (settings.oidc.client_id and settings.web.public_url):
        raise ConfigError("oidc.issuer needs oidc.client_id, and web.public_url to come back to")


def _check_broker(broker: Broker) -> None:
    if broker.host and not broker.port:
        raise ConfigError("broker.port is not set: brokers listen on 1883, with TLS on 8883")
    if broker.cert_file and not broker.ca_file:
        raise ConfigError("broker.cert_file needs broker.ca_file: a certificate is shown over TLS only")
    if SYS in broker.monitor and len(broker.monitor) > 1:
        raise ConfigError(f'broker.monitor: "{SYS}" (mosquitto) stands alone, or addresses (NATS) without it')


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


def _check_tiles(layers: Sequence[Tiles]) -> None:
    twice = [name for name, n in Counter(layer.id for layer in layers).items() if n > 1]
    if twice:
        raise ConfigError(f"tiles {twice[0]} is there twice")
    for layer in layers:
        if bool(layer.url) == bool(layer.file):
            raise ConfigError(f"tiles {layer.id}: set either url or file")
        missing = [part for part in _TILE_PARTS if layer.url and part not in layer.url]
        if missing:
            raise ConfigError(f"tiles {layer.id}: url has no {missing[0]}")
        if ("{key}" in layer.url) != bool(layer.key_file):
            raise ConfigError(f"tiles {layer.id}: {{key}} in url and key_file belong together")
        if layer.min_zoom > layer.max_zoom:
            raise ConfigError(f"tiles {layer.id}: min_zoom {layer.min_zoom} comes after {layer.max_zoom}")


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
