"""COPY into several tables, one after the other."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import asyncpg

Row = tuple[Any, ...]


class Copy(NamedTuple):
    """Into one table; `rows` are made when their turn comes."""

    table: str
    columns: tuple[str, ...]
    rows: Iterable[Row]


async def write(connection: asyncpg.Connection, copies: Iterable[Copy]) -> None:
    """In the order given, in the caller's transaction.

    All rows of a table are made before its COPY begins: while PostgreSQL waits for a client in the middle of one, no
    timeout of its own frees what the transaction locked.
    """
    for table, columns, rows in copies:
        if records := list(rows):
            await connection.copy_records_to_table(table, records=records, columns=columns)
