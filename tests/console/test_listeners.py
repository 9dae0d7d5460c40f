"""A listener gets all chunks in order, even if some chunks wait for a slow connection."""

import asyncio
from itertools import count

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from deploy.local import paths
from services.console.stream.listeners import Listener
from services.console.stream.listening import tell
from shared import lifecycle
from shared.config import Settings
from shared.web.connections import framed
from tests.console.test_stream import sight_of_hazards
from tests.waiting import wait_for

ROUNDS = 3
WAITING = 50  # half the number of chunks that a listener may have waiting


async def test_chunks_that_had_to_wait_are_not_overtaken() -> None:
    listener, port = Listener(sight_of_hazards()), paths.free_port()

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        listener.writer = scope["state"]["chunk_writer"]
        await tell(listener, receive, send)

    numbers: list[int] = []

    async def read() -> None:
        async with httpx.AsyncClient() as client, client.stream("GET", f"http://127.0.0.1:{port}/") as answer:
            numbers.extend([int(line) async for line in answer.aiter_lines()])

    counted = count()

    def send_next() -> None:
        chunk = b"%8192d\n" % next(counted)
        listener.tell(chunk, framed(chunk))

    listener.put(b"-1\n")
    async with lifecycle.beside(lifecycle.serve(Starlette(routes=[Mount("/", stream)]), Settings(port=port))):
        await wait_for(lambda: not paths.is_free(port))
        reading = asyncio.ensure_future(read())
        await wait_for(lambda: not listener.is_behind)
        for _ in range(ROUNDS):
            while not listener.is_behind:  # writes chunks until the connection accepts no more
                send_next()
            while listener.is_behind:  # until the client has read the waiting chunks
                if len(listener.waiting) < WAITING:
                    send_next()
                await asyncio.sleep(0)
        listener.close()
        last = next(counted)
        listener.tell(b"%d\n" % last, framed(b"%d\n" % last))  # a closed listener gets no chunk
        await reading
    assert numbers == list(range(-1, last))
