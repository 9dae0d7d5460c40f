"""The web app of the registry."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.registry import history_routes, measures, openings, routes
from services.registry.config import RegistrySettings
from services.registry.counts import differing_routes as differing_counts
from services.registry.duplicates import reviews as duplicate_reviews
from services.registry.duplicates import routes as duplicate_routes
from services.registry.event_links import routes as event_routes
from services.registry.figures import movement_pages, movement_routes, need_routes, stock_history_pages
from services.registry.figures import pages as figure_pages
from services.registry.figures import routes as figures
from services.registry.figures.kept import KeptFigures
from services.registry.groups import hazard_groups
from services.registry.groups import pages as group_pages
from services.registry.held import adoption_routes, waiting_routes
from services.registry.held import routes as held_routes
from services.registry.households import code_routes, hazard_households
from services.registry.households import pages as household_pages
from services.registry.places import routes as place_routes
from services.registry.search import routes as search_routes
from services.registry.search.keys import SearchKeys
from services.registry.sites import occupancy_routes
from services.registry.sites import pages as site_pages
from services.registry.sites import routes as site_routes
from shared import wiring
from shared.auth.revocations import Revocations
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.messaging import ledger
from shared.pages import Pages
from shared.places import Places
from shared.web import letter_routes, redrive_routes
from shared.web.letter_routes import LetterReading

HERE = Path(__file__).parent


def create_app(settings: RegistrySettings, access: Revocations | None = None) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Iterable[wiring.Task]]:
        app.state.places = Places.load(settings.places_path)
        app.state.figures = KeptFigures()
        app.state.encryption = EnvelopeEncryption(settings.registry_kek_file)
        app.state.pages = Pages("registry", HERE / "templates", HERE / "locales", settings)
        encryption = app.state.encryption
        app.state.letter_reading = LetterReading(app.state.pages, app.state.places, encryption, openings.watch)
        app.state.search = SearchKeys(settings.search_root_file)
        app.state.unread = ledger.Unread("registry", settings, app.state.sessions)
        yield ()

    return wiring.web_app(
        "registry",
        settings,
        lifespan=lifespan,
        revocations=access,
        ready_in_postgresql={"reports_in_time": reports_in_time},
        measures=[measures.held_reports],
        routers=[
            search_routes.router,
            duplicate_routes.router,
            duplicate_reviews.router,
            code_routes.router,
            household_pages.router,
            hazard_households.router,
            group_pages.router,
            hazard_groups.router,
            site_pages.router,
            routes.router,
            history_routes.router,
            held_routes.router,
            waiting_routes.router,
            adoption_routes.router,
            differing_counts.router,
            event_routes.router,
            place_routes.router,
            site_routes.router,
            occupancy_routes.router,
            figures.router,
            figure_pages.router,
            stock_history_pages.router,
            need_routes.router,
            movement_routes.router,
            movement_pages.router,
            ledger.routes("registry"),
            redrive_routes.routes("registry"),
            letter_routes.routes("registry"),
        ],
    )


async def reports_in_time(app: FastAPI) -> bool:
    unread: ledger.Unread = app.state.unread
    return await unread.is_in_time()
