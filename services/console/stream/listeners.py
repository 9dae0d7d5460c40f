"""The listeners of the event stream, and what waits to be sent to them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from services.console.visibility import StreamVisibility

BUFFER_BYTES = 1 << 20


@dataclass(eq=False)
class Listener:
    """The send buffer of one connection. If the buffer is full, the connection closes, and the browser reconnects."""

    sight: StreamVisibility
    waiting: list[bytes] = field(default_factory=list)
    size: int = 0
    is_open: bool = True
    stirred: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, chunk: bytes) -> None:
        self.waiting.append(chunk)
        self.size += len(chunk)
        if self.size > BUFFER_BYTES:
            self.close()
        self.stirred.set()

    def close(self) -> None:
        self.is_open = False
        self.stirred.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yields the buffered chunks, joined into one."""
        while self.is_open:
            await self.stirred.wait()
            self.stirred.clear()
            if self.waiting and self.is_open:
                chunk, self.waiting, self.size = b"".join(self.waiting), [], 0
                yield chunk
