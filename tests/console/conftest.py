"""Fixtures: the console's web server and worker, both new for each test module, and people who sign in there."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from deploy.local.process import Process, wait_until
from services.console.config import ConsoleSettings
from services.console.models import Account
from services.console.queries import accounts as queries
from services.console.search.entries import SearchWords
from services.console.search.indexing import SearchIndex
from services.console.sign_in import accounts
from services.console.state import console_pages
from shared.auth.tokens import Role
from shared.config import Settings
from shared.places import Places
from shared.postgres import database
from tests.clients import PLAIN
from tests.console.factories import WRITERS, message
from tests.installation import Installation, Web, in_thread
from tests.preloaded import CHEAP
from tests.publishing import publishing
from tests.waiting import wait_for

WAITS = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%accounts%FOR %'"""
PASSWORD = "a long enough password"


class Served:
    def __init__(self, installation: Installation, web: Web, *workers: Process) -> None:
        self.installation = installation
        self.clients: list[httpx.Client] = []
        self.url, self.web, self.workers = web.base_url, web.process, workers

    def is_ready(self, path: str = "/ready") -> bool:
        try:
            return httpx.get(f"{self.url}{path}", verify=PLAIN, timeout=20).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        for process in (self.web, *self.workers):
            process.stop()

    def client(self, **options: Any) -> httpx.Client:
        defaults = {"headers": {"sec-fetch-site": "same-origin"}, "timeout": 60, "verify": PLAIN, **options}
        self.clients.append(httpx.Client(base_url=self.url, **defaults))
        return self.clients[-1]

    def account(self, *roles: Role, name: str = "", **changed: Any) -> str:
        name = name or f"person-{uuid4().hex[:8]}"
        defaults = {"password_hash": HASH, **changed}
        in_thread(self._add(accounts.new(name, frozenset(roles), datetime.now(UTC), **defaults)))
        return name

    async def _add(self, account: Any) -> None:
        engine = database.engine(self.installation.settings(ConsoleSettings))
        async with database.sessions(engine).begin() as session:
            await queries.add(session, account)
        await engine.dispose()

    def known(self, name: str) -> Account:
        return cast(Account, in_thread(self._known(name)))

    async def _known(self, name: str) -> Account | None:
        engine = database.engine(self.installation.settings(ConsoleSettings))
        async with database.sessions(engine)() as session:
            account = await queries.named(session, name)
        await engine.dispose()
        return account

    def meanwhile(self, ask: Callable[[], Any], statement: str, *, seconds: int = 0, waiting: int = 1) -> Any:
        """Executes `statement`, which locks rows, and then `ask`, whose `waiting` requests wait for the locked rows.

        Returns the answer of `ask`. The statement is committed `seconds` after all requests have begun to wait.
        """
        return in_thread(self._meanwhile(ask, statement, seconds, waiting))

    async def _meanwhile(self, ask: Callable[[], Any], statement: str, seconds: int, waiting: int) -> Any:
        engine = database.engine(self.installation.settings(ConsoleSettings, "console"))
        async with engine.connect() as locking, engine.connect() as other:
            await locking.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            await locking.execute(text(statement))
            answering = asyncio.create_task(asyncio.to_thread(ask))
            while not answering.done() and (await other.scalar(text(WAITS)) or 0) < waiting:
                # a new transaction is needed, because PostgreSQL shows unchanged statistics within a transaction
                await other.rollback()
            until = time.monotonic() + seconds
            await wait_for(lambda: time.monotonic() >= until)
            await locking.commit()
            answer = await answering
        await engine.dispose()
        return answer

    def signed_in(self, *roles: Role, **changed: Any) -> httpx.Client:
        client = self.client()
        answer = client.post("/sign-in", data={"name": self.account(*roles, **changed), "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    def publish(self, *data: Any) -> None:
        in_thread(self._publish(data))

    async def _publish(self, data: tuple[Any, ...]) -> None:
        for writer in dict.fromkeys(WRITERS[each.topic] for each in data):
            async with publishing(self.installation.settings(Settings, writer)) as publisher:
                own = [message(each) for each in data if WRITERS[each.topic] == writer]
                await publisher.publish_all(own, timeout=120)


HASH = CHEAP.hash(PASSWORD)


@pytest.fixture(scope="module")
def served(shared_installation: Installation) -> Iterator[Served]:
    worker = shared_installation.start("console", "worker")
    running = Served(shared_installation, shared_installation.web("services.console", "web"), worker)
    assert wait_until(running.is_ready, timeout=60), running.web.log_tail()
    yield running
    running.stop()


@pytest.fixture
def fresh_attempts(shared_installation: Installation) -> None:
    """Deletes the counts of failed sign-ins. All tests sign in from one address, and would share the counts."""
    with shared_installation.redis() as client:
        client.flushdb()


@pytest.fixture
async def index(session: AsyncSession, settings: ConsoleSettings) -> SearchIndex:
    inside = async_sessionmaker(await session.connection(), join_transaction_mode="create_savepoint")
    return SearchIndex(inside, SearchWords(console_pages(settings), Places.load()))


@pytest.fixture(scope="module")
def settings(shared_installation: Installation) -> ConsoleSettings:
    return shared_installation.settings(ConsoleSettings)
