"""``anban-cloud``: one command, one role each; ``all`` is every role and the services on one machine.

Settings come from ``--config FILE``; ``--data DIR`` alone is enough for ``all``. Exit codes: 0 done or
stopped, 1 the audit found something, 2 it cannot start (one line on stderr says why and what to do).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

import psycopg

from cloud import logs
from cloud.commands import COMMANDS
from cloud.embedded import ServiceError
from cloud.settings import ConfigError, Settings, load


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments and arguments[0] in ELSEWHERE:
        return ELSEWHERE[arguments[0]][1](arguments[1:])
    chosen = _parser().parse_args(arguments)
    logs.set_up(verbose=chosen.verbose)
    try:
        settings = load(chosen.config, data=chosen.data)
        logs.set_up(verbose=chosen.verbose, form=settings.operations.log)
        with _tracing(settings, chosen.role):
            COMMANDS[chosen.role].run(settings, chosen)
    except BaseExceptionGroup as group:
        return _explain(group)
    except KNOWN as error:
        return _fail(error)
    return 0


def _audit(argv: list[str]) -> int:
    from cloud import audit

    return audit.main(argv)


def _person(argv: list[str]) -> int:
    from cloud.privacy import command

    return command.main("person", argv)


def _retention(argv: list[str]) -> int:
    from cloud.privacy import command

    return command.main("retention", argv)


def _staff(argv: list[str]) -> int:
    from cloud import staff_command

    return staff_command.main(argv)


def _release(argv: list[str]) -> int:
    from cloud.releases import command

    return command.main(argv)


ELSEWHERE: Final[Mapping[str, tuple[str, Callable[[list[str]], int]]]] = {
    "audit": ("prove that nothing that was sent is missing", _audit),
    "person": ("export or erase all that is stored of one resident; legal holds", _person),
    "retention": ("show or change how long what is kept", _retention),
    "staff": ("let somebody back in who has lost password or authenticator", _staff),
    "release": ("let the gateways' program go out, ring by ring", _release),
}
"""Commands that read their own line: help, and what runs them."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="anban-cloud", description="the cloud side of Anban")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, metavar="FILE", help="configuration (TOML)")
    common.add_argument("--data", type=Path, metavar="DIR", help="folder of the embedded services")
    common.add_argument("--verbose", action="store_true", help="log more")
    roles = parser.add_subparsers(dest="role", required=True)
    for name, command in COMMANDS.items():
        command.arguments(roles.add_parser(name, parents=[common], help=command.help))
    for name, (told, _) in ELSEWHERE.items():
        roles.add_parser(name, help=told)
    return parser


def _tracing(settings: Settings, role: str) -> AbstractContextManager[None]:
    """Spans for the length of the block, if the settings say where they go."""
    wanted = settings.operations
    if not wanted.trace_url:
        return nullcontext()
    try:
        from cloud.trace import export
    except ImportError as error:
        raise ConfigError("operations.trace_url needs more: pip install 'anban[cloud,trace]'") from error
    return export.tracing(wanted.trace_url, wanted.site, role)


def _explain(group: BaseExceptionGroup[BaseException]) -> int:
    """One clear line where we know the reason; the whole story where we do not."""
    known, unknown = group.split(KNOWN)
    if unknown is not None or known is None:
        raise group
    first: BaseException = known
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return _fail(first)


def _fail(error: BaseException) -> int:
    sys.stderr.write(f"anban-cloud: {str(error).strip()}\n")
    return 2


def _known() -> tuple[type[BaseException], ...]:
    from cloud.backup.seal import SealError
    from cloud.enrolment.authority import AuthorityError
    from cloud.enrolment.claims import ClaimError
    from cloud.people.roster import RosterError

    return (
        ConfigError,
        ServiceError,
        RosterError,
        AuthorityError,
        ClaimError,
        SealError,
        psycopg.OperationalError,
        OSError,
    )


KNOWN: Final = _known()
"""Errors whose message tells a person what to do."""

if __name__ == "__main__":
    raise SystemExit(main())
