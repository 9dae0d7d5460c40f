"""A database keeps its first mark: exercise or actual."""

from typing import Any

import asyncpg
import pytest
from sqlalchemy import AsyncAdaptedQueuePool, event, text

from deploy.provision import database as provision
from services.registry.handlers import REPORTS
from shared.config import Settings
from shared.crypto.seal import Sealer
from shared.events.topics import SERVICES
from shared.failures import is_postgresql_unavailable
from shared.messaging.consumer import Consumer
from shared.postgres import database
from shared.postgres.schemas import EarlierBuild, NewerSchema, OtherMark, migrate
from tests.installation import Installation


async def test_a_real_installation_s_database_is_never_opened_as_an_exercise(tables: Installation) -> None:
    await migrate("registry", tables.settings(Settings, "registry"))
    tables.exercise = True
    with pytest.raises(OtherMark, match="made as a real one"):
        await migrate("registry", tables.settings(Settings, "registry"))


async def test_a_newer_release_s_database_is_refused_unchanged(tables: Installation) -> None:
    settings = tables.settings(Settings, "registry")
    engine = database.engine(settings)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'registry_9999'"))
    with pytest.raises(NewerSchema, match="written by a newer release"):
        await migrate("registry", settings)
    async with engine.begin() as connection:
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == "registry_9999"
    await engine.dispose()


def test_a_connection_broken_between_query_and_answer_counts_as_unavailable_postgresql() -> None:
    """After `kill -9` of PostgreSQL, the driver may report the broken connection as an internal error of its own."""
    assert is_postgresql_unavailable(asyncpg.InternalClientError("got result for unknown protocol state 3"))


async def test_each_transaction_of_a_session_has_its_own_driver_connection(tables: Installation) -> None:
    """A session has its driver connection for one transaction only.

    After the transaction, another session may have the driver connection.
    """
    engine = database.engine(tables.settings(Settings, "registry"))
    sessions = database.sessions(engine)
    async with sessions() as first_session, sessions() as other:
        first = await database.driver(first_session)
        assert await database.driver(first_session) is first
        assert first.is_in_transaction()
        await first_session.commit()
        # the pool has only one connection, so the other session gets it
        assert await database.driver(other) is first
        assert await database.driver(first_session) is not first
    await engine.dispose()


async def test_a_committed_session_commits_or_rolls_back_and_returns_its_connection(tables: Installation) -> None:
    engine = database.engine(tables.settings(Settings, "registry"))
    sessions = database.sessions(engine)
    pool = engine.pool
    assert isinstance(pool, AsyncAdaptedQueuePool)

    async def store(version: str, error: Exception | None = None) -> None:
        async with database.committed(sessions) as session:
            await session.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
            if error is not None:
                raise error

    await store("stored")
    assert pool.checkedout() == 0
    with pytest.raises(ZeroDivisionError):
        await store("rolled back", ZeroDivisionError())
    assert pool.checkedout() == 0
    async with database.committed(sessions) as session:
        assert await session.scalar(text("SELECT version_num FROM alembic_version")) == "stored"
    await engine.dispose()


@pytest.mark.parametrize(("idle_seconds", "longest"), [(5, 60), (600, 600)])
async def test_a_client_waits_for_a_statement_as_long_as_the_server_allows(idle_seconds: int, longest: int) -> None:
    """A large table's migration may take minutes."""
    arguments: dict[str, Any] = {}

    def note(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        arguments.update(parameters)
        raise ConnectionRefusedError

    settings = Settings(service="registry", database_url="postgresql://nobody@127.0.0.1/none")
    async with database.opened(settings, idle_seconds=idle_seconds) as engine:
        event.listen(engine.sync_engine, "do_connect", note)
        with pytest.raises(ConnectionRefusedError):
            async with engine.connect():
                pass
    assert arguments["command_timeout"] == longest
    assert arguments["server_settings"]["transaction_timeout"] == f"{longest}s"


async def test_a_pooled_connection_that_was_lost_is_replaced(tables: Installation) -> None:
    sessions = database.sessions(engine := database.engine(tables.settings(Settings, "registry"), pool_size=1))
    process = text("SELECT pg_backend_pid()")
    async with sessions.begin() as session:
        lost = await session.scalar(process)
    server = await tables.components.server.connect()
    assert await server.fetchval("SELECT pg_terminate_backend($1, 10000)", lost)
    await server.close()
    async with sessions.begin() as session:
        assert await session.scalar(process) != lost
    await engine.dispose()


async def of_the_first_build(tables: Installation) -> Settings:
    """Removes the column with the version of the record layout.

    The first build's database had no such column.
    """
    settings = tables.settings(Settings, "registry")
    own = database.engine(settings)
    async with own.begin() as connection:
        await connection.execute(text("ALTER TABLE installation DROP COLUMN contract"))
    await own.dispose()
    return settings


async def test_a_database_of_an_earlier_build_is_refused_unchanged(tables: Installation) -> None:
    settings = await of_the_first_build(tables)
    with pytest.raises(EarlierBuild):
        await migrate("registry", settings)
    passwords = dict.fromkeys(SERVICES, "changed")
    with pytest.raises(EarlierBuild):
        await provision.create(
            tables.components.server,
            tables.database,
            role_prefix=tables.ground.role_prefix,
            passwords=passwords,
        )
    own = database.engine(settings)  # the refusal left the password unchanged
    async with own.begin() as connection:
        assert not await connection.scalar(text("SELECT to_jsonb(mark) ? 'contract' FROM installation AS mark"))
    await own.dispose()


async def test_a_consumer_of_a_database_of_an_earlier_build_reads_nothing(tables: Installation) -> None:
    """An operator may start new images before the migration. A consumer then finds an earlier build's database."""
    settings = await of_the_first_build(tables)
    own = database.engine(settings)
    sessions = database.sessions(own)

    reports = Consumer(
        "registry",
        REPORTS,
        settings=settings,
        sessions=sessions,
        sealer=Sealer(settings.seal_public_key_file),
    )
    with pytest.raises(EarlierBuild):
        await reports.run()
    async with own.begin() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM consumer_offsets")) == 0
    await own.dispose()
