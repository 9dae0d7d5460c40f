"""Intake stores, publishes and counts the entries of a feed's documents, on real PostgreSQL."""

import asyncio
import json

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake.feeds import queries, usgs
from services.intake.feeds.items import Cancellation, Entry, Item, ItemKind, Source
from services.intake.feeds.reading import Counts, Reader
from services.intake.feeds.sources import source
from services.intake.models import RecentHazard
from shared.events.vocabulary import Status
from shared.places import Places
from shared.places.watched import WatchedArea
from tests.intake.feeds.documents import ONSET_MS, deleted, document, feature

Sessions = async_sessionmaker[AsyncSession]

USGS = source("usgs")
LATER = ONSET_MS + 3_600_000


async def read(sessions: Sessions, *features: object, feed: str = "own.geojson", origin: Source = USGS) -> Counts:
    reader = Reader(WatchedArea.load(), Places.load(), Status.ACTUAL)
    async with sessions.begin() as session:
        return await reader.read(session, origin, feed, document(*features), etag='"1"')


async def published(sessions: Sessions) -> list[str]:
    async with sessions.begin() as session:
        rows = await session.scalars(text("SELECT headers FROM outbox ORDER BY id"))
        return [header["ce_type"].split(".")[2] for header in (dict(json.loads(row)) for row in rows)]


async def test_the_same_document_twice_publishes_once(sessions: Sessions) -> None:
    first = await read(sessions, feature(), feature("us2", type="explosion"), feature("us3", at=(0.0, 0.0)), "broken")
    again = await read(sessions, feature(), feature("us2", type="explosion"), feature("us3", at=(0.0, 0.0)), "broken")

    assert first == {ItemKind.PUBLISHED: 1, ItemKind.NOT_A_HAZARD: 1, ItemKind.OUT_OF_AREA: 1, ItemKind.SET_ASIDE: 1}
    assert again == first - Counts({ItemKind.PUBLISHED: 1}) + Counts({ItemKind.UNCHANGED: 1})
    assert await published(sessions) == ["reported"]
    async with sessions.begin() as session:
        [recent] = await session.scalars(select(RecentHazard))
    assert (recent.type, recent.scope, recent.is_cancelled) == ("earthquake", "Public", False)


async def test_a_link_that_the_database_cannot_store_does_not_stop_a_feed(sessions: Sessions) -> None:
    assert await read(sessions, feature("us1", url="https://us1/\x00"), feature("us2")) == {
        ItemKind.PUBLISHED: 2,
        ItemKind.SET_ASIDE: 0,
    }


async def test_counts_are_kept_per_feed_in_total_and_for_the_last_reading(sessions: Sessions) -> None:
    await read(sessions, feature(), feature("us9", at=(0.0, 0.0)))
    await read(sessions, feature())

    async with sessions.begin() as session:
        counts = {row.kind: (row.total, row.last) for row in await queries.counts(session)}
        assert await queries.etag(session, "usgs=own.geojson") == '"1"'
        assert await queries.totals(session)
    assert counts["published"] == (1, 0)
    assert counts["unchanged"] == (1, 1)
    assert counts["out_of_area"] == (1, 0)


@pytest.mark.parametrize("is_last", [False, True])
async def test_a_quake_that_continues_under_another_id_is_not_cancelled_wherever_it_is_in_the_document(
    sessions: Sessions, is_last: bool
) -> None:
    await read(sessions, feature("us1"))
    gone, goes_on = deleted("us1", updated=LATER + 1), feature("ak2", ids=",ak2,us1,", updated=LATER)

    await read(sessions, *([gone, goes_on] if is_last else [goes_on, gone]))

    assert await published(sessions) == ["reported"]


async def test_revision_and_deletion_in_later_documents(sessions: Sessions) -> None:
    await read(sessions, feature("us1"))
    await read(sessions, feature("us1", ids=",us1,ak2,", mag=5.4, updated=LATER))
    await read(sessions, deleted("us1", updated=LATER + 1))
    await read(sessions, feature("ak2", ids=",ak2,", updated=LATER))

    assert await published(sessions) == ["reported", "updated", "cancelled"]


async def test_a_test_of_the_source_does_not_change_the_real_hazard_of_the_same_id(sessions: Sessions) -> None:
    def cancelled_test(raw: bytes) -> list[Entry]:
        return [Cancellation(entry.ids, LATER, Status.TEST) for entry in usgs.read(raw) if isinstance(entry, Item)]

    await read(sessions, feature("us1"))
    tested = await read(sessions, feature("us1"), origin=Source("usgs", cancelled_test))

    assert tested[ItemKind.UNCHANGED] == 1
    assert await published(sessions) == ["reported"]


async def test_two_sources_with_documents_of_one_kind_do_not_share_ids(sessions: Sessions) -> None:
    await read(sessions, feature("us1"))
    assert (await read(sessions, feature("us1"), origin=source("usgs", "seismology.kg")))[ItemKind.PUBLISHED] == 1
    await read(sessions, deleted("us1", updated=LATER), origin=source("usgs", "seismology.kg"))

    async with sessions.begin() as session:
        values = [json.loads(value) for value in await session.scalars(text("SELECT value FROM outbox ORDER BY id"))]
    assert [(value["source"], value["msg_type"]) for value in values] == [
        ("usgs", "Alert"),
        ("seismology.kg", "Alert"),
        ("seismology.kg", "Cancel"),
    ]
    assert len({value["hazard_id"] for value in values}) == 2


async def test_two_concurrent_readers_publish_one_hazard(sessions: Sessions) -> None:
    await asyncio.gather(*(read(sessions, feature(), feed=f"feed-{number}") for number in range(4)))
    assert await published(sessions) == ["reported"]


async def test_a_reading_that_does_not_commit_leaves_nothing(sessions: Sessions) -> None:
    reader = Reader(WatchedArea.load(), Places.load(), Status.ACTUAL)
    async with sessions() as session:
        await reader.read(session, USGS, "own.geojson", document(feature()))
        await session.rollback()

    assert await published(sessions) == []
    assert (await read(sessions, feature()))[ItemKind.PUBLISHED] == 1


async def test_a_long_document_is_one_reading(sessions: Sessions) -> None:
    many = [feature(f"us{number}", ids=f",us{number},at{number},") for number in range(1200)]
    assert (await read(sessions, *many))[ItemKind.PUBLISHED] == 1200
    assert (await read(sessions, *many))[ItemKind.UNCHANGED] == 1200


async def test_an_unreadable_entry_is_stored_unchanged(sessions: Sessions) -> None:
    await read(sessions, feature("us5", mag="a\u0000b"))

    async with sessions.begin() as session:
        [entry] = await queries.set_aside(session)
    assert (entry.name, entry.reason, entry.pointer) == ("us5", "unreadable", "/properties/mag")
    assert "us5" in entry.content
