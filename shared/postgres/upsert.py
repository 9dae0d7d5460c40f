"""Upsert: inserts rows, and updates the stored rows that have the same primary key."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import asyncpg
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncSession

from shared.postgres import database
from shared.postgres.models import Base, table


async def upsert(
    session: AsyncSession,
    model: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    changed: tuple[str, ...] = (),
    added: tuple[str, ...] = (),
    newer_by: str | None = None,
    lasting: str | None = None,
    not_older_by: str | None = None,
    replacing: tuple[str, str] | None = None,
) -> list[asyncpg.Record]:
    """Returns the keys of the rows that were inserted or updated.

    All rows must have the columns of the first row, and different keys. `statement` explains the options.
    """
    if not rows:
        return []
    connection = await database.driver(session)
    sql = statement(
        model,
        tuple(rows[0]),
        changed=changed,
        added=added,
        newer_by=newer_by,
        lasting=lasting,
        not_older_by=not_older_by,
        replacing=replacing,
    )
    stored: list[asyncpg.Record] = await connection.fetch(sql, parameter(rows))
    return stored


@cache
def statement(
    model: type[Base],
    columns: tuple[str, ...],
    *,
    changed: tuple[str, ...] = (),
    added: tuple[str, ...] = (),
    newer_by: str | None = None,
    lasting: str | None = None,
    not_older_by: str | None = None,
    replacing: tuple[str, str] | None = None,
) -> str:
    """The statement has one parameter, the JSON list of rows (see `parameter`).

    An update sets the columns `changed`, by default all columns except the key. In the columns `added`, an update adds
    the new number to the stored number. In the column `lasting`, a new NULL keeps the stored value. Three options limit
    the update. With `newer_by`, the new value in this column must be greater than the stored value. With
    `not_older_by`, the new value in this column must be greater or equal. With `replacing`, the new value in the first
    column must equal the stored value in the second column. If several options are given, one true condition is enough.
    """

    def new(column: str) -> str:
        if column in added:
            return f"stored.{column} + excluded.{column}"
        return f"coalesce(excluded.{column}, stored.{column})" if column == lasting else f"excluded.{column}"

    name, key = model.__tablename__, [column.name for column in table(model).primary_key]
    names, keys = ", ".join(columns), ", ".join(key)
    changes = ", ".join(f"{column} = {new(column)}" for column in changed or columns if column not in key)
    conditions = [
        *([f"stored.{newer_by} < excluded.{newer_by}"] if newer_by else []),
        *([f"stored.{not_older_by} <= excluded.{not_older_by}"] if not_older_by else []),
        *([f"excluded.{replacing[0]} = stored.{replacing[1]}"] if replacing else []),
    ]
    where = f"WHERE {' OR '.join(conditions)}" if conditions else ""
    # raw SQL: one JSON parameter contains all rows, while SQLAlchemy needs one parameter for each value
    return f"""
INSERT INTO {name} AS stored ({names}) SELECT {names} FROM jsonb_populate_recordset(NULL::{name}, $1::jsonb)
ON CONFLICT ({keys}) DO UPDATE SET {changes} {where} RETURNING {keys}
"""  # noqa: S608 - names of our own models


def parameter(rows: Sequence[Mapping[str, Any]]) -> str:
    return to_json(rows).decode()
