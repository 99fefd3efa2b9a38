"""What ``anban-edge check`` says: what the configuration means, and what this machine lacks for it."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from edge_agent import identity, office
from edge_agent.drivers import DriverError, build_all
from edge_agent.motion import load_watch
from edge_agent.office import OfficeError
from edge_agent.settings import (
    Device,
    DeviceKind,
    EdgeSettings,
    LocalMqttSettings,
    SerialSettings,
    SmsSettings,
    UpdateSettings,
)
from edge_agent.update.fetch import source
from firmware_protocols.wire.release import BadKey, public_key

_ANSWER_S: Final = 3.0
"""A broker in the same home answers sooner."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: fit or not."""

    ok: bool
    text: str


def findings(settings: EdgeSettings) -> list[Finding]:
    """Everything there is to say, in the order of the file."""
    return list(_findings(settings))


def _findings(settings: EdgeSettings) -> Iterator[Finding]:
    gateway, uplink = settings.gateway, settings.uplink
    yield Finding(True, f"gateway {gateway.id}, shard {gateway.shard}")
    yield _folder(gateway.data_dir, "data folder")
    yield Finding(True, f"broker {uplink.host}:{uplink.port} {'with' if uplink.tls else 'WITHOUT'} TLS")
    for path in filter(None, (uplink.ca_file, uplink.cert_file, uplink.key_file)):
        yield Finding(os.access(path, os.R_OK), f"certificate file {path}")
    yield from _certificate(settings)
    for device in settings.devices.values():
        yield Finding(True, _device(device))
    for line in settings.serial:
        yield from _line(line)
    if settings.local_mqtt:
        yield from _local_broker(settings.local_mqtt)
    if settings.sms:
        yield from _second_path(settings.sms)
    if settings.update:
        yield from _updates(settings, settings.update)
    yield _drivers(settings)
    if any(device.kind is DeviceKind.WEARABLE for device in settings.devices.values()):
        yield _model(settings.rules.fall_position)
    if not settings.devices:
        yield Finding(False, "no devices: this gateway watches nothing")


def _line(line: SerialSettings) -> Iterator[Finding]:
    if "://" not in line.port:
        words = f"serial port {line.port} for {line.name}: {line.codec} at {line.rate} baud"
        yield Finding(os.access(line.port, os.R_OK | os.W_OK), words)
    if line.cli_port:
        yield from _setup(line)


def _certificate(settings: EdgeSettings) -> Iterator[Finding]:
    """How long the identity holds; of a gateway that is not enrolled, nothing."""
    if not settings.enrolled or settings.uplink.cert_file is None:
        return
    try:
        until = identity.validity(settings.uplink.cert_file).until
    except identity.IdentityError as error:
        yield Finding(False, str(error))
    else:
        yield Finding(until > datetime.now(UTC), f"enrolled, certificate valid until {until:%Y-%m-%d}")


def _setup(line: SerialSettings) -> Iterator[Finding]:
    from edge_agent.drivers import ti_setup

    if "://" not in line.cli_port:
        yield Finding(
            os.access(line.cli_port, os.R_OK | os.W_OK), f"CLI port {line.cli_port} for {line.name}"
        )
    try:
        count = len(ti_setup.read(line.cli_file or Path()))
    except DriverError as error:
        yield Finding(False, str(error))
    else:
        yield Finding(True, f"{line.cli_file}: {count} commands for {line.name}")


def _second_path(sms: SmsSettings) -> Iterator[Finding]:
    if "://" not in sms.port:
        yield Finding(os.access(sms.port, os.R_OK | os.W_OK), f"modem port {sms.port}")
    yield Finding(True, f"texts go to {', '.join(sms.recipients.numbers)}")
    if not sms.centre:
        yield Finding(False, "sms.centre is not set: a text then reaches people, but opens no incident")


def _updates(settings: EdgeSettings, update: UpdateSettings) -> Iterator[Finding]:
    """Who gives releases, who signs them, where the program is, and where what was fetched waits."""
    yield _release_source(settings, update)
    yield _release_key(update.key_file)
    for link in ("current", "trusted"):
        there = os.access(update.folder / link / "bin" / "python", os.X_OK)
        advice = "" if there else ": install the program by deploy/gateway/install, or say update.folder"
        yield Finding(there, f"program {update.folder / link}{advice}")
    yield _folder(settings.gateway.data_dir / "update", "update folder")


def _release_source(settings: EdgeSettings, update: UpdateSettings) -> Finding:
    try:
        cloud = source(settings, update)
        office.connected(cloud).close()
    except ssl.SSLCertVerificationError as error:
        advice = "name who vouches for it with update.ca_file, and look at this machine's clock"
        return Finding(False, f"updates from {cloud.url}: not trusted ({error.verify_message}): {advice}")
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        advice = "is there a network, and is the address right?"
        return Finding(False, f"updates from {cloud.url}: cannot be reached ({reason}): {advice}")
    except (OfficeError, identity.IdentityError) as error:
        return Finding(False, f"updates: {error}")
    return Finding(True, f"updates from {cloud.url}")


def _release_key(file: Path) -> Finding:
    advice = "copy the public key of releases (PEM) there, readable for all, or take [update] out"
    try:
        public_key(file.read_bytes())
    except OSError as error:
        return Finding(False, f"key of releases {file} cannot be read ({error.strerror}): {advice}")
    except BadKey as error:
        return Finding(False, f"key of releases {file}: {error}: {advice}")
    return Finding(True, f"key of releases {file}")


def _device(device: Device) -> str:
    where = f" in {device.room}" if device.room else ""
    encrypted = ", encrypted" if device.key else ""
    return f"{device.kind} {device.name}{where}{encrypted}"


def _local_broker(local: LocalMqttSettings) -> Iterator[Finding]:
    where, way = f"{local.host}:{local.port}", "with" if local.tls else "without"
    try:
        socket.create_connection((local.host, local.port), _ANSWER_S).close()
    except OSError as error:
        yield Finding(False, f"broker in the home {where} does not answer ({error}): does it run?")
    else:
        yield Finding(True, f"broker in the home {where} {way} TLS")
    if local.ca_file:
        yield Finding(os.access(local.ca_file, os.R_OK), f"certificate file {local.ca_file}")


def _folder(folder: Path, what: str) -> Finding:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return Finding(os.access(existing, os.W_OK | os.X_OK), f"{what} {folder} can be written")


def _drivers(settings: EdgeSettings) -> Finding:
    try:
        drivers = build_all(settings)
    except ImportError as error:
        return Finding(False, f"a driver cannot be loaded: {error}")
    return Finding(True, f"drivers: {', '.join(driver.name for driver in drivers) or 'none'}")


def _model(position: Literal["waist", "wrist"]) -> Finding:
    try:
        load_watch(position)
    except (ValueError, ImportError) as error:
        return Finding(False, f"fall model for the {position}: {error}")
    return Finding(True, f"fall model for the {position}")
