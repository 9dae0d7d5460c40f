"""Traces by OpenTelemetry: from a request through Kafka to a delivered message.

Tracing is off unless an `OTEL_EXPORTER_OTLP_…ENDPOINT` variable names a collector. Only active tracing imports
OpenTelemetry's SDK. The trace context is a context variable, so functions need no argument for the context. A span
contains no personal data, only our own names and codes (see `ATTRIBUTES`).
"""

import os
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar, Token
from enum import StrEnum
from importlib import import_module
from types import MappingProxyType, TracebackType
from typing import Protocol
from urllib.parse import urlsplit

from shared import log

HEADER = "traceparent"
# the version, trace id, parent id and flags; an id of zeros is invalid
TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
NOTHING: AbstractContextManager[None] = nullcontext()

# The permitted attributes of spans. All other attributes are dropped. The value of a permitted attribute never contains
# text that a person typed. For example, `http.route` is the route's template without ids, and `error.type` is the name
# of a class.
ATTRIBUTES = frozenset(
    {
        "dayar.alert_id",
        "dayar.attempt",
        "dayar.delivery_id",
        "error.type",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "messaging.consumer.group.name",
        "messaging.destination.name",
        "messaging.destination.partition.id",
        "messaging.kafka.offset",
        "messaging.system",
    }
)
Attributes = Mapping[str, str | int]


class Phase(StrEnum):
    """The measured phases in the handling of a report."""

    REQUEST = "request"  # from the request to the answer
    SEND = "send"  # from the publication to the broker's acknowledgement
    WAIT = "wait"  # from the broker to the consumer; only a duration, without a span
    PROCESS = "process"  # the transaction of the batch that contains the record
    DELIVER = "deliver"  # one attempt to deliver a message


class Span(Protocol):
    @property
    def traceparent(self) -> str: ...

    def end(
        self, error: BaseException | None = None, *, name: str | None = None, attributes: Attributes = ...
    ) -> None: ...


class Recorder(Protocol):
    def begin(self, phase: Phase, name: str, parent: str | None, attributes: Attributes) -> Span: ...

    def note_duration(self, phase: Phase, name: str, seconds: float) -> None: ...

    def stop(self) -> None: ...


_recorder: Recorder | None = None
_current: ContextVar[str | None] = ContextVar(HEADER, default=None)
_causes: ContextVar[Mapping[Hashable, str]] = ContextVar("causes", default=MappingProxyType({}))


def start(service: str) -> None:
    """Start tracing if the environment names a collector.

    A wrong variable is only logged, so that the service still starts.
    """
    signals = wanted(os.environ)
    if not signals:
        return
    if problem := unusable(os.environ):
        log.get().error("telemetry is off", expected=problem)
        return
    try:
        use(import_module("shared.tracing.recorder").exporting(service, signals))
    except ValueError as error:
        log.get().error("telemetry is off", expected="valid OTEL_ variables", **log.described(error))


def stop() -> None:
    """Export the remaining spans, for at most a few seconds."""
    if _recorder is not None:
        _recorder.stop()
        use(None)


def use(recorder: Recorder | None) -> None:
    global _recorder  # noqa: PLW0603 - one recorder per process, like the configuration of logs
    _recorder = recorder


def is_on() -> bool:
    return _recorder is not None


def wanted(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the signals (traces, metrics) to export: those for which the environment names a collector."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return frozenset()
    return frozenset(
        signal
        for signal in ("traces", "metrics")
        if endpoint(environment, signal) and environment.get(f"OTEL_{signal.upper()}_EXPORTER") != "none"
    )


def endpoint(environment: Mapping[str, str], signal: str) -> str:
    own = environment.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT")
    return own or environment.get("OTEL_EXPORTER_OTLP_ENDPOINT") or ""


def unusable(environment: Mapping[str, str]) -> str | None:
    """Return what is expected of the first wrong variable, or None if all variables are usable."""
    for signal in sorted(wanted(environment)):
        url = urlsplit(endpoint(environment, signal))
        if url.scheme not in ("http", "https") or not url.hostname:
            return "OTEL_EXPORTER_OTLP_ENDPOINT: a URL that begins with http:// or https://"
        own = environment.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL")
        if (own or environment.get("OTEL_EXPORTER_OTLP_PROTOCOL") or "http/protobuf") != "http/protobuf":
            return "OTEL_EXPORTER_OTLP_PROTOCOL: http/protobuf"
    return None


def current() -> str | None:
    """The `traceparent`."""
    return _current.get()


def headers() -> dict[str, str]:
    traceparent = _current.get() if _recorder is not None else None
    return {HEADER: traceparent} if traceparent else {}


def parent_in(headers: Iterable[tuple[bytes | str, bytes]]) -> str | None:
    """Return the `traceparent` in the headers. A malformed value is ignored, as the standard requires."""
    for name, value in headers:
        if name in (HEADER, b"traceparent"):
            return value.decode("ascii") if TRACEPARENT.fullmatch(value) else None
    return None


def begin(phase: Phase, name: str, parent: str | None, attributes: Attributes) -> Span | None:
    """Begin a span, or return None while tracing is off. Without a parent, the span begins a new trace."""
    return None if _recorder is None else _recorder.begin(phase, name, parent, attributes)


def note_duration(phase: Phase, name: str, seconds: float) -> None:
    if _recorder is not None:
        _recorder.note_duration(phase, name, seconds)


def span(phase: Phase, name: str, attributes: Attributes) -> AbstractContextManager[None]:
    """Return a context manager that makes a span around its body.

    If the body fails, the span records the class of the error, without its text.
    """
    begun = begin(phase, name, current(), attributes)
    return NOTHING if begun is None else _during(begun)


@contextmanager
def _during(begun: Span) -> Iterator[None]:
    try:
        with Continued(begun.traceparent):
            yield
    except BaseException as error:
        begun.end(error)
        raise
    begun.end()


def continued(traceparent: str | None) -> AbstractContextManager[None]:
    """None changes nothing."""
    return NOTHING if traceparent is None else Continued(traceparent)


class Continued(AbstractContextManager[None]):
    def __init__(self, traceparent: str | None) -> None:
        self._traceparent = traceparent
        self._token: Token[str | None] | None = None

    def __enter__(self) -> None:
        self._token = _current.set(self._traceparent)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._token is not None:
            _current.reset(self._token)


@contextmanager
def causes(known: Mapping[Hashable, str]) -> Iterator[None]:
    """During the body, `caused_by` can find these trace contexts, one for each record of a batch."""
    token = _causes.set(known)
    try:
        yield
    finally:
        _causes.reset(token)


def name_causes(names: Iterable[tuple[Hashable, Hashable]]) -> None:
    """Give causes further names for `caused_by`, such as the id of a report.

    Each pair consists of a known name and a new name.
    """
    known = _causes.get()
    if known:
        _causes.set({**known, **{new: known[name] for name, new in names if name in known}})


def caused_by(*names: Hashable) -> AbstractContextManager[None]:
    """Continue the trace of the first of these names that is known. If no name is known, change nothing."""
    if _recorder is None:
        return NOTHING
    known = _causes.get()
    return continued(next((known[name] for name in names if name in known), None))
