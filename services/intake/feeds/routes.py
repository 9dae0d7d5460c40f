"""The state of the feeds, for CMC staff and for Prometheus."""

import asyncio
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from fastapi import APIRouter
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake.feeds import queries
from services.intake.models import Feed, FeedCount, FeedSetAside
from shared.failures import is_dependency_unavailable
from shared.postgres import database

router = APIRouter()
SECONDS = 15.0


@router.get("/v1/feeds")
async def feeds(session: database.Session) -> dict[str, Any]:
    """State and counts of each feed, and the entries that could not be read."""
    by_feed = {feed: list(counts) for feed, counts in groupby(await queries.counts(session), lambda row: row.feed)}
    return {
        "feeds": [shown(feed, by_feed.get(feed.name, [])) for feed in await queries.feeds(session)],
        "set_aside": [shown_aside(entry) for entry in await queries.set_aside(session)],
    }


def shown(feed: Feed, counts: list[FeedCount]) -> dict[str, Any]:
    return {
        "name": feed.name,
        "source": feed.source,
        "read_at": feed.read_at,
        "failed_at": feed.failed_at,
        "failure": feed.failure,
        "failures": feed.failures,
        "total": {row.kind: row.total for row in counts},
        "last": {row.kind: row.last for row in counts},
    }


def shown_aside(entry: FeedSetAside) -> dict[str, Any]:
    """The answer leaves out the content of the entry."""
    return {
        "feed": entry.feed,
        "name": entry.name,
        "reason": entry.reason,
        "pointer": entry.pointer,
        "first_at": entry.first_at,
        "last_at": entry.last_at,
    }


class FeedMetrics(Collector):
    """Shows the counts of the worker, which has no port for metrics. The web app reads the counts from PostgreSQL."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self._totals: list[tuple[str, str, int]] = []

    def collect(self) -> Iterable[Metric]:
        items = CounterMetricFamily("intake_feed_items", "Entries of feeds by result.", labels=["source", "kind"])
        for source, kind, total in self._totals:
            items.add_metric([source, kind], total)
        yield items

    async def run(self) -> None:
        """Refresh the counts until cancelled. While PostgreSQL is unavailable, the last counts stay."""
        while True:
            try:
                async with self._sessions.begin() as session:
                    self._totals = await queries.totals(session)
            except Exception as error:
                if not is_dependency_unavailable(error):
                    raise
            await asyncio.sleep(SECONDS)
