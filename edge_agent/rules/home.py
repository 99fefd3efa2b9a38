"""What rules know of the home: its devices, the plan in force, and what its sensors last said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edge_agent.rules.disarmed import disarmed
from edge_agent.rules.silences import Silences
from edge_agent.rules.surroundings import Surroundings
from firmware_protocols.model import AlarmId, DeviceId
from firmware_protocols.wire.plan import DEFAULT, Plan


@dataclass(slots=True)
class InForce:
    """The plan that rules go by. It is replaced whole, between two sights."""

    plan: Plan = DEFAULT


@dataclass(slots=True)
class Home:
    """``kinds`` and ``rooms``: of each configured device. ``settings_confirm_s``: the technician's window,
    in which the resident may call a suspicion off, unless the plan has one.
    """

    kinds: Mapping[DeviceId, str]
    new_id: Callable[[], AlarmId]
    settings_confirm_s: float = 20.0
    rooms: Mapping[DeviceId, str] = field(default_factory=dict)
    in_force: InForce = field(default_factory=InForce)
    surroundings: Surroundings = field(init=False)
    silences: Silences = field(init=False)
    _whole: Plan | None = field(init=False, default=None)
    _armed: Plan = field(init=False, default=DEFAULT)

    def __post_init__(self) -> None:
        """Nothing has been seen yet."""
        self.surroundings = Surroundings(self.kinds, self.rooms, lambda: self.plan)
        self.silences = Silences(self.surroundings, lambda: self.plan)

    @property
    def plan(self) -> Plan:
        """The plan in force, without the rules that what is withheld has switched off."""
        if self._whole is not self.in_force.plan:  # asked some thirty times a second, replaced once a month
            self._whole, self._armed = self.in_force.plan, disarmed(self.in_force.plan)
        return self._armed

    @property
    def confirm_s(self) -> float:
        """How long the resident may call a suspicion off."""
        return self.settings_confirm_s if self.plan.confirm_s is None else self.plan.confirm_s
