"""A network with a few modems, to be played with from outside: ``anban-sim texts`` and ``anban-sim do --in
texts``.

What this is: the modems of ``simulators.modem`` by number, and what may happen to each. Where a radio's
``do`` names a home, this one names a number; one that has no modem is a person's telephone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from firmware_protocols.serial.sms_text import checked_number
from simulators.control import Report
from simulators.modem import Carrier, Modem


class Texts:
    """The network. ``ports``: each modem's steady port by its number."""

    def __init__(self, numbers: Sequence[str], folder: Path) -> None:
        self._carrier = Carrier()
        self._modems = {
            number: Modem(folder / f"modem{checked_number(number)}", number, self._carrier)
            for number in numbers
        }

    @property
    def ports(self) -> Mapping[str, str]:
        return {number: str(modem.link) for number, modem in self._modems.items()}

    def close(self) -> None:
        """Pull every cable."""
        for modem in self._modems.values():
            modem.unplug()

    async def act(self, number: str, action: str, report: Report, arguments: Mapping[str, Any]) -> None:
        """Let ``action`` happen to ``number``.

        Raises:
            KeyError: no such action, or no modem has this number.
            ValueError, TypeError: the arguments do not fit.
        """
        if action == "say":
            self._carrier.say(number, **arguments)
        elif action == "inbox":
            for words in self._carrier.inbox(number):
                report({"text": words})
        elif action == "have":
            self._modems[number].conditions = replace(self._modems[number].conditions, **arguments)
        else:
            self._CABLE[action](self._modems[number])

    _CABLE: ClassVar[Mapping[str, Callable[[Modem], None]]] = {
        "plug": Modem.plug,
        "unplug": Modem.unplug,
        "restart": Modem.restart,
    }
