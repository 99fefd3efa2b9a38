"""The files a county is set up with: the cloud's roster and each gateway's configuration.

What this is: pure text out of a ``World``. What it is not: nothing is written here. The one idea: these are
the same public formats that a real installation uses; the product cannot tell.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.world import COUNTY, STREETS, Contact, Device, Home, Staff, World


def roster(world: World, inbox: str) -> str:
    """Return the roster as JSON. ``inbox``: where messages to the care circle go, ``json://host:port``."""
    return json.dumps(_roster(world, inbox), ensure_ascii=False, indent=1)


def _roster(world: World, inbox: str) -> dict[str, Any]:
    code, name = COUNTY
    streets = [{"code": each[0], "name": each[1], "parent": code} for each in STREETS]
    return {
        "divisions": [{"code": code, "name": name, "parent": None}, *streets],
        "tenant": {"code": "hecheng", "name": f"{name}智慧养老服务中心", "division": code},
        "staff": [_staff(each) for each in world.staff],
        "homes": [_home(each, inbox) for each in world.homes],
    }


def _staff(staff: Staff) -> dict[str, Any]:
    return {
        "username": staff.username,
        "password": staff.password,
        "role": staff.role,
        "name": staff.name,
        "locale": "zh-Hans",
        "homes": list(staff.homes),
    }


def _home(home: Home, inbox: str) -> dict[str, Any]:
    return {
        "key": home.key,
        "division": home.division,
        "address": home.address,
        "latitude": home.latitude,
        "longitude": home.longitude,
        "resident": {
            "name": home.resident,
            "birth_year": home.birth_year,
            "sex": home.sex,
            "lives_alone": True,
            "ability_level": home.ability_level,
            "phone": home.phone,
            "notes": home.notes,
        },
        "gateway": {"id": home.gateway, "shard": home.shard, "secret": home.secret},
        "devices": [{"name": each.name, "kind": each.kind, "room": each.room} for each in home.devices],
        "contacts": [_contact(each, f"{inbox}/{home.key}/{each.rank}") for each in home.contacts],
    }


def _contact(contact: Contact, channel: str) -> dict[str, Any]:
    return {
        "rank": contact.rank,
        "name": contact.name,
        "relation": contact.relation,
        "phone": contact.phone,
        "has_key": contact.has_key,
        "locale": "zh-Hans",
        "channels": [channel],
    }


@dataclass(frozen=True, slots=True)
class Wiring:
    """Where one gateway finds its broker, its radio and its serial ports (device name → path).

    ``position``: where the wearable is worn, ``waist`` or ``wrist``.
    """

    data_dir: Path
    broker_port: int
    transport: str
    serial: Mapping[str, str]
    position: str = "waist"


def gateway(home: Home, wiring: Wiring) -> str:
    """Return the gateway's configuration as TOML."""
    lines = [
        "[gateway]",
        f"id = {_text(home.gateway)}",
        f"shard = {home.shard}",
        f"data_dir = {_text(str(wiring.data_dir))}",
        "[uplink]",
        'host = "127.0.0.1"',
        f"port = {wiring.broker_port}",
        f"secret = {_text(home.secret)}",
        "[rules]",
        f"fall_position = {_text(wiring.position)}",
        "[outbox]",
        "group_s = 2.0",
        "[ble]",
        'backend = "hci"',
        f"transport = {_text(wiring.transport)}",
    ]
    for device in home.devices:
        if device.via == "serial":
            continue
        lines += ["[[ble.device]]", *(f"{key} = {value}" for key, value in _ble(device))]
    for name, path in wiring.serial.items():
        device = home.device(name)
        lines += ["[[serial]]", f"name = {_text(name)}", f"port = {_text(path)}"]
        lines += [f"{key} = {_text(getattr(device, key))}" for key in ("codec", "kind", "room")]
    return "\n".join(lines) + "\n"


def _ble(device: Device) -> list[tuple[str, str]]:
    pairs = [(key, _text(getattr(device, key))) for key in ("address", "name", "kind", "room")]
    if device.bindkey:
        pairs.append(("bindkey", _text(device.bindkey)))
    if device.via == "gatt":
        pairs.append(("connect", "true"))
    return pairs


def _text(value: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's."""
    return json.dumps(value, ensure_ascii=False)
