"""``python -m benchmarks.chaos_cloud``: broker, ingest, database, worker and api, each killed twenty times.

What this is: the cloud as separate processes under load: gateways send readings and alarms, two people at
consoles take every second home's incidents and close them, two screens follow the stream; meanwhile one
process after another gets SIGKILL in an order drawn from ``--seed``. What it is not: the gateway's side
(``benchmarks.chaos`` hurts that). The one idea: every record, click and timer is numbered or dated, so
at the end tables are held against what was said.

A message is promised at least once: a worker killed between the provider's answer and its own commit sends
it again. How often that happened is printed, and not called a fault.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg

from benchmarks.chaos import audited
from benchmarks.gateways import wait_for
from benchmarks.split import PARTS, Split, split
from cloud.sessions import LONGEST_LOCK
from edge_agent.window import RESEND_S, ROOM
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState, DeviceId, Quantity, Reading
from firmware_protocols.wire.topics import Lane
from simulators.console import API, Console
from simulators.fleet import ulid
from tests.harness import Uplink, roster
from tests.scenario.webhook import Webhook, webhook

TIMES: Final = 20
HOMES: Final = 12
BATCH: Final = 20
BATCH_EVERY_S: Final = 0.5
ALARM_EVERY_S: Final = 6.0
"""Per home. The first opens an incident, what follows attaches to it, or opens the next once it is closed."""
DISPATCH_AFTER_S: Final = 60.0
"""An SOS that nobody takes goes to the care circle by itself (``cloud.incidents.timers``)."""
SETTLE_S: Final = 150.0
PATIENCE_S: Final = 20.0
"""Of a person at a console; two cores carry everything here."""
PASSWORD: Final = "correct horse battery"
PEOPLE: Final = ("op1", "op2")


class Gateway:
    """One home that talks: numbered readings and alarms, everything kept until the commit-ack names it."""

    def __init__(self, number: int, port: int, rng: random.Random) -> None:
        self.readings = 0
        self.alarms: set[str] = set()
        self.uplink = Uplink(f"gw-h{number:03}", number, port)
        self._rng = rng

    def live(self, ending: threading.Event) -> None:
        """Talk until told to end; what stays unnamed is sent again."""
        alarm_at = time.monotonic() + self._rng.uniform(0, ALARM_EVERY_S)
        while not ending.wait(BATCH_EVERY_S):
            self._read()
            if time.monotonic() >= alarm_at:
                alarm_at = time.monotonic() + ALARM_EVERY_S
                self._call()
            self._again()

    def settled(self) -> bool:
        """Whether everything said is committed; what is not goes out again."""
        self._again()
        return not self.uplink.unsettled

    def _again(self) -> None:
        """Send again as a gateway does: not all at once, and nothing before its time."""
        if self.uplink.connected.is_set():
            self.uplink.resend(older_s=RESEND_S, most=sum(ROOM.values()))

    def _read(self) -> None:
        now = datetime.now(UTC)
        first, self.readings = self.readings + 1, self.readings + BATCH
        records = [
            Reading(DeviceId("pendant"), Quantity.DISTANCE, float(n), now)
            for n in range(first, self.readings + 1)
        ]
        self.uplink.send(Lane.BULK, *records)

    def _call(self) -> None:
        now = datetime.now(UTC)
        alarm = Alarm(AlarmId(ulid(now)), AlarmKind.SOS, AlarmState.RAISED, DeviceId("pendant"), now)
        self.alarms.add(alarm.id)
        self.uplink.send(Lane.ALARM, alarm)


@dataclass
class Person:
    """Somebody at a console who takes incidents of even homes and closes them; every click is repeated with
    its key until there is an answer.
    """

    address: str
    name: str
    done: Counter[tuple[int, str]] = field(default_factory=Counter)
    turned_away: int = 0
    """Attempts to sign in that were refused or got no answer."""
    refused: int = 0
    repeated: int = 0

    def live(self, ending: threading.Event) -> None:
        """Work until told to end."""
        with httpx.Client(
            base_url=self.address,
            headers={"X-Anban": "1", "Origin": self.address},
            timeout=PATIENCE_S,
            trust_env=False,
        ) as client:
            self._sign_in(client, ending)
            while not ending.wait(0.5):
                for row in self._queue(client):
                    if not ending.is_set() and _is_even(row["address"]):
                        self._take(client, row)

    def _sign_in(self, client: httpx.Client, ending: threading.Event) -> None:
        while not ending.is_set():
            with suppress(httpx.HTTPError):
                said = {"username": self.name, "password": PASSWORD}
                if client.post(f"{API}/session", json=said).is_success:
                    return
            self.turned_away += 1
            time.sleep(1)

    def _queue(self, client: httpx.Client) -> list[dict[str, Any]]:
        with suppress(httpx.HTTPError):
            answer = client.get(f"{API}/snapshot")
            if answer.is_success:
                return list(answer.json()["incidents"])
        return []

    def _take(self, client: httpx.Client, row: Mapping[str, Any]) -> None:
        if row["state"] == "raised":
            self._click(client, row, "ack")
        elif row["state"] not in {"resolved", "closed", "follow_up", "auto_resolved"} and row["acked_at"]:
            self._click(client, row, "close", outcome="C1")

    def _click(self, client: httpx.Client, row: Mapping[str, Any], action: str, **more: str) -> None:
        key = uuid.uuid4().hex
        for attempt in range(200):
            with suppress(httpx.HTTPError):
                answer = client.post(
                    f"{API}/incidents/{row['id']}/{action}",
                    json={"version": row["version"], **more},
                    headers={"Idempotency-Key": key},
                )
                if answer.status_code < 500:
                    self.repeated += attempt > 0
                    self.done[row["id"], action] += answer.is_success
                    self.refused += not answer.is_success
                    return
            time.sleep(0.2)


class Screen:
    """A console that is only looked at: a snapshot, then the stream, taken up again after each break."""

    def __init__(self, address: str, name: str) -> None:
        self._address, self._name = address, name
        self.versions: dict[int, int] = {}
        self.seq = 0
        self.snapshots = 0
        self.breaks = 0

    def live(self, ending: threading.Event) -> None:
        """Follow until told to end."""
        asyncio.run(self._live(ending))

    async def _live(self, ending: threading.Event) -> None:
        following = asyncio.create_task(self._follow_for_ever())
        await asyncio.to_thread(ending.wait)
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    async def _follow_for_ever(self) -> None:
        while True:
            with suppress(httpx.HTTPError):
                async with Console(self._address, self._name, PASSWORD) as console:
                    while True:  # one sign-in outlives many breaks
                        await self._follow(console)
            await asyncio.sleep(1)

    async def _follow(self, console: Console) -> None:
        """Until the stream ends or breaks; a reset asks for a new snapshot."""
        with suppress(httpx.TransportError):
            if not self.seq:
                await self.look(console)
            async for event in console.follow(self.seq):
                if event.name == "reset":
                    self.seq = 0
                    return
                if event.name == "inc":
                    self.versions[event.data["id"]] = event.data["version"]
                self.seq = max(self.seq, event.number)
        self.breaks += 1
        await asyncio.sleep(0.3)

    async def look(self, console: Console) -> None:
        """Begin afresh with a snapshot."""
        first = await console.get("snapshot")
        self.seq, self.snapshots = first["seq"], self.snapshots + 1
        self.versions = {row["id"]: row["version"] for row in first["incidents"]}


def _is_even(address: str) -> bool:
    return int("".join(filter(str.isdecimal, address))) % 2 == 0


def county(hook: Webhook) -> dict[str, Any]:
    """Homes with a neighbour who is asked, and people at consoles."""
    staff = [
        {"username": name, "password": PASSWORD, "role": "operator", "name": name}
        for name in (*PEOPLE, "screen1", "screen2")
    ]
    contacts = [
        {
            "rank": rank,
            "name": name,
            "relation": "neighbour",
            "has_key": True,
            "channels": [hook.address(name)],
        }
        for rank, name in enumerate(("one", "two", "three"), 1)
    ]
    return roster(HOMES, staff=staff, contacts=contacts)


def hurt(cloud: Split, times: int, rng: random.Random, until: float) -> Counter[str]:
    """Kill each part ``times`` times, in random order, each while it lives; the API once it serves again, so
    that there is somebody at a screen to hurt.
    """
    order = [part for part in PARTS for _ in range(times)]
    rng.shuffle(order)
    done: Counter[str] = Counter()
    for part in order:
        if time.monotonic() > until:
            break
        if part == "api":
            wait_for(cloud.ready, 30, 0.2)
        done[part] += wait_for(partial(cloud.kill, part), 30, 0.1)
        time.sleep(rng.uniform(0.2, 2.5))
    return done


def account(cloud: Split, gateways: Sequence[Gateway], people: Sequence[Person]) -> dict[str, Any]:
    """Hold what was said and clicked against what is stored."""
    report = asyncio.run(audited(cloud.postgres.dsn))
    with psycopg.connect(cloud.postgres.dsn) as conn:
        raised = _rows(conn, "select alarm_id, count(*) from alarm where state = 'raised' group by 1")
        of_incident = {row[0] for row in _rows(conn, "select alarm_id from incident_alarm")}
        counted = dict(
            _rows(
                conn,
                "select gateway_id, array[count(*), count(distinct value)] from reading"
                " join device on device.id = device_id where quantity = %s group by 1",
                Quantity.DISTANCE.number,
            )
        )
        steps = _rows(
            conn, "select incident_id, trigger, from_state, to_state, at from incident_event order by 1, seq"
        )
        opened = dict(_rows(conn, "select id, opened_at from incident"))
        overdue = {
            table: _rows(conn, f"select count(*) from {table} where due_at < now() - interval '15 seconds'")[
                0
            ][0]
            for table in ("incident", "escalation", "message")
        }
        asked_twice = _rows(
            conn,
            "select count(*) from (select from message where step is not null"
            " group by incident_id, step, address, template having count(*) > 1) as twice",
        )[0][0]
    said = {alarm for gateway in gateways for alarm in gateway.alarms}
    stored = dict(raised)
    return {
        "alarms": {
            "called": len(said),
            "lost": len(said - set(stored)),
            "doubled": sum(count - 1 for count in stored.values()),
            "without_incident": len(said - of_incident),
            "incidents": len(opened),
        },
        "readings": _readings(gateways, counted),
        "audit": {"sent": report.sent, "missing": report.missing, "doubled": report.doubled},
        "clicks": _clicks(people, steps),
        "timers": {**_timers(steps, opened), **{f"overdue_{name}": n for name, n in overdue.items()}},
        "messages": {"asked_twice": asked_twice},
    }


def _readings(gateways: Sequence[Gateway], counted: Mapping[str, Sequence[int]]) -> dict[str, int]:
    said = sum(gateway.readings for gateway in gateways)
    rows = sum(one[0] for one in counted.values())
    different = sum(one[1] for one in counted.values())
    return {"said": said, "lost": said - different, "doubled": rows - different}


def _clicks(people: Sequence[Person], steps: Sequence[Any]) -> dict[str, int]:
    """Every click that was answered with yes is one step of the incident, and no step was taken without."""
    clicked = sum((person.done for person in people), Counter())
    taken = Counter((row[0], row[1]) for row in steps if row[1] in {"ack", "close"})
    return {
        "answered": sum(clicked.values()),
        "refused": sum(person.refused for person in people),
        "repeated": sum(person.repeated for person in people),
        "sign_ins_turned_away": sum(person.turned_away for person in people),
        "lost": sum((clicked - taken).values()),
        "doubled": sum((taken - clicked).values()),
    }


def _timers(steps: Sequence[Any], opened: Mapping[int, datetime]) -> dict[str, float]:
    """An SOS that nobody takes goes to the care circle after a minute: once, and how late at the most."""
    fired = [row for row in steps if row[1] == "timer" and row[2:4] == ("raised", "dispatching")]
    first = {row[0]: row[4] for row in reversed(fired)}
    late = sorted((at - opened[one]).total_seconds() - DISPATCH_AFTER_S for one, at in first.items())
    entered = Counter(row[0] for row in steps if row[3] == "raised")
    twice = sum(max(0, n - max(1, entered[one])) for one, n in Counter(row[0] for row in fired).items())
    return {
        "fired": len(fired),
        "fired_twice": twice,
        "late_p50_s": round(late[len(late) // 2], 2) if late else -1.0,
        "late_most_s": round(late[-1], 2) if late else -1.0,
    }


def _rows(conn: psycopg.Connection[Any], statement: str, *values: object) -> list[Any]:
    return conn.execute(statement.encode(), values).fetchall()


def screens(cloud: Split, watched: Sequence[Screen]) -> dict[str, int]:
    """Old snapshot plus changes must be a fresh snapshot."""
    fresh = asyncio.run(_fresh(cloud.address))
    wait_for(lambda: not _differing(fresh, watched), 10, 0.5)  # what is on its way
    return {
        "incidents_open": len(fresh),
        "breaks": sum(screen.breaks for screen in watched),
        "snapshots": sum(screen.snapshots for screen in watched),
        "differing": _differing(fresh, watched),
    }


async def _fresh(address: str) -> Mapping[int, int]:
    """As somebody sees it who signs in now; whose attempts were cut off too often may have to wait first."""
    screen, until = Screen(address, PEOPLE[0]), time.monotonic() + LONGEST_LOCK.total_seconds()
    while True:
        try:
            async with Console(address, PEOPLE[0], PASSWORD) as console:
                await screen.look(console)
        except httpx.HTTPStatusError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(1)
        else:
            return screen.versions


def _differing(fresh: Mapping[int, int], watched: Sequence[Screen]) -> int:
    return sum(screen.versions.get(one, 0) < version for screen in watched for one, version in fresh.items())


def run(folder: Path, times: int, seed: int, most_s: float) -> dict[str, Any]:
    """One run."""
    began = time.monotonic()
    rng = random.Random(seed)
    ending, closing = threading.Event(), threading.Event()
    with ExitStack() as stack:
        hook = stack.enter_context(webhook())
        cloud = stack.enter_context(split(folder, county(hook)))
        gateways = [Gateway(n, cloud.nats.mqtt_port, random.Random(n)) for n in range(1, HOMES + 1)]
        for gateway in gateways:
            stack.enter_context(gateway.uplink)
        people = [Person(cloud.address, name) for name in PEOPLE]
        watched = [Screen(cloud.address, name) for name in ("screen1", "screen2")]
        hands = stack.enter_context(ThreadPoolExecutor(HOMES + len(people) + len(watched)))
        stack.callback(closing.set)
        stack.callback(ending.set)
        talking = [hands.submit(gateway.live, ending) for gateway in gateways]
        talking += [hands.submit(person.live, ending) for person in people]
        watching = [hands.submit(screen.live, closing) for screen in watched]
        time.sleep(3)
        done = hurt(cloud, times, rng, began + most_s - SETTLE_S)
        ending.set()
        for one in talking:
            one.result()
        settled = all(wait_for(gateway.settled, SETTLE_S, 2.0) for gateway in gateways)
        for gateway in gateways:
            gateway.uplink.state()
        time.sleep(DISPATCH_AFTER_S + 20)  # the last alarm's timer
        result = account(cloud, gateways, people) | {"screens": screens(cloud, watched)}
        closing.set()
        for one in watching:
            one.result()
        result["messages"]["arrived"] = len(hook.seen)
    return result | {
        "seed": seed,
        "kills": dict(sorted(done.items())),
        "settled": settled,
        "took_s": round(time.monotonic() - began),
    }


MUST_BE_NONE: Final[Mapping[str, tuple[str, ...]]] = {
    "alarms": ("lost", "doubled", "without_incident"),
    "readings": ("lost", "doubled"),
    "audit": ("missing", "doubled"),
    "clicks": ("lost", "doubled"),
    "timers": ("fired_twice", "overdue_incident", "overdue_escalation", "overdue_message"),
    "messages": ("asked_twice",),
    "screens": ("differing",),
}


def failures(result: Mapping[str, Any], times: int) -> list[str]:
    """What must not be, in words."""
    found = [
        f"{part}: {result[part][name]} {name}"
        for part, names in MUST_BE_NONE.items()
        for name in names
        if result[part][name]
    ]
    if not result["settled"]:
        found.append("a gateway still waits for a commit-ack")
    if not result["timers"]["fired"]:
        found.append("no timer fired")
    if not result["clicks"]["answered"]:
        found.append("nobody could work")
    return found + [
        f"{part}: killed {result['kills'].get(part, 0)} of {times} times"
        for part in PARTS
        if result["kills"].get(part, 0) < times
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Run, print, and return 0 if nothing was lost and nothing doubled."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.chaos_cloud", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    parser.add_argument("--times", type=int, default=TIMES, help="kills of each part")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=20.0, help="no kill begins after this")
    parser.add_argument("--keep", type=Path, help="run in this (new) folder and leave it")
    options = parser.parse_args(argv)
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="anban-chaos-")))
        result = run(folder, options.times, options.seed, options.minutes * 60)
    result["failed"] = failures(result, options.times)
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n" if options.json else shown(result)
    sys.stdout.write(text)
    return 1 if result["failed"] else 0


def shown(result: Mapping[str, Any]) -> str:
    """The result for people."""
    kills = ", ".join(f"{part} {count}" for part, count in result["kills"].items())
    text = [f"killed in {result['took_s']} s, seed {result['seed']}: {kills}"]
    text += [
        f"{part}: " + ", ".join(f"{name} {value}" for name, value in result[part].items())
        for part in MUST_BE_NONE
    ]
    text += [f"FAILED {what}" for what in result["failed"]] or ["nothing lost, nothing doubled"]
    return "\n".join(text) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
