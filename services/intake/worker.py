"""Intake's worker: polls the feeds, publishes their events, and keeps the outcomes of reports."""

from services.intake.config import IntakeSettings
from services.intake.feeds.polling import Poller
from services.intake.feeds.reading import Reader
from services.intake.handlers import OUTCOMES
from shared import lifecycle, wiring
from shared.messaging.consumer import Consumer
from shared.messaging.redrives import Redrives
from shared.outbound import Outbound
from shared.places import Places
from shared.places.watched import WatchedArea
from shared.postgres import database

OUTCOMES_EVERY_MS = 500  # larger batches save work, and authors do not notice the delay of a receipt


async def run(settings: IntakeSettings) -> None:
    """Run until cancelled."""
    async with database.opened(settings) as engine, Outbound(settings) as outbound:
        poller = Poller(reader(settings), database.sessions(engine), outbound, settings.intake_feed_seconds)
        sessions = database.sessions(engine)
        consumer = Consumer("intake", OUTCOMES, settings=settings, sessions=sessions, every_ms=OUTCOMES_EVERY_MS)
        await wiring.work(
            settings,
            engine,
            poller.run(settings.feeds),
            lifecycle.again_and_again("outcomes", consumer.run),  # the feeds are still polled if this consumer stops
            redrives=Redrives("intake", [consumer], settings=settings),
        )


def reader(settings: IntakeSettings) -> Reader:
    return Reader(WatchedArea.load(settings.intake_area), Places.load(settings.places_path), settings.counted_status)
