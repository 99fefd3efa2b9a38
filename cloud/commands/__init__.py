"""The commands of the console, a module per subject: what each is called, what it takes, what it does.

What this is: the table ``COMMANDS``. What it is not: behaviour; a command calls it and says what came of it.
The one idea: whatever takes long to import is imported by the command that needs it.
"""

from collections.abc import Mapping
from typing import Final

from cloud.commands import (
    backups,
    broker,
    homes,
    keys,
    maps,
    report,
    routine,
    rules,
    schema,
    services,
    vitals,
)
from cloud.commands.command import Command

COMMANDS: Final[Mapping[str, Command]] = {
    **schema.COMMANDS,
    **homes.COMMANDS,
    **maps.COMMANDS,
    **vitals.COMMANDS,
    **routine.COMMANDS,
    **rules.COMMANDS,
    **report.COMMANDS,
    **keys.COMMANDS,
    **services.COMMANDS,
    **broker.COMMANDS,
    **backups.COMMANDS,
}
"""By what is typed, in the order of the help."""
