"""The whole system on this machine, started by its public commands: cloud, radio, gateways, fleet.

What this is: the order of starting and stopping, and where everything is to be found. What it is not: it
prints nothing and makes nothing happen; ``demo``, ``replay`` and the benchmarks do. The one idea: everything
lives in one folder, and who enters ``running`` leaves it with every process ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from simulators import children, control, papers, world
from simulators.__main__ import SOCKETS
from simulators.children import Child, ChildError
from simulators.console import Console, answers
from simulators.inbox import Inbox, Letter
from simulators.world import Home, World

UP_S: Final = 120.0
"""Beyond this the system is said to have failed to start."""
LOOK_EVERY_S: Final = 0.1
USUAL_PORT: Final = 8080
SERVICE_PORTS: Final = range(10_000, 32_768)
"""Linux gives the ports beyond to whoever connects to somewhere (``net.ipv4.ip_local_port_range``)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. ``folder`` must exist. ``port`` 0: 8080 if free, else any. ``trace``: agents write one."""

    folder: Path
    homes: int = 20
    whole: int = 3
    seed: int = 1
    port: int = 0
    speed: float = 60.0
    hour: float = 9.5
    position: str = "waist"
    trace: bool = False


@dataclass(slots=True)
class System:
    """A running system."""

    plan: Plan
    world: World
    address: str
    cloud: Child
    radio: Child
    agents: dict[str, Child] = field(default_factory=dict)
    fleet: Child | None = None

    @property
    def children(self) -> list[Child]:
        """Every process."""
        fleet = [self.fleet] if self.fleet else []
        return [*fleet, *self.agents.values(), self.radio, self.cloud]

    def console(self, role: str = "operator") -> Console:
        """A session of the staff member with ``role``, to be entered."""
        staff = next(each for each in self.world.staff if each.role == role)
        return Console(self.address, staff.username, staff.password)

    def happen(self, home: Home, action: str, **arguments: Any) -> AsyncIterator[Mapping[str, Any]]:
        """Let something happen in a home; see ``control.ask``."""
        simulator = "radio" if home.whole else "fleet"
        return control.ask(self.plan.folder / "radio" / SOCKETS[simulator], home.key, action, **arguments)

    def trace_file(self, home: Home) -> Path:
        """Where the agent of ``home`` writes its trace."""
        return self.plan.folder / "logs" / f"trace-{home.key}.jsonl"

    async def failed(self) -> None:
        """Wait until a process ends that should not.

        Raises:
            ChildError: one did.
        """
        watches = [asyncio.ensure_future(child.ended()) for child in self.children]
        try:
            await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
            for watch in watches:
                if watch.done():
                    watch.result()
        finally:
            for watch in watches:
                watch.cancel()


@asynccontextmanager
async def running(
    plan: Plan, letters: Callable[[Letter], None], progress: Callable[[str], None] = lambda _: None
) -> AsyncIterator[System]:
    """Start everything, yield once the console answers and the first home is online, stop everything.

    Raises:
        ChildError: a process ended or did not get ready.
        ValueError: the port is in use.
    """
    async with contextlib.AsyncExitStack() as stack:
        inbox = Inbox(letters)
        stack.push_async_callback(inbox.close)
        county = world.build(plan.homes, plan.whole, plan.seed)
        _prepare(plan, papers.roster(county, await inbox.open()))
        web, broker = web_port(plan.port), free_port()
        started: list[Child] = []
        stack.push_async_callback(children.stop_all, started)

        async def begin(starting: Awaitable[Child]) -> Child:
            started.append(await starting)
            return started[-1]

        progress("starting the cloud (PostgreSQL, MQTT broker, ingest, worker, console) and the radio")
        cloud = await begin(_start_cloud(plan, web, broker))
        radio = await begin(_start_simulator(plan, "radio"))
        system = System(plan, county, f"http://127.0.0.1:{web}", cloud, radio)
        wiring = await radio.ready()
        for home in county.whole:
            agent = _start_agent(plan, home, wiring, broker, system.trace_file(home))
            system.agents[home.key] = await begin(agent)
        progress(f"{len(county.whole)} gateways are starting; waiting for the console")
        await _or_failed(system, _until(lambda: answers(system.address)))
        if county.fleet:
            system.fleet = await begin(_start_simulator(plan, "fleet", "--port", str(broker)))
        progress("the console answers; waiting for the first home")
        async with system.console() as console:
            await _or_failed(system, _until(lambda: _somebody_home(console)))
        yield system


def web_port(wanted: int) -> int:
    """Return ``wanted``, or for 0 the usual port if it is free, else any free one.

    Raises:
        ValueError: ``wanted`` is in use.
    """
    if wanted and not _is_free(wanted):
        raise ValueError(f"port {wanted} is in use; choose another with --port, or 0 for any free one")
    return wanted or (USUAL_PORT if _is_free(USUAL_PORT) else free_port())


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on, and that no connection is given before it is used."""
    return next(filter(_is_free, random.SystemRandom().sample(SERVICE_PORTS, len(SERVICE_PORTS))))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _prepare(plan: Plan, roster: str) -> None:
    """Make the folders; refuse a folder that holds another county."""
    remembered = plan.folder / "county.json"
    county = {"homes": plan.homes, "whole": plan.whole, "seed": plan.seed}
    if remembered.exists() and json.loads(remembered.read_text(encoding="utf-8")) != county:
        raise ValueError(
            f"{plan.folder} holds another county ({remembered.read_text(encoding='utf-8')}): "
            "use the same --homes and --seed, or --clear"
        )
    for name in ("logs", "radio", "gateways"):
        (plan.folder / name).mkdir(exist_ok=True, mode=0o700)
    for trace in (plan.folder / "logs").glob("trace-*.jsonl"):
        trace.unlink()
    remembered.write_text(json.dumps(county), encoding="utf-8")
    _private(plan.folder / "roster.json", roster)


