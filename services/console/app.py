"""Builds the HTTP application of the console."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.routing import Mount, Route

from services.console import entry, own_sign_ins, purposes, readmissions, routes, second_factor, signin
from services.console.attempts import Attempts
from services.console.bootstrap import first_administrator, given_password
from services.console.callers import Callers
from services.console.config import ConsoleSettings
from services.console.listening import Listening
from services.console.positions import Positions
from services.console.state import Console, console_pages
from services.console.stream import EventStream
from services.console.totp import TotpSecrets
from shared import lifecycle, pages
from shared.auth.revocations import Revocations
from shared.auth.tokens import Signer
from shared.config import secret
from shared.failures import retry_while_unavailable
from shared.messaging import ledger
from shared.places import Places
from shared.postgres import database
from shared.web import apps

HERE = Path(__file__).parent
NO_RETRY = Retry(NoBackoff(), 0)  # a retry could count one failed sign-in twice and lock somebody out
HTMX = HERE.parents[1] / "node_modules/htmx.org/dist"


def create_app(settings: ConsoleSettings) -> FastAPI:
    revocations = Revocations(settings)
    engine = database.engine(settings)
    redis = Redis.from_url(
        settings.redis_url, password=secret(settings.redis_password_file), socket_timeout=5, retry=NO_RETRY
    )
    places = Places.load(settings.places_path)
    stream = EventStream(settings, places)
    listening, has_account = Listening(stream, revocations), asyncio.Event()
    state = Console(
        settings=settings,
        pages=console_pages(settings),
        places=places,
        signer=Signer(settings.token_private_key_file),
        attempts=Attempts(redis),
        callers=Callers(settings.callers_key_file),
        totp=TotpSecrets(settings.callers_key_file),
        positions=Positions(engine),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.console, app.state.sessions = state, database.sessions(engine)
        given = given_password()

        async def first_account() -> None:
            """Runs in the background, because this process may also take reports, which need no PostgreSQL."""
            await retry_while_unavailable(lambda: first_administrator(app.state.sessions, settings, given))
            has_account.set()

        try:
            async with lifecycle.beside(
                first_account(),
                revocations.run(),
                stream.run(),
                listening.watch(),
                state.attempts.run(),
                state.positions.run(),
            ):
                yield
        finally:
            await redis.aclose()
            await engine.dispose()

    async def ready() -> dict[str, bool]:
        return {
            "postgresql": await database.is_there(app.state.sessions),
            "revocations": revocations.is_complete,
            "stream": stream.is_reading,
            "accounts": has_account.is_set(),
        }

    app = apps.create_app(
        "console",
        settings,
        lifespan=lifespan,
        revocations=revocations,
        ready=ready,
        routers=[
            signin.router,
            signin.api,
            own_sign_ins.router,
            purposes.router,
            readmissions.router,
            second_factor.router,
            entry.router,
            entry.api,
            routes.router,
            ledger.routes("console"),
        ],
        routes=[Route("/stream", listening, methods=["GET"]), Mount("/static", pages.static(HERE / "static", HTMX))],
    )
    return app
