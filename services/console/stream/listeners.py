"""The listeners of the event stream, and their waiting chunks."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from services.console.visibility import StreamVisibility
from shared.web.connections import ChunkWriter

BUFFER_BYTES = 1 << 20


@dataclass(eq=False)
class Listener:
    """One connection. A full buffer closes the connection, and the browser connects again."""

    sight: StreamVisibility
    waiting: list[bytes] = field(default_factory=list)
    size: int = 0
    is_open: bool = True
    is_behind: bool = True  # earlier chunks wait; a new chunk must not overtake them
    stirred: asyncio.Event = field(default_factory=asyncio.Event)
    writer: ChunkWriter | None = None

    def tell(self, chunk: bytes, framed: bytes) -> None:
        """Writes the chunk at once, or puts it into the buffer. `framed` is the chunk in the form that HTTP sends.

        Waking the listener's task for each chunk would take several times the CPU time. A closed listener gets no
        chunk, because its rights may have been revoked.
        """
        if not self.is_open:
            return
        if self.is_behind or self.writer is None or not self.writer.write(framed):
            self.put(chunk)

    def put(self, chunk: bytes) -> None:
        self.is_behind = True
        self.waiting.append(chunk)
        self.size += len(chunk)
        if self.size > BUFFER_BYTES:
            self.close()
        self.stirred.set()

    def close(self) -> None:
        self.is_open = False
        self.stirred.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        while self.is_open:
            await self.stirred.wait()
            self.stirred.clear()
            while self.waiting and self.is_open:
                chunk, self.waiting, self.size = b"".join(self.waiting), [], 0
                yield chunk
            self.is_behind = False
