"""What runs until it is told to stop: everything on this machine, or one role."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from cloud.commands.command import Command, need, need_database
from cloud.commands.stopping import announce, run_until_told
from cloud.settings import Settings


def _ingest(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud import role

    need_database(settings, "ingest_dsn")
    need("broker.host", settings.broker.host)
    run_until_told(role.run_ingest(settings))


def _worker(settings: Settings, _chosen: argparse.Namespace) -> None:
    from cloud import role

    need_database(settings, "service_dsn")
    run_until_told(role.run_worker(settings))


def _api(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud import role

    need_database(settings, "service_dsn", "api_dsn")
    run_until_told(role.run_api(_on_port(settings, chosen.port), announce))


def _sms(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud import role

    if chosen.modem is not None:
        settings = replace(settings, sms=replace(settings.sms, port=chosen.modem))
    need_database(settings, "service_dsn")
    need("sms.port (or --port PORT)", settings.sms.port)
    run_until_told(role.run_sms(settings))


def _all(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud import single
    from cloud.people import roster as people

    roster = people.read(chosen.load) if chosen.load else None
    run_until_told(single.run_all(_on_port(settings, chosen.port), roster, announce))


def _on_port(settings: Settings, port: int | None) -> Settings:
    """``settings`` with the port of the screens that the command line names, if it names one."""
    return settings if port is None else replace(settings, web=replace(settings.web, port=port))


def _api_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, metavar="N", help="port of the screens, 0 for any free one")


def _all_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--load", type=Path, metavar="FILE", help="load this roster first")
    _api_arguments(parser)


def _sms_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", dest="modem", metavar="PORT", help="the modem's serial port or URL")


COMMANDS: Final[Mapping[str, Command]] = {
    "ingest": Command("store what gateways send", _ingest),
    "worker": Command("work the timers and the messages", _worker),
    "api": Command("serve the API and the screens", _api, _api_arguments),
    "sms": Command("read and send the texts of the alarm centre's modem", _sms, _sms_arguments),
    "all": Command("everything on this machine, with embedded services", _all, _all_arguments),
}
