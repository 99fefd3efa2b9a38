"""``anban``: the umbrella command, a table from sub-command to the module that does it."""

from __future__ import annotations

import importlib
import sys
from typing import Final

COMMANDS: Final = {
    "demo": ("simulators.demo", "run one county with 20 homes on this machine and open the console"),
    "replay falls": ("simulators.replay.falls", "send one published recording down the whole road"),
    "replay home": (
        "simulators.replay.command",
        "judge a recorded home's days again, or under another plan",
    ),
    "train": ("edge_agent.falls.train", "train the fall model from recordings"),
    "audit": ("cloud.audit", "prove that nothing that was sent is missing"),
}


def usage() -> str:
    """One line a sub-command."""
    return "usage: anban COMMAND …\n\n" + "\n".join(
        f"  {name:12} {what}" for name, (_, what) in COMMANDS.items()
    )


def main() -> int:
    """Run the sub-command that the first one or two words name; its ``main(argv)`` gets all but the first."""
    name, *rest = sys.argv[1:] or ["--help"]
    two = " ".join([name, *rest[:1]])
    name = two if two in COMMANDS else name
    if name in {"-h", "--help"}:
        sys.stdout.write(usage() + "\n")
        return 0
    if name not in COMMANDS:
        sys.stderr.write(f"anban: no command {name!r}\n\n{usage()}\n")
        return 2
    module = importlib.import_module(COMMANDS[name][0])
    return int(module.main(rest))


if __name__ == "__main__":
    raise SystemExit(main())
