"""What the agent is told from outside, as frozen values: ``EdgeSettings`` and its parts.

What this is not: the file they come from (``configuration``). The one idea: every range stands in the type,
and a kind is a closed vocabulary, because a misspelt ``pendant`` would be a dead SOS button.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta

from edge_agent.identity import folder_of
from edge_agent.recipients import Recipients
from edge_agent.update.places import KEY, PROGRAM
from firmware_protocols.model import DeviceId, GatewayId
from firmware_protocols.registry import BAUDS, SUBJECTS
from firmware_protocols.wire.topics import SHARDS


class DeviceKind(StrEnum):
    """What a device is for. Closed, so that a misspelt ``pendant`` is an error, not a dead SOS button."""

    PENDANT = "pendant"
    SOS_BUTTON = "sos_button"
    CANCEL_BUTTON = "cancel_button"
    VISITOR_BUTTON = "visitor_button"
    PILL_BOX = "pill_box"
    WEARABLE = "wearable"
    HEART_RATE = "heart_rate"
    PULSE_OXIMETER = "pulse_oximeter"
    BLOOD_PRESSURE = "blood_pressure"
    THERMOMETER = "thermometer"
    SCALE = "scale"
    GLUCOSE_METER = "glucose_meter"
    RADAR = "radar"
    BED = "bed"
    DOOR = "door"
    WINDOW = "window"
    MOTION = "motion"
    PRESENCE = "presence"
    SMOKE = "smoke"
    GAS = "gas"
    CARBON_MONOXIDE = "carbon_monoxide"
    WATER = "water"
    CLIMATE = "climate"
    PLUG = "plug"
    STOVE = "stove"
    MAINS = "mains"
    GAS_VALVE = "gas_valve"
    WATER_VALVE = "water_valve"
    OTHER = "other"


Name = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,47}\Z")]
Seconds = Annotated[float, Meta(ge=0, le=3600)]
Threshold = Annotated[float, Meta(ge=0.2, le=0.99)]
PIN_DIGITS: Final = range(4, 9)
"""How long a card's PIN is (3GPP TS 11.11, 9.3)."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Who this gateway is and where it keeps its files."""

    id: str
    shard: Annotated[int, Meta(ge=0, lt=SHARDS)]
    data_dir: Path

    @property
    def gateway_id(self) -> GatewayId:
        return GatewayId(self.id)


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """The broker and how to sign in to it. ``secret`` holds the file's content once loaded.

    Of an enrolled gateway it comes from its identity; only host and port may be said otherwise.
    """

    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=1, le=65535)] = 1883
    secret: str = field(default="", repr=False)
    secret_file: Path | None = None
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class BleDeviceSettings:
    """One Bluetooth device. ``connect``: it is a GATT server to stay connected to, not a broadcaster.

    ``bond``: pair with it first, as cuffs and thermometers ask for; it must be in its pairing mode once.
    ``user``: which of a cuff's users is the resident; what it measures of the others is left out.
    """

    address: Annotated[str, Meta(pattern=r"\A[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}\Z")]
    name: Name
    kind: DeviceKind = DeviceKind.OTHER
    room: str = ""
    bindkey: Annotated[str, Meta(pattern=r"\A([0-9A-Fa-f]{32}|sealed:[A-Za-z0-9_=-]{60})?\Z")] = field(
        default="", repr=False
    )
    connect: bool = False
    bond: bool = False
    user: Annotated[int, Meta(ge=0, le=254)] | None = None

    @property
    def key(self) -> bytes | None:
        """The 16-byte bind key, if the device encrypts."""
        return bytes.fromhex(self.bindkey) if self.bindkey else None


@dataclass(frozen=True, slots=True)
class BleSettings:
    """The radio: ``bluez`` with an ``adapter``, or ``hci`` with a bumble ``transport`` moniker.

    ``silence_s``: no advertisement from anybody for so long means that the radio is deaf. A remote home in
    which no telephone, lamp or neighbour advertises needs more.
    """

    backend: Literal["bluez", "hci"] = "bluez"
    adapter: str = "hci0"
    transport: str = ""
    silence_s: Annotated[float, Meta(ge=30, le=3600)] = 90.0
    device: tuple[BleDeviceSettings, ...] = ()


@dataclass(frozen=True, slots=True)
class SerialDeviceSettings:
    """One of many devices behind a serial line; ``address`` is the sender's id in its frames."""

    address: Annotated[str, Meta(min_length=1)]
    name: Name
    kind: DeviceKind = DeviceKind.OTHER
    room: str = ""


Baud = Annotated[int, Meta(ge=300, le=4_000_000)]


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """One serial line; ``port`` is any pyserial URL (``/dev/ttyUSB0``, ``socket://host:1``).

    It is one device, or the gateway of many: then ``device`` lists them, and the line's own name is only
    that of the driver. ``baud`` is needed only where it does not speak at the rate at which it is sold.
    ``cli_port`` and ``cli_file``: where, and with which text, a radar is configured at each power-up.
    """

    name: Name
    codec: str
    port: Annotated[str, Meta(min_length=1)]
    baud: Baud | None = None
    room: str = ""
    kind: DeviceKind = DeviceKind.RADAR
    device: tuple[SerialDeviceSettings, ...] = ()
    cli_port: str = ""
    cli_baud: Baud = 115_200
    cli_file: Path | None = None

    @property
    def rate(self) -> int:
        """The line's baud rate."""
        return self.baud or BAUDS[self.codec]


