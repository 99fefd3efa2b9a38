"""A simulated evening and night through the gateway's real pipeline and the cloud's real database; then the
person's archive, and the database itself, are judged again: the same findings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from cloud import worker
from cloud.db import connect, open_pool, roles
from cloud.incidents.store import attach_or_open
from cloud.ingest.model import Delivery
from cloud.ingest.read import read
from cloud.ingest.store import store
from cloud.people import roster as people
from cloud.people import roster_store
from cloud.privacy import export
from cloud.sealed import Keyring
from cloud.worker import SetAside
from edge_agent.drivers import Incoming
from edge_agent.outbox import Outbox
from edge_agent.pipeline import Pipeline
from edge_agent.prompt import Announcer
from edge_agent.rules import RULES, Home, InForce
from edge_agent.settings import Device, DeviceKind
from firmware_protocols.ble import thermometer
from firmware_protocols.codec import Frame
from firmware_protocols.local import zigbee2mqtt
from firmware_protocols.local.message import pack
from firmware_protocols.model import DeviceId, GatewayId
from firmware_protocols.wire import plan as plans
from firmware_protocols.wire.topics import Lane
from simulators.replay import differ, sources
from simulators.replay.changes import Setting
from simulators.replay.edge import STEP_S
from simulators.replay.model import Record, RecordError
from simulators.replay.run import findings
from simulators.replay.sources import database as database_source
from tests.conftest import Server
from tests.harness import roster
from tests.scenario.clockwork import clockwork
from tests.unit.edge_agent.household import Hands, counting

pytestmark = pytest.mark.services

GATEWAY: Final = GatewayId("gw-h001")
EVENING: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
"""Eight at home."""
MORNING: Final = EVENING + timedelta(hours=12)
"""When the line came back and everything was stored."""
FEVER_LOOKED_AT: Final = timedelta(minutes=20, seconds=15)
DEVICES: Final = {
    device.name: device
    for device in (
        Device(DeviceId("pendant"), DeviceKind.PENDANT, "bedroom"),
        Device(DeviceId("door"), DeviceKind.DOOR, "hall"),
        Device(DeviceId("living"), DeviceKind.MOTION, "living_room"),
        Device(DeviceId("bedroom"), DeviceKind.MOTION, "bedroom"),
        Device(DeviceId("thermometer"), DeviceKind.THERMOMETER, "bedroom"),
    )
}
PLAN: Final = {"person": {"wanders": True}}
PRESS: Final = bytes.fromhex("40 3A 01")
"""BTHome: the button was pressed."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a device says at ``minutes`` after eight."""

    minutes: float
    device: str
    codec: str
    payload: bytes

    @property
    def at(self) -> datetime:
        return EVENING + timedelta(minutes=self.minutes)


def state(minutes: float, device: str, **properties: Any) -> Said:
    payload = pack("state", zigbee2mqtt.encode_state(properties))
    return Said(minutes, device, "zigbee2mqtt", payload)


def passes(minutes: float, device: str) -> list[Said]:
    return [state(minutes, device, occupancy=True), state(minutes + 0.5, device, occupancy=False)]


def opens(minutes: float) -> list[Said]:
    return [state(minutes, "door", contact=False), state(minutes + 0.1, "door", contact=True)]


def fever(minutes: float, celsius: float) -> Said:
    measured = thermometer.encode(thermometer.Temperature(value=celsius))
    return Said(minutes, "thermometer", "thermometer", measured)


CHECK_INS: Final = [
    state(minutes, device, battery=80)
    for minutes in range(0, 355, 50)
    for device in ("door", "living", "bedroom")
]
"""Sensors on batteries say that they live."""
NIGHT: Final = [
    *CHECK_INS,
    *passes(1, "living"),
    fever(20, 38.2),
    *passes(150, "living"),
    *passes(200, "bedroom"),
    *opens(305),  # five past one: out
    *opens(330),  # and back
    *passes(331, "living"),
    *passes(345, "bedroom"),
    Said(350, "pendant", "bthome", PRESS),
    *passes(352, "bedroom"),
]


def lived(folder: Path) -> list[tuple[Lane, bytes]]:
    """The evening at home, second by second, through the pipeline onto its disk; what goes up the line."""
    hands = Hands()
    hands.at = EVENING
    kinds = {name: str(device.kind) for name, device in DEVICES.items()}
    rooms = {name: device.room for name, device in DEVICES.items()}
    in_force = InForce(plans.parse({**PLAN, "version": 1}))
    home = Home(kinds, counting(), 20.0, rooms, in_force)
    box = Outbox(folder / "outbox.sqlite", GATEWAY)
    rules = {name: make(home) for name, make in RULES.items()}
    pipeline = Pipeline(DEVICES, box, rules, Announcer(), hands.clock(), in_force=in_force)
    for said in sorted(NIGHT, key=lambda one: one.at):
        while hands.at < said.at:
            hands.at = min(hands.at + timedelta(seconds=2), said.at)
            pipeline.tick()
        pipeline.take(Incoming(said.codec, Frame(DeviceId(said.device), said.payload, hands.at)))
    for _ in range(30):
        hands.at += timedelta(seconds=2)
        pipeline.tick()
    pipeline.keep()
    return [(lane, one.payload) for lane in (Lane.ALARM, Lane.BULK) for one in box.take(lane, 1_000_000)]


