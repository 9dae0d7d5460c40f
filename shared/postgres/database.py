"""Engines and sessions for PostgreSQL, and asyncpg connections for COPY. Each service has its own schema."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, cast

import asyncpg
from fastapi import Depends, Request
from sqlalchemy import Select, func, orm, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.util import await_only

from shared.config import Settings, secret
from shared.failures import is_postgresql_unavailable

IDLE_SECONDS = 5
LOOK_SECONDS = 2
TRANSACTION_SECONDS = 60


def engine(
    settings: Settings, *, idle_seconds: int | None = None, pool_size: int = 5, pings: bool = True
) -> AsyncEngine:
    """Create an engine with timeouts.

    PostgreSQL ends an idle transaction after `idle_seconds`, so that other transactions get its locks.
    `transaction_timeout` ends the transaction of a process that freezes while it sends a statement. The transaction of
    a frozen process does not count as idle. `lock_timeout` is longer than `idle_seconds`. A statement that waits for a
    lock of an idle transaction therefore gets the lock before `lock_timeout`. `pings` checks the connection before each
    transaction. A caller that retries failed transactions can do without `pings`.
    """
    idle_seconds = idle_seconds or IDLE_SECONDS
    url = make_url(settings.database_url).set(drivername="postgresql+asyncpg")
    password = secret(settings.database_password_file)
    made = create_async_engine(
        url.set(password=password) if password else url,
        hide_parameters=True,
        pool_pre_ping=pings,
        pool_use_lifo=True,  # reuse the connection that was used last, because it has prepared statements
        pool_size=pool_size,
        connect_args={
            "timeout": 5,
            "command_timeout": max(idle_seconds, TRANSACTION_SECONDS),
            "server_settings": {
                "search_path": settings.service,
                "application_name": f"dayar.{settings.service}",
                "idle_in_transaction_session_timeout": f"{idle_seconds}s",
                "transaction_timeout": f"{max(idle_seconds, TRANSACTION_SECONDS)}s",
                "lock_timeout": f"{2 * idle_seconds}s",
                "jit": "off",
                "max_parallel_workers_per_gather": "0",  # one core for each query
                "timezone": "UTC",
            },
        },
    )
    setattr(made.dialect, "do_ping", ping)  # noqa: B010 - mypy forbids to assign a method
    return made


def ping(connection: Any) -> bool:
    """Check the connection by one statement without a transaction.

    SQLAlchemy's own check begins and ends a transaction, which only transaction poolers need. Dayar cannot use
    transaction poolers, because they lose the settings of a session.
    """
    try:
        await_only(connection.driver_connection.fetchrow(";"))
    except Exception as error:  # noqa: BLE001 - SQLAlchemy raises its own error in its place
        connection._handle_exception(error)  # noqa: SLF001 - what SQLAlchemy calls after its own check
    return True


@asynccontextmanager
async def opened(settings: Settings, **options: Any) -> AsyncIterator[AsyncEngine]:
    own = engine(settings, **options)
    try:
        yield own
    finally:
        await own.dispose()


def sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def committed(sessions: async_sessionmaker[AsyncSession]) -> AsyncIterator[AsyncSession]:
    """Like `sessions.begin()`, commits at the end, but takes less CPU time.

    For frequent transactions. After the commit, the session has no connection, and is not closed. `close` would create
    a task and a greenlet.
    """
    session = sessions()
    try:
        yield session
        await session.commit()
    except BaseException:
        await asyncio.shield(session.close())
        raise


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncIterator[asyncpg.Connection]:
    """Yields a pooled asyncpg connection outside any transaction.

    In a fast loop, a session would take more time than the statements. After an error, the connection is closed,
    because the pool does not notice errors of asyncpg.
    """
    async with engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert isinstance(raw, asyncpg.Connection)
        if raw.is_closed():
            # If the server is lost, the statement fails, and SQLAlchemy empties the pool.
            await connection.execute(select(1))
        try:
            yield raw
        except BaseException:
            await connection.invalidate()
            raise


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[asyncpg.Connection]:
    """A transaction on a plain asyncpg connection takes a third of the CPU time of a session's transaction."""
    async with connected(engine) as connection, connection.transaction():
        yield connection


async def driver(session: AsyncSession) -> asyncpg.Connection:
    """The session's asyncpg connection, inside its transaction, for COPY and arrays.

    `session.info` caches the connection, because finding the connection takes as much time as a statement.
    """
    transaction = session.sync_session.get_transaction()
    known, raw = session.info.get("driver", (None, None))
    if transaction is None or transaction is not known:
        raw = await session.run_sync(_begun)
        session.info["driver"] = session.sync_session.get_transaction(), raw
    return cast(asyncpg.Connection, raw)


def _begun(session: orm.Session) -> Any:
    """SQLAlchemy sends BEGIN before its own first statement.

    This function sends BEGIN without a statement, which saves a round trip.
    """
    connection = session.connection()
    pooled = connection.connection
    raw = cast(Any, pooled.driver_connection)
    if not raw.is_in_transaction():
        adapter = cast(Any, pooled.dbapi_connection)
        try:
            await_only(adapter._start_transaction())  # noqa: SLF001 - what SQLAlchemy calls before its first statement
        except Exception:  # noqa: BLE001
            # If the connection is lost, this statement also fails, and SQLAlchemy empties the pool.
            connection.execute(select(1))
    return raw


def advisory_lock(name: str) -> Select[Any]:
    """The statement waits for the lock. The transaction holds the lock until the transaction ends."""
    return select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0)))


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    """Commits before the answer is sent, or rolls back after an error."""
    async with request.app.state.sessions.begin() as session:
        yield session


Session = Annotated[AsyncSession, Depends(session, scope="function")]


async def is_there(sessions: async_sessionmaker[AsyncSession]) -> bool:
    """Waits at most two seconds."""
    try:
        async with asyncio.timeout(LOOK_SECONDS), sessions() as session:
            return bool(await session.scalar(select(1)))
    except Exception as error:
        if not is_postgresql_unavailable(error):
            raise
        return False


__all__ = [
    "Session",
    "advisory_lock",
    "committed",
    "connected",
    "driver",
    "engine",
    "is_there",
    "opened",
    "session",
    "sessions",
    "transaction",
]
