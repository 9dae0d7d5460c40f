"""Wires the alerts worker: consumers, exposures, deliveries and escalation."""

import asyncio
import gc
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

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

# Hazards that share a transaction cost less CPU, but wait for each other (docs/decisions/0036).
HAZARDS_ENOUGH = 4
HAZARDS_AT_ONCE = 100  # most hazards in a batch; in a burst, its alerts are sent while the next batch is judged
HAZARDS_EVERY_MS = 55
HOUSEHOLDS_EVERY_MS = 200  # a transaction with twelve households costs a quarter of twelve transactions with one
DAY = timedelta(days=1)
HOUSEHOLDS_AT_ONCE = 100  # batches are small, because other tasks wait while a batch holds its locks and the event loop


async def run(settings: AlertsSettings) -> None:
    """Runs until cancelled."""
    places = Places.load(settings.places_path)
    known_points = KnownPoints(places)
    rules = Ruleset.load(settings.alerts_rules, known_points)
    async with database.opened(settings, pool_size=10, pings=False) as engine:
        sessions, woken, plan_changed = database.sessions(engine), asyncio.Event(), asyncio.Event()
        texts = Texts.of_installation(places, settings)
        short_texts = SmsTexts.of_installation(texts, settings)
        box = WebhookSecrets(settings.alerts_key_file)
        await retry_while_unavailable(lambda: seal_notes(sessions, box))
        await retry_while_unavailable(lambda: keeping.refresh(sessions, texts.templates))
        if settings.exercise:
            await retry_while_unavailable(lambda: somebody_to_tell(sessions))
        async with Outbound(settings) as outbound, Outbound(settings, seconds=polling.CALL_SECONDS) as patient:
            bot, access = BotApi(settings, outbound), Revocations(settings)
            limits = ChatLimits()
            replies = Replies(rules, places, box, access, ActChannel.TELEGRAM)
            links = AnswerLinks(box, settings.public_url)
            channels: dict[DeliveryChannel, ChannelOut] = {
                DeliveryChannel.WEBHOOK: WebhookChannel(outbound, box),
                DeliveryChannel.EMAIL: EmailChannel(settings, outbound, texts, links, sessions),
                DeliveryChannel.TELEGRAM: TelegramChannel(bot, ChatMessages(texts), sessions, limits),
                DeliveryChannel.SMS: SmsChannel(settings, gateway_of(settings, outbound), short_texts, sessions),
            }
            deliveries = Deliveries(settings, engine, channels, woken)
            dispatcher = Dispatcher(PlanCache(plan_changed), deliveries)
            hazards = Consumer(
                "alerts",
                HAZARDS.bound(HazardHandler(rules, places, dispatcher=dispatcher)),
                settings=settings,
                sessions=sessions,
                max_records=HAZARDS_AT_ONCE,
                enough=HAZARDS_ENOUGH,
                every_ms=HAZARDS_EVERY_MS,
            )
            households = Consumer(
                "alerts",
                HOUSEHOLDS.bound(HouseholdHandler(rules, places)),
                settings=settings,
                sessions=sessions,
                group=ALERTS_HOUSEHOLDS,
                max_records=HOUSEHOLDS_AT_ONCE,
                every_ms=HOUSEHOLDS_EVERY_MS,
            )
            exposures = Exposures(rules, places, known_points)
            polls = Polling(
                bot,
                BotApi(settings, patient),
                engine,
                sessions,
                Answering(replies, box, ChatMessages(texts)),
                limits,
            )
            edits = MessageEdits(bot, ChatMessages(texts), sessions, limits)
            settle_garbage()
            await wiring.work(
                settings,
                engine,
                hazards.run(),
                lifecycle.again_and_again("households", households.run),
                lifecycle.again_and_again("exposures", lambda: exposures.run(sessions)),
                lifecycle.again_and_again("ended holds", lambda: forget_ended_holds(sessions, settings)),
                notify.listen(engine, "alerts_deliveries", woken),
                notify.listen(engine, "alerts_plans", plan_changed),
                lifecycle.again_and_again("deliveries", deliveries.run),
                access.run(),
                *(
                    (
                        lifecycle.again_and_again("telegram", polls.run),
                        lifecycle.again_and_again("telegram edits", edits.run),
                    )
                    if settings.alerts_telegram_token_file
                    else ()
                ),
                lifecycle.again_and_again("absences", Absences(sessions, rules, places, access).run),
                lifecycle.again_and_again("escalation", Escalation(sessions, rules, places).run),
                lifecycle.again_and_again("withdrawals", Withdrawals(sessions, rules, places).run),
                lifecycle.again_and_again("next contacts", NextContacts(sessions, places).run),
                lifecycle.again_and_again("templates", lambda: keeping.keep_current(sessions, texts.templates)),
                keep_newest("receivers", lambda: reseal(sessions, box)),
                redrives=Redrives("alerts", [hazards, households], settings=settings),
                encryption=EnvelopeEncryption(settings.alerts_key_file),
            )


def settle_garbage() -> None:
    """Excludes the places of the country from garbage collection, because scanning the places takes 0.1 s each time."""
    gc.collect()
    gc.freeze()


async def forget_ended_holds(sessions: async_sessionmaker[AsyncSession], settings: AlertsSettings) -> None:
    """Deletes old ended holds once a day, until cancelled.

    An ended hold is kept as long as dead letters, because a redriven dead letter may have an older event of the hold.
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
