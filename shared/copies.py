"""COPY into several tables: the rows of the next one are made while PostgreSQL takes in those of the last."""

import asyncio
from collections.abc import Iterable
from typing import Any, NamedTuple

import asyncpg

BETWEEN_TURNS = 500  # rows made before the loop may turn to what else is ready

Row = tuple[Any, ...]


class Copy(NamedTuple):
    """Into one table; `rows` are made when their turn comes."""

    table: str
    columns: tuple[str, ...]
    rows: Iterable[Row]


async def write(connection: asyncpg.Connection, copies: Iterable[Copy]) -> None:
    """In the order given, in the caller's transaction. Raises what making a row or writing it raised."""
    made: asyncio.Queue[Copy | None] = asyncio.Queue(1)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_make(copies, made))
            while (one := await made.get()) is not None:
                await connection.copy_records_to_table(one.table, records=one.rows, columns=one.columns)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _make(copies: Iterable[Copy], made: asyncio.Queue[Copy | None]) -> None:
    for copy in copies:
        rows = []
        for number, row in enumerate(copy.rows, start=1):
            rows.append(row)
            if number % BETWEEN_TURNS == 0:
                await asyncio.sleep(0)
        if rows:
            await made.put(copy._replace(rows=rows))
    await made.put(None)
