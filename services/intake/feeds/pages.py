"""The page of the feeds of hazards and their health."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import groupby

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.intake.feeds import queries
from services.intake.feeds.items import ItemKind
from services.intake.feeds.measures import labels
from services.intake.feeds.sources import PolledFeed, source
from services.intake.models import Feed, FeedCount
from shared.pages import Pages
from shared.pages.terms import N_
from shared.postgres import database

router = APIRouter(include_in_schema=False)
LATE = timedelta(minutes=30)  # the monitoring uses the same limit
# A text for each code of a failed reading. The codes are defined in `shared.outbound` and `polling`.
FAILURES = {
    "unreachable": N_("The server of the source could not be reached."),
    "timed_out": N_("The server of the source did not answer in time."),
    "unexpected_status": N_("The server of the source refused the request, or has a fault."),
    "answer_too_big": N_("The document is larger than expected, so it was not read."),
    "bad_document": N_("The answer is no document of this kind of feed. The source may have changed its format."),
    "refused_address": N_("The address is in a private network that this installation may not call (OUTBOUND_ALLOW)."),
    "exercise": N_("An exercise calls no other machine."),
}


class FeedHealth(StrEnum):
    WELL = "well"
    FAILING = "failing"  # the last reading failed, or no reading succeeded for half an hour
    NEVER = "never"  # not read yet


@dataclass(frozen=True, slots=True)
class ShownFeed:
    """`address` is shown without its query, because the query may contain the operator's API key."""

    source: str
    address: str
    health: FeedHealth
    state: Feed | None
    entry_at: datetime | None
    counts: dict[str, int]

    @property
    def failure(self) -> str | None:
        """None if the last reading succeeded."""
        return self.state.failure if self.state else None


@router.get("/feeds")
async def feeds_page(request: Request, session: database.Session) -> Response:
    by_name = {feed.name: feed for feed in await queries.feeds(session)}
    last = {feed: list(rows) for feed, rows in groupby(await queries.counts(session), lambda row: row.feed)}
    entries, now = await queries.newest_entries(session), datetime.now(UTC)
    pages: Pages = request.app.state.pages
    return pages.render(
        request,
        "feeds.html",
        feeds=[shown(feed, by_name, last, entries, now) for feed in polled(request)],
        set_aside=await queries.set_aside(session),
        failures=FAILURES,
        kinds=list(ItemKind),
    )


def polled(request: Request) -> Sequence[PolledFeed]:
    feeds: Sequence[PolledFeed] = request.app.state.settings.feeds
    return feeds


def shown(
    feed: PolledFeed,
    by_name: dict[str, Feed],
    last: dict[str, list[FeedCount]],
    entries: dict[str, datetime],
    now: datetime,
) -> ShownFeed:
    name = source(feed.kind, feed.source).feed(feed.url)
    state = by_name.get(name)
    return ShownFeed(
        source=feed.source,
        address=labels(feed)["feed"],
        health=health_of(state, now),
        state=state,
        entry_at=entries.get(feed.source),
        counts=counted(last.get(name, ())),
    )


def health_of(state: Feed | None, now: datetime) -> FeedHealth:
    if state is None:
        return FeedHealth.NEVER
    is_late = state.read_at is None or now - state.read_at > LATE
    return FeedHealth.FAILING if state.failures or is_late else FeedHealth.WELL


def counted(rows: Iterable[FeedCount]) -> dict[str, int]:
    return {row.kind: row.last for row in rows}
