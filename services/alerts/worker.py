"""Connects the parts of the alerts worker: consumers, exposures, deliveries and escalation."""

import asyncio
import gc
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from services.alerts.absences import Absences
from services.alerts.acts import behalf
from services.alerts.acts.acts import ActChannel
from services.alerts.acts.answer_links import AnswerLinks
from services.alerts.acts.replies import Replies
from services.alerts.channels import ChannelOut
from services.alerts.channels.email import EmailChannel
from services.alerts.channels.sms import SmsChannel
from services.alerts.channels.telegram import TelegramChannel
from services.alerts.channels.webhook import WebhookChannel
from services.alerts.config import AlertsSettings
from services.alerts.delivery.deliveries import Deliveries
from services.alerts.delivery.handover import Dispatcher
from services.alerts.delivery.next_contacts import NextContacts
from services.alerts.delivery.texts import Texts
from services.alerts.escalation import Escalation
from services.alerts.exposures import Exposures
from services.alerts.handlers import HAZARDS, HOUSEHOLDS, HazardHandler, HouseholdHandler
from services.alerts.message_templates import keeping
from services.alerts.plan_cache import PlanCache
from services.alerts.queries import held as held_queries
from services.alerts.queries import sealed_rows
from services.alerts.receivers import subscriptions
from services.alerts.receivers.secrets import WebhookSecrets
from services.alerts.ruleset import Ruleset
from services.alerts.silences.withdrawals import Withdrawals
from services.alerts.sms.gateway import gateway_of
from services.alerts.sms.sms_texts import SmsTexts
from services.alerts.telegram import polling
from services.alerts.telegram.answering import Answering
from services.alerts.telegram.bot_api import BotApi
from services.alerts.telegram.chat_messages import ChatMessages
from services.alerts.telegram.limits import ChatLimits
from services.alerts.telegram.message_edits import MessageEdits
from services.alerts.telegram.polling import Polling
from shared import lifecycle, wiring
from shared.auth.revocations import Revocations
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.crypto.rotation import keep_newest
from shared.events.topics import ALERTS_HOUSEHOLDS
from shared.events.vocabulary import DeliveryChannel
from shared.failures import retry_while_unavailable
from shared.messaging.consumer import Consumer
from shared.messaging.redrives import Redrives
from shared.outbound import Outbound
from shared.places import Places
from shared.places.points import KnownPoints
from shared.postgres import database, notify

# Hazards in one transaction cost less CPU time, but wait for each other (docs/decisions/0036).
HAZARDS_ENOUGH = 4
# In a burst, the alerts of one batch are sent while the next batch is judged.
HAZARDS_AT_ONCE = 100
HAZARDS_EVERY_MS = 55
# One transaction for twelve households costs a quarter of the time of twelve transactions.
HOUSEHOLDS_EVERY_MS = 200
DAY = timedelta(days=1)
HOUSEHOLDS_AT_ONCE = 100  # A batch holds locks and the event loop, so other tasks wait for its end.


async def run(settings: AlertsSettings) -> None:
    async with database.opened(settings, pool_size=10, pings=False) as engine:
        worker = AlertsWorker(settings, engine)
        await worker.prepare()
        async with Outbound(settings) as outbound, Outbound(settings, seconds=polling.CALL_SECONDS) as patient:
            deliveries = Deliveries(settings, engine, worker.channels(outbound), worker.woken)
            hazards, households = worker.hazards(deliveries), worker.households()
            settle_garbage()
            await wiring.work(
                settings,
                engine,
                hazards.run(),
                lifecycle.again_and_again("households", households.run),
                lifecycle.again_and_again("deliveries", deliveries.run),
                *worker.tasks(),
                *(worker.telegram_tasks(outbound, patient) if settings.alerts_telegram_token_file else ()),
                redrives=Redrives("alerts", [hazards, households], settings=settings),
                encryption=EnvelopeEncryption(settings.alerts_key_file),
            )


