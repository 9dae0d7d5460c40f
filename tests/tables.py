"""Empties tables between tests."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.postgres import database


async def emptied(engine: AsyncEngine, tables: Iterable[str]) -> None:
    """Deletes all rows, table by table.

    If a trigger of a table changes another table, the changed table must come later in `tables`.

    TRUNCATE would take ten times as long, because it makes new files for the tables and their indexes.
    """
    async with database.transaction(engine) as connection:
        await connection.execute("; ".join(f"DELETE FROM {table}" for table in tables))
