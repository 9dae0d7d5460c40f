"""Fixtures that run the alerts service on real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import uvloop
from aiosmtpd.smtp import SMTP
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from services.alerts.app import create_app
from services.alerts.config import AlertsSettings
from shared.auth import revocation_snapshots
from shared.postgres import database
from tests.alerts.bot_server import BotServer, serving
from tests.alerts.bureau import Bureau
from tests.alerts.desk import Desk
from tests.alerts.examples import Examples
from tests.alerts.mail_links import Mailbox
from tests.alerts.mailbox import Box
from tests.alerts.night import Night
from tests.alerts.post import Post
from tests.alerts.shift import Shift
from tests.alerts.town import Town
from tests.installation import Installation
from tests.tables import emptied

# Tables that are emptied before or after each test that commits rows.
CHANGED = (
    "households",
    "departures",
    "hazards",
    "counted_groups",
    "replaced_counts",
    "held_people",
    "resident_counts",
    "departed_by_destination",
    "hazard_changes",
    "exposures",
    "sites",
    "site_residents",
    "alerted_reports",
    "alerts",
    "acts",
    "calls",
    "duty_numbers",
    "contacts",
    "roster_overrides",
    "rosters",
    "escalation_policies",
    "silences",
    "shift_handovers",
    "message_templates",
    "receivers",
    "deliveries",
    "attempts",
    "sms_codes",
    "removed_receivers",
    "sms_messages",
    "early_sms_receipts",
    "sms_parts",
    "sms_replies",
    "telegram_messages",
    "telegram_questions",
    "telegram_polls",
    "bindings",
    "binding_codes",
    "binding_tries",
    "notification_omissions",
    "presences",
    "acting_accounts",
    "disabled_accounts",
    "outbox",
)


@pytest.fixture(scope="module")
def shared_installation(shared_tables: Installation) -> Installation:
    """An installation with databases but without Kafka topics.

    Instead of Kafka, the tests pass events to the handlers and read new events from the outbox.
    """
    return shared_tables


@pytest.fixture(scope="module")
def settings(shared_installation: Installation) -> AlertsSettings:
    return shared_installation.settings(AlertsSettings)


@pytest.fixture(scope="module")
def examples(settings: AlertsSettings) -> Iterator[Examples]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        made = database.engine(settings, pool_size=10)
        yield Examples(runner, made)
        runner.run(made.dispose())


@pytest.fixture
async def town(settings: AlertsSettings, engine: AsyncEngine) -> Town:
    await emptied(engine, CHANGED)
    return Town(settings, engine)


@pytest.fixture
async def sessions(engine: AsyncEngine) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    yield database.sessions(engine)
    await emptied(engine, CHANGED)


@pytest.fixture
async def post(session: AsyncSession) -> Post:
    made = Post(session)
    await made.receiver("duty")
    return made


@pytest.fixture(scope="module")
async def app(settings: AlertsSettings) -> AsyncIterator[FastAPI]:
    # Without a Kafka broker, the app reads the revocations from this stored snapshot.
    revocation_snapshots.save(revocation_snapshots.file_of(settings), datetime.now(UTC), [])
    made = create_app(settings)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def desk(shared_installation: Installation, app: FastAPI, engine: AsyncEngine) -> Desk:
    await emptied(engine, CHANGED)
    return Desk(shared_installation, engine, httpx.ASGITransport(app))


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
async def port(box: Box) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(box, authenticator=box.admits, auth_require_tls=False), "127.0.0.1", 0
    )
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def mailbox(
    shared_installation: Installation, settings: AlertsSettings, engine: AsyncEngine
) -> AsyncIterator[Mailbox]:
    await emptied(engine, CHANGED)
    revocation_snapshots.save(revocation_snapshots.file_of(settings), datetime.now(UTC), [])
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield Mailbox(Desk(shared_installation, engine, httpx.ASGITransport(app)), settings)


@pytest.fixture
async def bot() -> AsyncIterator[BotServer]:
    async with serving() as server:
        yield server


@pytest.fixture
async def bureau(town: Town, bot: BotServer, tmp_path: Path) -> Bureau:
    made = Bureau(town, bot, tmp_path)
    await made.receiver()
    return made


@pytest.fixture
async def shift(town: Town, bot: BotServer, tmp_path: Path) -> Shift:
    made = Shift(town, bot, tmp_path)
    await made.receiver()
    return made


@pytest.fixture
async def night(engine: AsyncEngine) -> Night:
    await emptied(engine, CHANGED)
    made = Night(engine)
    await made.only(("duty", 0), ("head", 1), ("minister", 2))
    await made.touched(made.now + timedelta(days=3650))  # somebody watches the board until the test closes it
    return made