def _private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


async def _start_cloud(plan: Plan, web: int, broker: int) -> Child:
    config = plan.folder / "cloud.toml"
    _private(config, f"[web]\nport = {web}\n[broker]\nport = {broker}\n")
    return await children.start(
        "cloud",
        "all",
        *("--config", str(config)),
        *("--data", str(plan.folder / "cloud")),
        *("--load", str(plan.folder / "roster.json")),
        log=plan.folder / "logs" / "cloud.log",
    )


async def _start_simulator(plan: Plan, name: str, *more: str) -> Child:
    return await children.start(
        "simulators",
        name,
        *("--dir", str(plan.folder / "radio")),
        *("--homes", str(plan.homes), "--whole", str(plan.whole), "--seed", str(plan.seed)),
        *("--speed", str(plan.speed), "--hour", str(plan.hour)),
        *more,
        log=plan.folder / "logs" / f"{name}.log",
        says_ready=True,
    )


async def _start_agent(plan: Plan, home: Home, radio: Mapping[str, Any], broker: int, trace: Path) -> Child:
    wiring = papers.Wiring(
        data_dir=plan.folder / "gateways" / home.key,
        broker_port=broker,
        transport=radio["transports"][home.key],
        serial=radio["serial"][home.key],
        position=plan.position,
    )
    config = plan.folder / "gateways" / f"{home.key}.toml"
    _private(config, papers.gateway(home, wiring))
    return await children.start(
        "edge_agent",
        "run",
        *("--config", str(config)),
        log=plan.folder / "logs" / f"gateway-{home.key}.log",
        environment={"ANBAN_TRACE": str(trace)} if plan.trace else None,
    )


async def _until(true: Callable[[], Any]) -> None:
    while not await true():  # noqa: ASYNC110 - another process; there is nothing to be woken by
        await asyncio.sleep(LOOK_EVERY_S)


async def _somebody_home(console: Console) -> bool:
    snapshot = await console.get("snapshot")
    return any(home["online"] for home in snapshot["homes"])


async def _or_failed(system: System, waiting: Any) -> None:
    """Await ``waiting``, unless a process ends first or it takes too long."""
    wait, failed = asyncio.ensure_future(waiting), asyncio.ensure_future(system.failed())
    try:
        done, _ = await asyncio.wait({wait, failed}, timeout=UP_S, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise ChildError(f"the system was not up within {UP_S:g} s; see {system.plan.folder / 'logs'}")
        for task in done:
            task.result()
    finally:
        wait.cancel()
        failed.cancel()
