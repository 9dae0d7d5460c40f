"""Without `OTEL_*` variables, tracing is off. A span never contains text of a report, a request or an error."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.types import Scope

from shared import tracing
from shared.events import Message
from shared.messaging.records import Reading, Record, UnreadableRecord
from shared.messaging.traces import Processing, Sending, cause
from shared.tracing import Phase, recorder
from shared.tracing.recorder import OpenTelemetryRecorder
from shared.web.traces import TracedRequest
from tests.journeys.canaries import THROUGH_INTAKE, looked_for, seen
from tests.otlp import collecting

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CANARY = THROUGH_INTAKE
COLLECTOR = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


class Recorded:
    def __init__(self) -> None:
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.recorder = OpenTelemetryRecorder("test", [SimpleSpanProcessor(self.exporter)], [self.reader])

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.exporter.get_finished_spans()]

    @property
    def everything(self) -> str:
        metrics = self.reader.get_metrics_data()
        return "".join(span.to_json() for span in self.exporter.get_finished_spans()) + (
            metrics.to_json() if metrics else ""
        )


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    own = Recorded()
    tracing.use(own.recorder)
    yield own
    tracing.stop()


def record(offset: int, traceparent: str | None) -> Reading:
    headers = ((tracing.HEADER, traceparent.encode()),) if traceparent else ()
    return UnreadableRecord(Record("hazards", 0, offset, 0, b"", b"", headers), "malformed")


def request(**changed: str) -> Scope:
    headers = [(b"traceparent", CALLER.encode()), (b"x-name", CANARY.person["given_name"].encode())]
    return {"type": "http", "method": "POST", "path": "/v1/households", "headers": headers, **changed}


def trace_of(traceparent: str | None) -> str:
    assert traceparent is not None
    return traceparent.split("-")[1]


@pytest.mark.parametrize(
    ("variables", "signals"),
    [
        ({}, set()),
        ({"OTEL_SERVICE_NAME": "alerts"}, set()),
        (COLLECTOR, {"traces", "metrics"}),
        ({**COLLECTOR, "OTEL_METRICS_EXPORTER": "none"}, {"traces"}),
        ({**COLLECTOR, "OTEL_SDK_DISABLED": "true"}, set()),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:4318/v1/metrics"}, {"metrics"}),
    ],
)
def test_only_a_named_collector_turns_a_signal_on(variables: dict[str, str], signals: set[str]) -> None:
    assert tracing.wanted(variables) == signals


@pytest.mark.parametrize(
    "variables",
    [
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"},
        {**COLLECTOR, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        {**COLLECTOR, "OTEL_BSP_MAX_QUEUE_SIZE": "0"},
    ],
)
def test_an_unusable_variable_is_logged_and_stops_no_service(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    tracing.start("alerts")
    assert not tracing.is_on()
    assert "telemetry is off" in capsys.readouterr().out


def test_without_a_collector_nothing_of_the_sdk_is_imported() -> None:
    program = (
        "import sys; from shared import tracing; tracing.start('alerts'); "
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], env={}, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_off_messages_stay_as_they_are_and_a_request_keeps_the_callers_trace() -> None:
    messages = [Message("hazards", b"", b"")]
    with Sending(messages) as sent, Processing("alerts", [record(1, CALLER)]):
        assert sent is messages
        assert tracing.current() is None
    traced = TracedRequest(request())
    assert tracing.current() == CALLER
    assert tracing.headers() == {}
    traced.end("/v1/households", 200, None)
    assert tracing.current() is None


def test_a_request_its_record_and_the_batch_belong_to_the_callers_trace(recorded: Recorded) -> None:
    traced = TracedRequest(request())
    with tracing.continued(tracing.current()), Sending([message()]) as [sent]:
        pass
    traced.end("/intake/v1/displacements", 202, None)
    with Processing("registry", [record(1, dict(sent.headers)[tracing.HEADER].decode())]):
        assert trace_of(tracing.current()) == trace_of(CALLER)
        with tracing.span(Phase.DELIVER, "deliver webhook", {"dayar.attempt": 1}):
            assert trace_of(tracing.headers()["traceparent"]) == trace_of(CALLER)
    spans = {span.name: span for span in recorded.exporter.get_finished_spans()}
    way = ["POST /intake/v1/displacements", "send displacements", "process hazards", "deliver webhook"]
    assert list(spans) == [way[1], way[0], way[3], way[2]]
    parents = [span.context and span.context.span_id for span in map(spans.get, way) if span]
    assert [span.parent and span.parent.span_id for span in map(spans.get, way[1:]) if span] == parents[:-1]
    assert '"dayar.operation": "process hazards"' in recorded.everything


def message() -> Message:
    traceparent = tracing.current()
    assert traceparent is not None
    return Message("displacements", b"", b"", ((tracing.HEADER, traceparent.encode()), ("ce_id", b"1")))


def test_in_a_batch_of_many_traces_each_effect_continues_the_trace_of_its_cause(recorded: Recorded) -> None:
    other = CALLER.replace("4bf9", "aaaa")
    first, second, third = readings = [record(1, CALLER), record(2, other), record(3, None)]
    with Processing("registry", readings):
        assert tracing.current() is None
        tracing.name_causes([(cause(first), "report"), (cause(second), "household"), ("unknown", "group")])
        for name, traceparent in (("report", CALLER), ("household", other)):
            with tracing.caused_by("group", name):
                assert trace_of(tracing.current()) == trace_of(traceparent)
        with tracing.caused_by(cause(third)):
            assert trace_of(tracing.current()) not in (trace_of(CALLER), trace_of(other))
        with tracing.caused_by("group"):
            assert tracing.current() is None
    with tracing.caused_by("report"):
        assert tracing.current() is None


def test_personal_data_gets_into_no_name_attribute_status_or_event(recorded: Recorded) -> None:
    error = ValueError(CANARY.notes)
    traced = TracedRequest(request(method=CANARY.field, path=f"/v1/{CANARY.person['phone']}"))
    traced.end("/v1/households/{id}", 500, error)
    attributes: tracing.Attributes = {"dayar.attempt": 1, CANARY.field: 1, "locality": CANARY.notes}
    with suppress(ValueError), tracing.span(Phase.DELIVER, "deliver webhook", attributes):
        raise error
    with suppress(ValueError), Processing("registry", [record(1, CANARY.person["personal_number"])]):
        raise error
    assert recorded.names == ["_OTHER /v1/households/{id}", "deliver webhook", "process hazards"]
    assert '"error.type": "ValueError"' in recorded.everything
    assert not list(seen("spans", recorded.everything.encode(), looked_for([CANARY])))


def test_a_process_exports_what_remains_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with collecting() as collector:
        for name, value in {**collector.env, "OTEL_BSP_SCHEDULE_DELAY": "60000"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(recorder, "STOP_SECONDS", 60.0)  # a busy machine may need longer than a process waits
        tracing.start("alerts")
        with tracing.span(Phase.DELIVER, "deliver webhook", {"dayar.attempt": 1}):
            pass
        tracing.stop()
        [span] = collector.spans.values()
        assert (span.name, span.service, span.attributes) == ("deliver webhook", "dayar-alerts", {"dayar.attempt": 1})
        assert collector.durations == {"deliver webhook": 1}
