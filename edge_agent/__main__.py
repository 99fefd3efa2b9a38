"""``anban-edge run | check | listen | commission | enrol | seal``; ``--config FILE`` says of which gateway.

Exit codes: 0 done, 2 the configuration or the arguments are wrong, 3 another agent uses the data folder,
4 the cloud gives no certificate, 5 the walk test is not passed.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import pwd
import re
import sys
import tomllib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from edge_agent.configuration import SettingsError, load

EXIT_USAGE: Final = 2
EXIT_RUNNING: Final = 3
EXIT_REFUSED: Final = 4
EXIT_MISSING: Final = 5
CONFIG: Final = Path("/etc/anban/edge.toml")


def run(chosen: argparse.Namespace) -> int:
    """Run the agent until it is told to stop."""
    from edge_agent.app import AlreadyRunningError, run_until_signalled

    settings = load(chosen.config)
    try:
        asyncio.run(run_until_signalled(settings))
    except AlreadyRunningError as error:
        return _fail(str(error), EXIT_RUNNING)
    return 0


def check(chosen: argparse.Namespace) -> int:
    """Say what the configuration means and whether this machine can serve it."""
    from edge_agent.check import findings

    found = findings(load(chosen.config))
    for finding in found:
        sys.stdout.write(f"{'ok ' if finding.ok else 'BAD'}  {finding.text}\n")
    return 0 if all(finding.ok for finding in found) else EXIT_USAGE


def listen(chosen: argparse.Namespace) -> int:
    """Print what the devices say until interrupted; nothing is stored or sent."""
    from edge_agent.listen import listen_until_signalled

    asyncio.run(listen_until_signalled(load(chosen.config), sys.stdout.write))
    return 0


def enrol(chosen: argparse.Namespace) -> int:
    """Get this gateway its certificate."""
    from edge_agent import identity
    from edge_agent.enrol import AlreadyEnrolledError
    from edge_agent.enrol import enrol as enrol_in
    from edge_agent.office import OfficeError, check_url

    data_dir = _data_dir(chosen.config)
    _refuse_foreign(chosen.config, data_dir)
    folder = identity.folder_of(data_dir)
    try:
        ca = chosen.ca_file.read_text(encoding="ascii") if chosen.ca_file else ""
        cloud = identity.Cloud(check_url(chosen.url), ca, chosen.pin or "")
        known = enrol_in(folder, cloud, chosen.claim, datetime.now(UTC), again=chosen.again)
    except AlreadyEnrolledError as error:
        return _fail(str(error), EXIT_USAGE)
    except (OSError, UnicodeDecodeError) as error:
        return _fail(f"--ca-file cannot be read: {error}", EXIT_USAGE)
    except (OfficeError, identity.IdentityError) as error:
        return _fail(str(error), EXIT_REFUSED)
    until = identity.validity(folder / known.certificate).until
    sys.stdout.write(
        f"enrolled as {known.gateway}, certificate until {until:%Y-%m-%d}, broker {known.host}:{known.port}\n"
    )
    load(chosen.config)  # says what in the file contradicts it
    return 0


def commission(chosen: argparse.Namespace) -> int:
    """Walk through the home, try every device and the console, and write a protocol."""
    from edge_agent import commission as walking
    from edge_agent.app import AlreadyRunningError
    from edge_agent.identity import IdentityError
    from edge_agent.walk import text

    settings = load(chosen.config)
    _refuse_foreign(chosen.config, settings.gateway.data_dir)
    logging.getLogger().setLevel(logging.ERROR)  # the walk says itself what happens
    try:
        done = asyncio.run(walking.commission(settings, _say, patience_s=chosen.minutes * 60))
        written = walking.keep(done, settings)
    except AlreadyRunningError as error:
        return _fail(f"{error}: stop it first, e.g. systemctl stop anban-edge", EXIT_RUNNING)
    except (IdentityError, OSError) as error:
        return _fail(f"the protocol cannot be written: {error}", EXIT_USAGE)
    _say(f"\n{text(done)}" + "".join(f"{file}\n" for file in written))
    return 0 if done.passed else EXIT_MISSING


def seal(chosen: argparse.Namespace) -> int:
    """Seal the bind keys of the configuration: to stdout, or with ``--write`` into the file itself."""
    from edge_agent import identity
    from edge_agent.seal import PREFIX, replace_text, seal_text

    before = load(chosen.config)
    text = chosen.config.read_text(encoding="utf-8")
    devices = tomllib.loads(text).get("ble", {}).get("device", [])
    plain = [key for one in devices if (key := one.get("bindkey", "")) and not key.startswith(PREFIX)]
    try:
        sealed = seal_text(identity.root_key(before.identity_folder), text, plain)
        if chosen.write:
            replace_text(chosen.config, sealed)
    except (identity.IdentityError, OSError) as error:
        return _fail(str(error), EXIT_USAGE)
    if not chosen.write:
        sys.stdout.write(sealed)
    sys.stderr.write(f"{len(plain)} keys sealed\n")
    return 0


Command = Callable[[argparse.Namespace], int]
COMMANDS: Final[dict[str, tuple[Command, str]]] = {
    "run": (run, "run the agent"),
    "check": (check, "say what the configuration means and what this machine lacks for it"),
    "listen": (listen, "print what the devices say; nothing is stored or sent"),
    "commission": (commission, "try every device and the console, and write a signed protocol"),
    "enrol": (enrol, "turn a claim into this gateway's certificate"),
    "seal": (seal, "seal the sensors' keys in the configuration"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and run the command."""
    chosen = _parser().parse_args(argv)
    logging.basicConfig(level=chosen.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        return COMMANDS[chosen.command][0](chosen)
    except SettingsError as error:
        return _fail(str(error), EXIT_USAGE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="anban-edge", description="The gateway in the home.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--config", type=Path, default=CONFIG, metavar="FILE", help=f"TOML settings ({CONFIG})"
    )
    common.add_argument("--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    commands = parser.add_subparsers(dest="command", required=True)
    add = {
        name: commands.add_parser(name, parents=[common], help=text) for name, (_, text) in COMMANDS.items()
    }
    add["enrol"].add_argument("claim", metavar="CLAIM", help="the code that an administrator drew")
    add["enrol"].add_argument("--url", required=True, help="the cloud, https://...")
    add["enrol"].add_argument("--ca-file", type=Path, metavar="FILE", help="who vouches for the cloud (PEM)")
    add["enrol"].add_argument(
        "--pin", type=_pin, metavar="SHA256", help="instead: fingerprint of its certificate"
    )
    add["enrol"].add_argument("--again", action="store_true", help="replace the identity that is there")
    add["commission"].add_argument(
        "--minutes", type=float, default=30.0, metavar="N", help="how long to wait for the devices (30)"
    )
    add["seal"].add_argument("--write", action="store_true", help="change the file instead of printing it")
    return parser


def _pin(text: str) -> str:
    pin = text.lower().removeprefix("sha256:").replace(":", "")
    if not re.fullmatch("[0-9a-f]{64}", pin):
        raise argparse.ArgumentTypeError("a SHA-256 fingerprint has 64 hexadecimal digits")
    return pin


def _data_dir(config: Path) -> Path:
    """The data folder, from a configuration that is complete only once this gateway is enrolled.

    Raises:
        SettingsError: it cannot be read, or names no data folder.
    """
    try:
        found = tomllib.loads(config.read_text(encoding="utf-8"))["gateway"]["data_dir"]
    except OSError as error:
        raise SettingsError(str(config), f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(str(config), f"is not valid TOML: {error}") from error
    except (KeyError, TypeError) as error:
        raise SettingsError(str(config), "names no gateway.data_dir") from error
    return Path(found)


def _refuse_foreign(config: Path, data_dir: Path) -> None:
    """Root would leave files that the agent's own user cannot read.

    Raises:
        SettingsError: we are root, and the data folder is not root's.
    """
    if os.geteuid() == 0 and data_dir.exists() and data_dir.stat().st_uid != 0:
        uid = data_dir.stat().st_uid
        owner = next((entry.pw_name for entry in pwd.getpwall() if entry.pw_uid == uid), f"#{uid}")
        raise SettingsError(str(config), f"{data_dir} belongs to {owner}: say sudo -u {owner} anban-edge ...")


def _say(words: str) -> None:
    sys.stdout.write(words)
    sys.stdout.flush()


def _fail(reason: str, code: int) -> int:
    sys.stderr.write(f"anban-edge: {reason}\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
