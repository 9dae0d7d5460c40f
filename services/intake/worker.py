"""Intake's worker: polls the feeds and publishes their events."""

from services.intake.config import IntakeSettings
from services.intake.feeds.polling import Poller
from services.intake.feeds.reading import Reader
from shared import wiring
from shared.outbound import Outbound
from shared.places import Places
from shared.places.watched import WatchedArea
from shared.postgres import database


async def run(settings: IntakeSettings) -> None:
    """Run until cancelled."""
    async with database.opened(settings) as engine, Outbound(settings) as outbound:
        poller = Poller(reader(settings), database.sessions(engine), outbound, settings.intake_feed_seconds)
        await wiring.work(settings, engine, poller.run(settings.feeds))


def reader(settings: IntakeSettings) -> Reader:
    return Reader(WatchedArea.load(settings.intake_area), Places.load(settings.places_path), settings.counted_status)
