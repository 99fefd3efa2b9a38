"""Traces: the road of one incident, from the alarm that opened it to the person who answered, over processes.

What this is: ``span``, which contexts call, and the switch that it looks at. What it is not: a record of what
happened; the incident's own steps are that. The one idea: a trace is named by its incident, so processes that
share only the database write into one trace without handing anything on. A span says numbers and kinds
(``Facts``), never a name, an address or a value; the text of an error stays out too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, TypedDict, Unpack


class Facts(TypedDict, total=False):
    """All that a span may say beside its name, its times and the number of its incident."""

    kind: str
    priority: int
    channel: str
    attempt: int
    trigger: str
    error: str


class Recorder(Protocol):
    """Where finished spans go."""

    def record(
        self,
        name: str,
        incident_id: int,
        began_ns: int,
        ended_ns: int,
        facts: Mapping[str, str | int],
        *,
        root: bool,
    ) -> None: ...


class Switch:
    """``recorder`` is ``None`` while nobody wants traces; ``export.tracing`` sets it."""

    recorder: Recorder | None = None


SWITCH = Switch()


def on() -> bool:
    """Whether spans are recorded, for what costs something to find out."""
    return SWITCH.recorder is not None


def record(name: str, incident_id: int, began_ns: int, *, root: bool = False, **facts: Unpack[Facts]) -> None:
    """A span from ``began_ns`` (of the epoch) until now. ``root``: the one that all others hang below."""
    if SWITCH.recorder is not None:
        told = {key: value for key, value in facts.items() if isinstance(value, str | int)}
        SWITCH.recorder.record(name, incident_id, began_ns, time.time_ns(), told, root=root)


@contextmanager
def span(name: str, incident_id: int | None, **facts: Unpack[Facts]) -> Iterator[None]:
    """A span of the block's length; an exception is told by its type and goes on. No incident: no span."""
    if SWITCH.recorder is None or incident_id is None:
        yield
        return
    began_ns = time.time_ns()
    try:
        yield
    except BaseException as error:
        facts["error"] = type(error).__name__
        raise
    finally:
        record(name, incident_id, began_ns, **facts)
