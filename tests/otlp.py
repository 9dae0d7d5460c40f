"""A collector for OpenTelemetry (OTLP over HTTP). The collector keeps everything that it receives in memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class CollectedSpan:
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    service: str
    attributes: Mapping[str, Any]


class Collector:
    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []  # pairs of a request's path and body
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                collector.bodies.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def env(self) -> dict[str, str]:
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self._server.server_port}",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "OTEL_METRIC_EXPORT_INTERVAL": "1000",
        }

    @property
    def spans(self) -> dict[str, CollectedSpan]:
        return {span.span_id: span for path, body in list(self.bodies) if path == "/v1/traces" for span in spans(body)}

    @property
    def durations(self) -> dict[str, int]:
        counts: dict[tuple[str, str], int] = {}
        for path, body in list(self.bodies):
            if path == "/v1/metrics":
                counts |= durations(body)
        totals: dict[str, int] = {}
        for (_, operation), count in counts.items():
            totals[operation] = totals.get(operation, 0) + count
        return totals

    def way_to(self, span: CollectedSpan) -> list[str]:
        known, way = self.spans, [span.name]
        while (parent := known.get(span.parent_id)) is not None:
            assert parent.trace_id == span.trace_id
            span = parent
            way.append(span.name)
        return way[::-1]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def spans(body: bytes) -> Iterator[CollectedSpan]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = attributes(resource.resource.attributes)["service.name"]
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield CollectedSpan(
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.name,
                    service,
                    attributes(span.attributes),
                )


def durations(body: bytes) -> dict[tuple[str, str], int]:
    return {
        (attributes(resource.resource.attributes)["service.name"], attributes(point.attributes)["dayar.operation"]): (
            point.count
        )
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.histogram.data_points
    }


def attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    collector.start()
    try:
        yield collector
    finally:
        collector.stop()
