"""Commands from the cloud: a table, each done at most once per id, none after its time.

The id is durable before the command is done, so a gateway killed in between does it never rather than twice.
What may be done twice is done first, and what it changed is durable in the commit that remembers the id: a
home that was told that people are done must not text about it after a restart.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from edge_agent.clock import Clock
from edge_agent.outbox import Outbox
from edge_agent.pipeline import Pipeline
from edge_agent.planned import put_in_force
from edge_agent.rules import Cancellable
from edge_agent.rules.sight import GATEWAY_DEVICE
from edge_agent.rules.sos import SosRule
from edge_agent.second_path import SecondPath
from edge_agent.update.part import UpdateRefused, Updates
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState
from firmware_protocols.wire.control import Command, Result
from firmware_protocols.wire.plan import BadPlan

log = logging.getLogger(__name__)

_REMEMBERED: Final = 200
_NOTE: Final = "commands"
_MUTE_MOST_S: Final = 3600.0
_REPEATABLE: Final = frozenset({"plan", "update", "accepted", "closed"})
"""Safe to do twice."""


class CommandRefused(Exception):  # noqa: N818 - an answer to the cloud, not a failure
    """The command cannot be done; the message goes back in the result."""


@dataclass(slots=True)
class Downlink:
    """Does commands. ``sos``: the rule to tell that a call was answered. ``path``: whoever texts about it
    meanwhile, if there is a modem. ``updates``: whoever replaces the program, if that is allowed.
    """

    pipeline: Pipeline
    outbox: Outbox
    sos: SosRule
    clock: Clock
    new_id: Callable[[], AlarmId]
    path: SecondPath | None = None
    updates: Updates | None = None

    def do(self, command: Command) -> Result:
        """Do ``command`` unless it was done before or its time is over; say what became of it."""
        done = self._done()
        if command.id in done:
            return Result(command.id, ok=bool(done[command.id]), detail="done before")
        if command.until < self.clock.now().timestamp():
            return Result(command.id, ok=False, detail="expired")
        action = COMMANDS.get(command.name)
        if action is None:
            return Result(command.id, ok=False, detail=f"no such command; known: {', '.join(COMMANDS)}")
        if command.name not in _REPEATABLE:
            self._remember(done, command.id, ok=True)
        try:
            detail = action(self, command.args)
        except CommandRefused as refusal:
            self._remember(done, command.id, ok=False)
            return Result(command.id, ok=False, detail=str(refusal))
        if command.name in _REPEATABLE:
            self._remember(done, command.id, ok=True)
        log.info("command done name=%s id=%s", command.name, command.id)
        return Result(command.id, ok=True, detail=detail)

    def _asking(self) -> list[Cancellable]:
        """The rules that ask before they call."""
        return [rule for rule in self.pipeline.rules.values() if isinstance(rule, Cancellable)]

    def _done(self) -> dict[str, bool]:
        found = json.loads(self.outbox.recall(_NOTE) or "{}")
        return found if isinstance(found, dict) else {}

    def _remember(self, done: dict[str, bool], command_id: str, *, ok: bool) -> None:
        done[command_id] = ok
        newest = dict(list(done.items())[-_REMEMBERED:])
        self.outbox.note(_NOTE, json.dumps(newest))
        self.pipeline.keep()

    def cancel(self, args: Mapping[str, Any]) -> str:
        """``{alarm?}``: what is suspected (all of it, or this alarm) is nothing."""
        alarm, now = AlarmId(_text(args, "alarm")) if "alarm" in args else None, self.clock.now()
        cancelled = [record for rule in self._asking() for record in rule.cancel(now, "cloud", alarm)]
        if not cancelled:
            raise CommandRefused("no such suspicion is open")
        self.pipeline.record(cancelled)
        return cancelled[0].id

    def test(self, _args: Mapping[str, Any]) -> str:
        """A test alarm that takes the whole road, marked ``test`` in its evidence."""
        now = self.clock.now()
        alarm = Alarm(self.new_id(), AlarmKind.SOS, AlarmState.RAISED, GATEWAY_DEVICE, now, {"test": True})
        self.pipeline.record([alarm])
        return alarm.id

    def mute(self, args: Mapping[str, Any]) -> str:
        """``{seconds}``: no local sound for so long, at most an hour; 0 ends it."""
        seconds = _number(args, "seconds", most=_MUTE_MOST_S)
        self.pipeline.announcer.mute(seconds)
        return f"{seconds:.0f} s"

    def accepted(self, args: Mapping[str, Any]) -> str:
        """``{alarm, coming?}``: a person has taken the alarm on; tell the resident so.

        ``coming`` (unless false): that person, or somebody they sent, is on the way.
        """
        alarm = self._in_hand(args)
        self.pipeline.announcer.someone_accepts(alarm, coming=args.get("coming") is not False)
        return alarm

    def closed(self, args: Mapping[str, Any]) -> str:
        """``{alarm}``: people are done with the alarm; what still sounds for it ends."""
        alarm = self._in_hand(args)
        for rule in self._asking():
            rule.forget(alarm)
        self.pipeline.close(alarm)
        sounded = self.pipeline.announcer.close(alarm)
        return "silenced" if sounded else "was silent"

    def plan(self, args: Mapping[str, Any]) -> str:
        """``{plan}``: the home's plan, in force from the next sight on."""
        if "plan" not in args:
            raise CommandRefused("needs an object 'plan'")
        try:
            return put_in_force(args["plan"], self.pipeline.in_force, self.pipeline.devices, self.outbox)
        except BadPlan as refusal:
            raise CommandRefused(f"plan: {refusal}") from refusal

    def update(self, args: Mapping[str, Any]) -> str:
        """``{document, signature, again?}``: a release that replaces the program once nobody is in danger."""
        if self.updates is None:
            raise CommandRefused("no [update] in the configuration: its program is replaced by hand")
        try:
            return self.updates.order(args)
        except UpdateRefused as refusal:
            raise CommandRefused(str(refusal)) from refusal

    def _in_hand(self, args: Mapping[str, Any]) -> AlarmId:
        """The alarm that people have in hand or are done with: nobody need call, or be called, about it."""
        alarm = AlarmId(_text(args, "alarm"))
        self.sos.answered(alarm)
        if self.path is not None:
            self.path.settle(alarm)
        return alarm


COMMANDS: Final[Mapping[str, Callable[[Downlink, Mapping[str, Any]], str]]] = {
    "cancel": Downlink.cancel,
    "test": Downlink.test,
    "mute": Downlink.mute,
    "accepted": Downlink.accepted,
    "closed": Downlink.closed,
    "plan": Downlink.plan,
    "update": Downlink.update,
}


def _text(args: Mapping[str, Any], name: str) -> str:
    value = args.get(name)
    if not isinstance(value, str) or not value:
        raise CommandRefused(f"needs a text {name!r}")
    return value


def _number(args: Mapping[str, Any], name: str, *, most: float) -> float:
    value = args.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise CommandRefused(f"needs a number {name!r}, 0-{most:.0f}")
    return float(value)
