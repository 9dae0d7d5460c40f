"""Opens many listeners of an event stream, and counts the events that each of them gets."""

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import cycle
from typing import cast

EVENT = b"\nevent: hazards\n"
OF_ADDRESS = 250  # the console lets at most 256 requests of one address run at a time, and 32 of one account
ACCOUNTS = 50


class Counted:
    def __init__(self) -> None:
        self.events = 0
        self._wanted = 0
        self._reached = asyncio.Event()

    def add(self, events: int) -> None:
        self.events += events
        if self.events >= self._wanted:
            self._reached.set()

    async def reach(self, events: int) -> None:
        self._wanted = events
        if self.events < events:
            self._reached.clear()
            await self._reached.wait()


class StreamListener(asyncio.Protocol):
    def __init__(self, request: bytes, counted: Counted, begun: asyncio.Future[None]) -> None:
        self._request, self._counted, self._begun = request, counted, begun
        self._end = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self._begun.done():
            status = data[9:12]
            if status != b"200":
                self._begun.set_exception(ConnectionError(f"the stream was refused: {status.decode()}"))
                return
            self._begun.set_result(None)
        data = self._end + data
        self._counted.add(data.count(EVENT))
        self._end = data[-len(EVENT) + 1 :]

    def connection_lost(self, error: Exception | None) -> None:
        if not self._begun.done():
            self._begun.set_exception(error or ConnectionError("the server closed the connection"))


async def listen(port: int, tokens: Sequence[str], count: int, counted: Counted) -> list[StreamListener]:
    """Returns after the stream has begun for all listeners.

    The listeners use several local addresses, like several computers.
    """
    loop, listeners = asyncio.get_running_loop(), []
    for number, token in zip(range(count), cycle(tokens), strict=False):
        begun: asyncio.Future[None] = loop.create_future()
        address = f"127.0.0.{2 + number // OF_ADDRESS}"
        make = partial(StreamListener, request(port, token), counted, begun)
        _, listener = await loop.create_connection(make, "127.0.0.1", port, local_addr=(address, 0))
        await begun
        listeners.append(listener)
    return listeners


def request(port: int, token: str) -> bytes:
    head = f"GET /stream?topics=hazards HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\n\r\n"
    return head.encode()


def close(listeners: Sequence[StreamListener]) -> None:
    for listener in listeners:
        listener.transport.close()
