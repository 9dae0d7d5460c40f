"""One address may be read for two sources or kinds. Intake treats the address as two feeds, even after an upgrade."""

from dataclasses import replace
from importlib import import_module

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake.config import IntakeSettings
from services.intake.feeds import queries
from services.intake.feeds.sources import listed, source
from services.intake.worker import reader
from tests.installation import Installation
from tests.intake.feeds.documents import document, feature

Sessions = async_sessionmaker[AsyncSession]
Totals = dict[tuple[str, str], int]

MIGRATION = "services.intake.migrations.0004_feed_names"
USGS, SEISMOLOGY = source("usgs"), source("usgs", "seismology")
# Rows of the previous release of Dayar: a feed of the source `usgs`, and a feed of the source `seismology` at another
# address.
EARLIER = """
INSERT INTO feeds (name, source, failures)
VALUES ('https://a.example/?x=1', 'usgs', 0), ('https://b.example/', 'seismology', 0);
INSERT INTO feed_counts (feed, kind, total, last)
VALUES ('https://a.example/?x=1', 'published', 7, 1), ('https://b.example/', 'published', 5, 1);
INSERT INTO feed_set_aside (feed, name, reason, pointer, content, first_at, last_at)
VALUES ('https://b.example/', '#2', 'unreadable', '', '', now(), now());
"""


async def totals(session: AsyncSession) -> Totals:
    return {(source, kind): total for source, kind, total in await queries.totals(session) if total}


async def test_two_sources_at_one_address_have_their_own_counts(tables: Installation, sessions: Sessions) -> None:
    read = reader(tables.settings(IntakeSettings)).read
    async with sessions.begin() as session:
        await read(session, USGS, "own.geojson", document(feature("us1"), feature("us2"), "broken"))
        await read(session, SEISMOLOGY, "own.geojson", document(feature("us1"), "broken"))
        assert await totals(session) == {
            ("usgs", "published"): 2,
            ("usgs", "set_aside"): 1,
            ("seismology", "published"): 1,
            ("seismology", "set_aside"): 1,
        }
        assert {feed.name for feed in await queries.feeds(session)} == {
            "usgs=own.geojson",
            "usgs:seismology=own.geojson",
        }


def test_a_feed_is_named_as_the_setting_lists_it() -> None:
    for entry in ("usgs=https://a.example/?x=1", "usgs:seismology=https://b.example/"):
        [feed] = listed(entry)
        assert source(feed.kind, feed.source).feed(feed.url) == entry


def test_two_kinds_of_one_source_at_one_address_are_two_feeds() -> None:
    assert replace(SEISMOLOGY, kind="cap").feed("own") != SEISMOLOGY.feed("own")


async def test_stored_feeds_keep_their_state_and_counts_under_the_new_names(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        for statement in EARLIER.strip().split(";\n"):
            await session.execute(text(statement.removesuffix(";")))
        await (await session.connection()).run_sync(upgrade)
        names = {"usgs=https://a.example/?x=1", "usgs:seismology=https://b.example/"}
        assert {feed.name for feed in await queries.feeds(session)} == names
        assert await totals(session) == {("usgs", "published"): 7, ("seismology", "published"): 5}
        assert [entry.feed for entry in await queries.set_aside(session)] == ["usgs:seismology=https://b.example/"]


def upgrade(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        import_module(MIGRATION).upgrade()