@dataclass(frozen=True, slots=True)
class LocalDeviceSettings:
    """One device that speaks MQTT in the home. ``topic``: its own, without wildcards.

    ``entities``: for codecs whose messages do not name what they hold, which entity means what.
    """

    name: Name
    codec: str
    topic: Annotated[str, Meta(max_length=200)]
    kind: DeviceKind = DeviceKind.OTHER
    room: str = ""
    entities: Mapping[str, str] = field(default_factory=dict)

    def subjects(self) -> Mapping[str, str]:
        """Each topic to listen to, and what a message there is about.

        Raises:
            ValueError: the codec cannot use ``entities``.
        """
        found = SUBJECTS[self.codec](self.entities)
        return {f"{self.topic}/{sub}" if sub else self.topic: subject for sub, subject in found.items()}


@dataclass(frozen=True, slots=True)
class LocalMqttSettings:
    """The home's own broker. ``password`` holds the content of ``password_file`` once loaded."""

    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 1883
    user: str = ""
    password: str = field(default="", repr=False)
    password_file: Path | None = None
    tls: bool = False
    ca_file: Path | None = None
    device: tuple[LocalDeviceSettings, ...] = ()


@dataclass(frozen=True, slots=True)
class RulesSettings:
    """How the gateway's own judgement is tuned.

    ``fall_thresholds``: by device, the probability from which its motion is a fall, where somebody's wearable
    finds too much or too little; the others take the model's own.
    """

    fall_confirm_s: Seconds = 20.0
    fall_position: Literal["waist", "wrist"] = "waist"
    fall_thresholds: Mapping[str, Threshold] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """How much may wait on disk, MiB, and how long readings may wait in memory for company, s.

    A month of 100,000 readings a day takes 260 MiB (`benchmarks.edge_resources`).
    """

    quota_mib: Annotated[int, Meta(ge=1, le=65_536)] = 512
    group_s: Annotated[float, Meta(gt=0, le=10)] = 10.0


@dataclass(frozen=True, slots=True)
class PromptSettings:
    """Local sound. ``command`` is run for each phrase, ``{phrase}`` replaced by its name; empty: the log."""

    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """The second path: a mobile modem at ``port`` (any pyserial URL) and whom it texts, in E.164.

    ``centre``: the alarm centre's number. ``contacts``: at most two, in the order of texting; ``name``: what
    they call the resident. ``pin`` holds the content of ``pin_file`` once loaded. ``hourly``: most texts in
    an hour, whatever happens. ``key``: what texts are signed with, hex, of an enrolled gateway out of its
    identity; others derive it from their secret.
    """

    port: Annotated[str, Meta(min_length=1)]
    baud: Annotated[int, Meta(ge=300, le=4_000_000)] = 115_200
    centre: str = ""
    contacts: Annotated[tuple[str, ...], Meta(max_length=2)] = ()
    name: Annotated[str, Meta(max_length=20, pattern=r"\A[^\x00-\x1f]*\Z")] = ""
    locale: Literal["zh-Hans", "zh-Hant", "en"] = "zh-Hans"
    time_zone: str = "Asia/Shanghai"
    pin: Annotated[str, Meta(pattern=r"\A([0-9]{4,8})?\Z")] = field(default="", repr=False)
    pin_file: Path | None = None
    hourly: Annotated[int, Meta(ge=4, le=60)] = 12
    key: Annotated[str, Meta(pattern=r"\A([0-9a-f]{64})?\Z")] = field(default="", repr=False)

    @property
    def recipients(self) -> Recipients:
        """Whom to text."""
        return Recipients(self.centre, self.contacts, self.name, self.locale, self.time_zone, self.hourly)


@dataclass(frozen=True, slots=True)
class UpdateSettings:
    """Updates from the cloud. ``url``: where the files are, of an enrolled gateway out of its identity.

    ``ca`` holds the content of ``ca_file`` (who vouches for ``url``, PEM) once loaded. ``folder``: the
    program's; ``key_file``: the public key of releases (Ed25519, PEM).
    """

    url: str = ""
    ca: str = ""
    ca_file: Path | None = None
    folder: Path = PROGRAM
    key_file: Path = KEY


@dataclass(frozen=True, slots=True)
class Device:
    """What the rest of the agent needs to know of one configured device, whatever carries it."""

    name: DeviceId
    kind: DeviceKind
    room: str
    address: str = ""
    key: bytes | None = field(default=None, repr=False)
    user: int | None = None


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """Everything the agent is told from outside."""

    gateway: GatewaySettings
    uplink: UplinkSettings
    ble: BleSettings | None = None
    serial: tuple[SerialSettings, ...] = ()
    local_mqtt: LocalMqttSettings | None = None
    rules: RulesSettings = RulesSettings()
    outbox: OutboxSettings = OutboxSettings()
    prompt: PromptSettings = PromptSettings()
    sms: SmsSettings | None = None
    update: UpdateSettings | None = None

    @property
    def identity_folder(self) -> Path:
        """Where this gateway's identity lies, or would lie."""
        return folder_of(self.gateway.data_dir)

    @property
    def enrolled(self) -> bool:
        """Whether it signs in by the certificate of its identity."""
        return self.uplink.cert_file is not None and self.uplink.cert_file.parent == self.identity_folder

    @property
    def devices(self) -> Mapping[DeviceId, Device]:
        """All configured devices by name."""
        radio = self.ble.device if self.ble else ()
        found = [Device(DeviceId(d.name), d.kind, d.room, d.address.upper(), d.key, d.user) for d in radio]
        found += [Device(DeviceId(s.name), s.kind, s.room) for s in self.serial if not s.device]
        many = (d for s in self.serial for d in s.device)
        found += [Device(DeviceId(d.name), d.kind, d.room, d.address.upper()) for d in many]
        local = self.local_mqtt.device if self.local_mqtt else ()
        found += [Device(DeviceId(d.name), d.kind, d.room) for d in local]
        return {device.name: device for device in found}
