"""Whatever is wrong in the file is said in one line that names it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge_agent.settings import DeviceKind, SettingsError, load, parse

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
    "serial": [{"name": "radar-bath", "codec": "micradar", "port": "/dev/ttyUSB0", "room": "bathroom"}],
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
    ]
    pendant = next(iter(devices.values()))
    assert pendant.address == "A4:C1:38:00:00:01"
    assert pendant.key == bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")


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
        (lambda raw: raw.pop("uplink"), ("uplink",)),
        (lambda raw: raw["uplink"].pop("secret"), ("exactly one of 'secret' and 'secret_file'",)),
        (lambda raw: raw["uplink"].update(ca_file="/ca.pem"), ("'tls' is not true",)),
        (lambda raw: raw["uplink"].update(cert_file="/c.pem", tls=True), ("belong together",)),
        (lambda raw: raw["ble"]["device"][0].update(kind="pendent"), ("pendent", "ble.device[0].kind")),
        (lambda raw: raw["ble"]["device"][0].update(bindkey="12"), ("bindkey",)),
        (lambda raw: raw["ble"].update(backend="hci"), ("ble.transport",)),
        (lambda raw: raw["serial"][0].update(name="pendant"), ("two devices are named 'pendant'",)),
        (lambda raw: raw["serial"][0].update(codec="micrador"), ("no codec 'micrador'", "micradar")),
    ],
)
def test_what_is_wrong_is_named(change: Callable[[dict[str, Any]], object], words: tuple[str, ...]) -> None:
    text = broken(change)
    for word in words:
        assert word in text


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
