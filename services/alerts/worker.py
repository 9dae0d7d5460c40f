"""Alerts at work: hazards and households are judged, receivers told, and told again until somebody answers."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts import subscriptions
from services.alerts.channels import ChannelOut
from services.alerts.channels.email import EmailChannel
from services.alerts.channels.webhook import WebhookChannel
from services.alerts.config import AlertsSettings
from services.alerts.deliveries import Deliveries
from services.alerts.escalation import Escalation
from services.alerts.handlers import Watch
from services.alerts.ruleset import Ruleset
from services.alerts.secrets import SecretBox
from services.alerts.texts import Texts
from shared import bells, database
from shared.consumer import Consumer
from shared.events.vocabulary import Channel
from shared.faults import patiently
from shared.outbound import Outbound
from shared.outbox import Relay
from shared.places import Places
from shared.redrives import Redrives

TOPICS = ("hazards", "households")


async def run(settings: AlertsSettings) -> None:
    """Until cancelled."""
    rules, places = Ruleset.load(settings.alerts_rules), Places.load(settings.places_path)
    engine = database.engine(settings, pool_size=10, pings=False)
    sessions, woken = database.sessions(engine), asyncio.Event()
    box = SecretBox(settings.alerts_key_file)
    if settings.exercise:
        await patiently(lambda: somebody_to_tell(sessions))
    try:
        async with Outbound(settings) as outbound, asyncio.TaskGroup() as group:
            channels: dict[Channel, ChannelOut] = {
                Channel.WEBHOOK: WebhookChannel(outbound, box),
                Channel.EMAIL: EmailChannel(settings, outbound, Texts.of_installation(places, settings)),
            }
            watch = Watch(rules, places)
            consumer = Consumer("alerts", TOPICS, watch, settings=settings, sessions=sessions)
            group.create_task(consumer.run())
            group.create_task(Redrives("alerts", consumer, settings=settings).decisions(engine).run())
            group.create_task(Relay(settings, engine).run())
            group.create_task(bells.listen(engine, "alerts_deliveries", woken))
            group.create_task(Deliveries(settings, engine, channels, woken).run())
            group.create_task(Escalation(sessions, rules, places).run())
    finally:
        await engine.dispose()


async def somebody_to_tell(sessions: async_sessionmaker[AsyncSession]) -> None:
    async with sessions.begin() as session:
        await subscriptions.fill_exercise(session)