@dataclass(frozen=True, slots=True)
class Lived:
    """Where the evening is stored."""

    dsn: str
    resident: int


PEOPLE: Final = {
    "op1": ("operator", []),
    "kin": ("family", ["h001"]),
    "helper": ("caseworker", []),
    "audit": ("auditor", []),
}


def staff(name: str, role: str, homes: list[str]) -> dict[str, Any]:
    return {"username": name, "password": "right horse 9 ok", "role": role, "name": name, "homes": homes}


@pytest.fixture(scope="module")
def payloads(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Lane, bytes]]:
    """The evening, lived once."""
    return lived(tmp_path_factory.mktemp("home"))


@pytest.fixture
async def loaded(database: str) -> str:
    """A database in which the home and its people are known."""
    document = roster(1, staff=[staff(name, *of) for name, of in PEOPLE.items()])
    home = document["homes"][0]
    home["devices"] = [{"name": d.name, "kind": str(d.kind), "room": d.room} for d in DEVICES.values()]
    home["plan"] = PLAN
    async with await connect(database) as conn:
        await roster_store.load(conn, people.parse(msgspec.json.encode(document)), Keyring())
    return database


@pytest.fixture
async def evening(postgres: Server, loaded: str, payloads: list[tuple[Lane, bytes]]) -> Lived:
    """The evening, sent, stored, and looked at by the worker."""
    async with await connect(postgres.as_role(loaded, roles.SERVICE)) as conn:
        for lane, payload in payloads:
            message = read(Delivery(f"anban/1/1/gw-h001/{lane}", payload, MORNING))
            await store(conn, [message], attach_or_open, MORNING)
    async with open_pool(postgres.as_role(loaded, roles.SERVICE), size=2) as pool:
        job = next(job for job in clockwork(pool).jobs if job.name == "vitals")
        await worker.tick(pool, job, SetAside(), EVENING + FEVER_LOOKED_AT)
    async with await connect(loaded) as conn:
        row = await (await conn.execute("select id from resident")).fetchone()
    assert row is not None
    return Lived(loaded, row["id"])


def same_as_recorded(record: Record) -> list[str]:
    """Judge the record anew: nothing more, nothing less; the rules that called."""
    calls = [one for one in findings(record, Setting()) if one.calls]
    found = differ.against(record, calls)
    assert (found.missing, found.new, found.same) == ((), (), len(calls))
    return [one.rule for one in calls]


async def test_an_archive_judged_again_says_what_was_said_when_it_happened(
    evening: Lived, tmp_path: Path
) -> None:
    path = tmp_path / "person.zip"
    async with await connect(evening.dsn) as conn:
        await export.to_file(conn, evening.resident, path, Keyring(), EVENING)
    record = sources.read(path, None)
    assert same_as_recorded(record) == ["fever", "night_door", "sos"]
    (door,) = [one for one in findings(record, Setting()) if one.rule == "night_door" and one.calls]
    (told,) = [one for one in record.told if one.kind == "night_door" and one.state == "raised"]
    assert abs((door.at - told.at).total_seconds()) <= STEP_S + 2
    assert door.numbers.items() <= told.evidence.items()


async def test_an_operator_reads_the_home_out_of_the_database_and_it_is_noted(
    evening: Lived, tmp_path: Path
) -> None:
    config = tmp_path / "cloud.toml"
    config.write_text(f"[database]\ndsn = {msgspec.json.encode(evening.dsn).decode()}\n")
    record = await _read(config, "op1")
    assert same_as_recorded(record) == ["fever", "night_door", "sos"]
    async with await connect(evening.dsn) as conn:
        found = await conn.execute("select actor, action, purpose, homes from audit_entry")
        (entry,) = await found.fetchall()
    assert (entry["action"], entry["purpose"]) == ("replayHome", "care")


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("nobody", "nobody signs in as nobody"),
        ("audit", "audit is auditor, who reads no home"),
        ("kin", "does not read for the purpose care"),
        ("helper", "not one of theirs"),
    ],
)
async def test_who_may_not_read_the_home_is_refused(loaded: str, tmp_path: Path, who: str, says: str) -> None:
    config = tmp_path / "cloud.toml"
    config.write_text(f"[database]\ndsn = {msgspec.json.encode(loaded).decode()}\n")
    with pytest.raises(RecordError, match=says):
        await _read(config, who)


async def _read(config: Path, who: str) -> Record:
    """As the command does, which has a loop of its own."""
    import asyncio

    return await asyncio.to_thread(database_source.read, config, None, None, "h001", who)
