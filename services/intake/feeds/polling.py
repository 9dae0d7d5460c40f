"""Polls each feed in a separate task, with conditional requests, and with exponential back-off after failures."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake.feeds import queries
from services.intake.feeds.items import BadDocument, ItemKind, Source
from services.intake.feeds.reading import Reader
from services.intake.feeds.sources import PolledFeed, source
from shared import log
from shared.failures import Backoff, backoff_seconds, is_dependency_unavailable
from shared.outbound import Outbound, Response
from shared.outbound_errors import OutboundError

LONGEST_PAUSE = 15 * 60.0


class UnexpectedStatus(OutboundError):
    """The server's status was neither 200 nor 304."""

    reason = "unexpected_status"


@dataclass(frozen=True, slots=True)
class Poller:
    """`seconds` is the polling interval of a feed without failures."""

    reader: Reader
    sessions: async_sessionmaker[AsyncSession]
    outbound: Outbound
    seconds: float

    async def run(self, feeds: Iterable[PolledFeed]) -> None:
        async with asyncio.TaskGroup() as group:
            for feed in feeds:
                group.create_task(self._poll(source(feed.kind, feed.source), feed.url))

    async def _poll(self, source: Source, url: str) -> None:
        backoff = Backoff()
        while True:
            try:
                failures = await self.once(source, url)
            except Exception as error:
                if not is_dependency_unavailable(error):
                    raise
                log.get().warning("feed waiting for dependency", feed=url, **log.described(error))
                await backoff.wait()
            else:
                backoff.reset()
                await asyncio.sleep(pause(self.seconds, failures))

    async def once(self, source: Source, url: str) -> int:
        """Read the feed once. Return the number of consecutive failures."""
        try:
            answer = await self._fetch(source, url)
            async with self.sessions.begin() as session:
                if answer.status == HTTPStatus.NOT_MODIFIED:
                    await queries.save_unchanged_document(session, source.feed(url), source.name, datetime.now(UTC))
                else:
                    etag = answer.headers.get("etag")
                    counts = await self.reader.read(session, source, url, answer.body, etag=etag)
                    log.get().info("feed read", feed=url, **{kind: counts[kind] for kind in ItemKind})
            return 0
        except (OutboundError, BadDocument) as error:
            return await self._note_failure(source, url, getattr(error, "reason", "bad_document"))

    async def _fetch(self, source: Source, url: str) -> Response:
        async with self.sessions.begin() as session:
            etag = await queries.etag(session, source.feed(url))
        answer = await self.outbound.get(url, headers={"if-none-match": etag} if etag else {})
        if answer.status not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            raise UnexpectedStatus(answer.status)
        return answer

    async def _note_failure(self, source: Source, url: str, reason: str) -> int:
        async with self.sessions.begin() as session:
            feed = source.feed(url)
            failures = await queries.save_failure(session, feed, source.name, reason=reason, now=datetime.now(UTC))
        log.get().warning("feed not read", feed=url, reason=reason, failures=failures)
        return failures


def pause(seconds: float, failures: int) -> float:
    """Return the pause in seconds, which doubles with each failure.

    The random part spreads the requests to different feeds.
    """
    return backoff_seconds(failures + 1, first=seconds, longest=max(LONGEST_PAUSE, seconds), jitter=0.1)
