"""Intake polls feeds over HTTP, and fetches only new documents. A failing feed does not affect the other feeds."""

import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake.config import IntakeSettings
from services.intake.feeds import queries
from services.intake.feeds.items import ItemKind
from services.intake.feeds.polling import Poller, pause
from services.intake.feeds.sources import source
from services.intake.worker import reader
from shared.messaging import offsets
from shared.outbound import Outbound
from shared.postgres import database
from tests.installation import Installation
from tests.intake.feeds.documents import document, feature
from tests.waiting import wait_for

USGS = source("usgs")
BEYOND_THE_END = 1_000
Sessions = async_sessionmaker[AsyncSession]


class Site(BaseHTTPRequestHandler):
    """A server of feeds.

    `/feed` returns a valid feed, `/none` returns another page, and `/broken` returns an error.
    """

    etag = '"first"'
    body = document(feature("us1"))
    answered: list[int]
    port: int

    def do_GET(self) -> None:
        status, body = {"/broken": (500, b"no"), "/none": (200, b"<html>")}.get(self.path, (200, self.body))
        if self.headers.get("If-None-Match") == self.etag and self.path == "/feed":
            status, body = 304, b""
        self.answered.append(status)
        self.send_response(status)
        self.send_header("ETag", self.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[type[Site]]:
    class OwnSite(Site):
        answered: list[int] = []  # noqa: RUF012 - counted by the class, as the server makes the instances

    own = OwnSite
    server = ThreadingHTTPServer(("127.0.0.1", 0), own)
    own.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield own
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def poller(tables: Installation, site: type[Site]) -> AsyncIterator[Poller]:
    settings = tables.settings(IntakeSettings, outbound_allow=(f"127.0.0.1:{site.port}",))
    engine = database.engine(settings)
    async with Outbound(settings) as outbound:
        yield Poller(reader(settings), database.sessions(engine), outbound, 60.0)
    await engine.dispose()


def url(site: type[Site], path: str) -> str:
    return f"http://127.0.0.1:{site.port}{path}"


async def state(poller: Poller) -> dict[str, tuple[int, str | None]]:
    async with poller.sessions.begin() as session:
        return {feed.name.rpartition("/")[2]: (feed.failures, feed.failure) for feed in await queries.feeds(session)}


async def source_names(poller: Poller) -> set[str]:
    async with poller.sessions.begin() as session:
        return {feed.source for feed in await queries.feeds(session)}


async def published(poller: Poller) -> dict[str, int]:
    async with poller.sessions.begin() as session:
        totals = await queries.totals(session)
        return {source: total for source, kind, total in totals if kind == ItemKind.PUBLISHED}


async def kinds(poller: Poller) -> dict[str, int]:
    async with poller.sessions.begin() as session:
        return {row.kind: row.total for row in await queries.counts(session) if row.total}


async def test_an_unchanged_document_is_not_fetched_again(poller: Poller, site: type[Site]) -> None:
    await poller.once(USGS, url(site, "/feed"))
    await poller.once(USGS, url(site, "/feed"))
    assert site.answered == [200, 304]
    assert await kinds(poller) == {"published": 1}

    site.etag, site.body = '"second"', document(feature("us1"), feature("us2"))
    await poller.once(USGS, url(site, "/feed"))
    assert await kinds(poller) == {"published": 2, "unchanged": 1}


async def test_two_feeds_of_one_source_publish_a_quake_once(poller: Poller, site: type[Site]) -> None:
    await poller.once(USGS, url(site, "/feed"))
    await poller.once(USGS, url(site, "/week"))
    assert await kinds(poller) == {"published": 1, "unchanged": 1}


async def test_a_feed_that_gets_another_source_is_read_anew(poller: Poller, site: type[Site]) -> None:
    renamed = source("usgs", "seismology")
    await poller.once(USGS, url(site, "/feed"))
    await poller.once(renamed, url(site, "/feed"))
    await poller.once(renamed, url(site, "/feed"))
    assert site.answered == [200, 200, 304]
    assert await published(poller) == {"usgs": 1, "seismology": 1}


async def test_a_failure_does_not_give_another_source_the_etag(poller: Poller, site: type[Site]) -> None:
    renamed, feed = source("usgs", "seismology"), url(site, "/feed")
    await poller.once(USGS, feed)
    await poller._note_failure(renamed, feed, "refused_address")
    assert await source_names(poller) == {"usgs", "seismology"}
    await poller.once(renamed, feed)
    assert site.answered == [200, 200]


async def test_failures_are_counted_until_the_feed_is_read_again(poller: Poller, site: type[Site]) -> None:
    assert [await poller.once(USGS, url(site, "/broken")) for _ in range(2)] == [1, 2]
    assert await poller.once(USGS, url(site, "/none")) == 1
    assert await poller.once(USGS, "http://127.0.0.1:1/refused") == 1
    assert await state(poller) == {
        "broken": (2, "unexpected_status"),
        "none": (1, "bad_document"),
        "refused": (1, "refused_address"),
    }


def test_a_failing_feed_is_polled_less_and_less_often() -> None:
    waits = [pause(60.0, failures) for failures in (0, 1, 3, 50)]
    assert waits == sorted(waits)
    assert 54 <= waits[0] <= 66
    assert waits[3] <= 990


async def test_feeds_are_polled_while_the_consumer_of_outcomes_is_stopped(
    installation: Installation, site: type[Site]
) -> None:
    """Outcomes of reports are missing in Kafka, so their consumer stops. The polling of hazards must continue."""
    engine = database.engine(installation.settings(IntakeSettings))
    async with database.sessions(engine).begin() as session:
        await offsets.begin(session, {("outcomes", 0): BEYOND_THE_END})
    await engine.dispose()
    env = {
        "INTAKE_FEEDS": f"usgs={url(site, '/feed')}",
        "INTAKE_FEED_SECONDS": "1",
        "OUTBOUND_ALLOW": f'["127.0.0.1:{site.port}"]',
    }
    worker = installation.start("intake", "worker", env=env)

    def stops() -> int:
        return worker.log.read_text(encoding="utf-8").count('"consumer stopped"')

    await wait_for(lambda: stops() >= 2, 60)
    before = len(site.answered)
    await wait_for(lambda: len(site.answered) >= before + 2)
    assert worker.is_running
    worker.stop()
