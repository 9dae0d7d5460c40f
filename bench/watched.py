"""`python -m bench.watched web FILE` runs intake. Each long step of the event loop is written into FILE."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from fastapi import FastAPI

from services.intake import app
from services.intake.config import IntakeSettings
from services.intake.worker import run
from shared import lifecycle

BEAT_SECONDS = 0.002
WRITTEN_FROM = 0.005


class Step(NamedTuple):
    """The CPU seconds between two heartbeats of the event loop."""

    ended_at: float  # a time of the monotonic clock, which is the same for all processes
    loop: float
    # The CPU seconds include all threads, because a thread that holds the GIL delays the event loop.
    process: float


def steps(file: Path, begin: float, end: float) -> list[Step]:
    all_steps = [Step(*map(float, line.split())) for line in file.read_text().splitlines()]
    return [step for step in all_steps if begin <= step.ended_at <= end]


async def watch(file: Path) -> None:
    with file.open("w", buffering=1) as written:
        loop, process = time.thread_time(), time.process_time()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            loop_now, process_now = time.thread_time(), time.process_time()
            if process_now - process >= WRITTEN_FROM:
                written.write(f"{time.monotonic()} {loop_now - loop} {process_now - process}\n")
            loop, process = loop_now, process_now


def create_app(settings: IntakeSettings) -> FastAPI:
    made = app.create_app(settings)
    lifespan = made.router.lifespan_context

    @asynccontextmanager
    async def watched(served: FastAPI) -> AsyncIterator[None]:
        async with lifespan(served), lifecycle.beside(watch(Path(sys.argv[2]))):
            yield

    made.router.lifespan_context = watched
    return made


if __name__ == "__main__":
    lifecycle.run_service("intake", IntakeSettings, create_app=create_app, worker=run)
