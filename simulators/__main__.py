"""``anban-sim``: the simulator processes of the demonstration, each by its own command.

``radio`` runs the homes that have a real gateway; ``fleet`` those that only speak MQTT; ``local`` the devices
on the broker of one home; ``texts`` mobile modems and the network between them; ``do`` makes something happen
in any of them. Each prints one line of JSON when it is ready and ends on SIGINT or SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import sys
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from simulators import control, world
from simulators.resident import HOUR, RoutineClock

SOCKETS: Final[Mapping[str, str]] = {name: f"{name}.sock" for name in ("radio", "fleet", "local", "texts")}
"""Simulator → name of its control socket in ``--dir``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one simulator; return its exit status."""
    options = _options(argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        asyncio.run(_until_told(RUN[options.command](options)))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"anban-sim {options.command}: {error}\n")
        return 1
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="anban-sim", description="Simulated homes and residents.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("radio", "fleet"):
        command = commands.add_parser(name)
        command.add_argument("--dir", type=Path, required=True, help="folder for the control socket and ptys")
        command.add_argument("--homes", type=int, default=20)
        command.add_argument("--whole", type=int, default=3, help="homes with a real gateway")
        command.add_argument("--seed", type=int, default=1)
        command.add_argument(
            "--speed", type=float, default=60.0, help="of the residents' day; 1 is real time"
        )
        command.add_argument("--hour", type=float, default=9.5, help="their time of day at the start")
        if name == "fleet":
            command.add_argument("--port", type=int, required=True, help="of the MQTT broker on 127.0.0.1")
    command = commands.add_parser("texts", help="mobile modems on ptys, and the network between them")
    command.add_argument("--dir", type=Path, required=True, help="folder for the control socket and ptys")
    command.add_argument("numbers", nargs="+", metavar="NUMBER", help="of each modem, +8613800138000")
    command = commands.add_parser("local", help="a Zigbee2MQTT bridge and an ESPHome node on a home's broker")
    command.add_argument("--dir", type=Path, required=True, help="folder for the control socket")
    command.add_argument("--port", type=int, required=True, help="of the home's MQTT broker on 127.0.0.1")
    command.add_argument("--user", default="")
    command.add_argument("--password", default="")
    command.add_argument("--node", default="radar-bedroom", help="name of the ESPHome node")
    command = commands.add_parser("do", help="press a button, open the gas, fall")
    command.add_argument("--dir", type=Path, required=True)
    command.add_argument("--in", dest="simulator", choices=sorted(SOCKETS), default="radio")
    command.add_argument(
        "home", help="its key; with --in local the device or the node's entity, in texts the number"
    )
    command.add_argument("action")
    command.add_argument("arguments", nargs="*", metavar="NAME=VALUE", help="values are JSON or plain text")
    return parser.parse_args(argv)


async def _until_told(running: Coroutine[Any, Any, None]) -> None:
    """Run until it ends or SIGINT or SIGTERM comes."""
    task = asyncio.ensure_future(running)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _clock(options: argparse.Namespace) -> RoutineClock:
    loop = asyncio.get_running_loop()
    started = loop.time()
    return RoutineClock(lambda: loop.time() - started, options.hour * HOUR, options.speed)


def _ready(**what: Any) -> None:
    sys.stdout.write(json.dumps({"ready": True, **what}) + "\n")
    sys.stdout.flush()


async def _radio(options: argparse.Namespace) -> None:
    from simulators.household import Household
    from simulators.radio import Radio

    homes = world.build(options.homes, options.whole, options.seed).whole
    radio, clock = Radio(), _clock(options)
    ports = {home.key: await radio.gateway(home.gateway) for home in homes}
    households = {home.key: Household(home, clock, options.dir) for home in homes}
    for household in households.values():
        await household.place(radio)

    async def act(home: str, action: str, report: control.Report, arguments: Mapping[str, Any]) -> None:
        await households[home].act(action, report, arguments)

    server = await control.serve(options.dir / SOCKETS["radio"], act)
    async with server, asyncio.TaskGroup() as tasks:
        for household in households.values():
            tasks.create_task(household.run())
        _ready(
            transports={key: port.moniker for key, port in ports.items()},
            serial={key: dict(household.serial) for key, household in households.items()},
        )


async def _fleet(options: argparse.Namespace) -> None:
    from simulators.fleet import Fleet

    homes = world.build(options.homes, options.whole, options.seed).fleet
    fleet = Fleet(homes, _clock(options), options.port)
    server = await control.serve(options.dir / SOCKETS["fleet"], fleet.act)
    async with server, asyncio.TaskGroup() as tasks:
        tasks.create_task(fleet.run())
        _ready(homes=len(homes))


async def _local(options: argparse.Namespace) -> None:
    from simulators.local_devices import LocalDevices

    devices = LocalDevices(options.port, options.user, options.password, options.node)
    async with await control.serve(options.dir / SOCKETS["local"], devices.act), asyncio.TaskGroup() as tasks:
        tasks.create_task(devices.run())
        _ready(node=options.node)


async def _texts(options: argparse.Namespace) -> None:
    from simulators.texts import Texts

    texts = Texts(options.numbers, options.dir)
    server = await control.serve(options.dir / SOCKETS["texts"], texts.act)
    async with server:
        _ready(serial=dict(texts.ports))
        try:
            await asyncio.Event().wait()
        finally:
            texts.close()


async def _do(options: argparse.Namespace) -> None:
    arguments = dict(_argument(each) for each in options.arguments)
    path = options.dir / SOCKETS[options.simulator]
    async for report in control.ask(path, options.home, options.action, **arguments):
        sys.stdout.write(json.dumps(report) + "\n")


def _argument(text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not found:
        raise ValueError(f"{text!r} is not NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


RUN: Final = {"radio": _radio, "fleet": _fleet, "local": _local, "texts": _texts, "do": _do}

if __name__ == "__main__":
    raise SystemExit(main())
