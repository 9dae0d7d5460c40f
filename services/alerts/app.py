"""The web app of the alerts service."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.alerts import (
    act_routes,
    alert_page,
    hazard_routes,
    measures,
    pages,
    receiver_pages,
    roster_pages,
    routes,
    source_routes,
    telegram_page,
)
from services.alerts.answers import AnswerRefused
from services.alerts.config import AlertsSettings
from services.alerts.messages import Messages
from services.alerts.ruleset import Ruleset
from services.alerts.secrets import WebhookSecrets
from services.alerts.sms.sms_texts import SmsTexts
from services.alerts.texts import Texts
from shared import wiring
from shared.messaging import ledger
from shared.pages import Pages
from shared.places import Places
from shared.places.watched import WatchedArea
from shared.web import redrive_routes

HERE = Path(__file__).parent


def create_app(settings: AlertsSettings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Iterable[wiring.Task]]:
        app.state.places = Places.load(settings.places_path)
        app.state.box = WebhookSecrets(settings.alerts_key_file)
        app.state.rules = Ruleset.load(settings.alerts_rules, app.state.places)
        app.state.watched = WatchedArea.load()
        app.state.pages = Pages("alerts", HERE / "templates", HERE / "locales", settings)
        app.state.texts = Texts.of_installation(app.state.places, settings)
        app.state.messages = Messages(app.state.texts, SmsTexts.of_installation(app.state.texts, settings))
        yield ()

    app = wiring.web_app(
        "alerts",
        settings,
        lifespan=lifespan,
        measures=[measures.channels],
        routers=[
            routes.router,
            act_routes.router,
            hazard_routes.router,
            source_routes.router,
            pages.router,
            receiver_pages.router,
            alert_page.router,
            telegram_page.router,
            roster_pages.router,
            ledger.routes("alerts"),
            redrive_routes.routes("alerts"),
        ],
    )
    app.add_exception_handler(AnswerRefused, act_routes.refused)
    return app
