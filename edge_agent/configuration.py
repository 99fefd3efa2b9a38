"""The gateway's configuration: one TOML file in, one frozen ``EdgeSettings`` out.

What this is not: no defaults are looked up later and no dict leaves this module. The one idea: whatever is
wrong in the file is said in one line that a technician can act on, and it is said before anything starts.
An unknown key is an error, because a misspelt key that is ignored is a safety function that is off.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

import msgspec

from edge_agent import identity, seal
from edge_agent.identity import AUTHORITY, Identity, IdentityError, folder_of
from edge_agent.office import names_a_place
from edge_agent.recipients import zone
from edge_agent.settings import (
    PIN_DIGITS,
    BleDeviceSettings,
    BleSettings,
    DeviceKind,
    EdgeSettings,
    LocalMqttSettings,
    SerialSettings,
    SmsSettings,
    UpdateSettings,
    UplinkSettings,
)
from firmware_protocols.codec import Senders
from firmware_protocols.registry import FRAMERS, SENDERS, SUBJECTS
from firmware_protocols.serial.sms_text import BadNumber, checked_number
from firmware_protocols.wire.topics import valid_gateway_id


@dataclass(eq=False)
class SettingsError(Exception):
    """The configuration cannot be used; ``str()`` is one line that names the file and what to change."""

    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}"


def load(path: Path) -> EdgeSettings:
    """Read and check the configuration file.

    Raises:
        SettingsError: unreadable, not TOML, an unknown key, a wrong type or value, a missing secret.
    """
    file = str(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(file, f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(file, f"is not valid TOML: {error}") from error
    return parse(raw, file)


def parse(raw: Mapping[str, Any], file: str = "settings") -> EdgeSettings:
    """Turn parsed TOML into settings; ``file`` is only for the message.

    Raises:
        SettingsError: as ``load``.
    """
    for reason in _unknown_keys(raw, EdgeSettings, ""):
        raise SettingsError(file, reason)
    try:
        settings = msgspec.convert(_with_identity(raw, file), EdgeSettings, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise SettingsError(file, str(error).replace("`$.", "`")) from error
    for reason in _contradictions(settings):
        raise SettingsError(file, reason)
    return replace(
        settings,
        uplink=_with_secret(settings.uplink, file),
        ble=_with_open_keys(settings, file),
        local_mqtt=_with_password(settings.local_mqtt, file),
        sms=_with_pin(settings.sms, file),
        update=_with_authority(settings.update, file),
    )


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise ValueError(f"Expected a path, got {value!r}")


_WHO: Final = (
    "this gateway is not enrolled: run anban-edge enrol CLAIM --url https://..., or say in [uplink] where "
    "its broker is"
)


def _with_identity(raw: Mapping[str, Any], file: str) -> Mapping[str, Any]:
    """``raw`` with what the gateway's identity says, if it is enrolled.

    Raises:
        SettingsError: the identity cannot be used, or the file contradicts it.
    """
    gateway, uplink = raw.get("gateway"), raw.get("uplink", {})
    if not isinstance(gateway, dict) or not isinstance(gateway.get("data_dir"), str):
        return raw
    folder = folder_of(Path(gateway["data_dir"]))
    try:
        known = identity.read(folder)
    except IdentityError as error:
        raise SettingsError(file, str(error)) from error
    if known is None and "uplink" not in raw:
        raise SettingsError(file, _WHO)
    if known is None or not isinstance(uplink, dict):
        return raw
    for reason in _against_identity(known, gateway, uplink):
        raise SettingsError(file, reason)
    pem = str(folder / known.certificate)
    broker = {"host": known.host, "port": known.port, "tls": True, "ca_file": str(folder / AUTHORITY)}
    return {
        **raw,
        "gateway": {**gateway, "id": known.gateway, "shard": known.shard},
        "uplink": {**broker, **uplink, "cert_file": pem, "key_file": pem},
        **_signing(raw.get("sms"), known),
    }


def _signing(sms: object, known: Identity) -> Mapping[str, Any]:
    """The texts' settings with the key of the identity, if there are any."""
    return {"sms": {**sms, "key": known.sms_key}} if isinstance(sms, dict) else {}


def _against_identity(
    known: Identity, gateway: Mapping[str, Any], uplink: Mapping[str, Any]
) -> Iterator[str]:
    """What the file says although the identity says it, and differently."""
    if gateway.get("id", known.gateway) != known.gateway or gateway.get("shard", known.shard) != known.shard:
        yield (
            f"gateway.id and gateway.shard are not those that this gateway was enrolled with "
            f"({known.gateway}, {known.shard}): take them out of the file"
        )
    if doubled := sorted({"secret", "secret_file", "cert_file", "key_file", "tls"} & uplink.keys()):
        yield (
            f"uplink.{doubled[0]}: this gateway is enrolled as {known.gateway} and signs in by certificate; "
            "take it out of the file"
        )


