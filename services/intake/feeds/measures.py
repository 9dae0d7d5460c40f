"""Metrics about the feeds that intake polls."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from prometheus_client import Metric
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.feeds.sources import PolledFeed, source
from services.intake.models import Feed, FeedHazard
from shared.web.measured import Measure, gauges, timestamp

MS = 1000


def of(feeds: Sequence[PolledFeed]) -> Measure:
    async def measure(session: AsyncSession) -> Iterable[Metric]:
        rows = {row.name: row for row in await session.scalars(select(Feed))}
        newest = select(FeedHazard.source, func.max(FeedHazard.updated_ms).label("newest")).group_by(FeedHazard.source)
        entries = {row.source: row.newest for row in await session.execute(newest)}
        known = [(labels(feed), rows.get(source(feed.kind, feed.source).feed(feed.url))) for feed in feeds]
        return [
            gauges(
                "intake_feed_read_timestamp_seconds",
                "When the feed was last read, or 0.",
                ((labels, timestamp(row.read_at if row else None)) for labels, row in known),
            ),
            gauges(
                "intake_feed_failures",
                "How many times in a row the feed could not be read.",
                ((labels, row.failures if row else 0) for labels, row in known),
            ),
            gauges(
                "intake_feed_entry_timestamp_seconds",
                "When the source last changed an entry, or 0.",
                ((labels, entries.get(labels["source"], 0) / MS) for labels, _ in known),
            ),
        ]

    return measure


def labels(feed: PolledFeed) -> dict[str, str]:
    """The label leaves out the query of the address, because the query may contain the operator's API key."""
    address = urlsplit(feed.url)
    return {"source": feed.source, "feed": f"{address.hostname}{address.path}"}
