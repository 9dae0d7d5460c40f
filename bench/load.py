"""Sends HTTP requests over persistent connections.

An asyncio protocol takes less CPU time than a client library.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import cast

CONNECTIONS = 256


@dataclass(slots=True)
class Run:
    seconds: float
    statuses: Counter[int]


class Sender(asyncio.Protocol):
    def __init__(self, requests: deque[bytes], run: Run, done: asyncio.Future[None]) -> None:
        self._requests, self._run, self._done = requests, run, done
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # mypy: uvloop's transport is not a subclass of `asyncio.Transport`
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length_at = self._buffer.find(b"content-length: ") + 16
        end = head_end + 4 + int(self._buffer[length_at : self._buffer.find(b"\r", length_at)])
        if len(self._buffer) < end:
            return
        self._run.statuses[int(self._buffer[9:12])] += 1
        self._buffer = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(error or ConnectionError("the server closed the connection"))

    def _next(self) -> None:
        if self._requests:
            self._transport.write(self._requests.popleft())
        elif not self._done.done():
            self._done.set_result(None)
            self._transport.close()


async def send(port: int, requests: Iterable[bytes], *, connections: int = CONNECTIONS) -> Run:
    waiting, run = deque(requests), Run(0.0, Counter())
    loop = asyncio.get_running_loop()
    ends: list[asyncio.Future[None]] = [loop.create_future() for _ in range(min(connections, len(waiting)))]
    began = time.perf_counter()
    for end in ends:
        sender = partial(Sender, waiting, run, end)
        await loop.create_connection(sender, "127.0.0.1", port)
    await asyncio.gather(*ends)
    run.seconds = time.perf_counter() - began
    return run


def post(path: str, body: bytes, *, port: int, token: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def posts(path: str, bodies: Sequence[bytes], *, port: int, tokens: Sequence[str]) -> list[bytes]:
    return [post(path, body, port=port, token=token) for body, token in zip(bodies, cycle(tokens), strict=False)]
