"""The wiring that all web apps and workers share. Each service's own wiring is in its `app.py` and `worker.py`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

from fastapi import APIRouter, FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.routing import BaseRoute

from shared import lifecycle
from shared.auth.revocations import Revocations
from shared.config import Settings
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.messaging.letter_openings import LetterOpenings
from shared.messaging.outbox import Relay
from shared.messaging.redrives import Redrives
from shared.postgres import database
from shared.web import apps
from shared.web.measured import Measure, Measured

Task: TypeAlias = Coroutine[Any, Any, None]
# A function that stores the service's objects in `app.state`, and yields the tasks that run beside the app.
Lifespan: TypeAlias = Callable[[FastAPI], AbstractAsyncContextManager[Iterable[Task]]]
Check: TypeAlias = Callable[[FastAPI], Awaitable[bool]]


async def has_postgresql(app: FastAPI) -> bool:
    return await database.is_there(app.state.sessions)


POSTGRESQL: Mapping[str, Check] = {"postgresql": has_postgresql}


def web_app(
    service: str,
    settings: Settings,
    *,
    lifespan: Lifespan,
    ready: Mapping[str, Check] = POSTGRESQL,
    ready_in_postgresql: Mapping[str, Check] = {},
    measures: Sequence[Measure] = (),
    revocations: Revocations | None = None,
    routers: Iterable[APIRouter] = (),
    routes: Iterable[BaseRoute] = (),
) -> FastAPI:
    """Create a web app, with its PostgreSQL engine and sessions in `app.state`.

    `ready` maps names to checks for `/ready`. A check of the revocations is always added. The checks in
    `ready_in_postgresql` read PostgreSQL. While PostgreSQL does not answer, the checks in `ready_in_postgresql` count
    as failed. `measures` read metrics for `/metrics` from PostgreSQL.
    """
    known = revocations or Revocations(settings)
    engine = database.engine(settings)

    @asynccontextmanager
    async def whole(app: FastAPI) -> AsyncIterator[None]:
        app.state.engine, app.state.sessions = engine, database.sessions(engine)
        app.state.measured = Measured(service, settings, app.state.sessions, measures)
        app.state.metrics.register(app.state.measured)
        try:
            async with lifespan(app) as tasks, lifecycle.beside(known.run(), *tasks):
                yield
        finally:
            await engine.dispose()

    async def checked() -> dict[str, bool]:
        dependencies = {"revocations": known.is_complete, **{name: await check(app) for name, check in ready.items()}}
        answers = dependencies.get("postgresql", False)
        return dependencies | {name: answers and await check(app) for name, check in ready_in_postgresql.items()}

    app = apps.create_app(
        service, settings, lifespan=whole, revocations=known, ready=checked, routers=routers, routes=routes
    )
    return app


async def work(
    settings: Settings, engine: AsyncEngine, *tasks: Task, redrives: Redrives, encryption: EnvelopeEncryption
) -> None:
    """Run the tasks of a worker until cancelled. `encryption` is for the contents of opened dead letters."""
    async with asyncio.TaskGroup() as group:
        group.create_task(Relay(settings, engine).run())
        group.create_task(redrives.decisions(engine).run())
        group.create_task(LetterOpenings(redrives, encryption).run(engine))
        for task in tasks:
            group.create_task(task)
