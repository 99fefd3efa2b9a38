"""``anban-edge run | check | listen --config FILE``.

Exit codes: 0 done, 2 the configuration or the arguments are wrong, 3 another agent uses the data folder.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from edge_agent.settings import EdgeSettings, SettingsError, load

EXIT_USAGE: Final = 2
EXIT_RUNNING: Final = 3


def run(settings: EdgeSettings) -> int:
    """Run the agent until it is told to stop."""
    from edge_agent.app import AlreadyRunningError, run_until_signalled

    try:
        asyncio.run(run_until_signalled(settings))
    except AlreadyRunningError as error:
        sys.stderr.write(f"anban-edge: {error}\n")
        return EXIT_RUNNING
    return 0


def check(settings: EdgeSettings) -> int:
    """Say what the configuration means and whether this machine can serve it."""
    from edge_agent.check import findings

    found = findings(settings)
    for finding in found:
        sys.stdout.write(f"{'ok ' if finding.ok else 'BAD'}  {finding.text}\n")
    return 0 if all(finding.ok for finding in found) else EXIT_USAGE


def listen(settings: EdgeSettings) -> int:
    """Print what the devices say until interrupted; nothing is stored or sent."""
    from edge_agent.listen import listen_until_signalled

    asyncio.run(listen_until_signalled(settings, sys.stdout.write))
    return 0


COMMANDS: Final = {"run": run, "check": check, "listen": listen}


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    parser = argparse.ArgumentParser(prog="anban-edge", description="The gateway in the home.")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="TOML settings")
    parser.add_argument("--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=arguments.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        settings = load(arguments.config)
    except SettingsError as error:
        sys.stderr.write(f"anban-edge: {error}\n")
        return EXIT_USAGE
    return COMMANDS[arguments.command](settings)


if __name__ == "__main__":
    raise SystemExit(main())
