"""Continues traces through Kafka, with a span for each sent or processed record."""

import time
from collections.abc import Hashable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType

from shared import tracing
from shared.events import Message
from shared.messaging.records import Reading, Received
from shared.tracing import Attributes, Phase, Span

SYSTEM = {"messaging.system": "kafka"}


class Sending(AbstractContextManager[Sequence[Message]]):
    """Yields the messages to send.

    A header of each message names the span that sent the message. A reader of the message makes this span the parent of
    its own spans.
    """

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        self._spans: list[Span] = []

    def __enter__(self) -> Sequence[Message]:
        if not tracing.is_on():
            return self._messages
        return list(map(self._continued, self._messages))

    def _continued(self, message: Message) -> Message:
        attributes = {**SYSTEM, "messaging.destination.name": message.topic}
        span = tracing.begin(Phase.SEND, f"send {message.topic}", tracing.parent_in(message.headers), attributes)
        if span is None:
            return message
        self._spans.append(span)
        others = tuple(header for header in message.headers if header[0] != tracing.HEADER)
        return message._replace(headers=(*others, (tracing.HEADER, span.traceparent.encode())))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for span in self._spans:
            span.end(error)


class Processing(AbstractContextManager[None]):
    """The spans are open during the batch's transaction.

    If all records of the batch belong to one trace, the messages of the handler continue this trace. If the batch has
    several traces, `caused_by` chooses the trace to continue.
    """

    def __init__(self, group: str, readings: Sequence[Reading]) -> None:
        self._group, self._readings = group, readings
        self._spans: list[Span] = []
        self._stack = ExitStack()

    def __enter__(self) -> None:
        if not tracing.is_on():
            return
        causes: dict[Hashable, str] = {}
        for reading in self._readings:
            record = reading.record
            name = f"process {record.topic}"
            span = tracing.begin(Phase.PROCESS, name, tracing.parent_in(record.headers), self._attributes(reading))
            if span is not None:
                self._spans.append(span)
                causes[cause(reading)] = span.traceparent
                tracing.note_duration(Phase.WAIT, name, max(0.0, time.time() - record.timestamp_ms / 1000))
        self._stack.enter_context(tracing.causes(causes))
        if len({trace_id(traceparent) for traceparent in causes.values()}) == 1:
            self._stack.enter_context(tracing.continued(next(iter(causes.values()))))

    def _attributes(self, reading: Reading) -> Attributes:
        return {
            **SYSTEM,
            "messaging.destination.name": reading.record.topic,
            "messaging.destination.partition.id": str(reading.record.partition),
            "messaging.consumer.group.name": self._group,
            "messaging.kafka.offset": reading.record.offset,
        }

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()
        for span in self._spans:
            span.end(error)


def caused_by(received: Iterable[Received]) -> AbstractContextManager[None]:
    """Continue the trace of the last of these records."""
    if not tracing.is_on():
        return tracing.NOTHING
    return tracing.caused_by(*(cause(reading) for reading in reversed(list(received))))


def cause(reading: Reading) -> tuple[str, int, int]:
    """`tracing.caused_by` finds the span of a record by this name."""
    return (*reading.record.topic_partition, reading.record.offset)


def trace_id(traceparent: str) -> str:
    return traceparent.split("-")[1]
