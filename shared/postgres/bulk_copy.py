"""Bulk copy into several tables, one after the other."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import asyncpg

from shared.postgres.models import Base, table

Row = tuple[Any, ...]


class Copy(NamedTuple):
    table: str
    columns: tuple[str, ...]
    rows: Iterable[Row]


def columns(model: type[Base]) -> tuple[str, ...]:
    """Leaves out columns whose values PostgreSQL generates."""
    wanted = (column for column in table(model).columns if column.computed is None and column.identity is None)
    return tuple(column.name for column in wanted)


async def write(connection: asyncpg.Connection, copies: Iterable[Copy]) -> None:
    """Copy in the given order, in the caller's transaction.

    Compute all rows of a table before the COPY into the table begins. If the computation froze during the COPY,
    PostgreSQL would wait for data without a timeout, and the transaction would keep its locks.
    """
    for name, columns, rows in copies:
        if records := list(rows):
            await connection.copy_records_to_table(name, records=records, columns=columns)
