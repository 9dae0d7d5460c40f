"""The web app of the alerts service."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from services.alerts import (
    alert_page,
    hazard_pages,
    hazard_routes,
    measures,
    next_escalations,
    pages,
    routes,
    source_routes,
)
from services.alerts.acts import answer_page, several_routes
from services.alerts.acts import routes as act_routes
from services.alerts.acts.acts import ActChannel
from services.alerts.acts.answer_links import AnswerLinks
from services.alerts.acts.answers import AnswerRefused
from services.alerts.acts.replies import Replies
from services.alerts.acts.wrong_tokens import WrongTokens
from services.alerts.checklists import routes as checklist_routes
from services.alerts.checklists.checklists import Checklists
from services.alerts.config import AlertsSettings
from services.alerts.delivery.messages import Messages
from services.alerts.delivery.texts import Texts
from services.alerts.duty_numbers import number_pages
from services.alerts.duty_numbers import pages as duty_number_pages
from services.alerts.message_templates import pages as template_pages
from services.alerts.policies import pages as policy_pages
from services.alerts.queries.alerts import AlertUnreadable
from services.alerts.receivers import pages as receiver_pages
from services.alerts.receivers.secrets import WebhookSecrets
from services.alerts.rosters import board_lines, layer_pages
from services.alerts.rosters import pages as roster_pages
from services.alerts.rules import pages as rule_pages
from services.alerts.ruleset import Ruleset
from services.alerts.shift_handovers import pages as handover_pages
from services.alerts.silences import pages as silence_pages
from services.alerts.sms import profiles
from services.alerts.sms import routes as sms_routes
from services.alerts.sms.answering import SmsAnswering
from services.alerts.sms.gateway import gateway_of
from services.alerts.sms.receipts import SmsReceipts
from services.alerts.sms.routes import GatewayLimits
from services.alerts.sms.sms_texts import SmsTexts
from services.alerts.statistics import pages as statistics_pages
from services.alerts.telegram import page as telegram_page
from shared import wiring
from shared.auth.revocations import Revocations
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.messaging import ledger
from shared.outbound import Outbound
from shared.pages import Pages
from shared.places import Places
from shared.places.points import KnownPoints
from shared.places.watched import WatchedArea
from shared.web import letter_routes, redrive_routes
from shared.web.letter_routes import LetterReading

HERE = Path(__file__).parent

ROUTERS = (
    routes.router,
    next_escalations.router,
    act_routes.router,
    several_routes.router,
    checklist_routes.router,
    hazard_routes.router,
    hazard_pages.router,
    source_routes.router,
    sms_routes.router,
    answer_page.router,
    pages.router,
    receiver_pages.router,
    policy_pages.router,
    rule_pages.router,
    silence_pages.router,
    statistics_pages.router,
    handover_pages.router,
    template_pages.router,
    duty_number_pages.router,
    number_pages.router,
    alert_page.router,
    telegram_page.router,
    board_lines.router,
    layer_pages.router,
    roster_pages.router,
)


def create_app(settings: AlertsSettings, access: Revocations | None = None) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Iterable[wiring.Task]]:
        app.state.places = Places.load(settings.places_path)
        app.state.box = WebhookSecrets(settings.alerts_key_file)
        app.state.pages = Pages("alerts", HERE / "templates", HERE / "locales", settings)
        encryption = EnvelopeEncryption(settings.alerts_key_file)
        app.state.letter_reading = LetterReading(app.state.pages, app.state.places, encryption)
        app.state.known_points = KnownPoints(app.state.places)
        app.state.rules = Ruleset.load(settings.alerts_rules, app.state.known_points)
        app.state.checklists = Checklists.load(settings.alerts_checklists)
        app.state.watched = WatchedArea.load()
        app.state.texts = Texts.of_installation(app.state.places, settings)
        short_texts = SmsTexts.of_installation(app.state.texts, settings)
        app.state.messages = Messages(app.state.texts, short_texts)
        profile = profiles.of_installation(settings)
        app.state.sms_inbound = profile and profile.inbound
        app.state.sms_receipts = SmsReceipts.of_installation(profile, app.state.metrics)
        app.state.sms_limits = GatewayLimits()
        acting = partial(Replies, app.state.rules, app.state.places, app.state.box, revocations)
        replies, app.state.mail_replies = acting(ActChannel.SMS), acting(ActChannel.MAIL)
        app.state.access = revocations
        app.state.answer_links = AnswerLinks(app.state.box, settings.public_url)
        app.state.wrong_tokens = WrongTokens()
        async with Outbound(settings) as outbound:
            app.state.sms_answering = SmsAnswering(replies, short_texts, gateway_of(settings, outbound))
            yield ()

    revocations = access or Revocations(settings)
    app = wiring.web_app(
        "alerts",
        settings,
        lifespan=lifespan,
        revocations=revocations,
        measures=[
            measures.channels,
            measures.unsent_alerts,
            measures.unreadable_alerts,
            measures.overdue_escalations,
            measures.bot_updates(settings),
        ],
        routers=[
            *ROUTERS,
            ledger.routes("alerts"),
            redrive_routes.routes("alerts"),
            letter_routes.routes("alerts"),
        ],
    )
    app.add_exception_handler(AnswerRefused, act_routes.refused)
    app.add_exception_handler(AlertUnreadable, routes.unreadable)
    return app
