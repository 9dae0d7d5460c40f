"""Whether a process lives: its web side answers /live, a worker's event loop leaves a beat in a file. Standard library alone."""

import asyncio
import http.client
import time
from collections.abc import Callable
from pathlib import Path

SILENT_SECONDS = 20.0  # a process that answered, and then does not for so long, is ended
EVERY_SECONDS = 2.0

Answers = Callable[[], bool]


async def silent(answers: Answers, *, seconds: float = SILENT_SECONDS, every: float = EVERY_SECONDS) -> None:
    """Returns when a process that once answered has not answered for so long; one that still starts is left alone.

    Counts looks, not time: a machine that slept, or a supervisor that was frozen, looked only once meanwhile.
    """
    missed, has_answered = 0, False
    while missed * every < seconds:
        began = time.monotonic()
        if await asyncio.to_thread(answers):
            missed, has_answered = 0, True
        elif has_answered:
            missed += 1
        await asyncio.sleep(max(0.0, began + every - time.monotonic()))


def over_http(host: str, port: int, name: str, *, path: str = "/live", timeout: float = EVERY_SECONDS) -> Answers:
    """Asked for by the name that people type, as no other need be served."""

    def answers() -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
        try:
            connection.request("GET", path, headers={"host": name})
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return answers


def by_beat(file: Path) -> Answers:
    """Whether a beat was left since the last look."""
    last = 0

    def answers() -> bool:
        nonlocal last
        before, last = last, file.stat().st_mtime_ns if file.exists() else 0
        return last not in (0, before)

    file.unlink(missing_ok=True)  # an earlier life's
    return answers


async def beat(file: Path, *, every: float = EVERY_SECONDS / 2) -> None:
    """Until cancelled, as long as the event loop runs."""
    while True:
        file.touch()
        await asyncio.sleep(every)
