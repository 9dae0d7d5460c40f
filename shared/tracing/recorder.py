"""Records spans and the durations of phases with OpenTelemetry's SDK. Only active tracing imports this module."""

import time
from collections.abc import Collection, Sequence
from threading import Thread

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from shared.tracing import ATTRIBUTES, Attributes, Phase
from shared.version import VERSION

KINDS = {
    Phase.REQUEST: SpanKind.SERVER,
    Phase.SEND: SpanKind.PRODUCER,
    Phase.PROCESS: SpanKind.CONSUMER,
    Phase.DELIVER: SpanKind.CLIENT,
}
# seconds
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
STOP_SECONDS = 2.0


class PhaseSpan:
    def __init__(self, recorder: "OpenTelemetryRecorder", phase: Phase, name: str, span: Span) -> None:
        self._recorder, self._phase, self._name, self._span = recorder, phase, name, span
        self._began = time.perf_counter()

    @property
    def traceparent(self) -> str:
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def end(
        self, error: BaseException | None = None, *, name: str | None = None, attributes: Attributes | None = None
    ) -> None:
        """End the span. Record only the class of an error, because the error's text may quote personal data."""
        if name is not None:
            self._name = name
            self._span.update_name(name)
        self._span.set_attributes(allowed(attributes or {}))
        if error is not None:
            self._span.set_attributes(allowed({"error.type": type(error).__name__}))
            self._span.set_status(StatusCode.ERROR)
        self._span.end()
        self._recorder.note_duration(self._phase, self._name, time.perf_counter() - self._began)


class OpenTelemetryRecorder:
    """The `processors` export spans. The `readers` export durations."""

    def __init__(self, service: str, processors: Sequence[SpanProcessor], readers: Sequence[MetricReader]) -> None:
        resource = resource_of(service)
        self._tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        for processor in processors:
            self._tracers.add_span_processor(processor)
        self._tracer = self._tracers.get_tracer("dayar", VERSION)
        self._meters = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
        self._durations = self._meters.get_meter("dayar", VERSION).create_histogram(
            "dayar.phase.duration",
            unit="s",
            description="Durations of the phases of a report's way.",
            explicit_bucket_boundaries_advisory=BUCKETS,
        )

    def begin(self, phase: Phase, name: str, parent: str | None, attributes: Attributes) -> PhaseSpan:
        span = self._tracer.start_span(
            name, context_of(parent), KINDS[phase], allowed(attributes), record_exception=False
        )
        return PhaseSpan(self, phase, name, span)

    def note_duration(self, phase: Phase, name: str, seconds: float) -> None:
        self._durations.record(seconds, {"dayar.phase": phase.value, "dayar.operation": name})

    def stop(self) -> None:
        """Export what remains. The export has a time limit, because the collector may not answer."""
        stopping = [
            Thread(target=provider.shutdown, name=f"stop {type(provider).__name__}", daemon=True)
            for provider in (self._tracers, self._meters)
        ]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join(STOP_SECONDS)


def exporting(service: str, signals: Collection[str]) -> OpenTelemetryRecorder:
    """OTLP over HTTP. The exporters read the `OTEL_*` variables."""
    return OpenTelemetryRecorder(
        service,
        [BatchSpanProcessor(OTLPSpanExporter())] if "traces" in signals else [],
        [PeriodicExportingMetricReader(OTLPMetricExporter())] if "metrics" in signals else [],
    )


def resource_of(service: str) -> Resource:
    """`OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` override the service's name and version."""
    own = Resource({SERVICE_NAMESPACE: "dayar", SERVICE_NAME: f"dayar-{service}", SERVICE_VERSION: VERSION})
    return own.merge(OTELResourceDetector().detect())


def context_of(traceparent: str | None) -> Context:
    """Return the context of a parent. `traceparent` was already checked by `TRACEPARENT`."""
    if traceparent is None:
        return Context()
    _, trace_id, span_id, flags = traceparent.split("-")
    parent = SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
    return set_span_in_context(NonRecordingSpan(parent), Context())


def allowed(attributes: Attributes) -> dict[str, str | int]:
    return {name: value for name, value in attributes.items() if name in ATTRIBUTES}
