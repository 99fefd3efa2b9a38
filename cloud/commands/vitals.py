"""Vital signs: what a named clinician has decided for one home."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from cloud.commands.command import Command, database
from cloud.settings import Settings

if TYPE_CHECKING:
    from cloud.detect.vitals.record import Wanted

_OXYGEN: Final[Mapping[str, bool | None]] = {"yes": True, "no": False, "unknown": None}


def _vitals(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud.db import open_pool
    from cloud.detect.vitals import record
    from cloud.enrolment import claims
    from cloud.role import wall

    async def write(dsn: str) -> None:
        now = wall()
        async with open_pool(dsn, size=2) as pool, pool.connection() as conn, conn.transaction():
            home_id, scope = await claims.home_of_key(conn, chosen.home, chosen.tenant)
            if chosen.scale is not None:
                scale2, oxygen = chosen.scale == "2", _OXYGEN[chosen.oxygen]
                await record.set_record(conn, home_id, chosen.by, now, scale2=scale2, oxygen=oxygen)
            for wanted in chosen.limit:
                await record.set_limit(conn, home_id, chosen.by, now, wanted)
            await record.note(conn, scope.tenants[0], home_id, now)

    with database(settings) as dsn:
        asyncio.run(write(dsn))
    sys.stdout.write(f"{chosen.home}: set by {chosen.by}\n")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("home", metavar="HOME", help="key of the home, as in the roster")
    parser.add_argument("--tenant", metavar="CODE", help="its tenant, if several have such a home")
    parser.add_argument("--by", required=True, type=_name, metavar="NAME", help="the clinician who decides")
    parser.add_argument("--scale", choices=["1", "2"], help="scale of NEWS2 by which SpO2 is scored")
    parser.add_argument(
        "--oxygen", choices=list(_OXYGEN), default="unknown", help="extra oxygen (with --scale)"
    )
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        type=_limit,
        metavar="QUANTITY:LOW:HIGH",
        help="e.g. spo2:86: or systolic:95:175; spo2:: ends it",
    )


def _name(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("say who decides, by name")
    return text.strip()


def _limit(text: str) -> Wanted:
    from cloud.detect.vitals import record

    try:
        return record.limit(text)
    except record.RecordError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


COMMANDS: Final[Mapping[str, Command]] = {
    "vitals": Command("set what a named clinician has decided for a home's vital signs", _vitals, _arguments),
}