def _with_open_keys(settings: EdgeSettings, file: str) -> BleSettings | None:
    """The radio's settings with every sealed bind key opened.

    Raises:
        SettingsError: one was not sealed on this gateway.
    """
    ble = settings.ble
    if ble is None or not any(device.bindkey.startswith(seal.PREFIX) for device in ble.device):
        return ble
    try:
        root = identity.root_key(settings.identity_folder)
    except IdentityError as error:
        raise SettingsError(file, f"there are sealed bind keys, and {error}") from error
    return replace(ble, device=tuple(_with_open_key(device, root, file) for device in ble.device))


def _with_open_key(device: BleDeviceSettings, root: identity.PrivateKey, file: str) -> BleDeviceSettings:
    if not device.bindkey.startswith(seal.PREFIX):
        return device
    try:
        return replace(device, bindkey=seal.opened(root, device.bindkey).hex())
    except seal.SealError as error:
        raise SettingsError(file, f"ble.device {device.name!r}: its bindkey {error}") from error


def _unknown_keys(raw: Mapping[str, Any], kind: type, where: str) -> Iterator[str]:
    hints = typing.get_type_hints(kind, include_extras=False)
    known = [item.name for item in dataclasses.fields(kind)]
    for key, value in raw.items():
        if key not in known:
            yield _unknown(key, known, where)
        elif inner := _dataclass_in(hints[key]):
            tables = value if isinstance(value, list) else [value]
            for table in tables:
                if isinstance(table, dict):
                    yield from _unknown_keys(table, inner, f"{where}.{key}".lstrip("."))


def _unknown(key: str, known: Sequence[str], where: str) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return f"unknown key {key!r} {f'in [{where}]' if where else 'at the top'}; {hint}"


def _dataclass_in(hint: Any) -> type | None:
    """The settings class a hint such as ``X | None`` or ``tuple[X, ...]`` speaks of."""
    if dataclasses.is_dataclass(hint):
        return typing.cast("type", hint)
    if typing.get_origin(hint) in {types.UnionType, typing.Union, tuple}:
        return next(filter(None, map(_dataclass_in, typing.get_args(hint))), None)
    return None


def _contradictions(settings: EdgeSettings) -> Iterator[str]:
    """What each value alone cannot show."""
    if not valid_gateway_id(settings.gateway.id):
        yield f"gateway.id {settings.gateway.id!r} must be 2-48 letters, digits and '-'"
    radio = settings.ble.device if settings.ble else ()
    local = settings.local_mqtt.device if settings.local_mqtt else ()
    names = [*(device.name for device in radio), *(device.name for device in settings.serial)]
    names += [device.name for device in local]
    names += [device.name for line in settings.serial for device in line.device]
    yield from (f"two devices are named {name!r}" for name in _twice(names))
    yield from (
        f"rules.fall_thresholds names {name!r}, which is no device here"
        for name in settings.rules.fall_thresholds
        if name not in names
    )
    yield from (f"two devices have the address {a}" for a in _twice([d.address.upper() for d in radio]))
    if settings.ble and settings.ble.backend == "hci" and not settings.ble.transport:
        yield "ble.backend 'hci' needs ble.transport, e.g. \"tcp-client:127.0.0.1:9001\""
    yield from (f"device {d.name!r}: 'bond' needs 'connect'" for d in radio if d.bond and not d.connect)
    if settings.ble and settings.ble.backend == "hci":
        yield from (f"device {d.name!r}: 'bond' needs ble.backend 'bluez'" for d in radio if d.bond)
    for line in settings.serial:
        yield from (f"serial {line.name!r}: {reason}" for reason in _line_contradictions(line))
    if settings.local_mqtt:
        yield from _local_contradictions(settings.local_mqtt)
    yield from _uplink_contradictions(settings.uplink)
    if settings.update:
        yield from _update_contradictions(settings.update, enrolled=settings.enrolled)
    if settings.sms:
        yield from _texting_faults(settings.sms, settings.uplink)


def _update_contradictions(update: UpdateSettings, *, enrolled: bool) -> Iterator[str]:
    if not update.url and not enrolled:
        yield "update.url is needed: this gateway is not enrolled, so it does not know its cloud's address"
    if update.url and not names_a_place(update.url):
        yield f"update.url {update.url!r} is no address: say https://name-of-the-cloud"
    if update.ca and update.ca_file:
        yield "update takes one of 'ca' and 'ca_file'"


def _uplink_contradictions(uplink: UplinkSettings) -> Iterator[str]:
    if bool(uplink.secret) == bool(uplink.secret_file) and not (uplink.cert_file and not uplink.secret):
        yield "uplink needs exactly one of 'secret' and 'secret_file'"
    if bool(uplink.cert_file) != bool(uplink.key_file):
        yield "uplink.cert_file and uplink.key_file belong together"
    if not uplink.tls and (uplink.ca_file or uplink.cert_file):
        yield "uplink has certificate files but 'tls' is not true"


