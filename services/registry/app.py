"""The web app of the registry."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.registry import (
    adoption_routes,
    code_routes,
    differing_counts,
    duplicate_reviews,
    duplicate_routes,
    event_routes,
    figure_pages,
    figures,
    group_pages,
    held_routes,
    history_routes,
    household_pages,
    letter_routes,
    measures,
    movement_pages,
    movement_routes,
    need_routes,
    place_routes,
    routes,
    search_routes,
    site_pages,
    site_routes,
    waiting_routes,
)
from services.registry.config import RegistrySettings
from services.registry.envelope_encryption import EnvelopeEncryption
from services.registry.kept_figures import KeptFigures
from services.registry.search_keys import SearchKeys
from shared import wiring
from shared.messaging import ledger
from shared.pages import Pages
from shared.places import Places
from shared.web import redrive_routes

HERE = Path(__file__).parent


def create_app(settings: RegistrySettings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Iterable[wiring.Task]]:
        app.state.places = Places.load(settings.places_path)
        app.state.figures = KeptFigures()
        app.state.encryption = EnvelopeEncryption(settings.registry_kek_file)
        app.state.search = SearchKeys(settings.search_root_file)
        app.state.pages = Pages("registry", HERE / "templates", HERE / "locales", settings)
        app.state.unread = ledger.Unread("registry", settings, app.state.sessions)
        yield ()

    return wiring.web_app(
        "registry",
        settings,
        lifespan=lifespan,
        ready_in_postgresql={"reports_in_time": reports_in_time},
        measures=[measures.held_reports],
        routers=[
            search_routes.router,
            duplicate_routes.router,
            duplicate_reviews.router,
            code_routes.router,
            household_pages.router,
            group_pages.router,
            site_pages.router,
            routes.router,
            history_routes.router,
            held_routes.router,
            waiting_routes.router,
            adoption_routes.router,
            letter_routes.router,
            differing_counts.router,
            event_routes.router,
            place_routes.router,
            site_routes.router,
            figures.router,
            figure_pages.router,
            need_routes.router,
            movement_routes.router,
            movement_pages.router,
            ledger.routes("registry"),
            redrive_routes.routes("registry"),
        ],
    )


async def reports_in_time(app: FastAPI) -> bool:
    unread: ledger.Unread = app.state.unread
    return await unread.is_in_time()
