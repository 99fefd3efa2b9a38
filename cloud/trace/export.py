"""Spans on their way to a collector, by OpenTelemetry (the extra ``trace``).

What this is: the recorder behind ``span``. The numbers of a trace and of its root span are drawn from the
incident's number and the name of the installation, so that every process finds the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from cloud.trace import SWITCH

_TRACE: Final = 16
_SPAN: Final = 8
"""Bytes of the two numbers (W3C Trace Context)."""


class _Numbers(RandomIdGenerator):
    """Random numbers, except for a root span, which gets those it must have."""

    def __init__(self) -> None:
        self.next: SpanContext | None = None

    def generate_trace_id(self) -> int:
        return self.next.trace_id if self.next else super().generate_trace_id()

    def generate_span_id(self) -> int:
        return self.next.span_id if self.next else super().generate_span_id()


@dataclass(frozen=True, slots=True)
class Spans:
    """Makes spans of one installation."""

    site: str
    tracer: Tracer
    numbers: _Numbers

    def record(
        self,
        name: str,
        incident_id: int,
        began_ns: int,
        ended_ns: int,
        facts: Mapping[str, str | int],
        *,
        root: bool,
    ) -> None:
        """See ``cloud.trace.Recorder``."""
        numbers = self.root_of(incident_id)
        above = Context() if root else set_span_in_context(NonRecordingSpan(numbers), Context())
        self.numbers.next = numbers if root else None
        attributes = {"incident": incident_id, **facts}
        span = self.tracer.start_span(name, above, SpanKind.INTERNAL, attributes, start_time=began_ns)
        self.numbers.next = None
        span.end(ended_ns)

    def root_of(self, incident_id: int) -> SpanContext:
        """The numbers of the trace and of its root span."""
        drawn = sha256(f"{self.site} incident {incident_id}".encode()).digest()
        trace, span = drawn[:_TRACE], drawn[_TRACE : _TRACE + _SPAN]
        flags = TraceFlags(TraceFlags.SAMPLED)
        return SpanContext(int.from_bytes(trace), int.from_bytes(span), is_remote=True, trace_flags=flags)


@contextmanager
def tracing(url: str, site: str, role: str) -> Iterator[None]:
    """Send spans to the collector at ``url`` (OTLP over HTTP) for the length of the block.

    A collector that is away costs spans and nothing else: a thread sends them, out of a bounded queue.
    """
    numbers = _Numbers()
    named = Resource({"service.namespace": site, "service.name": f"anban-{role}"})
    provider = TracerProvider(id_generator=numbers, resource=named, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{url.rstrip('/')}/v1/traces")))
    SWITCH.recorder = Spans(site, provider.get_tracer("anban"), numbers)
    try:
        yield
    finally:
        SWITCH.recorder = None
        provider.shutdown()
