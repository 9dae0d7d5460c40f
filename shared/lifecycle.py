"""How a process lives: an event loop, a clean end on SIGTERM or Ctrl-C, an exit code that a supervisor understands."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

import uvicorn
import uvloop
from starlette.types import ASGIApp

from shared import database, log
from shared.config import Settings
from shared.http import MOUNTS

S = TypeVar("S", bound=Settings)

FAILED = 70  # sysexits.h: the program itself is at fault

# A batch holds some 50 objects a report, none of them in a cycle: at Python's own 700 the collector took a third of the time.
COLLECT_AFTER = (50_000, 20, 100)


def run_service(
    name: str,
    settings: type[S],
    *,
    create_app: Callable[[S], ASGIApp],
    worker: Callable[[S], Coroutine[Any, Any, None]],
) -> None:
    """`python -m services.<name> [web|worker|migrate]`; without a word, web and worker."""
    log.configure(name)
    side = sys.argv[1] if len(sys.argv) > 1 else "both"

    async def main() -> None:
        own = settings().for_service(name)
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        async with asyncio.TaskGroup() as tasks:
            if side == "migrate":
                await database.migrate(name, own)
            if side in ("web", "both"):
                tasks.create_task(serve(create_app(own), host=own.host, port=own.port, mount=MOUNTS[name]))
            if side in ("worker", "both"):
                tasks.create_task(worker(own))

    run_worker(main)


def run_worker(main: Callable[[], Awaitable[None]]) -> None:
    """Runs `main` until it ends or is told to; a failure is logged and leaves with a code other than 0."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(_until_told(main)))


async def _until_told(main: Callable[[], Awaitable[None]]) -> int:
    task = asyncio.ensure_future(main())
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return 0
    except BaseExceptionGroup as group:
        for error in leaves(group):
            log.get().error("ended by a failure", **log.described(error))
        return FAILED
    return 0


def leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error


class Server(uvicorn.Server):
    """Leaves the signals to `run_worker`, which ends web and worker alike."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: ASGIApp, *, host: str, port: int, mount: str = "") -> None:
    """Serves until cancelled, then answers what has begun. `mount`: what a gateway in front took off each path."""
    server = Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            root_path=mount,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    )
    serving = asyncio.ensure_future(server.serve())
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
