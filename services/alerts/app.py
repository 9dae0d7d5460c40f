"""Builds the HTTP application of the alerts service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.alerts import act_routes, alert_page, hazard_routes, pages, routes, source_routes
from services.alerts.answers import AnswerRefused
from services.alerts.config import AlertsSettings
from services.alerts.ruleset import Ruleset
from services.alerts.secrets import WebhookSecrets
from services.alerts.texts import Texts
from shared import lifecycle
from shared.auth.revocations import Revocations
from shared.messaging import ledger
from shared.pages import Pages
from shared.places import Places
from shared.places.watched import WatchedArea
from shared.postgres import database
from shared.web import apps

HERE = Path(__file__).parent


def create_app(settings: AlertsSettings) -> FastAPI:
    revocations = Revocations(settings)
    engine = database.engine(settings)
    sessions = database.sessions(engine)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        places = Places.load(settings.places_path)
        app.state.sessions, app.state.places = sessions, places
        app.state.box = WebhookSecrets(settings.alerts_key_file)
        app.state.rules, app.state.watched = Ruleset.load(settings.alerts_rules), WatchedArea.load()
        app.state.pages = Pages("alerts", HERE / "templates", HERE / "locales", settings)
        app.state.texts = Texts.of_installation(places, settings)
        try:
            async with lifecycle.beside(revocations.run()):
                yield
        finally:
            await engine.dispose()

    async def ready() -> dict[str, bool]:
        return {"postgresql": await database.is_there(sessions), "revocations": revocations.is_complete}

    app = apps.create_app(
        "alerts",
        settings,
        lifespan=lifespan,
        revocations=revocations,
        ready=ready,
        routers=[
            routes.router,
            act_routes.router,
            hazard_routes.router,
            source_routes.router,
            pages.router,
            alert_page.router,
            ledger.routes("alerts"),
        ],
    )
    app.add_exception_handler(AnswerRefused, act_routes.refused)
    return app
