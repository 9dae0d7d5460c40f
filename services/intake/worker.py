"""Intake's worker polls the feeds, publishes their events, and stores the outcomes of reports."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake import receipt_queries, recent_hazards, sent_reports
from services.intake.config import IntakeSettings
from services.intake.feeds.polling import Poller
from services.intake.feeds.reading import Reader
from services.intake.handlers import OUTCOMES
from services.intake.sheets import queries as sheet_queries
from shared import lifecycle, wiring
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.messaging.consumer import Consumer
from shared.messaging.redrives import Redrives
from shared.outbound import Outbound
from shared.places import Places
from shared.places.watched import WatchedArea
from shared.postgres import database

DAY = timedelta(days=1)
RECEIPTS_KEPT = 180 * DAY
HAZARDS_KEPT = 60 * DAY
# The consumer of outcomes pauses between small batches, because larger batches need less CPU time.
OUTCOMES_EVERY_MS = 500


async def run(settings: IntakeSettings) -> None:
    async with database.opened(settings) as engine, Outbound(settings) as outbound:
        poller = Poller(reader(settings), database.sessions(engine), outbound, settings.intake_feed_seconds)
        sessions = database.sessions(engine)
        consumer = Consumer("intake", OUTCOMES, settings=settings, sessions=sessions, every_ms=OUTCOMES_EVERY_MS)
        await wiring.work(
            settings,
            engine,
            poller.run(settings.feeds),
            lifecycle.again_and_again("forgetting", lambda: forget(sessions)),
            # If the consumer of outcomes fails, only the consumer is restarted, and the poller of feeds continues.
            lifecycle.again_and_again("outcomes", consumer.run),
            redrives=Redrives("intake", [consumer], settings=settings),
            encryption=EnvelopeEncryption(settings.memory_key_file),
        )


async def forget(sessions: async_sessionmaker[AsyncSession]) -> None:
    """Delete old rows once a day. Receipts stay longer than the 90 days in which phones ask for them."""
    while True:
        now = datetime.now(UTC)
        before = now - RECEIPTS_KEPT
        async with sessions.begin() as session:
            await receipt_queries.forget(session, before)
            await sent_reports.forget(session, before)
            await sheet_queries.forget(session, before)
            await recent_hazards.forget(session, now - HAZARDS_KEPT)
        await asyncio.sleep(DAY.total_seconds())


def reader(settings: IntakeSettings) -> Reader:
    return Reader(WatchedArea.load(settings.intake_area), Places.load(settings.places_path), settings.counted_status)
