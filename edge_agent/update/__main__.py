"""``python -m edge_agent.update start | look | switch ENV VERSION``: the guard, as systemd runs it.

A command of its own, so that it needs little of the program: what cannot be imported cannot be taken back.
Exit codes: 0 done, 2 the arguments are wrong or a file cannot be written.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from edge_agent.update.guard import LOCKS, RESTART, Guard
from edge_agent.update.places import KEY, PROGRAM, Places
from edge_agent.update.trial import WITHIN_S

DATA: Final = Path("/var/lib/anban")


def main(argv: Sequence[str] | None = None) -> int:
    """Do one step."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    chosen = _parser().parse_args(argv)
    places = Places(chosen.program, chosen.data / "update", chosen.key)
    guard = Guard(places, chosen.locks, chosen.within, chosen.restart, chosen.remount)
    try:
        if chosen.what == "switch":
            guard.switch(chosen.env, chosen.version, anyway=chosen.anyway)
        else:
            {"start": guard.start, "look": guard.look}[chosen.what]()
    except OSError as error:
        sys.stderr.write(f"guard: {error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="edge_agent.update", description="Looks after the program's versions."
    )
    parser.add_argument("--program", type=Path, default=PROGRAM, metavar="DIR", help="the environments")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="the agent's data folder")
    parser.add_argument("--key", type=Path, default=KEY, metavar="FILE", help="public key of releases")
    parser.add_argument("--locks", type=Path, default=LOCKS, metavar="DIR")
    parser.add_argument("--restart", default=RESTART, metavar="COMMAND", help="starts the agent anew")
    parser.add_argument(
        "--within", type=float, default=WITHIN_S, metavar="S", help="how long a trial may last in one boot"
    )
    parser.add_argument("--remount", action="store_true", help="the environments are a read-only mount")
    steps = parser.add_subparsers(dest="what", required=True)
    steps.add_parser("start", help="the agent is about to start")
    steps.add_parser("look", help="now and then beside the agent")
    switch = steps.add_parser("switch", help="try an environment that a person has made, at the next start")
    switch.add_argument("env", metavar="ENV")
    switch.add_argument("version", metavar="VERSION")
    switch.add_argument("--anyway", action="store_true", help="also while an alarm is open")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
