"""How a process lives: an event loop, a clean end on SIGTERM or Ctrl-C, an exit code that a supervisor understands."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
import uvloop
from starlette.applications import Starlette

from shared import liveness, log
from shared.config import Settings
from shared.failures import Backoff
from shared.postgres import database
from shared.web.apps import MOUNTS
from shared.web.connections import LimitedProtocol

S = TypeVar("S", bound=Settings)

TURN_SECONDS = 0.001  # the event loop waits so long for a thread that computes, several times a request; Python's own 0.005 is felt

FAILED = 70  # sysexits.h: the program itself is at fault

# A batch holds some 50 objects a report, none of them in a cycle: at Python's own 700 the collector took a third of the
# time.
COLLECT_AFTER = (50_000, 20, 100)


def run_service(
    name: str,
    settings: type[S],
    *,
    create_app: Callable[[S], Starlette],
    worker: Callable[[S], Coroutine[Any, Any, None]],
) -> None:
    """`python -m services.<name> [web|worker|migrate]`; without a word, web and worker, each of which may fail alone."""
    log.configure(name)
    side = sys.argv[1] if len(sys.argv) > 1 else "both"

    async def main() -> None:
        own = settings().for_service(name)
        gc.freeze()
        gc.set_threshold(*COLLECT_AFTER)
        sides: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "migrate": lambda: database.migrate(name, own),
            "web": lambda: serve(create_app(own), own, mount=MOUNTS[name]),
            "worker": lambda: beating(worker(own), own.beat_file),
        }
        async with asyncio.TaskGroup() as tasks:
            if side == "both":
                for each in ("web", "worker"):
                    tasks.create_task(again_and_again(each, sides[each]))
            else:
                tasks.create_task(sides[side]())

    run_worker(main)


async def beating(work: Coroutine[Any, Any, None], file: Path | None) -> None:
    async with beside(*([liveness.beat(file)] if file else [])):
        await work


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
    except database.NotOurs as refusal:
        log.get().critical(str(refusal))
        return FAILED
    except BaseExceptionGroup as group:
        for error in leaves(group):
            log.get().error("ended by a failure", **log.described(error))
        return FAILED
    return 0


async def again_and_again(side: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Until cancelled. What ends one side, a stopped consumer for one, is no reason to take the other down with it."""
    backoff = Backoff()
    while True:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(run())
        except ExceptionGroup as group:
            for error in leaves(group):
                log.get().error("ended by a failure, started again", side=side, **log.described(error))
        await backoff.wait()


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


async def serve(app: Starlette, settings: Settings, *, mount: str = "") -> None:
    """Serves until cancelled, then answers what has begun. `mount`: what a gateway in front took off each path.

    Raises what ended a task of the app's lifespan. Left to uvicorn, that would be a line in the log and no more,
    and the app would answer for ever by revocations that nobody reads any longer.
    """
    sys.setswitchinterval(TURN_SECONDS)
    server = Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http=LimitedProtocol,
            root_path=mount,
            forwarded_allow_ips=settings.proxies,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    )
    async with app.router.lifespan_context(app):
        gc.freeze()  # what is there now stays; looking through it again would hold every request up
        serving = asyncio.ensure_future(server.serve())
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


@contextlib.asynccontextmanager
async def beside(*tasks: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Runs them beside what stands within, and ends them with it; where one fails, what stands within ends too."""
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(each) for each in tasks]
        yield
        for task in running:
            task.cancel()
