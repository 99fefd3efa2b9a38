"""A county under the console: its homes, what changes in them, and people at consoles.

What this is: 3,000 homes in the real platform, as many changes a second as asked for, and streams that only
count. What it is not: a figure; ``screens`` measures. The one idea: changes go the way that ingest sends
them, through the log of changes, so what is measured begins where a home's word has been stored.
"""

from __future__ import annotations

import asyncio
import math
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import psycopg

from firmware_protocols.wire.topics import SHARDS
from tests.harness import roster

PASSWORD: Final = "correct horse battery"
OPERATOR: Final = "op1"
CENTRE: Final = (27.55, 110.0)
WINDOWS: Final = 50
"""Streams of one session: it may ask 200 times at once (``cloud.throttle``)."""
TOWNSHIPS: Final = 60
"""A county has some; so many that no alarms of the benchmark are a flood, which is one row."""
SPREAD: Final = 0.25
"""Degrees: the standard deviation of homes about the county town."""

_HEARD: Final = """
insert into gateway (id, home_id, shard, secret, online, state_at)
values ('gw-said-' || %(home)s, %(home)s, 0, '', %(online)s, %(now)s)
on conflict (id) do update set online = excluded.online, state_at = excluded.state_at
"""
_CHANGE: Final = "select append_change(tenant_id, id, 'home', '{}', %(now)s) from home where id = %(home)s"
_ALARM: Final = """
insert into incident (tenant_id, home_id, kind, family, priority, state, state_since, observed_at, opened_at)
select tenant_id, id, 'sos', 'sos', 1 + id %% 4, 'acked', %(now)s, %(now)s, %(now)s
from home order by id limit %(n)s
"""


def county(homes: int, gateways: int) -> dict[str, Any]:
    """Homes spread over a county, the first with a gateway that may call; one operator."""
    person = {"username": OPERATOR, "password": PASSWORD, "role": "operator", "name": "向玉珍"}
    document, rng = roster(homes, staff=[person]), random.Random(1)
    document["tenant"]["second_factor_roles"] = []
    towns = [f"431202{100 + number}000" for number in range(TOWNSHIPS)]
    document["divisions"] += [{"code": code, "name": code, "parent": "431202000000"} for code in towns]
    for number, home in enumerate(document["homes"], 1):
        home["division"] = towns[number % TOWNSHIPS]
        home["gateway"]["shard"] = number % SHARDS
        if number > gateways:  # a gateway that says nothing costs only the loading
            del home["gateway"], home["devices"]
        home["latitude"] = CENTRE[0] + rng.gauss(0, SPREAD)
        home["longitude"] = CENTRE[1] + rng.gauss(0, SPREAD)
    return document


def cookie(address: str) -> str:
    """The cookie of somebody who has just signed in."""
    headers = {"X-Anban": "1"}
    with httpx.Client(base_url=f"{address}/api/v1", headers=headers, trust_env=False, timeout=60) as client:
        said = {"username": OPERATOR, "password": PASSWORD}
        client.post("/session", json=said).raise_for_status()
        return f"{(name := next(iter(client.cookies)))}={client.cookies[name]}"


def open_incidents(dsn: str, number: int) -> None:
    """Incidents that somebody works on already, so that no clock of theirs runs out meanwhile."""
    with psycopg.connect(dsn) as conn:
        conn.execute(_ALARM, {"n": number, "now": datetime.now(UTC)})


@contextmanager
def changing(dsn: str, per_s: float) -> Iterator[threading.Event]:
    """So many homes a second say that they are there, or not there, for the length of the block."""
    ended = threading.Event()

    def change() -> None:
        rng = random.Random(2)
        with psycopg.connect(dsn, autocommit=True) as conn:
            homes = [row[0] for row in conn.execute("select id from home order by id").fetchall()]
            while not ended.wait(1 / per_s):
                said = {"home": rng.choice(homes), "online": rng.random() < 0.5, "now": datetime.now(UTC)}
                with conn.transaction():
                    conn.execute(_HEARD, said)
                    conn.execute(_CHANGE, said)

    hand = threading.Thread(target=change)
    hand.start()
    try:
        yield ended
    finally:
        ended.set()
        hand.join()


@dataclass(slots=True)
class Streams:
    """Many consoles that only listen. ``events``: changes that each has got; ``ended``: hung up on."""

    events: list[int] = field(default_factory=list)
    ended: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _readers: list[asyncio.Task[None]] = field(default_factory=list)

    async def open(self, address: str, number: int) -> None:
        """Open ``number`` of them, over connections of their own; a few people with many windows each."""
        host = urlsplit(address)
        for index in range(number):
            if index % WINDOWS == 0:
                person = await asyncio.to_thread(cookie, address)
            reader, writer = await asyncio.open_connection(host.hostname, host.port)
            head = f"GET /api/v1/stream HTTP/1.1\r\nHost: {host.netloc}\r\nCookie: {person}\r\n\r\n"
            writer.write(head.encode())
            self.events.append(0)
            self._writers.append(writer)
            self._readers.append(asyncio.create_task(self._count(reader, index)))
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        """Hang up."""
        for task in self._readers:
            task.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        for writer in self._writers:
            writer.close()

    async def _count(self, reader: asyncio.StreamReader, index: int) -> None:
        while piece := await reader.read(65_536):
            self.events[index] += piece.count(b"event: home")
        self.ended += 1


def quantile(values: list[float], share: float) -> float:
    """The smallest of ``values`` that at least ``share`` of them do not exceed; NaN without any."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)] if ranked else math.nan


def met(figures: Mapping[str, float], budgets: Mapping[str, float]) -> dict[str, bool]:
    """Which budgets were kept; one that was not measured was not."""
    return {name: figures.get(name, math.inf) <= most for name, most in budgets.items()}
