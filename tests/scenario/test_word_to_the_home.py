"""From a person back to the home: what is done at a screen is heard where the alarm was raised.

A whole cloud and an agent, both by their commands; people act over HTTP; the agent's log is the loudspeaker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.harness import System, eventually, roster
from tests.scenario.edge_home import GATEWAY, SECRET, SHARD, Agent, Radar
from tests.scenario.webhook import Webhook, webhook

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]

OPERATOR = {"username": "op1", "password": "correct horse 电池"}


@dataclass
class Scene:
    """A home whose resident lies on the floor, and the people who see it."""

    system: System
    agent: Agent
    radar: Radar
    neighbour: Webhook

    def heard(self, phrase: str) -> int:
        """How often the home has said ``phrase``."""
        return self.agent.said().count(f"prompt phrase={phrase}\n")

    def fall(self) -> None:
        """Let somebody fall, and the home call for help."""
        self.radar.fall()
        eventually(lambda: self.heard("help_called"))
        eventually(lambda: self.one("select state from incident") == "raised")

    def act(self, action: str, **body: Any) -> None:
        """Do something to the incident at the console."""
        with self.browser() as browser:
            answer = browser.post("/session", json=OPERATOR)
            assert answer.status_code == 200, answer.text
            (incident,) = browser.get("/snapshot").json()["incidents"]
            body = {"version": incident["version"], **body}
            answer = browser.post(f"/incidents/{incident['id']}/{action}", json=body)
            assert answer.status_code == 200, answer.text

    def accept_by_link(self) -> None:
        """Accept as the neighbour does, by the link in the message."""
        eventually(self._links)
        with self.browser() as browser:
            answer = browser.post(f"/answers/{self._links()[0]}", json={"answer": "accept"})
        assert answer.json()["outcome"] == "go", answer.text

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.system.address}/api/v1", headers={"X-Anban": "1"}, timeout=60)

    def one(self, statement: str, *values: Any) -> Any:
        """The first value of the first row, ``None`` without one."""
        with psycopg.connect(self.system.dsn) as conn:
            row = conn.execute(statement.encode(), values).fetchone()
            return row[0] if row else None

    def do(self, statement: str, *values: Any) -> None:
        with psycopg.connect(self.system.dsn) as conn:
            conn.execute(statement.encode(), values)

    def _links(self) -> list[str]:
        return [
            found for text in self.neighbour.texts("neighbour") for found in re.findall(r"/a/([\w-]+)", text)
        ]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        neighbour = stack.enter_context(webhook())
        staff = {**OPERATOR, "role": "operator", "name": "向玉珍", "homes": []}
        contact = {
            "rank": 1, "name": "吴嫂", "relation": "neighbour", "has_key": True,
            "channels": [neighbour.address("neighbour")],
        }  # fmt: skip
        county = roster(1, staff=[staff], contacts=[contact])
        county["homes"][0]["gateway"] = {"id": GATEWAY, "shard": SHARD, "secret": SECRET}
        system = System(tmp_path / "cloud", county)
        stack.enter_context(system.started())
        radar = Radar(tmp_path)
        agent = Agent(tmp_path, system.broker_port, radar)
        stack.callback(agent.kill)
        agent.start()
        eventually(agent.hears_radar)
        yield Scene(system, agent, radar, neighbour)


def test_the_home_hears_who_has_taken_its_call_and_stops_calling(scene: Scene) -> None:
    scene.fall()
    scene.act("ack")
    eventually(lambda: scene.heard("help_reached"))
    called = scene.heard("help_called")
    assert scene.heard("somebody_coming") == 0, "nobody has promised that"
    scene.act("dispatch")
    scene.accept_by_link()
    eventually(lambda: scene.heard("somebody_coming"))
    answered = "select count(*) from command where ok and due_at is null"
    eventually(lambda: scene.one(answered) == 2)
    scene.act("close", outcome="A2", note="")
    closed = "select detail from command where name = 'closed' and ok"
    eventually(lambda: scene.one(closed))
    assert scene.one(closed) == "was silent", "a call that goes on, every 20 s, would have been silenced now"
    assert scene.heard("help_called") == called
    assert (scene.heard("help_reached"), scene.heard("somebody_coming")) == (1, 1)
    assert scene.one("select count(*) from quarantine") == 0


def test_a_home_that_was_cut_off_hears_it_when_it_is_back_and_never_what_is_out_of_date(scene: Scene) -> None:
    scene.fall()
    scene.agent.kill()
    scene.act("ack")
    eventually(lambda: scene.one("select attempts from command where args ->> 'coming' = 'false'"))
    scene.do(
        "insert into command (id, gateway_id, name, args, created_at, until, due_at)"
        " select 'old', gateway_id, name, args || '{\"coming\": true}', now() - interval '1 hour',"
        " now() - interval '1 second', now() from command"
    )
    scene.agent.start()
    eventually(lambda: scene.heard("help_reached"))
    eventually(lambda: scene.one("select ok from command where id <> 'old'"))
    eventually(lambda: scene.one("select due_at is null from command where id = 'old'"))
    assert scene.one("select attempts from command where id = 'old'") == 0
    assert scene.heard("somebody_coming") == 0


def test_a_cloud_killed_between_the_commit_and_the_sending_still_sends(scene: Scene) -> None:
    scene.fall()
    scene.do("create function hold() returns trigger language plpgsql as 'begin return null; end'")
    scene.do("create trigger hold before update on command for each row execute function hold()")
    scene.act("ack")
    assert scene.one("select attempts from command where due_at is not null") == 0
    scene.system.kill9("cloud")
    scene.system.start()
    assert scene.one("select attempts from command where due_at is not null") == 0
    assert scene.heard("help_reached") == 0
    scene.do("drop trigger hold on command")
    eventually(lambda: scene.heard("help_reached"), within_s=60)
    eventually(lambda: scene.one("select ok from command"))
