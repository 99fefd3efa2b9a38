"""The second path, whole: a gateway, a modem, a network, the alarm centre's modem, a database and a real
broker.

Everything is the real thing but the radio and the network, which ``simulators.modem`` plays on ptys; only the
ten seconds that an alarm waits for its commit-ack are shorter.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud.auth import Purpose, Scope
from cloud.db import Pool, open_pool
from cloud.dispatch import by_modem
from cloud.embedded.process import free_port
from cloud.incidents import store
from cloud.incidents.machine import Trigger
from cloud.ingest import subscriber
from cloud.people import roster as people
from cloud.people import roster_store
from cloud.sealed import NO_KEYS
from cloud.settings import Broker as BrokerSettings
from cloud.settings import Settings, Sms
from cloud.texts import modem as centre_modem
from cloud.texts.sending import Desk
from edge_agent import modem as edge_modem
from edge_agent import second_path, texting
from edge_agent.app import Agent
from edge_agent.configuration import parse
from edge_agent.drivers import Incoming, serial_port
from firmware_protocols.codec import Frame
from firmware_protocols.model import DeviceId
from firmware_protocols.serial import micradar
from firmware_protocols.serial.at import Timeouts
from firmware_protocols.wire.topics import Lane
from simulators.modem import Carrier, Modem
from tests.harness import roster
from tests.scenario.edge_home import GATEWAY, SECRET, SHARD, Broker, Radar

pytestmark = pytest.mark.services

HOME, CENTRE, DAUGHTER = "+8613700137000", "+8613900139000", "+8613800138000"
UNCONFIRMED = timedelta(seconds=0.3)
LOOK_S = 0.05
NOBODY = Desk(NO_KEYS, by_modem.hearing(NO_KEYS), by_modem.tell)
"""Those who wait for an answer by text, where nobody was asked."""


async def eventually(what: Callable[[], object], within_s: float = 60.0) -> None:
    """Wait until ``what()``, or what it awaits, is true."""
    async with asyncio.timeout(within_s):
        while True:
            found = what()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(0.02)


@dataclass
class Scene:
    """A home, its gateway, the network, and the alarm centre."""

    folder: Path
    pool: Pool
    carrier: Carrier
    gateway: Modem
    centre: Modem
    broker_port: int
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def start_agent(self) -> None:
        radar = Radar(self.folder)
        self.agent = Agent(
            parse(
                {
                    "gateway": {"id": GATEWAY, "shard": SHARD, "data_dir": str(self.folder / "agent")},
                    "uplink": {"host": "127.0.0.1", "port": self.broker_port, "secret": SECRET},
                    "serial": [{"name": "radar-bath", "codec": "micradar", "port": str(radar.port)}],
                    "rules": {"fall_confirm_s": 0},
                    "sms": {
                        "port": str(self.gateway.link),
                        "centre": CENTRE,
                        "contacts": [DAUGHTER],
                        "name": "向奶奶",
                    },
                }
            )
        )
        self.tasks.append(asyncio.create_task(self.agent.run(self.stopping)))

    def start_cloud(self) -> None:
        sms = Sms(port=str(self.centre.link))
        self.tasks.append(
            asyncio.create_task(centre_modem.run(sms, self.pool, NOBODY, clock=lambda: datetime.now(UTC)))
        )

    async def start_ingest(self) -> None:
        """Ingest, until nothing that the gateway says can pass unseen: it says that it is there once."""
        subscribed = asyncio.Event()
        broker = BrokerSettings(host="127.0.0.1", port=self.broker_port, user="cloud", secret="cloud")
        ingest = subscriber.run(
            Settings(broker=broker), self.pool, store.attach_or_open, subscribed=subscribed
        )
        self.tasks.append(asyncio.create_task(ingest))
        async with asyncio.timeout(60):
            await subscribed.wait()

    async def stop(self) -> None:
        self.stopping.set()
        for task in self.tasks[::-1]:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def fall(self) -> None:
        frame = Frame(DeviceId("radar-bath"), micradar.encode_fall(True), datetime.now(UTC))
        self.agent.pipeline.take(Incoming("micradar", frame))

    async def rows(self, statement: str) -> list[dict[str, Any]]:
        async with self.pool.connection() as conn:
            return await (await conn.execute(statement.encode())).fetchall()

    async def states(self) -> list[str]:
        return [row["state"] for row in await self.rows("select state from incident")]

    async def is_raised(self) -> bool:
        return await self.states() == ["raised"]

    async def is_known_online(self) -> bool:
        """Whether the cloud has heard the gateway."""
        return bool(await self.rows("select from gateway where online"))

    def has_no_backlog(self) -> bool:
        return not any(lane.depth for lane in self.agent.outbox.lanes(datetime.now(UTC)).values())

    def has_noted_both_texts(self) -> bool:
        """Whether the gateway knows that the centre and the daughter were texted."""
        return len(self.agent.outbox.take(Lane.ALARM, 9)) == 3

    def is_quiet(self) -> bool:
        return self.agent._texting is not None and self.agent._texting.path.calls == ()

    async def acknowledge(self) -> None:
        """An operator takes the incident."""
        async with self.pool.connection() as conn:
            (row,) = await (await conn.execute("select id, tenant_id, version from incident")).fetchall()
            scope = Scope((row["tenant_id"],), None, Purpose.CONSOLE)
            now = datetime.now(UTC)
            await store.act(conn, scope, row["id"], Trigger.ACK, "staff:1", now, row["version"])


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = Timeouts(quiet_s=0.02, every_s=1.0)
    monkeypatch.setattr(second_path, "UNCONFIRMED", UNCONFIRMED)
    monkeypatch.setattr(texting, "LOOK_S", LOOK_S)
    monkeypatch.setattr(centre_modem, "REOPEN_S", 0.05)
    for module in (texting, centre_modem):
        monkeypatch.setattr(module, "TIMEOUTS", quick)
    for module in (edge_modem, serial_port, centre_modem):
        monkeypatch.setattr(module, "READ_S", 0.02)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker that is down."""
    made = Broker("mosquitto", tmp_path)
    made.stop()
    yield made
    with contextlib.suppress(ProcessLookupError):
        made.stop()


