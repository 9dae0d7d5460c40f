"""The wiring of the registry's web app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.registry import figures, held_routes, routes
from services.registry.config import RegistrySettings
from services.registry.envelope_encryption import EnvelopeEncryption
from services.registry.kept_figures import KeptFigures
from shared import lifecycle
from shared.auth.revocations import Revocations
from shared.messaging import ledger
from shared.pages import Pages
from shared.places import Places
from shared.postgres import database
from shared.web import apps

HERE = Path(__file__).parent


def create_app(settings: RegistrySettings) -> FastAPI:
    revocations = Revocations(settings)
    engine = database.engine(settings)
    sessions = database.sessions(engine)
    unread = ledger.Unread("registry", settings, sessions)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.sessions = sessions
        app.state.places = Places.load(settings.places_path)
        app.state.figures = KeptFigures()
        app.state.vault = EnvelopeEncryption(settings.registry_kek_file)
        app.state.pages = Pages("registry", HERE / "templates", HERE / "locales", settings)
        try:
            async with lifecycle.beside(revocations.run()):
                yield
        finally:
            await engine.dispose()

    async def ready() -> dict[str, bool]:
        there = await database.is_there(sessions)
        return {
            "postgresql": there,
            "revocations": revocations.is_complete,
            "reports_in_time": there and await unread.is_in_time(),
        }

    return apps.create_app(
        "registry",
        settings,
        lifespan=lifespan,
        revocations=revocations,
        ready=ready,
        routers=[
            routes.router,
            held_routes.router,
            figures.router,
            ledger.routes("registry"),
        ],
    )
