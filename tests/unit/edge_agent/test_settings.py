"""Whatever is wrong in the file is said in one line that names it."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edge_agent.configuration import SettingsError, load, parse
from edge_agent.enrol import enrol
from edge_agent.settings import DeviceKind
from firmware_protocols.model import DeviceId
from tests.unit.edge_agent import office as offices

GOOD: dict[str, Any] = {
    "gateway": {"id": "gw-7k2m9q", "shard": 17, "data_dir": "/var/lib/anban"},
    "uplink": {"host": "127.0.0.1", "port": 1883, "secret": "s"},
    "ble": {
        "backend": "bluez",
        "adapter": "hci0",
        "device": [
            {
                "address": "a4:c1:38:00:00:01",
                "name": "pendant",
                "kind": "pendant",
                "bindkey": "231d39c1d7cc1ab1aee224cd096db932",
            }
        ],
    },
    "local_mqtt": {
        "user": "anban",
        "password": "p",
        "device": [
            {
                "name": "door",
                "kind": "door",
                "codec": "zigbee2mqtt",
                "topic": "zigbee2mqtt/door",
                "room": "hall",
            },
            {
                "name": "radar-bed",
                "kind": "radar",
                "codec": "esphome",
                "topic": "radar-bed",
                "entities": {"binary_sensor/there": "presence"},
            },
        ],
    },
    "serial": [{"name": "radar-bath", "codec": "micradar", "port": "/dev/ttyUSB0", "room": "bathroom"}],
}


MANY: dict[str, Any] = {
    "name": "stick",
    "codec": "enocean",
    "port": "/dev/ttyUSB1",
    "device": [{"address": "01825dab", "name": "door-front", "kind": "door", "room": "hall"}],
}


def broken(change: Callable[[dict[str, Any]], object]) -> str:
    raw = copy.deepcopy(GOOD)
    change(raw)
    with pytest.raises(SettingsError) as caught:
        parse(raw, "edge.toml")
    text = str(caught.value)
    assert text.startswith("edge.toml: ")
    assert "\n" not in text
    return text


def test_a_good_file_gives_all_devices_with_kind_room_and_key() -> None:
    devices = parse(GOOD).devices
    assert [(d.name, d.kind, d.room) for d in devices.values()] == [
        ("pendant", DeviceKind.PENDANT, ""),
        ("radar-bath", DeviceKind.RADAR, "bathroom"),
        ("door", DeviceKind.DOOR, "hall"),
        ("radar-bed", DeviceKind.RADAR, ""),
    ]
    pendant = next(iter(devices.values()))
    assert pendant.address == "A4:C1:38:00:00:01"
    assert pendant.key == bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")


def test_a_line_of_many_gives_its_devices_and_not_itself() -> None:
    raw = copy.deepcopy(GOOD)
    raw["serial"].append(MANY)
    devices = parse(raw).devices
    assert [*devices] == ["pendant", "radar-bath", "door-front", "door", "radar-bed"]
    door = devices[DeviceId("door-front")]
    assert (door.kind, door.room, door.address) == (DeviceKind.DOOR, "hall", "01825DAB")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"device": []}, ("'stick'", "carries many devices", "[[serial.device]]")),
        ({"room": "hall"}, ("'stick'", "belong into each [[serial.device]]")),
        ({"codec": "micradar"}, ("'stick'", "'micradar' is of one device")),
        ({"device": [{"address": "1825DAB", "name": "a"}]}, ("'1825DAB' of 'a'", "like '01825DAB'")),
        ({"device": [{"address": "01825DAB", "name": "pendant"}]}, ("two devices are named 'pendant'",)),
        ({"device": [{"address": "01825DAB", "nmae": "a"}]}, ("'nmae' in [serial.device]", "'name'")),
        (
            {"device": [{"address": "01825DAB", "name": "a"}, {"address": "01825dab", "name": "b"}]},
            ("two devices have the address 01825DAB",),
        ),
        ({"cli_port": "/dev/ttyUSB2"}, ("'cli_port' and 'cli_file' belong together",)),
        ({"cli_port": "/dev/ttyUSB1", "cli_file": "/etc/a.cfg"}, ("'cli_port' is the data port",)),
        ({"cli_baud": 3}, ("cli_baud", "300")),
    ],
)
def test_what_is_wrong_with_a_line_of_many_is_named(change: dict[str, Any], words: tuple[str, ...]) -> None:
    text = broken(lambda raw: raw["serial"].append({**MANY, **change}))
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: raw.update(gatway={}), ("'gatway'", "at the top", "did you mean 'gateway'?")),
        (lambda raw: raw["gateway"].update(shrad=1), ("'shrad'", "[gateway]", "'shard'")),
        (lambda raw: raw["ble"]["device"][0].update(adress="x"), ("'adress'", "[ble.device]", "'address'")),
        (lambda raw: raw["serial"][0].update(zzz=1), ("'zzz'", "[serial]", "known here", "baud")),
        (lambda raw: raw["gateway"].update(shard="x"), ("int", "gateway.shard")),
        (lambda raw: raw["gateway"].update(shard=256), ("255", "gateway.shard")),
        (lambda raw: raw["gateway"].update(id="gw_1/#"), ("gateway.id", "letters, digits")),
        (lambda raw: raw["gateway"].update(data_dir=3), ("path", "gateway.data_dir")),
        (lambda raw: raw["serial"][0].update(name="radar\n"), ("serial[0].name",)),
        (lambda raw: raw["ble"]["device"][0].update(address="A4:C1:38:00:00:01\n"), ("device[0].address",)),
        (lambda raw: raw.pop("uplink"), ("uplink",)),
        (lambda raw: raw["uplink"].pop("secret"), ("exactly one of 'secret' and 'secret_file'",)),
        (lambda raw: raw["uplink"].update(ca_file="/ca.pem"), ("'tls' is not true",)),
        (lambda raw: raw["uplink"].update(cert_file="/c.pem", tls=True), ("belong together",)),
        (lambda raw: raw["ble"]["device"][0].update(kind="pendent"), ("pendent", "ble.device[0].kind")),
        (lambda raw: raw["ble"]["device"][0].update(bindkey="12"), ("bindkey",)),
        (lambda raw: raw["ble"].update(backend="hci"), ("ble.transport",)),
        (lambda raw: raw["ble"]["device"][0].update(bond=True), ("'bond' needs 'connect'",)),
        (
            lambda raw: (
                raw["ble"].update(backend="hci", transport="usb:0"),
                raw["ble"]["device"][0].update(bond=True, connect=True),
            ),
            ("'bond' needs ble.backend 'bluez'",),
        ),
        (lambda raw: raw["ble"].update(silence_s=5), ("silence_s",)),
        (lambda raw: raw["serial"][0].update(name="pendant"), ("two devices are named 'pendant'",)),
        (lambda raw: raw["serial"][0].update(codec="micrador"), ("no codec 'micrador'", "micradar")),
        (
            lambda raw: raw.update(rules={"fall_thresholds": {"pendent": 0.7}}),
            ("rules.fall_thresholds", "'pendent'", "no device here"),
        ),
        (lambda raw: raw.update(rules={"fall_thresholds": {"pendant": 1.5}}), ("fall_thresholds", "0.99")),
    ],
)
def test_what_is_wrong_is_named(change: Callable[[dict[str, Any]], object], words: tuple[str, ...]) -> None:
    text = broken(change)
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({}, "update.url is needed: this gateway is not enrolled"),
        ({"url": "https://cloud:port"}, "update.url 'https://cloud:port' is no address: say https://"),
        ({"url": "https://cloud", "ca_file": "/no/such/file"}, "update.ca_file /no/such/file: "),
        ({"url": "https://cloud", "ca_file": "/no/such/file", "ca": "PEM"}, "one of 'ca' and 'ca_file'"),
    ],
)
def test_what_is_wrong_with_updates_is_named_before_anything_starts(
    update: dict[str, str], words: str
) -> None:
    assert words in broken(lambda raw: raw.update(update=update))


def test_who_vouches_for_the_place_of_updates_is_read_at_once(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("PEM\n")
    raw = {**GOOD, "update": {"url": "https://cloud", "ca_file": str(tmp_path / "ca.pem")}}
    update = parse(raw).update
    assert update is not None
    assert update.ca == "PEM"


def test_a_local_device_has_the_topics_that_its_codec_reads() -> None:
    local = parse(GOOD).local_mqtt
    assert local is not None
    assert [dict(device.subjects()) for device in local.device] == [
        {
            "zigbee2mqtt/door": "state",
            "zigbee2mqtt/door/availability": "availability",
            "zigbee2mqtt/door/state": "availability",
        },
        {"radar-bed/status": "status", "radar-bed/binary_sensor/there/state": "presence"},
    ]


def door(**change: Any) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw["local_mqtt"]["device"][0].update(change)


def radar(**entities: str) -> Callable[[dict[str, Any]], None]:
    return lambda raw: raw["local_mqtt"]["device"][1].update(entities=entities)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (door(name="pendant"), ("two devices are named 'pendant'",)),
        (door(topik="x"), ("'topik'", "[local_mqtt.device]", "'topic'")),
        (door(codec="zigbee2mtqq"), ("'door'", "no codec 'zigbee2mtqq'", "zigbee2mqtt_valve, esphome")),
        (door(codec="micradar"), ("no codec 'micradar'",)),
        (door(entities={"a": "b"}), ("'door'", "zigbee2mqtt takes no entities")),
        (radar(), ("'radar-bed'", "esphome needs entities", "opening")),
        (radar(there="presence"), ("entity 'there' must be binary_sensor/<name> or sensor/<name>",)),
        (radar(**{"binary_sensor/+": "presence"}), ("binary_sensor/<name>",)),
        (radar(**{"binary_sensor/x": "presense"}), ("'presense'", "did you mean 'presence'?")),
        (radar(**{"binary_sensor/x": "temperature"}), ("cannot be 'temperature'", "it can be: button")),
        (radar(**{"sensor/x": "smoke"}), ("cannot be 'smoke'", "it can be: heart_rate")),
        (lambda raw: raw["local_mqtt"].pop("user"), ("a password but no 'user'",)),
        (
            lambda raw: raw["local_mqtt"].update(password_file="/p"),
            ("one of 'password' and 'password_file'",),
        ),
        (lambda raw: raw["local_mqtt"].update(ca_file="/ca.pem"), ("local_mqtt", "'tls' is not true")),
        (lambda raw: raw["local_mqtt"].update(port=0), ("local_mqtt.port",)),
    ],
)
def test_what_is_wrong_with_the_homes_broker_is_named(
    change: Callable[[dict[str, Any]], object], words: tuple[str, ...]
) -> None:
    text = broken(change)
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    "topic",
    [
        "zigbee2mqtt/+",
        "#",
        "zigbee2mqtt/#",
        "$SYS/uptime",
        "/door",
        "door/",
        "a//b",
        "",
        "a\0b",
        "a\nb",
        "a" * 201,
    ],
)
def test_a_topic_that_is_not_one_place_is_refused(topic: str) -> None:
    text = broken(door(topic=topic))
    assert "topic" in text


@pytest.mark.parametrize("topic", ["radar-bed", "radar-bed/status", "radar-bed/binary_sensor/there/state"])
def test_two_devices_never_read_one_topic(topic: str) -> None:
    """Neither as their own nor as one below it."""
    twin: dict[str, Any] = {"name": "twin", "codec": "zigbee2mqtt", "topic": topic}
    if topic == "radar-bed":
        twin |= {"codec": "esphome", "entities": {"sensor/x": "power"}}
    assert "two local_mqtt devices read the topic 'radar-bed" in broken(
        lambda raw: raw["local_mqtt"]["device"].append(twin)
    )


def test_the_local_password_is_read_from_its_file_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hush\n")
    raw = copy.deepcopy(GOOD)
    raw["local_mqtt"] |= {"password": "", "password_file": str(tmp_path / "password")}
    settings = parse(raw)
    assert settings.local_mqtt is not None
    assert settings.local_mqtt.password == "hush"
    assert "hush" not in repr(settings)
    raw["local_mqtt"]["password_file"] = str(tmp_path / "none")
    with pytest.raises(SettingsError, match="write the password of local_mqtt"):
        parse(raw)


def test_the_secret_is_read_from_its_file_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    raw = copy.deepcopy(GOOD)
    raw["uplink"] = {"host": "h", "secret_file": str(tmp_path / "secret")}
    settings = parse(raw)
    assert settings.uplink.secret == "hush"
    assert "hush" not in repr(settings)
    assert GOOD["ble"]["device"][0]["bindkey"] not in repr(settings)


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_missing_or_empty_secret_file_is_an_error_with_advice(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_text(content)
    text = broken(lambda raw: raw.update(uplink={"host": "h", "secret_file": str(file)}))
    assert str(file) in text
    assert "write this gateway's secret there" in text


def test_files_that_are_missing_or_not_toml_are_errors(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[gateway\n")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load(tmp_path / "bad.toml")


SMS: dict[str, Any] = {
    "port": "/dev/ttyUSB2", "centre": "+8613900139000", "contacts": ["+8613800138000"], "name": "向奶奶",
}  # fmt: skip


def test_the_second_path_says_whom_to_text() -> None:
    sms = parse(GOOD | {"sms": SMS}).sms
    assert sms is not None
    assert dict(sms.recipients.numbers) == {"centre": "+8613900139000", "contact 1": "+8613800138000"}
    assert parse(GOOD).sms is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"center": "+8613900139000"}, ("'center'", "[sms]", "'centre'")),
        ({"centre": "13900139000"}, ("sms.centre", "E.164")),
        ({"contacts": ["+861", "+8613800138000"]}, ("sms.contacts", "E.164")),
        ({"contacts": ["+8613800138000"] * 3}, ("sms.contacts",)),
        ({"centre": "", "contacts": []}, ("texts nobody",)),
        ({"name": ""}, ("sms.name",)),
        ({"name": "向" * 21}, ("sms.name",)),
        ({"name": "a\nb"}, ("sms.name",)),
        ({"time_zone": "Asia/Huaihua"}, ("sms.time_zone", "Asia/Huaihua")),
        ({"pin": "12"}, ("sms.pin",)),
        ({"pin_file": "/no/such/file"}, ("sms.pin_file", "write the card's PIN there")),
        ({"hourly": 0}, ("sms.hourly",)),
        ({"port": ""}, ("sms.port",)),
    ],
)
def test_what_is_wrong_with_the_second_path_is_named(change: dict[str, Any], words: tuple[str, ...]) -> None:
    text = broken(lambda raw: raw.update(sms=SMS | change))
    for word in words:
        assert word in text
    assert "13900139000" not in text, "a number is personal"


def test_the_pin_comes_from_its_file_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "pin"
    file.write_text("1234\n")
    sms = parse(GOOD | {"sms": SMS | {"pin_file": str(file)}}).sms
    assert sms is not None
    assert sms.pin == "1234"
    assert "1234" not in repr(sms)
    file.write_text("one two")
    assert "holds no PIN" in broken(lambda raw: raw.update(sms=SMS | {"pin_file": str(file)}))


@pytest.fixture
def enrolled(tmp_path: Path) -> dict[str, Any]:
    """The configuration of an enrolled gateway: nothing in it says who it is."""
    with offices.opened(tmp_path) as office:
        enrol(tmp_path / "data" / "identity", office.cloud, "CLAIM", datetime.now(UTC))
    return {"gateway": {"data_dir": str(tmp_path / "data")}}


def test_an_enrolled_gateway_needs_to_be_told_only_where_its_files_are(
    enrolled: dict[str, Any], tmp_path: Path
) -> None:
    settings = parse(enrolled)
    assert settings.enrolled
    assert (settings.gateway.id, settings.gateway.shard) == ("gw-test1", 7)
    assert (settings.uplink.host, settings.uplink.port, settings.uplink.tls) == ("127.0.0.1", 8883, True)
    assert settings.uplink.ca_file == tmp_path / "data" / "identity" / "authority.pem"
    assert parse(enrolled | {"uplink": {"port": 443}}).uplink.port == 443


def test_an_enrolled_gateway_signs_texts_with_the_key_of_its_identity(
    enrolled: dict[str, Any], tmp_path: Path
) -> None:
    sms = parse(enrolled | {"sms": SMS}).sms
    assert sms is not None
    assert sms.key == offices.SMS_KEY
    assert sms.key not in repr(sms)
    file = tmp_path / "data" / "identity" / "identity.json"
    file.write_text(file.read_text().replace(offices.SMS_KEY, ""))  # as before there were texts
    with pytest.raises(SettingsError, match="enrol it anew with --again"):
        parse(enrolled | {"sms": SMS})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"uplink": {"secret": "s"}}, ("uplink.secret", "enrolled as gw-test1", "take it out")),
        ({"uplink": {"tls": False}}, ("uplink.tls", "take it out")),
        ({"gateway": {"id": "gw-other"}}, ("gateway.id", "gw-test1", "take them out")),
        ({"gateway": {"shard": 8}}, ("gateway.shard", "take them out")),
    ],
)
def test_what_contradicts_the_identity_is_named(
    enrolled: dict[str, Any], change: dict[str, Any], words: tuple[str, ...]
) -> None:
    raw = {"gateway": enrolled["gateway"] | change.get("gateway", {}), "uplink": change.get("uplink", {})}
    with pytest.raises(SettingsError) as caught:
        parse(raw, "edge.toml")
    for word in words:
        assert word in str(caught.value)


def test_a_gateway_that_is_neither_enrolled_nor_configured_is_told_how(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"anban-edge enrol CLAIM --url"):
        parse({"gateway": {"data_dir": str(tmp_path)}})


def test_the_configuration_in_the_bluetooth_page_can_be_used_as_it_stands() -> None:
    page = (Path(__file__).parents[3] / "docs" / "bluetooth.md").read_text(encoding="utf-8")
    example = tomllib.loads(page.split("```toml")[1].split("```")[0])
    settings = parse(GOOD | {"ble": example["ble"]})
    assert settings.ble is not None
    assert settings.ble.silence_s == 90
    cuff = settings.ble.device[1]
    assert (cuff.kind, cuff.connect, cuff.bond, cuff.user) == ("blood_pressure", True, True, 1)
    assert settings.devices[DeviceId("pendant")].key == bytes.fromhex("00112233445566778899aabbccddeeff")
