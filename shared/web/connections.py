"""Limits the headers, the waiting requests and the time of a connection (RFC 9110, RFC 6585)."""

import json
from asyncio import BaseTransport, TimerHandle, Transport
from http import HTTPStatus

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEADERS = 64
HEAD_BYTES = 16 * 1024
HEAD_SECONDS, BODY_SECONDS = 10, 30
# Longer than the time of the gateway (Caddy: 120 s) and of clients. With a shorter time, the service could close an
# idle connection at the moment when a client sends a report, and the report would fail.
IDLE_SECONDS = 150
PIPELINED = 8  # waiting requests on one connection

TITLES = {
    HTTPStatus.BAD_REQUEST: "This is no HTTP request.",
    HTTPStatus.REQUEST_TIMEOUT: f"The headers are expected within {HEAD_SECONDS} s, the body within {BODY_SECONDS} s.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: f"At most {HEADERS} headers of {HEAD_BYTES} bytes are expected.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests were sent before the first was answered.",
}


class LimitExceeded(Exception):
    """Stops the parser after a limit was exceeded."""


class LimitedProtocol(HttpToolsProtocol):
    """Adds the limits that uvicorn lacks: on time, and on the size of headers."""

    _timer: TimerHandle | None = None
    _is_in_head = True
    _is_in_body = False
    _head_bytes = 0
    _refusal = HTTPStatus.BAD_REQUEST

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._chunk_writer = ChunkWriter(self.transport, self.flow)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, error: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if self._is_in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._is_in_head and self._head_bytes > HEAD_BYTES:
            self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._timer is None and (self._is_in_body or self._head_bytes):
            self._wait(BODY_SECONDS if self._is_in_body else HEAD_SECONDS)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"]["chunk_writer"] = self._chunk_writer
        self._is_in_head = True

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        if len(self.headers) > HEADERS or (self._head_bytes > HEAD_BYTES and size(self.url, self.headers) > HEAD_BYTES):
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise LimitExceeded
        if len(self.pipeline) >= PIPELINED:
            self._refusal = HTTPStatus.TOO_MANY_REQUESTS
            raise LimitExceeded
        super().on_headers_complete()
        self._is_in_head, self._is_in_body, self._head_bytes = False, True, 0

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._stop_waiting()
        self._is_in_head, self._is_in_body = True, False

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - called when the parser or LimitExceeded stops it
        self.refuse(self._refusal)

    def refuse(self, status: HTTPStatus) -> None:
        """Closes the connection. If no answer has begun, first answers with a problem."""
        if self._may_answer():
            self.transport.write(refusal(status))
        self.transport.close()

    def _may_answer(self) -> bool:
        if self.cycle is None:
            return True
        return self.cycle.response_complete if self._is_in_head else not self.cycle.response_started

    def _wait(self, seconds: int) -> None:
        self._timer = self.loop.call_later(seconds, self.refuse, HTTPStatus.REQUEST_TIMEOUT)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class ChunkWriter:
    """Writes further chunks of a response directly, without an ASGI message and without a task.

    The response must answer a GET request, and must have no content-length. A route finds the writer in
    `request.state.chunk_writer`.
    """

    def __init__(self, transport: Transport, flow: FlowControl) -> None:
        self._transport, self._flow = transport, flow

    def write(self, framed: bytes) -> bool:
        """Writes the chunk. Returns False, without writing, if the connection accepts no data now."""
        if self._flow.write_paused or self._transport.is_closing():
            return False
        self._transport.write(framed)
        return True


def framed(chunk: bytes) -> bytes:
    """Frames a chunk for HTTP/1.1 (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(chunk), chunk)


def size(url: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    return len(url) + sum(len(name) + len(value) + 4 for name, value in headers)


def refusal(status: HTTPStatus) -> bytes:
    kind = status.phrase.lower().replace(" ", "-")
    problem = {"type": f"urn:dayar:problem:{kind}", "title": TITLES[status], "status": status}
    content = json.dumps(problem).encode()
    head = b"content-type: application/problem+json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(content)
    return STATUS_LINE[status] + head + content
