"""A receiver of webhooks, which verifies each signature.

The test decides whether the receiver answers at once, late, with 503, never, or when the test allows it.
"""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any

from standardwebhooks import Webhook

from tests.waiting import last


class Mood(StrEnum):
    WELL = "well"
    BROKEN = "broken"  # the receiver answers 503
    SILENT = "silent"  # the receiver reads a request and never answers
    SLOW = "slow"  # the receiver answers after one second
    HELD = "held"  # the receiver answers when the test sets `may_answer`


class Hook:
    def __init__(self) -> None:
        self.mood = Mood.WELL
        self.secret: str | None = None
        self.retry_after = ""  # the header Retry-After of the answers 503
        self.port = 0
        self.ids: list[str] = []  # the `webhook-id` of every request, with or without an answer
        self.answered: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.answered_ids: list[str] = []  # the `webhook-id` of each entry in `bodies`
        self.arrivals: list[tuple[str, float]] = []
        self.came = asyncio.Event()
        self.may_answer = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def open(self) -> None:
        self._closed.clear()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._closed.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                headers = {
                    name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                writer.write(await self._answer(headers, body))
                await writer.drain()
        writer.close()
        self._tasks.discard(task)

    async def _answer(self, headers: dict[str, str], body: bytes) -> bytes:
        id = headers["webhook-id"]
        self.arrivals.append((id, asyncio.get_running_loop().time()))
        self.ids.append(id)
        self.came.set()
        if self.secret is not None:
            Webhook(self.secret).verify(body, headers)
        if self.mood is Mood.SILENT:
            await asyncio.Event().wait()
        if self.mood is Mood.SLOW:
            await last(1, until=self._closed)
        if self.mood is Mood.HELD:
            await self.may_answer.wait()
        if self.mood is Mood.BROKEN:
            header = f"Retry-After: {self.retry_after}\r\n" if self.retry_after else ""
            return f"HTTP/1.1 503 Service Unavailable\r\n{header}Content-Length: 0\r\n\r\n".encode()
        self.answered[id] += 1
        self.bodies.append(json.loads(body))
        self.answered_ids.append(id)
        return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Hook]:
    hook = Hook()
    await hook.open()
    try:
        yield hook
    finally:
        await hook.close()
