"""Checks whether a process is alive: a web process answers /live, and a worker's event loop touches a file."""

import asyncio
import http.client
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

SILENT_SECONDS = 20.0
EVERY_SECONDS = 2.0

Answers = Callable[[], bool]


async def silent(answers: Answers, *, seconds: float = SILENT_SECONDS, every: float = EVERY_SECONDS) -> None:
    """Wait for the first answer.

    After the first answer, return as soon as the process has not answered for `seconds`. The function counts failed
    checks, not seconds: if the whole machine pauses, only one check fails.
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
    """Sends `name`, the public host name, as the Host header, because the process may refuse other names."""

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
    last = 0

    def answers() -> bool:
        nonlocal last
        before, last = last, file.stat().st_mtime_ns if file.exists() else 0
        return last not in (0, before)

    file.unlink(missing_ok=True)  # The file of an earlier process would count as an answer.
    return answers


async def beat(file: Path, *, every: float = EVERY_SECONDS / 2) -> None:
    """Touch the file every `every` seconds while the event loop runs, until cancelled.

    The file contains the start time of the process. `dayar watch` recognises a worker that restarts repeatedly by the
    start time in the file. If the disk is full, the file stays empty, and the process continues.
    """
    with suppress(OSError):
        file.write_text(datetime.now(UTC).isoformat(), encoding="ascii")
    file.chmod(0o644)  # The monitoring may run as another user, and must be able to read the file.
    while True:
        file.touch()
        await asyncio.sleep(every)
