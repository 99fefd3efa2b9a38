"""What a process counts about itself, for Prometheus, and which of its loops still turn.

What this is: one table of metrics and one of loops, both of the process. What it is not: HTTP (``watch``) or
questions to the database (``standing``). The one idea: a label has few values that are known beforehand, and
none is a person, a home, a gateway or an address; so nothing here grows and nothing here can tell on anybody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector

REGISTRY: Final = CollectorRegistry()
OTHER: Final = "other"
"""The label of everything that is not on the list."""
_BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(f"anban_{name}", meaning, labels, registry=REGISTRY)


def _gauge(name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(f"anban_{name}", meaning, labels, registry=REGISTRY)


def _seconds(name: str, meaning: str, *labels: str) -> Histogram:
    return Histogram(f"anban_{name}_seconds", meaning, labels, buckets=_BOUNDS_S, registry=REGISTRY)


ProcessCollector(registry=REGISTRY)

# The road in: ingest.
STORED_ROWS: Final = _counter("ingest_rows", "Rows stored: reading, event, alarm, gap", "kind")
BATCHES: Final = _counter("ingest_batches", "Batches settled: stored, or repeated", "outcome")
LATE_ROWS: Final = _counter("ingest_late_rows", "Readings and events older than 5 min when stored")
QUARANTINED: Final = _counter("ingest_quarantined", "Messages put into quarantine")
COMMIT_SECONDS: Final = _seconds("ingest_commit", "One transaction of ingest, from begin to commit")
QUEUE: Final = _gauge("ingest_queue_messages", "Messages taken from the broker and not yet stored")
UNACKED_SECONDS: Final = _gauge("ingest_oldest_unacked_seconds", "Age of the oldest message not yet stored")
BROKER_UP: Final = _gauge(
    "broker_connected", "0 while a session of ingest is not connected; 1 also without any"
)
BROKER_LAG: Final = _gauge("broker_lag_messages", "Messages that wait at the broker for ingest", "lane")
DISK_FREE: Final = Gauge(
    "anban_disk_free_bytes", "Room where embedded services write", ("disk",), registry=REGISTRY
)

# The road out: worker.
WORKED_ROWS: Final = _counter("worker_rows", "Due rows worked", "job")
FAILED_ROWS: Final = _counter("worker_failed_rows", "Due rows that failed and were set aside", "job")
SENT: Final = _counter("messages", "Attempts to reach a person: accepted, again, dead", "channel", "outcome")
SILENT_CHANNEL: Final = _gauge(
    "channel_silent", "1 while an hourly try of the channel does not come through", "channel"
)
UNCONFIRMED: Final = _counter("messages_unconfirmed", "Messages accepted and never confirmed", "channel")
REPORTED: Final = _counter(
    "message_reports", "Later words of providers: delivered, failed, yes, no", "provider", "word"
)
REPLIED: Final = _counter(
    "text_replies", "Texts that people sent back: answer, unclear, late, again, stranger", "fate"
)

# The screens: api.
REQUEST_SECONDS: Final = _seconds(
    "http_request", "Requests by pattern of the route and class of the answer", "method", "route", "status"
)
REFUSED: Final = _counter(
    "connections_refused", "Connections closed: malformed, slow_head, not_taken, crowded", "reason"
)
REFUSED_REQUESTS: Final = _counter(
    "requests_refused", "Requests answered 429 by whose bucket was empty: session, address, urgent", "reason"
)
STREAMS: Final = _gauge("live_streams", "Live streams that are open")


def known(value: str, values: Collection[str]) -> str:
    """``value`` if it is one of ``values``, else ``OTHER``: what keeps a label from growing."""
    return value if value in values else OTHER


@dataclass(eq=False, slots=True)
class Loops:
    """The loops without end of this process, and when each last came round.

    ``monotonic``: seconds of a clock that never goes back.
    """

    monotonic: Callable[[], float] = time.monotonic
    _within_s: dict[str, float] = field(default_factory=dict)
    _turned_at: dict[str, float] = field(default_factory=dict)

    def expect(self, name: str, *, within_s: float) -> None:
        """From now on the loop ``name`` comes round at least every ``within_s`` while all is well."""
        self._within_s[name] = within_s
        self._turned_at[name] = self.monotonic()

    def turned(self, name: str) -> None:
        """The loop ``name`` came round and succeeded."""
        self._turned_at[name] = self.monotonic()

    def forget(self, name: str) -> None:
        """The loop ``name`` has ended because it was told to."""
        self._within_s.pop(name, None)

    def late(self) -> list[str]:
        """Loops that should have come round and did not: they fail, hang or wait for what is away."""
        return [name for name, (age_s, within_s) in self._ages().items() if age_s > within_s]

    def collect(self) -> Iterator[Metric]:
        """How long ago each came round, and how long that may be."""
        age = GaugeMetricFamily("anban_loop_age_seconds", "Since the loop last came round", labels=["loop"])
        most = GaugeMetricFamily("anban_loop_limit_seconds", "How long that may be", labels=["loop"])
        for name, (age_s, within_s) in self._ages().items():
            age.add_metric([name], age_s)
            most.add_metric([name], within_s)
        yield from (age, most)

    def _ages(self) -> dict[str, tuple[float, float]]:
        now = self.monotonic()
        return {name: (now - self._turned_at[name], within_s) for name, within_s in self._within_s.items()}


LOOPS: Final = Loops()
REGISTRY.register(LOOPS)