class AlertsWorker:
    def __init__(self, settings: AlertsSettings, engine: AsyncEngine) -> None:
        self._settings, self._engine, self._sessions = settings, engine, database.sessions(engine)
        self.woken, self._plan_changed = asyncio.Event(), asyncio.Event()
        self._places = Places.load(settings.places_path)
        self._known_points = KnownPoints(self._places)
        self._rules = Ruleset.load(settings.alerts_rules, self._known_points)
        self._texts = Texts.of_installation(self._places, settings)
        self._box = WebhookSecrets(settings.alerts_key_file)
        self._access, self._limits = Revocations(settings), ChatLimits()

    async def prepare(self) -> None:
        await retry_while_unavailable(lambda: seal_notes(self._sessions, self._box))
        await retry_while_unavailable(lambda: keeping.refresh(self._sessions, self._texts.templates))
        if self._settings.exercise:
            await retry_while_unavailable(lambda: somebody_to_tell(self._sessions))

    def channels(self, outbound: Outbound) -> dict[DeliveryChannel, ChannelOut]:
        settings, sessions, texts = self._settings, self._sessions, self._texts
        links, gateway = AnswerLinks(self._box, settings.public_url), gateway_of(settings, outbound)
        bot, short_texts = BotApi(settings, outbound), SmsTexts.of_installation(texts, settings)
        return {
            DeliveryChannel.WEBHOOK: WebhookChannel(outbound, self._box, settings.public_url),
            DeliveryChannel.EMAIL: EmailChannel(settings, outbound, texts, links, sessions),
            DeliveryChannel.TELEGRAM: TelegramChannel(bot, ChatMessages(texts), sessions, self._limits),
            DeliveryChannel.SMS: SmsChannel(settings, gateway, short_texts, sessions),
        }

    def hazards(self, deliveries: Deliveries) -> Consumer:
        dispatcher = Dispatcher(PlanCache(self._plan_changed), deliveries)
        return Consumer(
            "alerts",
            HAZARDS.bound(HazardHandler(self._rules, self._places, dispatcher=dispatcher)),
            settings=self._settings,
            sessions=self._sessions,
            max_records=HAZARDS_AT_ONCE,
            enough=HAZARDS_ENOUGH,
            every_ms=HAZARDS_EVERY_MS,
        )

    def households(self) -> Consumer:
        return Consumer(
            "alerts",
            HOUSEHOLDS.bound(HouseholdHandler(self._rules, self._places)),
            settings=self._settings,
            sessions=self._sessions,
            group=ALERTS_HOUSEHOLDS,
            max_records=HOUSEHOLDS_AT_ONCE,
            every_ms=HOUSEHOLDS_EVERY_MS,
        )

    def tasks(self) -> list[wiring.Task]:
        sessions, rules, places, texts = self._sessions, self._rules, self._places, self._texts
        exposures = Exposures(rules, places, self._known_points)
        return [
            lifecycle.again_and_again("exposures", lambda: exposures.run(sessions)),
            lifecycle.again_and_again("ended holds", lambda: forget_ended_holds(sessions, self._settings)),
            notify.listen(self._engine, "alerts_deliveries", self.woken),
            notify.listen(self._engine, "alerts_plans", self._plan_changed),
            self._access.run(),
            lifecycle.again_and_again("absences", Absences(sessions, rules, places, self._access).run),
            lifecycle.again_and_again("escalation", Escalation(sessions, rules, places).run),
            lifecycle.again_and_again("withdrawals", Withdrawals(sessions, rules, places).run),
            lifecycle.again_and_again("next contacts", NextContacts(sessions, places).run),
            lifecycle.again_and_again("templates", lambda: keeping.keep_current(sessions, texts.templates)),
            keep_newest("receivers", lambda: reseal(sessions, self._box)),
        ]

    def telegram_tasks(self, outbound: Outbound, patient: Outbound) -> list[wiring.Task]:
        """Calls by `patient` may take longer than those by `outbound`, because Telegram waits for updates."""
        settings, sessions, messages = self._settings, self._sessions, ChatMessages(self._texts)
        replies = Replies(self._rules, self._places, self._box, self._access, ActChannel.TELEGRAM)
        answering, bot = Answering(replies, self._box, messages), BotApi(settings, outbound)
        polls = Polling(bot, BotApi(settings, patient), self._engine, sessions, answering, self._limits)
        edits = MessageEdits(bot, messages, sessions, self._limits)
        return [
            lifecycle.again_and_again("telegram", polls.run),
            lifecycle.again_and_again("telegram edits", edits.run),
        ]


def settle_garbage() -> None:
    """Excludes the places of the country from garbage collection, because each scan of the places would take 0.1 s."""
    gc.collect()
    gc.freeze()


async def forget_ended_holds(sessions: async_sessionmaker[AsyncSession], settings: AlertsSettings) -> None:
    """Once a day, deletes old ended holds, until cancelled.

    Ended holds stay as long as dead letters, because a dead letter that is processed again may have an older event of
    the hold.
    """
    kept = timedelta(days=settings.dead_letters_days) + DAY
    while True:
        async with sessions.begin() as session:
            await held_queries.forget_ended(session, datetime.now(UTC) - kept)
        await asyncio.sleep(DAY.total_seconds())


async def seal_notes(sessions: async_sessionmaker[AsyncSession], box: WebhookSecrets) -> None:
    async with sessions.begin() as session:
        await behalf.seal_all(session, box)


async def reseal(sessions: async_sessionmaker[AsyncSession], box: WebhookSecrets) -> int:
    async with sessions.begin() as session:
        receivers = await subscriptions.reseal(session, box)
        return receivers + await behalf.reseal(session, box) + await sealed_rows.reseal(session, box)


async def somebody_to_tell(sessions: async_sessionmaker[AsyncSession]) -> None:
    async with sessions.begin() as session:
        await subscriptions.fill_exercise(session)
