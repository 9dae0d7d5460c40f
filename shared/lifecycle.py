"""Runs a process with its event loop. SIGTERM and Ctrl-C end the process cleanly, with an exit code."""

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

from shared import liveness, log, tracing
from shared.config import Settings
from shared.errors import DocumentedError
from shared.failures import Backoff
from shared.postgres import schemas
from shared.web.apps import MOUNTS
from shared.web.connections import IDLE_SECONDS, LimitedProtocol

S = TypeVar("S", bound=Settings)

# The switch interval: while another thread computes, the event loop waits up to this number of seconds for the GIL.
# Python's default is 0.005 s. One request needs many callbacks, and each callback can wait. With 0.001 s, requests were
# delayed by up to 60 ms.
TURN_SECONDS = 0.0002

FAILED = 70  # EX_SOFTWARE in `sysexits.h`

# Thresholds of garbage collection. A batch creates about 50 objects for each report, and no reference cycles. With
# Python's default threshold of 700 objects, garbage collection took a third of the CPU time.
COLLECT_AFTER = (50_000, 20, 100)


def run_service(
    name: str,
    settings: type[S],
    *,
    create_app: Callable[[S], Starlette],
    worker: Callable[[S], Coroutine[Any, Any, None]],
) -> None:
    """Run `python -m services.<name> [web|worker|migrate]`.

    By default, the web server and the worker run in one process. If the web server or the worker fails, it is
    restarted.
    """
    side = sys.argv[1] if len(sys.argv) > 1 else "both"

    async def main() -> None:
        own = settings().for_service(name)
        collect_seldom()
        sides: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "migrate": lambda: schemas.migrate(name, own),
            "web": lambda: serve(create_app(own), own, mount=MOUNTS[name]),
            "worker": lambda: beating(worker(own), own.beat_path),
        }
        async with asyncio.TaskGroup() as tasks:
            if side == "both":
                for process in ("web", "worker"):
                    tasks.create_task(again_and_again(process, sides[process]))
            else:
                tasks.create_task(sides[side]())

    run_process(name, main)


def collect_seldom() -> None:
    """The garbage collector never scans the objects that exist now. A scan of all objects would delay requests."""
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def run_process(name: str, main: Callable[[], Awaitable[None]]) -> None:
    log.configure(name)
    tracing.start(name)
    try:
        run_worker(main)
    finally:
        tracing.stop()


async def beating(work: Coroutine[Any, Any, None], file: Path | None) -> None:
    async with beside(*([liveness.beat(file)] if file else [])):
        await work


def run_worker(main: Callable[[], Awaitable[None]]) -> None:
    """Run `main` until it ends or a signal comes. After an error, exit with a code other than 0."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(_until_signalled(main)))


async def _until_signalled(main: Callable[[], Awaitable[None]]) -> int:
    task = asyncio.ensure_future(main())
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return 0
    except DocumentedError as refusal:
        log.get().critical(str(refusal))
        return FAILED
    except BaseExceptionGroup as group:
        for error in leaves(group):
            log.get().error("ended by a failure", **log.described(error))
        return FAILED
    return 0


async def again_and_again(side: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Restart the web server or the worker after each failure, until cancelled."""
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
    """Ignores signals, because `run_worker` handles the signals of the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: Starlette, settings: Settings, *, mount: str = "") -> None:
    """Serve until cancelled, then finish the open requests.

    The gateway removes the path prefix `mount`.

    If a background task of the app fails, this function raises the error. uvicorn's own lifespan would only log the
    error, and the app would continue, for example with outdated revocations.
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
            timeout_keep_alive=IDLE_SECONDS,
        )
    )
    async with app.router.lifespan_context(app):
        collect_seldom()
        serving = asyncio.ensure_future(server.serve())
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


@contextlib.asynccontextmanager
async def beside(*tasks: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run tasks during the body of an `async with`, then cancel them.

    If a task fails, the body is cancelled and the error is raised.
    """
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(task) for task in tasks]
        yield
        for task in running:
            task.cancel()