@pytest.fixture
async def scene(tmp_path: Path, database: str) -> AsyncIterator[Scene]:
    staff = {
        "username": "op1", "password": "correct horse", "role": "operator", "name": "向玉珍", "homes": [],
    }  # fmt: skip
    county = roster(1, staff=[staff])
    county["homes"][0]["gateway"] = {"id": GATEWAY, "shard": SHARD, "secret": SECRET, "phone": HOME}
    county["homes"][0]["devices"] = [{"name": "radar-bath", "kind": "radar", "room": "bathroom"}]
    carrier = Carrier()
    async with open_pool(database, size=6) as pool:
        async with pool.connection() as conn, conn.transaction():
            await roster_store.load(conn, people.parse(msgspec.json.encode(county)))
        gateway = Modem(tmp_path / "ttyHOME", HOME, carrier)
        centre = Modem(tmp_path / "ttyCENTRE", CENTRE, carrier)
        made = Scene(tmp_path, pool, carrier, gateway, centre, free_port())
        yield made
        await made.stop()
        gateway.unplug()
        centre.unplug()


async def test_a_fall_with_the_broker_down_opens_an_incident_by_text_and_stays_one_when_it_is_back(
    scene: Scene, broker: Broker
) -> None:
    scene.broker_port = broker.port
    scene.start_cloud()
    scene.start_agent()
    scene.fall()
    await eventually(scene.is_raised)
    (row,) = await scene.rows("select kind, room, evidence ->> 'path' as path from incident")
    assert row == {"kind": "fall", "room": "bathroom", "path": "sms"}
    await eventually(scene.has_noted_both_texts)
    assert len(scene.carrier.inbox(DAUGHTER)) == 1
    broker.start()
    await scene.start_ingest()
    await eventually(scene.has_no_backlog)
    assert await scene.states() == ["raised"]
    (row,) = await scene.rows("select evidence from incident")
    assert row["evidence"]["witnesses"] == ["radar-bath"], "the first path's copy tells more"
    timeline = await scene.rows("select detail -> 'actions' as actions from incident_event order by seq")
    assert timeline.count({"actions": ["sms"]}) == 3, "people see that it was texted, and to how many"
    await scene.acknowledge()
    await eventually(scene.is_quiet)
    assert await scene.rows("select reason from quarantine") == []
    broker.stop()


async def test_a_fall_that_is_committed_in_time_is_never_texted(
    scene: Scene, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_path, "UNCONFIRMED", timedelta(minutes=1))
    broker.start()
    scene.broker_port = broker.port
    scene.start_cloud()
    await scene.start_ingest()
    scene.start_agent()
    await eventually(scene.is_known_online)  # else the first copy is nobody's, and the next is 15 s away
    scene.fall()
    await eventually(scene.is_raised)
    await eventually(scene.has_no_backlog)
    monkeypatch.setattr(second_path, "UNCONFIRMED", timedelta(0))  # the time is over
    await asyncio.sleep(4 * LOOK_S)
    assert scene.carrier.carried == []
    broker.stop()


async def test_a_yes_by_text_stops_the_repeats_and_the_cloud_learns_of_it(
    scene: Scene, broker: Broker
) -> None:
    scene.broker_port = broker.port
    scene.start_cloud()
    scene.start_agent()
    scene.fall()
    await eventually(scene.has_noted_both_texts)
    scene.carrier.say(DAUGHTER, HOME, "好的")
    await eventually(scene.is_quiet)
    broker.start()
    await scene.start_ingest()
    await eventually(scene.has_no_backlog)
    (row,) = await scene.rows("select evidence ->> 'by' as by from alarm where state = 'accepted'")
    assert row == {"by": "text of contact 1"}
    broker.stop()


async def test_a_centre_s_modem_that_is_pulled_loses_no_text(scene: Scene) -> None:
    scene.start_cloud()
    scene.start_agent()
    scene.centre.unplug()
    scene.fall()
    await eventually(lambda: scene.carrier.inbox(CENTRE))
    assert await scene.states() == []
    scene.centre.plug()
    await eventually(scene.is_raised)
    await eventually(lambda: scene.centre.stored == {})


async def test_a_database_that_is_away_keeps_the_text_on_the_card(scene: Scene) -> None:
    async with scene.pool.connection() as conn:
        await conn.execute("alter table text_message rename to elsewhere")
    scene.start_cloud()
    scene.start_agent()
    scene.fall()
    await eventually(lambda: scene.centre.stored)
    async with scene.pool.connection() as conn:
        await conn.execute("alter table elsewhere rename to text_message")
    await eventually(scene.is_raised)
    await eventually(lambda: scene.centre.stored == {})


async def test_hostile_texts_to_the_centre_open_nothing_and_hold_up_nothing(scene: Scene) -> None:
    scene.start_cloud()
    for number in range(25):
        scene.carrier.say("+8613600136000", CENTRE, f"ANBAN1 {GATEWAY} \r\nOK\r\n+CMTI: {number}"[:160])
    scene.start_agent()
    scene.fall()
    await eventually(scene.is_raised)
    await eventually(lambda: scene.centre.stored == {})
    (row,) = await scene.rows("select seen, reason from quarantine")
    assert row == {"seen": 25, "reason": "the text is not an alarm"}
