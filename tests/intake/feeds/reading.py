"""Reads the entries of one source in order, and keeps the hazards that intake publishes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.intake.feeds import usgs
from services.intake.feeds.decisions import FeedDecision
from services.intake.feeds.events import Stamp
from services.intake.feeds.items import Cancellation, Item, Unreadable
from services.intake.feeds.register import Register
from shared.events import HazardReported
from shared.events.vocabulary import Status
from shared.places import Places
from shared.places.watched import WatchedArea
from tests.intake.feeds.documents import ONSET_MS, document

NOW = datetime(2026, 10, 1, tzinfo=UTC)
PLACES = Places.load()
AREA = WatchedArea.load()
LATER = ONSET_MS + 3_600_000


class Reading:
    def __init__(self, area: WatchedArea = AREA) -> None:
        self.register = Register({}, {})
        self.area = area
        self.clock = NOW

    def take(self, entry: Any) -> FeedDecision:
        [read] = usgs.read(document(entry))
        assert not isinstance(read, Unreadable)
        return self.take_entry(read)

    def take_entry(self, entry: Item | Cancellation) -> FeedDecision:
        self.clock += timedelta(minutes=1)
        return self.register.take(entry, self.area, Stamp("usgs", Status.ACTUAL, self.clock, PLACES))

    @property
    def published(self) -> list[HazardReported]:
        return self.register.published
