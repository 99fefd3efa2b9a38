"""Draws the whole response out of its tables; ``python -m cloud.response`` renews ``docs/response.md``.

What this is: how alarm, incident, ladder, messages and visits hang together, as one picture and one table.
What it is not: each of them; their own pages have every state and timer. The one idea: an edge between stages
is drawn because a table has it, so the page cannot tell of a road that the program does not take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cloud.dispatch.escalate import RungState
from cloud.incidents.diagram import edges, filled, span
from cloud.incidents.model import IncidentState
from cloud.incidents.timers import TIMERS, Effect
from cloud.incidents.transitions import ENTERING, TRANSITIONS
from cloud.visits.records.views import State as VisitState
from firmware_protocols.model import AlarmState

PAGE: Final = Path(__file__).parents[1] / "docs" / "response.md"
_S: Final = IncidentState
STAGES: Final[Mapping[str, tuple[IncidentState, ...]]] = {
    "called": (_S.DETECTED, _S.RAISED),
    "taken": (_S.ACKED, _S.VOICE, _S.TRIAGED),
    "sent": (_S.DISPATCHING, _S.EN_ROUTE),
    "there": (_S.ON_SITE, _S.EMERGENCY_SERVICES),
    "watched": (_S.MONITORING,),
    "judged": (_S.OUTCOME, _S.RESOLVED, _S.FOLLOW_UP, _S.CLOSED),
    "called off": (_S.CANCELLED_LOCAL, _S.AUTO_RESOLVED),
}
"""The states of an incident by what the person at home would say of it."""
WRITES: Final[Mapping[Effect, tuple[str, str]]] = {
    Effect.TELL_FAMILY: ("messages", "`raised` to the family, unless they may not be told"),
    Effect.TELL_ASKED: ("messages", "`relieved` to everybody who was asked, and their rungs wait again"),
    Effect.TELL_OUTCOME: ("messages", "`settled` to everybody who knows of it; nothing after a death"),
    Effect.TELL_HOME_TAKEN: ("home", "a word to the gateway: a person has taken it"),
    Effect.TELL_HOME_COMING: ("home", "a word to the gateway: help is on the way"),
    Effect.TELL_HOME_OVER: ("home", "a word to the gateway: it is over"),
    Effect.UNTELL_HOME: ("home", "what the home has not heard and is no longer true is withdrawn"),
    Effect.PAGE_SUPERVISOR: ("messages", "`page` to whoever is on duty"),
    Effect.START_LADDER: ("ladder", "the ladder climbs, and the search for people nearby begins"),
    Effect.STOP_LADDER: (
        "ladder",
        "it stops, unreceived questions are withdrawn; the search goes on to the door",
    ),
    Effect.RENEW_LADDER: ("ladder", "every rung waits again"),
    Effect.WITHDRAW_MESSAGES: ("messages", "whatever has not gone out stays here"),
    Effect.REMIND_OWNER: ("desk", "a step of the timeline that the screen shows"),
    Effect.CHECK_ENTRY: ("desk", "a step of the timeline: are they inside, or is the door to be forced"),
    Effect.CALL_RESPONDER: ("desk", "a step of the timeline: ring whoever is alone at the door"),
    Effect.CALL_SERVICES_AGAIN: ("desk", "a step of the timeline: ask 120, 119 or 110 how long it takes"),
    Effect.TELL_SERVICES: ("desk", "a step of the timeline: tell them that it is worse"),
    Effect.CHECK_RESIDENT: ("desk", "a step of the timeline: call back"),
}
"""Where an effect lands, and what it becomes."""
_STAGE_OF: Final = {state: stage for stage, states in STAGES.items() for state in states}


def picture() -> str:
    """Every part with its states, and what leads from one part to another, as a Mermaid state diagram."""
    return "\n".join(["stateDiagram-v2", *_parts(), *_links()])


def _parts() -> Iterator[str]:
    yield from _part("alarm", [state.value for state in AlarmState])
    yield "    state incident {"
    yield from (f'        state "{stage}" as {_name(stage)}' for stage in STAGES)
    yield from (
        f"        {_name(source)} --> {_name(target)}: {', '.join(sorted(why))}"
        for (source, target), why in sorted(_between_stages().items())
    )
    yield "    }"
    yield from _part("rung", [state.value for state in RungState])
    yield from _part("visit", [state.value for state in VisitState])


def _part(name: str, states: list[str]) -> Iterator[str]:
    yield f"    state {name} {{"
    yield from (f'        state "{state}" as {name}_{state}' for state in states)
    yield "    }"


def _links() -> Iterator[str]:
    yield "    alarm --> incident: joins or opens"
    places: dict[str, set[str]] = {}
    for effect in _asked_for():
        places.setdefault(WRITES[effect][0], set()).add(effect.value)
    for place, effects in sorted(places.items()):
        target = "rung" if place == "ladder" else place
        yield f"    incident --> {target}: {', '.join(sorted(effects))}"
    yield "    rung --> messages: ask"
    yield "    messages --> rung: accepted, declined, not reached"
    yield "    rung --> incident: accept, decline, ladder_ended"
    yield "    incident --> visit: follow_up, a P1 that was one"
    yield "    visit --> [*]"


def _between_stages() -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for (source, target), triggers in edges().items():
        ends = _STAGE_OF[_S(source)], _STAGE_OF[_S(target)]
        if ends[0] != ends[1]:
            found.setdefault(ends, set()).update(triggers)
    return found


def effects() -> str:
    """What each effect becomes, and what asks for it."""
    head = ["| effect | lands at | becomes | asked for |", "|---|---|---|---|"]
    asked = {effect: "; ".join(whys) for effect, whys in _asked_for().items()}
    rows = [
        f"| `{effect.value}` | {place} | {becomes} | {asked.get(effect, 'news of the incident')} |"
        for effect, (place, becomes) in WRITES.items()
    ]
    return "\n".join([*head, *rows])


def _asked_for() -> dict[Effect, list[str]]:
    found: dict[Effect, dict[str, None]] = {}
    for effect, why in (*_by_entering(), *_by_step(), *_by_clock()):
        found.setdefault(effect, {})[why] = None
    return {effect: list(whys) for effect, whys in found.items()}


def _by_entering() -> Iterator[tuple[Effect, str]]:
    for state, asked in ENTERING.items():
        yield from ((effect, f"entering `{state.value}`") for effect in asked)


def _by_step() -> Iterator[tuple[Effect, str]]:
    for (state, trigger), moves in TRANSITIONS.items():
        for move in moves:
            yield from ((effect, f"`{trigger.value}` in `{state.value}`") for effect in move.effects)


def _by_clock() -> Iterator[tuple[Effect, str]]:
    for state, timers in TIMERS.items():
        found: dict[tuple[Effect, str], list[str]] = {}
        for priority, timer in timers.items():
            for mark in timer.marks:
                for effect in mark.effects:
                    found.setdefault((effect, span(mark.after)), []).append(f"P{priority.value}")
        for (effect, after), of in found.items():
            whose = "" if len(of) == len(timers) else f" ({', '.join(of)})"
            yield effect, f"{after} in `{state.value}`{whose}"


def _name(stage: str) -> str:
    return stage.replace(" ", "_")


def renew(page: str) -> str:
    """``page`` with every drawn part as the tables now say."""
    page = filled(page, "picture", f"```mermaid\n{picture()}\n```")
    return filled(page, "effects", effects())


if __name__ == "__main__":
    PAGE.write_text(renew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
