"""Fixtures with the registry's app on real servers, and with stored households."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.app import create_app
from services.registry.config import RegistrySettings
from services.registry.handlers import Registrar
from services.registry.sites.movements import apply_some
from shared.auth import revocation_snapshots
from shared.auth.tokens import Role
from shared.postgres import database
from tests import gazetteers
from tests.installation import Ground, Installation, installed
from tests.registry.factories import Desk, registrar_of
from tests.tables import emptied

AUTHOR, TEAM = uuid4(), uuid4()
TABLES = (
    "adoption_reversals",
    "adoptions",
    "coded_movements",
    "count_assignments",
    "count_comparisons",
    "count_decisions",
    "count_renewals",
    "counts",
    "dead_letters",
    "duplicate_pairs",
    "duplicate_reviews",
    "episodes",
    "event_answers",
    "event_assignments",
    "group_keys",
    "group_stays",
    "groups",
    "held_decisions",
    "held_stocks",
    "household_keys",
    "household_site_keys",
    "site_passages",
    "site_residents",
    "household_sites",
    "households",
    "letter_openings",
    "members",
    "outbox",
    "passages",
    "place_assignments",
    "place_decisions",
    "reports",
    "resident_sums",
    "search_keys",
    "site_keys",
    "site_report_keys",
    "sites",
    "stays",
    "uncompared_households",
    "unjudged_households",
    "unpublished_held_people",
    "figure_changes",  # after the tables whose triggers write into `figure_changes` and `figure_totals`
    "movement_changes",
    "figure_dimensions",
    "figure_sums",
    "figure_totals",  # likewise
)


@dataclass
class Office:
    installation: Installation
    app: FastAPI
    registrar: Registrar
    client: httpx.AsyncClient

    async def file(
        self, *bodies: dict[str, Any], author: UUID = AUTHOR, team: UUID | None = TEAM, **stamps: Any
    ) -> None:
        desk = Desk(self.installation.secrets / "seal")
        batch = [desk.received(body, author=author, team=team, **stamps) for body in bodies]
        async with self.app.state.sessions.begin() as session:
            await self.registrar.file_reports(batch, session)
        while await apply_some(self.app.state.sessions, self.registrar):
            pass

    async def get(
        self,
        path: str,
        *,
        role: Role,
        areas: tuple[str, ...] = ("KG",),
        account: UUID | None = None,
        accept: str = "*/*",
        **claims: Any,
    ) -> httpx.Response:
        token = self.installation.token(roles=[role], areas=areas, account=account or uuid4(), **claims)
        return await self.client.get(path, headers={"authorization": f"Bearer {token}", "accept": accept})

    async def post(self, path: str, *, role: Role, areas: tuple[str, ...] = ("KG",), **claims: Any) -> httpx.Response:
        token = self.installation.token(roles=[role], areas=areas, **claims)
        return await self.client.post(path, headers={"authorization": f"Bearer {token}"})

    async def put(
        self, path: str, body: dict[str, Any], *, role: Role, areas: tuple[str, ...] = ("KG",), **claims: Any
    ) -> httpx.Response:
        token = self.installation.token(roles=[role], areas=areas, **claims)
        return await self.client.put(path, json=body, headers={"authorization": f"Bearer {token}"})

    async def reads(self, account: UUID) -> list[dict[str, Any]]:
        query = "SELECT * FROM audit WHERE action = 'read' AND result = 'done' AND account = $1 ORDER BY id"
        async with self.app.state.sessions.begin() as session:
            rows = await (await database.driver(session)).fetch(query, account)
            return [dict(row) for row in rows]

    async def refusals(self, account: UUID) -> list[str]:
        query = "SELECT reason FROM audit WHERE action = 'read' AND result = 'refused' AND account = $1 ORDER BY id"
        async with self.app.state.sessions.begin() as session:
            rows = await (await database.driver(session)).fetch(query, account)
            return [row["reason"] for row in rows]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(scope="module")
async def one_office(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """The registry's app.

    The app commits rows, and the fixture `session` needs empty tables. The app therefore has a database of its own.
    """
    with installed(ground, tmp_path_factory.mktemp("installation"), partitions=0) as installation:
        async with opened(installation) as office:
            yield office


@contextlib.asynccontextmanager
async def opened(installation: Installation) -> AsyncIterator[Office]:
    settings = installation.settings(RegistrySettings)
    # Without Kafka topics, the app reads the revocations from this stored snapshot.
    revocation_snapshots.save(revocation_snapshots.file_of(settings), datetime.now(UTC), [])
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield Office(installation, app, registrar_of(settings), client)


@pytest.fixture
async def office(one_office: Office) -> Office:
    await emptied(one_office.app.state.engine, TABLES)
    return one_office


@pytest.fixture(scope="module")
def settings(shared_tables: Installation) -> RegistrySettings:
    return shared_tables.settings(RegistrySettings)


@pytest.fixture
def registrar(settings: RegistrySettings) -> Registrar:
    return registrar_of(settings)


@pytest.fixture
def import_gazetteer(office: Office) -> Iterator[Callable[[], None]]:
    before = office.app.state.places

    def run() -> None:
        office.app.state.places = gazetteers.with_dobo()

    yield run
    office.app.state.places = before


class Filing:
    """Calling the object files a batch of reports through the registrar.

    The methods of `Filing` read the tables and the outbox.
    """

    def __init__(self, registrar: Registrar, desk: Desk, session: AsyncSession) -> None:
        self.registrar, self.desk, self.session = registrar, desk, session

    async def __call__(
        self, *bodies: dict[str, Any], author: UUID = AUTHOR, team: UUID | None = TEAM, **more: Any
    ) -> list[str]:
        batch = [self.desk.received(body, author=author, team=team, **more) for body in bodies]
        outcomes = await self.registrar.file_reports(batch, self.session)
        while await self.registrar.judge_noted(self.session):
            pass
        return [outcome.reason or outcome.kind for outcome in outcomes]

    async def rows(self, table: str) -> list[dict[str, Any]]:
        result = await self.session.execute(text(f"SELECT * FROM {table}"))
        return [dict(row) for row in result.mappings()]

    async def events(self, topic: str) -> list[dict[str, Any]]:
        return [json.loads(row["value"]) for row in await self.rows("outbox ORDER BY id") if row["topic"] == topic]


@pytest.fixture
def file(registrar: Registrar, desk: Desk, session: AsyncSession) -> Filing:
    return Filing(registrar, desk, session)
