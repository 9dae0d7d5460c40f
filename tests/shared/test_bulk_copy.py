"""The bulk copy writes into several tables in a given order. The caller of the bulk copy gets every error unchanged."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.config import Settings
from shared.postgres import bulk_copy, database
from shared.postgres.bulk_copy import Copy, Row
from tests.installation import Installation

pytestmark = pytest.mark.anyio


class Slip(Exception):
    """An error while a COPY reads its rows."""


@pytest.fixture
async def connection(tables: Installation) -> AsyncIterator[AsyncConnection]:
    engine = database.engine(tables.settings(Settings, "registry"))
    async with engine.connect() as connection:
        await connection.execute(text("CREATE TEMPORARY TABLE parents (id integer PRIMARY KEY)"))
        await connection.execute(text("CREATE TEMPORARY TABLE children (of integer NOT NULL REFERENCES parents)"))
        yield connection
    await engine.dispose()


async def write(connection: AsyncConnection, *written: Copy) -> None:
    raw = await connection.get_raw_connection()
    assert raw.driver_connection is not None
    await bulk_copy.write(raw.driver_connection, written)


async def test_tables_are_copied_in_order_and_empty_ones_are_skipped(connection: AsyncConnection) -> None:
    many = 1001
    parents, children = ([(number,) for number in range(many)] for _ in range(2))
    await write(
        connection, Copy("parents", ("id",), parents), Copy("parents", ("id",), ()), Copy("children", ("of",), children)
    )
    assert await connection.scalar(text("SELECT count(*) FROM children JOIN parents ON of = id")) == many


async def test_a_row_that_cannot_be_generated_ends_the_copy(connection: AsyncConnection) -> None:
    def some() -> Iterator[Row]:
        yield (1,)
        raise Slip

    with pytest.raises(Slip):
        await write(connection, Copy("parents", ("id",), [(1,)]), Copy("children", ("of",), some()))


async def test_a_row_that_postgresql_refuses_ends_the_copy(connection: AsyncConnection) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await write(connection, Copy("parents", ("id",), [(1,), (1,)]), Copy("children", ("of",), [(1,)]))
