"""What several modules of queries share: the upsert, and a statement for many rows."""

# raw SQL throughout: every batch of hazards and households waits for these statements

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shared.postgres import database


def upsert(table: str, columns: Sequence[str]) -> str:
    key, *rest = columns
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    changes = ", ".join(f"{column} = excluded.{column}" for column in rest)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) ON CONFLICT ({key}) DO UPDATE SET {changes}"  # noqa: S608 - our own names


async def many(session: AsyncSession, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        connection = await database.driver(session)
        await connection.executemany(statement, rows)