def _texting_faults(sms: SmsSettings, uplink: UplinkSettings) -> Iterator[str]:
    if sms.centre and not (sms.key or uplink.secret or uplink.secret_file):
        yield "sms.centre: this gateway has no key to sign texts with; enrol it anew with --again"
    numbers = [*filter(None, [sms.centre]), *sms.contacts]
    if not numbers:
        yield "sms texts nobody: give 'centre', 'contacts' or both"
    for number in numbers:
        try:
            checked_number(number)
        except BadNumber as error:
            yield f"sms.centre or sms.contacts: {error}"
    if sms.contacts and not sms.name:
        yield "sms.contacts need sms.name: what they call the resident"
    if sms.pin and sms.pin_file:
        yield "sms needs at most one of 'pin' and 'pin_file'"
    if zone(sms.time_zone) is None and available_timezones():  # a system without any cannot tell
        yield f"sms.time_zone {sms.time_zone!r} is not known here: contacts would read a wrong time"


def _local_contradictions(local: LocalMqttSettings) -> Iterator[str]:
    topics: list[str] = []
    for device in local.device:
        where = f"local_mqtt device {device.name!r}"
        if device.codec not in SUBJECTS:
            yield f"{where}: no codec {device.codec!r}; there are: {', '.join(SUBJECTS)}"
        elif not _is_plain(device.topic):
            yield f"{where}: topic {device.topic!r} must be one topic, e.g. 'zigbee2mqtt/door': no '+' or '#'"
        else:
            try:
                topics += device.subjects()
            except ValueError as error:
                yield f"{where}: {device.codec} {error}"
    yield from (f"two local_mqtt devices read the topic {topic!r}" for topic in _twice(topics))
    if local.password and local.password_file:
        yield "local_mqtt takes one of 'password' and 'password_file'"
    if (local.password or local.password_file) and not local.user:
        yield "local_mqtt has a password but no 'user'"
    if local.ca_file and not local.tls:
        yield "local_mqtt has a certificate file but 'tls' is not true"


def _is_plain(topic: str) -> bool:
    """Whether it names one place: no wildcard, no broker's own (``$SYS``), no empty level, only printable."""
    return topic.isprintable() and all(topic.split("/")) and topic[0] != "$" and not set("+#") & set(topic)


def _line_contradictions(line: SerialSettings) -> Iterator[str]:
    if line.codec not in FRAMERS:
        yield f"no codec {line.codec!r}; there are: {', '.join(FRAMERS)}"
    elif (senders := SENDERS.get(line.codec)) is not None:
        yield from _many_contradictions(line, senders)
    elif line.device:
        yield f"codec {line.codec!r} is of one device; move its room and kind up and leave 'device' out"
    if bool(line.cli_port) != bool(line.cli_file):
        yield "'cli_port' and 'cli_file' belong together"
    if line.cli_port and line.cli_port == line.port:
        yield "'cli_port' is the data port; a radar has two, often …-if00 and …-if01"


def _many_contradictions(line: SerialSettings, senders: Senders) -> Iterator[str]:
    if not line.device:
        yield f"codec {line.codec!r} carries many devices; list each as [[serial.device]] with its address"
    if line.room or line.kind is not DeviceKind.RADAR:
        yield "'room' and 'kind' belong into each [[serial.device]]"
    for device in line.device:
        if not re.fullmatch(senders.address, device.address.upper()):
            yield f"{device.address!r} of {device.name!r} is no address; one is like {senders.example!r}"
    for address in _twice([device.address.upper() for device in line.device]):
        yield f"two devices have the address {address}"


def _twice(values: Sequence[str]) -> Sequence[str]:
    return sorted({value for value in values if values.count(value) > 1})


def _with_pin(sms: SmsSettings | None, file: str) -> SmsSettings | None:
    if sms is None or sms.pin_file is None:
        return sms
    try:
        pin = sms.pin_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            file, f"sms.pin_file {sms.pin_file}: {error}; write the card's PIN there"
        ) from error
    if not (pin.isdecimal() and len(pin) in PIN_DIGITS):
        raise SettingsError(file, f"sms.pin_file {sms.pin_file} holds no PIN of 4-8 digits")
    return replace(sms, pin=pin)


def _with_secret(uplink: UplinkSettings, file: str) -> UplinkSettings:
    if uplink.secret_file is None:
        return uplink
    advice = "write this gateway's secret there, readable only by the agent's user"
    return replace(uplink, secret=_content(uplink.secret_file, "uplink.secret_file", advice, file))


def _with_password(local: LocalMqttSettings | None, file: str) -> LocalMqttSettings | None:
    if local is None or local.password_file is None:
        return local
    advice = "write the password of local_mqtt.user there, readable only by the agent's user"
    password = _content(local.password_file, "local_mqtt.password_file", advice, file)
    return replace(local, password=password)


def _with_authority(update: UpdateSettings | None, file: str) -> UpdateSettings | None:
    if update is None or update.ca_file is None:
        return update
    advice = "write the certificate (PEM) of who vouches for update.url there"
    return replace(update, ca=_content(update.ca_file, "update.ca_file", advice, file))


def _content(path: Path, key: str, advice: str, file: str) -> str:
    try:
        content = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(file, f"{key} {path}: {error}; {advice}") from error
    if not content:
        raise SettingsError(file, f"{key} {path} is empty; {advice}")
    return content
